"""Objects inside of objects exactly as a Go server reads and writes them: PURE.

    read(b'{"Channel":"c","more":1} and so on', Subscribe)    -> Subscribe("c")
    write(Publication(Raw(b'{ "a": 1 }'), offset=7))          -> b'{"data":{ "a": 1 },"offset":7}'

`gojson` reads flat objects; this reads whole trees of msgspec structs, with fields of `str`, `bool`, `int`, `Raw`,
structs, lists and dicts of them. The rules are the same: members that are no fields are ignored, names match regardless
of letter case, the last of repeated members wins, null leaves a text, number or bool as it was and empties the rest;
and text after the value is ignored. What is read must forbid unknown fields: input that msgspec decodes into the very
fields is taken from there, which is fast; the rest is read again slowly, by the rules above.

One rule is not Go's: of repeated members that are objects or lists the last one wins, too, while Go merges them.

`write` leaves out what a field has by default, as Go's `omitempty` does: a field without a default is always written.
Raw values go out as they are, but without newlines, which separate messages; strings have HTML escapes.
"""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from centripetal.protocol.gojson import (
    JSONError,
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

__all__ = ["read", "write"]

S = TypeVar("S", bound=msgspec.Struct)

_NULL = b"null"
_SPACE = b" \t\r\n"
_INTEGER = re.compile(rb"-?[0-9]{1,20}")
_DEEPEST = 16
"""Structs in one another that are read slowly: each level is scanned anew, and only filters can be deeper at all."""
# What Go has pointers, slices and maps for: null takes an earlier value away (seen on a 6.9.1 server).
_EMPTIED_BY_NULL = (inspect.UnionType, inspect.ListType, inspect.DictType)


def read(text: bytes, shape: type[S]) -> S:
    """The object that *text* starts with, as a *shape*; null stands for an object without members.

    Raises:
        JSONError: it is none.
    """
    try:
        value: S = _decoder(shape).decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_struct(first(text), shape, 1)
    return value


@functools.cache
def _decoder(shape: type[S]) -> msgspec.json.Decoder[S]:
    return msgspec.json.Decoder(shape)


@functools.cache
def _fields(shape: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    assert shape.__struct_config__.forbid_unknown_fields, f"{shape.__name__} must forbid unknown fields"
    info = inspect.type_info(shape)
    assert isinstance(info, inspect.StructType)
    return {fold(field.encode_name): field for field in info.fields}


def _read_struct(text: bytes, shape: type[S], depth: int) -> S:
    if depth > _DEEPEST:
        raise JSONError("nested too deep")
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
            found[field.name] = _read_value(_NULL, field.type, depth)
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
            # The names of these members are no names of fields: letter case matters.
            return {name: _read_value(raw, kind.value_type, depth) for name, raw in pairs(text)}
        case inspect.StrType():
            return "" if text == _NULL else string(text)
        case inspect.BoolType():
            if text not in (b"true", b"false", _NULL):
                raise JSONError(f"true or false is expected, not {text[:20].decode('latin-1')!a}")
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
        raise JSONError(f"an integer within bounds is expected, not {text[:30].decode('latin-1')!a}")
    return value


# ---- writing


def write(value: msgspec.Struct, *, replies: bool = False) -> bytes:
    """*value* as a JSON object.

    Args:
        value: structs in structs.
        replies: in the style of replies of the HTTP API: raw values are made compact, with HTML escapes, and the
            members of maps are in the order of their names (spec v6 §4.3).

    Raises:
        JSONError: in replies, a raw value is no JSON.
    """
    items = []
    for name, label, default, write_one in _writers(type(value), replies):
        member = getattr(value, name)
        # A list is empty as the tuple is that is its default.
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
