"""Values without a JSON form: the client's `encoder`, a function of the caller, and errors that say what to do. PURE.

The errors recognise types by their names and attributes, so no package is imported for it, and no code of a value runs.
"""

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeAlias

from centripetal.errors import UsageError, told

__all__ = ["Encoder", "ask_encoder", "check_encoder", "no_encoder", "no_json_form"]

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


_MODEL = "pass a dict of the fields that subscribers may see, for example {}"

_ADVICE = {
    # Python
    "builtins.type": "pass an instance instead of the class",
    "builtins.function": "call it, and pass the result",
    "builtins.method": "call it, and pass the result",
    "builtins.builtin_function_or_method": "call it, and pass the result",
    "functools.partial": "call it, and pass the result",
    "builtins.BaseException": "pass its text, str(…)",
    "collections.UserString": "pass str(…)",
    "fractions.Fraction": "pass float(…) or str(…)",
    "re.Pattern": "pass its .pattern",
    "zoneinfo.ZoneInfo": "pass str(…)",
    "types.SimpleNamespace": "pass vars(…)",
    "argparse.Namespace": "pass vars(…)",
    "concurrent.futures._base.Future": "pass its .result()",
    "sqlite3.Row": "pass dict(…)",
    # Other packages
    "django.db.models.query.QuerySet": "pass list(queryset.values(…)) with the fields that subscribers may see",
    "django.db.models.manager.BaseManager": "pass list(manager.values(…)) with the fields that subscribers may see",
    "django.db.models.base.Model": _MODEL.format("django.forms.models.model_to_dict(instance, fields=[…])"),
    "sqlalchemy.engine.row.Row": "pass row._asdict()",
    "sqlalchemy.engine.result.Result": "pass [row._asdict() for row in result]",
    "sqlalchemy.engine.result.ScalarResult": "pass list(…)",
    "sqlalchemy.orm.query.Query": "pass [row._asdict() for row in query]",
    "numpy.timedelta64": 'pass its .astype("timedelta64[us]").item()',
    "pandas._libs.missing.NAType": "send None or text instead",
    "pandas.api.typing.NAType": "send None or text instead",
}
"""Advice for a class and its subclasses, by its full name."""

_BY_ATTRIBUTE = {
    "_sa_class_manager": _MODEL.format('{"id": instance.id}'),
    "__await__": "await it first",
    "__anext__": "pass [item async for item in …]",
    "__aiter__": "pass [item async for item in …]",
    "read": "read it, and pass the text",
    "iterrows": 'pass frame.to_dict("records")',
    "to_dicts": "pass its .to_dicts()",
    "tolist": "pass its .tolist()",
    "to_list": "pass its .to_list()",
    "_asdict": "pass its ._asdict()",
    "to_dict": "pass its .to_dict()",
    "as_dict": "pass its .as_dict()",
    "__fields_set__": "pass its .dict()",  # models of pydantic 1
    "keys": "pass dict(…)",  # rows of databases
    "__iter__": "pass list(…)",
    "__next__": "pass list(…)",
}
"""Advice for classes with an attribute; the first match counts."""


def no_json_form(value: Any, place: str, otherwise: str) -> str:
    """Return the message about *value*, which has no JSON form.

    Args:
        value: the value.
        place: its place in the data.
        otherwise: the advice if the type is unknown.
    """
    kind = type(value)
    if issubclass(kind, set | frozenset):
        return f"{place} is a set, and JSON has no sets: pass a list, for example sorted(…) or list(…)"
    if issubclass(kind, bytes | bytearray | memoryview):
        whole = "bytes are only accepted as encoded JSON for the whole payload"
        return f"{place} is bytes: decode it to str first ({whole})"
    return f"{place} is of type {kind.__name__:.60}, which has no JSON form: {_advice(kind) or otherwise}"


def _advice(kind: type) -> str | None:
    bases = kind.__mro__
    for base in bases:
        if (found := _ADVICE.get(f"{base.__module__}.{base.__qualname__}")) is not None:
            return found
    members = {name for base in bases for name in vars(base)}
    return next((advice for name, advice in _BY_ATTRIBUTE.items() if name in members), None)
