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
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import inspect

from centripetal.protocol.gojson import (
    JSONError,
    compact,
    elements,
    first,
    fold,
    items_at,
    quote,
    quote_push,
    spans,
    string,
)

__all__ = ["read", "read_first", "read_list", "reply_steps", "write"]

S = TypeVar("S", bound=msgspec.Struct)
Reading: TypeAlias = Generator[Any, Any, Any]
"""Reads a value: yields the readings of the values in it, gets these values back, and returns the value."""

_NULL = b"null"
_SPACE = b" \t\r\n"
_INTEGER = re.compile(rb"-?[0-9]{1,20}")
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
        return _read_by_rules(text, shape)
    return value


def read_first(text: bytes, shape: type[S]) -> S:
    """Read the object at the start of *text* as a *shape*, ignoring the rest; see `read`."""
    try:
        value: S = _decoder(shape).decode(text)
    except _REFUSED:
        return _read_by_rules(first(text), shape)
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


def _read_by_rules(text: bytes, shape: type[S]) -> S:
    start, ends = spans(text)
    value: S = _finished(_Document(text, ends).struct(start, shape))
    return value


def _finished(reading: Reading) -> Any:
    """Return the result of *reading*, which may be nested deeper than Python's stack."""
    stack, value = [reading], None
    while stack:
        try:
            stack.append(stack[-1].send(value))
            value = None
        except StopIteration as end:
            value = end.value
            stack.pop()
    return value


class _Document:
    """A JSON text that is read by the rules of Go.

    Args:
        text: the text.
        ends: the ends of its containers, from `spans`.
    """

    def __init__(self, text: bytes, ends: dict[int, int]) -> None:
        self._text = text
        self._ends = ends

    def struct(self, start: int, shape: type[msgspec.Struct]) -> Reading:
        """Read the object at *start*, or null, as a *shape*."""
        fields, found = _fields(shape), dict[str, Any]()
        for key, at, end in () if self._text.startswith(_NULL, start) else self._items(start, b"{"):
            field = fields.get(fold(string(key)))
            if field is None:
                continue
            if isinstance(field.type, inspect.RawType) or not self._text.startswith(_NULL, at):
                found[field.name] = yield self._value(at, end, field.type)
            elif isinstance(field.type, _EMPTIED_BY_NULL):
                found.pop(field.name, None)
        for field in fields.values():
            if field.required and field.name not in found:
                found[field.name] = _missing(field.type)
        return shape(**found)

    def _value(self, start: int, end: int, kind: inspect.Type) -> Reading:
        text = self._text[start:end] if isinstance(kind, _SCALARS) else b""
        is_null = self._text.startswith(_NULL, start)
        match kind:
            case inspect.UnionType():
                inner = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
                return None if is_null else (yield self._value(start, end, inner[0]))
            case inspect.StructType():
                return (yield self.struct(start, kind.cls))
            case inspect.ListType():
                values = []
                for _, at, after in () if is_null else self._items(start, b"["):
                    values.append((yield self._value(at, after, kind.item_type)))
                return values
            case inspect.DictType():
                entries = {}
                for key, at, after in () if is_null else self._items(start, b"{"):
                    # These member names are map keys, not field names, so letter case matters.
                    entries[string(key)] = yield self._value(at, after, kind.value_type)
                return entries
            case inspect.StrType():
                return "" if is_null else string(text)
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

    def _items(self, start: int, opening: bytes) -> Iterable[tuple[bytes, int, int]]:
        if not self._text.startswith(opening, start):
            found = self._text[start : start + 20].decode("latin-1")
            raise JSONError(f"expected {'an object' if opening == b'{' else 'an array'}, not {found!a}")
        return items_at(self._text, start, self._ends)


_SCALARS = (inspect.StrType, inspect.BoolType, inspect.IntType, inspect.RawType)


def _missing(kind: inspect.Type) -> Any:
    """Return the value of a missing field without a default, as for null; empty for a raw value."""
    if isinstance(kind, inspect.RawType):
        return msgspec.Raw(b"")
    return _finished(_Document(_NULL, {})._value(0, len(_NULL), kind))


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
    return b"{%b}" % b",".join([label + write_one(member) for label, member, write_one in _members(value, replies)])


def reply_steps(value: msgspec.Struct) -> Generator[None, None, bytes]:
    """Return `write(value, replies=True)`, but yield after each item of a list or dict in *value*."""
    members = []
    for label, member, write_one in _members(value, True):
        if isinstance(member, list):
            items = []
            for each in member:
                items.append(_any_in_reply(each))
                yield
            members.append(b"%b[%b]" % (label, b",".join(items)))
        elif isinstance(member, dict):
            items = []
            for name in sorted(member):
                items.append(b"%b:%b" % (quote(name), _any_in_reply(member[name])))
                yield
            members.append(b"%b{%b}" % (label, b",".join(items)))
        else:
            members.append(label + write_one(member))
    return b"{%b}" % b",".join(members)


def _members(value: msgspec.Struct, replies: bool) -> Iterable[tuple[bytes, Any, Callable[[Any], bytes]]]:
    """Yield the label, the value and the writer of each member that is written."""
    for name, label, default, write_one in _writers(type(value), replies):
        member = getattr(value, name)
        # An empty list equals a default of ().
        if default is msgspec.NODEFAULT or (member != default and (member or default != ())):
            yield label, member, write_one


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
