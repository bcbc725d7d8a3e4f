"""Decoders of client data: JSON to the type in a handler's annotation. PURE.

msgspec decodes its structs, dataclasses, TypedDicts, plain types and containers; pydantic models decode themselves,
also inside the others. pydantic is not imported: a model is recognized by its methods.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.errors import UsageError

__all__ = ["BadData", "decoder"]

_PLACES = re.compile(r" - at `\$([^`]*)` - at `\$([^`]*)`$")
_LONGEST = 200  # characters of a message


class BadData(ValueError):
    """The client's data does not fit the annotation; the message says where and why."""


def decoder(kind: Any) -> Callable[[bytes, bool], Any]:
    """Return the decoder for data of the type *kind*; its second argument is whether the server sent bytes, not JSON.

    Without data, a type other than Any and bytes gets JSON null: it fits `Order | None`, and does not fit `Order`.

    Raises:
        UsageError: values of the type cannot be decoded from JSON.
    """
    if kind is bytes:
        return lambda data, _: data
    if kind is Any:
        return _any
    validate = getattr(kind, "model_validate_json", None)
    if not callable(validate):
        try:
            validate = msgspec.json.Decoder(kind, dec_hook=_validated).decode
        except Exception as error:
            raise UsageError(f"data cannot be decoded as {kind!r:.80}: {error}") from None
        _check_supported(kind, validate)

    def decode(data: bytes, _: bool) -> Any:
        try:
            return validate(data or b"null")
        except (ValueError, RecursionError) as error:
            raise BadData(_message(error)) from None

    return decode


def _any(data: bytes, is_binary: bool) -> Any:
    if is_binary:
        return data
    try:
        return msgspec.json.decode(data) if data else None
    except (ValueError, RecursionError) as error:
        raise BadData(_message(error)) from None


def _validated(kind: Any, value: Any) -> Any:
    """Decode a part that msgspec does not know: a pydantic model in a container or a dataclass."""
    validate = getattr(kind, "model_validate", None)
    if not callable(validate):
        # msgspec passes this error on. It would take a `UsageError`, which is a ValueError, for invalid data.
        raise NotImplementedError(f"{kind.__qualname__} cannot be decoded from JSON")
    try:
        return validate(value)
    except ValueError as error:
        raise ValueError(_message(error)) from None


def _check_supported(kind: Any, decode: Callable[[bytes], Any]) -> None:
    """Raise a `UsageError` if *kind* itself is a class that neither msgspec nor pydantic can decode."""
    try:
        decode(b"null")
    except (ValueError, RecursionError):
        pass
    except NotImplementedError as error:  # of `_validated`
        raise UsageError(f"data cannot be decoded as {kind!r:.80}: {error}") from None


def _message(error: Exception) -> str:
    details: Any = getattr(error, "errors", None)  # of pydantic, whose text contains the data
    if callable(details):
        found: Any = details(include_url=False, include_input=False)
        first = found[0]
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        return f"{first['msg']} - at `${place}`"[:_LONGEST]
    # Two places if msgspec calls a model: the place in the model, and the model's own.
    return _PLACES.sub(r" - at `$\2\1`", str(error) or "nested too deeply")[:_LONGEST]
