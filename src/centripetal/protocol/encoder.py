"""The `encoder` of a client: a function of the caller for values that have no JSON form. PURE."""

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeAlias

from centripetal.errors import UsageError, told
from centripetal.protocol.no_json_form import no_json_form

__all__ = ["Encoder", "ask_encoder", "check_encoder", "no_encoder"]

_IS_COROUTINE_FUNCTION = 0x80  # inspect.CO_COROUTINE; importing inspect is slow

Encoder: TypeAlias = Callable[[Any], Any]
"""Returns a value to send instead of its argument, or `NotImplemented` if it does not know the argument's type."""


def no_encoder(value: object) -> Any:  # noqa: ARG001 - it has the form of an encoder
    """Encode nothing: the encoder of values whose sender has no option `encoder`."""
    return NotImplemented


def check_encoder(given: Any) -> Encoder | None:
    """Return *given* if it is None or can be the encoder of a client.

    Raises:
        UsageError: it is not a function, or it is a coroutine function.
    """
    if given is None:
        return None
    if not callable(given):
        raise UsageError(f"encoder must be a function that takes a value, not {type(given).__name__}")
    if getattr(getattr(given, "__code__", None), "co_flags", 0) & _IS_COROUTINE_FUNCTION:
        raise UsageError("encoder must be an ordinary function, not a coroutine function")
    encoder: Encoder = given
    return encoder


def ask_encoder(value: Any, place: str, encoder: Encoder | None) -> Any:
    """Return what *encoder* returns for *value*, which has no JSON form.

    Args:
        value: the value.
        place: its place in the data, for error messages.
        encoder: the encoder; None if the caller could pass one to the client, but did not.

    Raises:
        UsageError: there is no encoder, it does not know the type, it failed, or it returned *value* itself.
    """
    if encoder is None:
        raise UsageError(no_json_form(value, place, "convert it first, or pass encoder= to the client"))
    try:
        result = encoder(value)
    except Exception as error:
        kind = type(value).__name__
        raise UsageError(f"{place} is of type {kind}, for which the client's encoder raised {told(error)}") from error
    if issubclass(type(result), CoroutineType):
        result.close()
        raise UsageError(f"{place}: the client's encoder returned a coroutine: it must be an ordinary function")
    if result is value:
        raise UsageError(
            f"{place}: the client's encoder returned its own argument, of type {type(value).__name__}: "
            "return its JSON form, or NotImplemented for types that the encoder does not know"
        )
    if result is NotImplemented:
        raise UsageError(no_json_form(value, place, "convert it first"))
    return result
