"""What the fields of a command may hold, and how they travel: a *form* checks a value and returns it as it is sent.

A field's annotation says its form: `str`, `bool`, `Sequence[str]`, `Mapping[str, str]` and structs have one by
themselves; anything else carries it, as `Annotated[int, whole(0, 2**64 - 1)]` does. One command of a wrong type is 400
for a whole batch of strangers (spec v6 §17.1), so nothing is left to the server.
"""

import binascii
import collections.abc
import datetime
import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Union

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.checks import MILLISECONDS, check_name, check_text
from centripetal.protocol.payload import plain_data

__all__ = [
    "Base64",
    "Flag",
    "Form",
    "Int32",
    "Int64",
    "Moment",
    "Name",
    "Payload",
    "UInt32",
    "UInt64",
    "UserId",
    "changed_fields",
    "user_id",
    "whole",
]

Form = Callable[[str, Any], Any]
"""What an error calls the value, and the value -> the value as it is sent; raises a `UsageError` for any other."""


def text(what: str, value: Any) -> Any:
    """Text of any length."""
    check_text(what, value)
    return value


def name(what: str, value: Any) -> Any:
    """Text that is not empty."""
    check_name(what, value)
    return value


def flag(what: str, value: Any) -> Any:
    """True or False, and nothing that is merely like them."""
    if not isinstance(value, bool):
        raise UsageError(f"{what} must be True or False, not {value!r:.100}")
    return value


def boxed_flag(what: str, value: Any) -> Any:
    """True or False, which travels in an object, so that False can be told from nothing."""
    return {"value": flag(what, value)}


def whole(least: int, most: int) -> Form:
    """A whole number from *least* to *most*."""

    def form(what: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            advice = f"write int({what})" if isinstance(value, float) else "give an int"
            raise UsageError(f"{what} must be a whole number, not {type(value).__name__}: {advice}")
        if not least <= value <= most:
            raise UsageError(f"{what} must be from {least} to {most}, not {value}")
        return int(value)

    return form


_seconds = whole(-(2**63), 2**63 - 1)


def moment(what: str, value: Any) -> Any:
    """Unix seconds, no milliseconds; a datetime that knows its time zone becomes that."""
    if isinstance(value, datetime.datetime):
        if value.utcoffset() is None:
            raise UsageError(f"{what} is a datetime without time zone: make it with datetime.now(datetime.UTC) + …")
        return int(value.timestamp())
    seconds = _seconds(what, value)
    if not -MILLISECONDS < seconds < MILLISECONDS:
        raise UsageError(f"{what} must be Unix seconds, not {value}, which looks like milliseconds")
    return seconds


def user_id(what: str, value: Any) -> Any:
    """A user's id: text; ints become text, because ids are text everywhere on the server (spec v6 §17.1)."""
    if type(value) is int or (isinstance(value, int) and not isinstance(value, bool)):
        return str(int(value))
    if not isinstance(value, str):
        raise UsageError(
            f"{what} must be a user's id, text or an int, not {type(value).__name__}: str(…) makes it text"
        )
    check_text(what, value)
    return value


def base64_text(what: str, value: Any) -> Any:
    """Bytes, which travel as base64; or text that is base64 already."""
    if isinstance(value, bytes | bytearray | memoryview):
        return binascii.b2a_base64(value, newline=False).decode()
    if not isinstance(value, str):
        raise UsageError(f"{what} must be bytes (we encode them) or base64 text, not {type(value).__name__}")
    try:
        binascii.a2b_base64(value, strict_mode=True)
    except ValueError as error:
        raise UsageError(
            f"{what} is no base64 text ({error}): give the bytes themselves, or standard base64 with its padding"
        ) from None
    return value


def text_map(what: str, value: Any) -> Any:
    """A mapping of text to text, such as tags."""
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} must be a dict of text to text, not {type(value).__name__}")
    for key, item in value.items():
        if not isinstance(key, str):
            raise UsageError(f"{what} has the key {key!r:.100}: keys must be text")
        check_text(f"a key of {what}", key)
        if not isinstance(item, str):
            raise UsageError(f"{what}[{key!r}] must be text, not {type(item).__name__}: write {str(item)!r:.100}")
        check_text(f"{what}[{key!r}]", item)
    return value if type(value) is dict else dict(value)


def payload(what: str, value: Any) -> Any:
    """Any JSON value; bytes are ready-made JSON."""
    return plain_data(value, what)


UInt32 = Annotated[int, whole(0, 2**32 - 1)]
UInt64 = Annotated[int, whole(0, 2**64 - 1)]
Int32 = Annotated[int, whole(-(2**31), 2**31 - 1)]
Int64 = Annotated[int, whole(-(2**63), 2**63 - 1)]
Moment = Annotated[int | datetime.datetime, moment]
Name = Annotated[str, name]
UserId = Annotated[str | int, user_id]
Base64 = Annotated[bytes | str, base64_text]
Payload = Annotated[Any, payload]
Flag = Annotated[bool, boxed_flag]


def changed_fields(struct: msgspec.Struct, prefix: str = "") -> dict[str, Any]:
    """Check the fields of *struct*; those that travel in another form than they were given in, in that form.

    Raises:
        UsageError: a value that no server accepts; the message names the field.
    """
    changes: dict[str, Any] = {}
    for field, default, form in _forms(type(struct)):
        value = getattr(struct, field)
        if value is not default and (sent := form(prefix + field, value)) is not value:
            changes[field] = sent
    return changes


@functools.cache
def _forms(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any, Form], ...]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple(
        (field.name, field.default, _form_of(hints[field.name]))
        for field in msgspec.structs.fields(kind)
        if field.name != "timeout"  # it never travels
    )


def _form_of(hint: Any) -> Form:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        form: Form = hint.__metadata__[0]
        return form
    if origin in (Union, types.UnionType):  # with None, UNSET: what the field is when it is not given
        (kind,) = [part for part in arguments if part not in (type(None), msgspec.UnsetType)]
        return _form_of(kind)
    if origin is collections.abc.Sequence:
        return _list_of(_form_of(arguments[0]))
    if origin is collections.abc.Mapping:
        return text_map if arguments[1] is str else _map_of(_form_of(arguments[1]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint)
    return {str: text, bool: flag}[hint]


def _list_of(form: Form) -> Form:
    def listed(what: str, value: Any) -> Any:
        if isinstance(value, str | bytes | bytearray) or not isinstance(value, Sequence):
            raise UsageError(f"{what} must be a list, not {type(value).__name__}: [value] for a single one")
        return [form(f"{what}[{index}]", item) for index, item in enumerate(value)]

    return listed


def _map_of(form: Form) -> Form:
    def mapped(what: str, value: Any) -> Any:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise UsageError(f"{what} must be a dict with text as keys")
        return {key: form(f"{what}[{key!r}]", item) for key, item in value.items()}

    return mapped


def _struct(kind: type[msgspec.Struct]) -> Form:
    def struct(what: str, value: Any) -> Any:
        if not isinstance(value, kind):
            raise UsageError(f"{what} must be made with {kind.__name__}(…), not {type(value).__name__}")
        changes = changed_fields(value, f"{what}.")
        return msgspec.structs.replace(value, **changes) if changes else value

    return struct
