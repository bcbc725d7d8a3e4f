"""Commands, and the objects in them, from their JSON: with the server's names, every field checked, no digit lost.

Types are read as `protocol/fields.py` says what they may hold: any JSON value stays the text it is.
"""

import datetime
import functools
import operator
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union

import msgspec
from msgspec import UNSET, UnsetType

from centripetal.errors import UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.fields import Base64, Flag, Moment, Payload, UserId

__all__ = ["Reader", "bare", "reader"]

Make = Callable[[Any], Any]


class Reader:
    """Reads values of one type of struct.

    Args:
        kind: the type, a command or an object that is a field of one.
    """

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self._kind = kind
        self._makers: dict[str, Make] = {}
        hints = typing.get_type_hints(kind, include_extras=True)
        fields: list[Any] = []
        for field in msgspec.structs.fields(kind):
            if field.name == "timeout" and issubclass(kind, Command):
                continue  # it never travels
            json, make = _plan(hints[field.name])
            if make is not None:
                self._makers[field.name] = make
            fields.append((field.name, json) if field.required else (field.name, json | UnsetType, UNSET))
        self._names = [field[0] for field in fields]
        parts = msgspec.defstruct(kind.__name__, fields, kw_only=True, forbid_unknown_fields=True)
        self._decode: Callable[[Any], Any] = msgspec.json.Decoder(parts).decode

    def read(self, text: Any) -> Any:
        """The value that *text* is.

        Raises:
            UsageError: it is none; the message says where and why.
        """
        try:
            parts = self._decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            text = re.sub(r"^Object missing required field (`\w+`)", r"the required field \1 is missing", str(error))
            raise UsageError(text.replace("Object", "the object", 1)) from None
        given = {name: value for name in self._names if (value := getattr(parts, name)) is not UNSET}
        for name, make in self._makers.items():
            if name in given:
                given[name] = make(given[name])
        return self._kind(**given)


@functools.cache
def reader(kind: type[msgspec.Struct]) -> Reader:
    """The one reader of *kind*."""
    return Reader(kind)


def bare(hint: Any) -> Any:
    """*hint* without None and UNSET, which stand for what is not given."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        kinds = [part for part in typing.get_args(hint) if part not in (type(None), UnsetType)]
        return functools.reduce(operator.or_, kinds)
    return hint


class _Boxed(msgspec.Struct, forbid_unknown_fields=True):
    value: bool


def _unboxed(value: Any) -> Any:
    return value.value if isinstance(value, _Boxed) else value


# How it stands in JSON, and what becomes of that.
_KINDS: Mapping[Any, tuple[Any, Make | None]] = {
    Any: (msgspec.Raw, bytes),
    Payload: (msgspec.Raw, bytes),
    Base64: (str, None),
    Moment: (int | datetime.datetime, None),
    bytes | str: (str, None),
    UserId: (str | int, None),
    Flag: (bool | _Boxed, _unboxed),
}


def _plan(hint: Any) -> tuple[Any, Make | None]:
    kind = bare(hint)
    json, make = _plan_of(kind)
    if kind is hint or type(None) not in typing.get_args(hint):
        return json, make
    if json is not msgspec.Raw:
        return json | None, None if make is None else _unless_none(make)
    return json, None if make is None else _unless_null(make)


def _unless_none(make: Make) -> Make:
    return lambda value: None if value is None else make(value)


def _of_each(make: Make) -> Make:
    return lambda values: [make(value) for value in values]


def _of_values(make: Make) -> Make:
    return lambda values: {name: make(value) for name, value in values.items()}


def _unless_null(make: Make) -> Make:
    return lambda text: None if bytes(text) == b"null" else make(text)


def _plan_of(kind: Any) -> tuple[Any, Make | None]:
    if kind in _KINDS:
        return _KINDS[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _plan_of(arguments[0])
    if origin in (list, Sequence):
        json, make = _plan_of(arguments[0])
        return list[json], None if make is None else _of_each(make)  # type: ignore[valid-type]
    if origin in (dict, Mapping):
        json, make = _plan_of(arguments[1])
        return dict[str, json], None if make is None else _of_values(make)  # type: ignore[valid-type]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        # As text first, because such an object may be in itself.
        return msgspec.Raw, lambda text: reader(kind).read(text)
    return kind, None
