"""Fields of commands, and of the objects inside commands: their kinds, and the code that is derived from the kinds.

fields_of(Publish)                    names, kinds and defaults
changed_fields(command)               check a command; the fields whose wire form differs from the given value
reader(Publish).read(text)            read a command strictly from the JSON of a file
wire_struct(Publish), received(…)     read a command from a request as a server does: missing fields get their default
                                      or are empty, and `gostructs` rejects wrong types
"""

import collections.abc
import functools
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, NamedTuple, TypeVar, Union

import msgspec
from msgspec import NODEFAULT, UNSET, UnsetType

from centripetal.errors import CentripetalError, UsageError, shown
from centripetal.protocol.checks import check_text, unreadable
from centripetal.protocol.field_kinds import FieldKind, JSONValue, Text, TrueOrFalse, WholeNumber
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.json_parts import object_parts
from centripetal.protocol.json_text import repeated_member
from centripetal.protocol.tolerant_decoding import read

__all__ = ["Field", "ObjectOf", "StructReader", "changed_fields", "fields_of", "reader", "received"]
__all__ += ["wire_struct"]

S = TypeVar("S", bound=msgspec.Struct)


class Field(NamedTuple):
    """A field of a struct.

    Attributes:
        name: name in Python and on the wire.
        kind: kind of the field.
        default: default value; `msgspec.NODEFAULT` if the field is required.
        takes_none: whether None is a valid value.
    """

    name: str
    kind: FieldKind
    default: Any
    takes_none: bool


@functools.cache
def fields_of(struct: type[msgspec.Struct]) -> tuple[Field, ...]:
    """Return the fields of *struct* except `timeout`, which belongs to the call and is not sent.

    Raises:
        TypeError: the type of a field has no kind.
    """
    hints = typing.get_type_hints(struct, include_extras=True)
    found = []
    for field in msgspec.structs.fields(struct):
        if field.name == "timeout":
            continue
        hint = hints[field.name]
        kind = _kind_of(hint)
        if kind is None:
            raise TypeError(f"{struct.__name__}.{field.name} has a type without a kind: {field.type}")
        found.append(Field(field.name, kind, field.default, type(None) in typing.get_args(hint)))
    return tuple(found)


_KINDS: Mapping[Any, FieldKind] = {str: Text(), bool: TrueOrFalse(), int: WholeNumber(), Any: JSONValue()}


def _kind_of(hint: Any) -> FieldKind | None:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        kinds = [each for each in hint.__metadata__ if isinstance(each, FieldKind)]
        return kinds[0] if kinds else _kind_of(arguments[0])
    if origin in (Union, types.UnionType):  # None and UNSET are the values of a field that is not given
        parts = [part for part in arguments if part not in (type(None), UnsetType)]
        return _kind_of(parts[0]) if len(parts) == 1 else None
    if origin in (collections.abc.Sequence, list):
        item = _kind_of(arguments[0])
        return None if item is None else ListOf(item)
    if origin in (collections.abc.Mapping, dict):
        item = _kind_of(arguments[1])
        return TextMap(item) if isinstance(item, Text) else None if item is None else MapOf(item)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return ObjectOf(hint)
    return _KINDS.get(hint)


# ---- kinds of fields that contain other fields


class ListOf(FieldKind):
    """A list of values of one kind."""

    def __init__(self, item: FieldKind) -> None:
        self.item = item
        self.json = list[item.json]  # type: ignore[name-defined]
        self.typed = list[str] if item.typed is str else None
        self.metavar = item.metavar

    @property
    def wire(self) -> Any:
        return list[self.item.wire]  # type: ignore[name-defined]

    def check(self, what: str, value: Any) -> Any:
        if isinstance(value, str | bytes | bytearray) or not isinstance(value, Sequence):
            raise UsageError(f"{what} must be a list, not {type(value).__name__}: pass [value] for a single value")
        return [self.item.check(f"{what}[{index}]", item) for index, item in enumerate(value)]

    def received(self, value: Any) -> Any:
        return [self.item.received(item) for item in value]

    def read(self, value: Any) -> Any:
        return [self.item.read(item) for item in value]


class MapOf(FieldKind):
    """A mapping from text to objects."""

    json_start: str | None = ""
    metavar = "JSON"

    def __init__(self, item: FieldKind) -> None:
        self.item = item
        self.json = dict[str, item.json]  # type: ignore[name-defined]
        self.help = item.help.replace("A JSON object", "A JSON object of objects", 1)

    @property
    def wire(self) -> Any:
        return dict[str, self.item.wire]  # type: ignore[name-defined]

    def check(self, what: str, value: Any) -> Any:
        if not isinstance(value, Mapping) or not all(issubclass(type(key), str) for key in value):
            raise UsageError(f"{what} must be a dict whose keys are text")
        items = [(check_text(f"a key of {what}", key), item) for key, item in value.items()]
        return {key: self.item.check(f"{what}[{key!r:.80}]", item) for key, item in items}

    def received(self, value: Any) -> Any:
        return {key: self.item.received(item) for key, item in value.items()}

    def read(self, value: Any) -> Any:
        return {key: self.item.read(item) for key, item in value.items()}

    def parse(self, what: str, given: Any) -> Any:
        try:
            members = object_parts(given)
        except JSONError:
            raise UsageError(f"{what}: {given!r:.100} is not a JSON object") from None
        _check_unique(bytes(given))
        return {name: self.item.parse(f"{what}.{name}", raw) for name, raw in members.items()}


class TextMap(MapOf):
    """A mapping from text to text, such as tags."""

    typed = list[str]
    json_start = None
    metavar = "NAME=TEXT"

    def __init__(self, item: FieldKind) -> None:
        super().__init__(item)
        self.help = "May be given several times."

    def check(self, what: str, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise UsageError(f"{what} must be a dict of text to text, not {type(value).__name__}")
        found: dict[str, str] = {}
        for key, item in value.items():
            if not issubclass(type(key), str):
                raise UsageError(f"{what} has the key {shown(key)}: keys must be text")
            name = check_text(f"a key of {what}", key)
            if not issubclass(type(item), str):
                advice = f"write {shown(str(item))}"
                raise UsageError(f"{what}[{name!r:.80}] must be text, not {type(item).__name__}: {advice}")
            found[name] = check_text(f"{what}[{name!r:.80}]", item)
        return value if type(value) is dict and {*map(type, value), *map(type, value.values())} <= {str} else found

    def parse(self, what: str, given: Sequence[str]) -> dict[str, str]:
        values: dict[str, str] = {}
        for item in given:
            if item.startswith("{"):
                try:
                    values |= msgspec.json.decode(item, type=dict[str, str])
                    _check_unique(item.encode())
                except msgspec.DecodeError as error:
                    message = f"{what}: {item!r:.100} is not a JSON object whose values are strings ({error!s:.100})"
                    raise UsageError(message) from None
                continue
            name, equals, value = item.partition("=")
            if not equals:
                raise UsageError(
                    f"{what}: {item!r:.100} is neither NAME=TEXT nor a JSON object, for example {what} lang=en"
                )
            values[name] = value
        return values


class ObjectOf(FieldKind):
    """An object described by a struct.

    Args:
        struct: class of the struct; its instances may contain each other.
    """

    is_pointer = True
    json = msgspec.Raw  # decoded separately, because the type may be recursive
    json_start = ""
    metavar = "JSON"

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        self.struct = struct
        self.help = f"A JSON object with {', '.join(f'`{name}`' for name in struct.__struct_fields__)}."

    @property
    def wire(self) -> Any:
        return wire_struct(self.struct)

    def check(self, what: str, value: Any) -> Any:
        if not isinstance(value, self.struct):
            raise UsageError(f"{what} must be created with {self.struct.__name__}(…), not {type(value).__name__}")
        try:
            changes = changed_fields(value, f"{what}.")
        except RecursionError:
            raise UsageError(f"{what:.60} is nested too deeply, or contains itself") from None
        return msgspec.structs.replace(value, **changes) if changes else value

    def received(self, value: Any) -> Any:
        return received(self.struct, value)

    def read(self, value: Any) -> Any:
        return reader(self.struct).read(value)

    def parse(self, what: str, given: bytes) -> Any:
        try:
            return reader(self.struct).read(given)
        except UsageError as error:
            names = ", ".join(self.struct.__struct_fields__)
            raise UsageError(f"{what}: {error}. It must be an object with the members {names}") from None


# ---- for the client


def changed_fields(struct: msgspec.Struct, prefix: str = "") -> dict[str, Any]:
    """Check the fields of *struct*, and return those whose wire form differs from the given value, in their wire form.

    Raises:
        UsageError: servers would reject a value; the message names the field.
    """
    changes: dict[str, Any] = {}
    name = ""
    try:
        for name, default, check in _checks(type(struct)):
            value = getattr(struct, name)
            if value is not default and (sent := check(prefix + name, value)) is not value:
                changes[name] = sent
    except CentripetalError:
        raise
    except Exception as error:  # raised by code of the value
        raise unreadable(prefix + name, error) from error
    return changes


@functools.cache
def _checks(struct: type[msgspec.Struct]) -> tuple[tuple[str, Any, Callable[[str, Any], Any]], ...]:
    return tuple((field.name, field.default, field.kind.check) for field in fields_of(struct))


# ---- strictly, from files


class StructReader(Generic[S]):
    """Strict reader of one struct type from JSON: unknown members are errors, and numbers keep all digits.

    Args:
        struct: the type: a command, or an object inside a command.
    """

    def __init__(self, struct: type[S]) -> None:
        self._struct = struct
        self._fields = fields_of(struct)
        self._maps = [field.name for field in self._fields if isinstance(field.kind, MapOf)]
        members: list[Any] = []
        for name, kind, default, takes_none in self._fields:
            # Raw accepts null like any other value.
            json = kind.json | None if takes_none and kind.json is not msgspec.Raw else kind.json
            members.append((name, json) if default is NODEFAULT else (name, json | UnsetType, UNSET))
        found = msgspec.defstruct(struct.__name__, members, kw_only=True, forbid_unknown_fields=True)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(found)

    def read(self, text: Any) -> S:
        """Read the struct from the JSON *text*.

        Raises:
            UsageError: the text does not describe such a struct; the message says where and why.
        """
        try:
            try:
                found = self._decoder.decode(text)
            except RecursionError:  # a JSON value in it is nested deeply
                found = read(bytes(text), self._decoder.type)
        except (msgspec.DecodeError, UnicodeDecodeError, JSONError) as error:
            text = re.sub(r"^Object missing required field (`\w+`)", r"the required field \1 is missing", str(error))
            raise UsageError(text.replace("Object", "the object", 1)) from None
        _check_unique(bytes(text))
        for name in self._maps:
            if getattr(found, name):
                _check_unique(object_parts(bytes(text))[name])
        given: dict[str, Any] = {}
        for name, kind, _, takes_none in self._fields:
            value = getattr(found, name)
            if value is not UNSET:
                is_none = takes_none and (value is None or (kind.json is msgspec.Raw and bytes(value) == b"null"))
                given[name] = None if is_none else kind.read(value)
        return self._struct(**given)


def _check_unique(text: bytes) -> None:
    """Raise `UsageError` if the JSON object *text* has a member twice."""
    if (name := repeated_member(text)) is not None:
        raise UsageError(f"the member {name!r:.100} occurs twice: remove one of them")


def reader(struct: type[S]) -> StructReader[S]:
    """Return the cached reader of *struct*."""
    return _reader(struct)


@functools.cache
def _reader(struct: type[Any]) -> StructReader[Any]:
    return StructReader(struct)


# ---- leniently, in a server


@functools.cache
def wire_struct(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return the type that a server decodes a *struct* into: *struct* itself if its fields equal their wire form."""
    if not _differs(struct):
        return struct
    members: list[Any] = []
    for name, kind, default, _ in fields_of(struct):
        if kind.travels:
            wire = kind.wire | None if kind.is_pointer else kind.wire
            members.append((name, wire) if default is NODEFAULT else (name, wire, default))
    return msgspec.defstruct(struct.__name__, members, frozen=True, kw_only=True, forbid_unknown_fields=True)


def _differs(struct: type[msgspec.Struct], within: tuple[type, ...] = ()) -> bool:
    """Return whether the wire form of *struct*, or of an object inside it, differs; structs in *within* are skipped."""
    if struct in within:
        return False
    fields = fields_of(struct)
    if len(fields) != len(struct.__struct_fields__) or not all(field.kind.travels for field in fields):
        return True
    return any(_converts(field.kind, (*within, struct)) for field in fields)


def _converts(kind: FieldKind, within: tuple[type, ...] = ()) -> bool:
    if isinstance(kind, ListOf | MapOf):
        return _converts(kind.item, within)
    return _differs(kind.struct, within) if isinstance(kind, ObjectOf) else kind.converts


def received(struct: type[S], found: Any) -> S:
    """Convert an instance of `wire_struct(struct)` to *struct*.

    Raises:
        ValueError: a number is out of bounds.
    """
    if isinstance(found, struct):
        return found
    values = msgspec.structs.asdict(found)
    for name, default, convert in _conversions(struct):
        value = values[name]
        if value is not default and value is not None:
            values[name] = convert(value)
    return struct(**values)


@functools.cache
def _conversions(struct: type[msgspec.Struct]) -> list[tuple[str, Any, Callable[[Any], Any]]]:
    return [
        (name, default, kind.received)
        for name, kind, default, _ in fields_of(struct)
        if kind.travels and _converts(kind)
    ]
