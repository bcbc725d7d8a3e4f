"""Decode replies that the fast decoder rejects, part by part, so that one bad value does not hide the others. PURE.

msgspec rejects a whole text because of a single value in it: data nested deeper than the stack of Python (about 1,000
levels), a lone surrogate, invalid UTF-8, or a value of another type. Servers accept such data from any client and
return it, so it must not break the reads of a whole channel. `read` follows the declared types instead: it splits
structs, lists and dicts into parts, never looks into raw values, and does not recurse into data.

A struct can name a `stand_in`, a subclass with a field `error`. If an element of a list cannot be read, its stand-in
takes its place, with all members that can be read. Other values fail with the struct that contains them.
"""

import decimal
import functools
import json
import re
import sys
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from centripetal.errors import MalformedResponseError
from centripetal.protocol.gojson import JSONError, check, string
from centripetal.protocol.json_parts import array_parts, object_parts

__all__ = ["REFUSED", "decode", "decode_json", "decode_value", "integer", "read"]

T = TypeVar("T")

REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The errors with which the fast decoder rejects a text."""

_ESCAPES = re.compile(
    rb"(?s)\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escapes; the only group is a lone surrogate."""

_NULL = b"null"
_LEAVES: dict[type[inspect.Type], Any] = {
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.BoolType: bool,
    inspect.NoneType: None,
}
_OPENED_LEVELS = 3
"""Levels of a value of any type that are decoded although a part of it is nested too deeply: enough for the data of a
publication in the result of a method that is called by its name.
"""


def decode(decoder: msgspec.json.Decoder[T], text: bytes) -> T:
    """Decode *text* with *decoder*, or with `read` if that fails.

    Raises:
        JSONError: the text does not have the decoder's type.
    """
    try:
        return decoder.decode(text)
    except REFUSED:
        value: T = read(text, decoder.type)
    return value


def read(text: bytes, kind: Any) -> Any:
    """Read the JSON *text* as a value of the type *kind*, which may contain structs, lists, dicts and raw values.

    Values of any type that are nested too deeply become `msgspec.Raw`; invalid characters become U+FFFD.

    Raises:
        JSONError: the text does not have this type; the message says where and why.
    """
    try:
        return _read(text, _type_info(kind))
    except RecursionError:
        raise JSONError("the stack of this thread has too little space left to decode the value") from None


@functools.lru_cache(maxsize=512)
def _type_info(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


@functools.lru_cache(maxsize=512)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _read(text: bytes, kind: inspect.Type) -> Any:
    match kind:
        case inspect.StructType():
            try:
                return _decoder(kind.cls).decode(text)
            except REFUSED:
                return kind.cls(**_members(text, kind))
        case inspect.ListType():
            return [_read_item(part, kind.item_type, place) for place, part in enumerate(array_parts(text))]
        case inspect.DictType():
            return {name: _read(part, kind.value_type) for name, part in object_parts(text).items()}
        case inspect.UnionType():
            return _read(text, _member_of(kind, text))
        case inspect.RawType():
            check(text, sys.maxsize)
            return msgspec.Raw(text)
        case inspect.StrType():
            return string(text)
        case inspect.AnyType():
            return _read_any(text, _OPENED_LEVELS)
        case _:
            return _read_leaf(text, kind)


def _members(text: bytes, kind: inspect.StructType) -> dict[str, Any]:
    """Return the values of the fields of a struct."""
    parts = object_parts(text)
    if kind.forbid_unknown_fields and (unknown := parts.keys() - {field.encode_name for field in kind.fields}):
        raise JSONError(f"the object contains the unknown field `{min(unknown):.100}`")
    values: dict[str, Any] = {}
    for field in kind.fields:
        part = parts.get(field.encode_name)
        if part is not None:
            try:
                values[field.name] = _read(part, field.type)
            except JSONError as error:
                raise JSONError(f"{field.encode_name}: {error}") from None
        elif field.required:
            raise JSONError(f"the required field `{field.encode_name}` is missing")
    return values


def _read_item(text: bytes, kind: inspect.Type, place: int) -> Any:
    try:
        return _read(text, kind)
    except JSONError as error:
        stand_in = getattr(kind.cls, "stand_in", None) if isinstance(kind, inspect.StructType) else None
        if stand_in is None:
            raise JSONError(f"[{place}]: {error}") from None
        return stand_in(**{**_readable(text, stand_in), "error": str(error)})


def _readable(text: bytes, struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the values of those fields of *struct* that can be read."""
    info, values = _type_info(struct), dict[str, Any]()
    assert isinstance(info, inspect.StructType)
    try:
        parts = object_parts(text)
    except JSONError:
        return values
    for field in info.fields:
        if field.encode_name in parts:
            try:
                values[field.name] = _read(parts[field.encode_name], field.type)
            except JSONError:
                continue
    return values


def _member_of(union: inspect.UnionType, text: bytes) -> inspect.Type:
    """Return the type in *union* that *text* can have, judged by its first character."""
    start = text[:1]
    for kind in union.types:
        match kind:
            case inspect.NoneType():
                fits = text == _NULL
            case inspect.StrType():
                fits = start == b'"'
            case inspect.StructType() | inspect.DictType():
                fits = start == b"{"
            case inspect.ListType():
                fits = start == b"["
            case _:
                fits = start not in (b'"', b"{", b"[") and text != _NULL
        if fits:
            return kind
    return next(kind for kind in union.types if not isinstance(kind, inspect.NoneType))


def _read_any(text: bytes, levels: int) -> Any:
    value = decode_value(text)
    if not isinstance(value, msgspec.Raw) or not levels:
        return value
    if text.startswith(b"["):
        return [_read_any(part, levels - 1) for part in array_parts(text)]
    return {name: _read_any(part, levels - 1) for name, part in object_parts(text).items()}


def _read_leaf(text: bytes, kind: inspect.Type) -> Any:
    try:
        value = _decoder(_LEAVES[type(kind)]).decode(text)
    except REFUSED as error:
        raise JSONError(str(error)) from None
    if isinstance(kind, inspect.IntType) and not (
        (kind.ge is None or value >= kind.ge) and (kind.le is None or value <= kind.le)
    ):
        raise JSONError(f"expected an integer from {kind.ge} to {kind.le}")
    return value


# ---- JSON of users, whose type is unknown


def decode_json(text: bytes, what: str = "data") -> Any:
    """Decode JSON *text* that a user has stored in the server.

    Returns:
        The value. Text that is nested too deeply for Python (about 1,000 levels; servers accept up to 10,000) is
        returned undecoded as a `msgspec.Raw`: `bytes(value)` is its exact text.

    Raises:
        MalformedResponseError: the text is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return decode_value(text)
    except JSONError as error:
        raise MalformedResponseError(f"{what} is not JSON: {error}", executed="yes") from None


def decode_value(text: bytes) -> Any:
    """Decode JSON *text* like `decode_json`.

    The server passes on numbers that exceed the range of float, integers of any length, and invalid text (protocol 1:
    json-rules). They are decoded as well as possible: lone surrogates, from a browser that cut a text in the middle of
    an emoji, and invalid UTF-8 become U+FFFD; an integer of more than about 4,300 digits becomes a Decimal, because
    Python refuses to convert it.

    Raises:
        JSONError: the text is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        pass
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], text).decode("utf-8", "replace")
        try:
            return json.loads(mended, parse_int=integer, parse_constant=_no_constant)
        except RecursionError:
            pass
        except ValueError as error:
            raise JSONError(str(error)) from None
    check(text, sys.maxsize)
    return msgspec.Raw(text)


def integer(text: str) -> int | decimal.Decimal:
    """Return the integer *text*, as a Decimal if Python refuses to convert an integer of that length."""
    try:
        return int(text)
    except ValueError:
        return decimal.Decimal(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not valid JSON")
