"""Nested objects exactly as a Go server reads and writes them. PURE.

    read(b'{"Channel":"c","more":1}', Subscribe)        -> Subscribe("c")
    read_first(b'{"channel":"c"} and so on', Subscribe) -> Subscribe("c")
    write(Publication(Raw(b'{ "a": 1 }'), offset=7))    -> b'{"data":{ "a": 1 },"offset":7}'

Fields have the types `str`, `bool`, `int` and `Raw`, structs, and lists and dicts of these. Go's rules: unknown members
are ignored, names match regardless of letter case, the last of repeated members wins, null leaves text, numbers and
bools unchanged, is a value for a Raw, and empties everything else. The structs must forbid unknown fields: msgspec
decodes input whose member names equal the field names, about thirty times faster; all other input is read again by the
rules above.

One rule differs from Go: if a member with an object or a list is repeated, the last value wins, while Go merges them.

`write` omits fields that have their default value, as Go's `omitempty` does; a field without a default is always
written. Raw values are written unchanged except for newlines, which separate messages; strings get HTML escapes.
"""

import functools
import re
import types
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from centripetal.protocol.gojson import (
    JSONError,
    check,
    compact,
    elements,
    first,
    fold,
    members,
    pairs,
    quote,
    quote_push,
    string,
)

__all__ = ["read", "read_first", "read_list", "write"]

S = TypeVar("S", bound=msgspec.Struct)

_NULL = b"null"
_SPACE = b" \t\r\n"
_INTEGER = re.compile(rb"-?[0-9]{1,20}")
_DEEPEST = 16
"""Maximum nesting of structs in the slow reader, which scans each level again; only filters can be nested deeper."""
# Pointers, slices and maps in Go: null removes an earlier value (observed on a 6.9.1 server).
_EMPTIED_BY_NULL = (inspect.UnionType, inspect.ListType, inspect.DictType)


def read(text: bytes, shape: type[S]) -> S:
    """Read the object *text* as a *shape*; null is read as an empty object.

    Raises:
        JSONError: *text* is not such an object, or more text follows it.
    """
    try:
        value: S = _decoder(shape).decode(text)
    except _REFUSED:
        check(text)
        return _read_struct(text, shape, 1)
    return value


def read_first(text: bytes, shape: type[S]) -> S:
    """Read the object at the start of *text* as a *shape*, ignoring the rest; see `read`."""
    try:
        value: S = _decoder(shape).decode(text)
    except _REFUSED:
        return _read_struct(first(text), shape, 1)
    return value


def read_list(text: bytes, shape: type[S]) -> list[S]:
    """Read *text*, an array of objects, as a list of *shape*; see `read`."""
    try:
        values: list[S] = _decoder(types.GenericAlias(list, (shape,))).decode(text)
    except _REFUSED:
        return [read(element, shape) for element in elements(text)]
    return values


_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@functools.cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


@functools.cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    assert shape.__struct_config__.forbid_unknown_fields, f"{shape.__name__} must forbid unknown fields"
    info = inspect.type_info(shape)
    assert isinstance(info, inspect.StructType)
    return {fold(field.encode_name): field for field in info.fields}


def _read_struct(text: bytes, shape: type[S], depth: int) -> S:
    if depth > _DEEPEST:
        raise JSONError("nested too deeply")
    fields, found = _fields(shape), dict[str, Any]()
    if text.strip(_SPACE) != _NULL:
        for name, raw in members(text):
            field = fields.get(name)
            if field is None:
                continue
            if raw != _NULL or isinstance(field.type, inspect.RawType):
                found[field.name] = _read_value(raw, field.type, depth)
            elif isinstance(field.type, _EMPTIED_BY_NULL):
                found.pop(field.name, None)
    for field in fields.values():
        if field.required and field.name not in found:
            found[field.name] = _read_value(
                b"" if isinstance(field.type, inspect.RawType) else _NULL, field.type, depth
            )
    return shape(**found)


def _read_value(text: bytes, kind: inspect.Type, depth: int) -> Any:
    match kind:
        case inspect.UnionType():
            if text == _NULL:
                return None
            inner = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
            return _read_value(text, inner[0], depth)
        case inspect.StructType():
            return _read_struct(text, kind.cls, depth + 1)
        case inspect.ListType():
            return [] if text == _NULL else [_read_value(each, kind.item_type, depth) for each in elements(text)]
        case inspect.DictType():
            # These member names are map keys, not field names, so letter case matters.
            return {name: _read_value(raw, kind.value_type, depth) for name, raw in pairs(text)}
        case inspect.StrType():
            return "" if text == _NULL else string(text)
        case inspect.BoolType():
            if text not in (b"true", b"false", _NULL):
                raise JSONError(f"expected true or false, not {text[:20].decode('latin-1')!a}")
            return text == b"true"
        case inspect.IntType():
            return _read_integer(text, kind)
        case inspect.RawType():
            return msgspec.Raw(text)
        case _:
            raise AssertionError(f"fields of type {kind!r} cannot be read")


def _read_integer(text: bytes, kind: inspect.IntType) -> int:
    value = 0 if text == _NULL else int(text) if _INTEGER.fullmatch(text) else None
    if value is None or (kind.ge is not None and value < kind.ge) or (kind.le is not None and value > kind.le):
        raise JSONError(f"expected an integer within bounds, not {text[:30].decode('latin-1')!a}")
    return value


# ---- writing


def write(value: msgspec.Struct, *, replies: bool = False) -> bytes:
    """Return *value* as a JSON object.

    Args:
        value: a struct, possibly nested.
        replies: write in the style of replies of the HTTP API: raw values are compacted, with HTML escapes, and map
            keys are sorted (protocol 6: http-response).

    Raises:
        JSONError: with *replies*, a raw value is not valid JSON.
    """
    items = []
    for name, label, default, write_one in _writers(type(value), replies):
        member = getattr(value, name)
        # An empty list equals a default of ().
        if default is msgspec.NODEFAULT or (member != default and (member or default != ())):
            items.append(label + write_one(member))
    return b"{%b}" % b",".join(items)


@functools.cache
def _writers(shape: type[msgspec.Struct], replies: bool) -> list[tuple[str, bytes, Any, Callable[[Any], bytes]]]:
    of_raw, of_any = (_compact, _any_in_reply) if replies else (_raw, _any)
    return [
        (
            each.name,
            b'"%b":' % each.encode_name.encode(),
            _default(each),
            of_raw if each.type is msgspec.Raw else of_any,
        )
        for each in msgspec.structs.fields(shape)
    ]


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _raw(value: msgspec.Raw) -> bytes:
    raw = bytes(value)
    return raw.replace(b"\n", b"") if b"\n" in raw else raw


def _any(value: Any) -> bytes:
    match value:
        case str():
            return quote_push(value)
        case bool():
            return b"true" if value else b"false"
        case int():
            return b"%d" % value
        case msgspec.Struct():
            return write(value)
        case list() | tuple():
            return b"[%b]" % b",".join(map(_any, value))
        case dict():
            return _object((quote_push(name), _any(each)) for name, each in value.items())
        case _:
            raise AssertionError(f"a {type(value).__name__} cannot be written")


def _compact(value: msgspec.Raw) -> bytes:
    return compact(bytes(value))


def _any_in_reply(value: Any) -> bytes:
    match value:
        case str():
            return quote(value)
        case msgspec.Struct():
            return write(value, replies=True)
        case list():
            return b"[%b]" % b",".join(map(_any_in_reply, value))
        case dict():
            return _object((quote(name), _any_in_reply(value[name])) for name in sorted(value))
        case _:
            return _any(value)


def _object(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"{%b}" % b",".join([b"%b:%b" % item for item in items])
