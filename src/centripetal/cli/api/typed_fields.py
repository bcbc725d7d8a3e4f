"""What the field of a command looks like on a command line: what is typed, and what becomes of it."""

import datetime
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from centripetal.cli.api.json_fields import bare, reader
from centripetal.cli.input import STDIN, checked_json, read_bytes, read_json
from centripetal.dialects.current.commands.base import StreamPosition
from centripetal.errors import UsageError
from centripetal.protocol.fields import Base64, Moment, Payload, UserId

__all__ = ["Form", "contents", "form_of", "json_text"]


class Form(NamedTuple):
    """How a field is typed.

    Attributes:
        kind: what Typer makes of it: str, int, bool or list[str].
        metavar: what stands for it in the help; empty: its name.
        how: what the help adds.
        read: makes the value of the field, from its name for messages and what Typer made.
    """

    kind: Any
    metavar: str = ""
    how: str = ""
    read: Callable[[str, Any], Any] = lambda _, given: given


def contents(what: str, argument: str) -> bytes:
    """The bytes that *argument* is; of the file, if it is @FILE; from the standard input, if it is -."""
    if not argument.startswith("@"):
        return read_bytes(argument)
    try:
        return Path(argument[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"{what}: cannot read {argument[1:]!r}: {error.strerror}") from None


def json_text(what: str, given: str) -> bytes:
    """The JSON that *given* is; of the file, if it is @FILE; from the standard input, if it is -."""
    if given.startswith("@"):
        return checked_json(contents(what, given), what, f"the file {given[1:]!r}")
    return read_json(given, what)


def _base64(what: str, given: str) -> bytes | str:
    return contents(what, given) if given == STDIN or given.startswith("@") else given


def _moment(what: str, given: str) -> int | datetime.datetime:
    if re.fullmatch(r"-?\d+", given):
        return int(given)
    try:
        moment = datetime.datetime.fromisoformat(given)
    except ValueError:
        raise UsageError(
            f"{what}: {given!r} is not a time: give Unix seconds, or a time such as 2026-01-31T12:00:00Z"
        ) from None
    if moment.tzinfo is None:
        raise UsageError(f"{what}: {given!r} has no time zone: end it with Z (UTC) or an offset such as +01:00")
    return moment


def _text_map(what: str, given: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for item in given:
        if item.startswith("{"):
            try:
                values |= msgspec.json.decode(item, type=dict[str, str])
            except msgspec.DecodeError as error:
                raise UsageError(f"{what}: {item!r} is not a JSON object whose values are strings ({error})") from None
            continue
        name, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"{what}: {item!r} is neither NAME=TEXT nor a JSON object")
        values[name] = value
    return values


def _position(what: str, given: str) -> StreamPosition:
    if given.startswith("{"):
        return _object(StreamPosition)(what, given)  # type: ignore[no-any-return]
    offset, _, epoch = given.partition(":")
    if not offset.isascii() or not offset.isdigit():
        raise UsageError(f"{what}: {given!r} is neither OFFSET:EPOCH nor a JSON object")
    return StreamPosition(int(offset), epoch)


def _object(kind: type[msgspec.Struct]) -> Callable[[str, str], Any]:
    def read(what: str, given: str) -> Any:
        text = json_text(what, given)
        try:
            return reader(kind).read(text)
        except UsageError as error:
            names = ", ".join(kind.__struct_fields__)
            raise UsageError(f"{what}: {error}. It is an object with the members {names}") from None

    return read


def _objects(kind: type[msgspec.Struct]) -> Callable[[str, str], Any]:
    def read(what: str, given: str) -> Any:
        try:
            members = msgspec.json.decode(json_text(what, given), type=dict[str, msgspec.Raw])
        except msgspec.DecodeError:
            raise UsageError(f"{what}: {given!r} is not a JSON object") from None
        return {name: _object(kind)(f"{what}.{name}", bytes(value).decode()) for name, value in members.items()}

    return read


_FORMS: Mapping[Any, Form] = {
    bool: Form(bool),
    str: Form(str),
    int: Form(int, "NUMBER"),
    float: Form(float, "NUMBER"),
    Any: Form(str, "JSON", "JSON, or @FILE.", json_text),
    Payload: Form(str, "JSON", "JSON, or @FILE.", json_text),
    Base64: Form(str, "BASE64", "Base64, or the bytes in @FILE or, with -, from the standard input.", _base64),
    Moment: Form(str, "TIME", "Unix seconds, or a time such as 2026-01-31T12:00:00Z.", _moment),
    UserId: Form(str, "USER"),
    str | int: Form(str, "USER"),
    StreamPosition: Form(str, "OFFSET:EPOCH", "", _position),
}


def form_of(hint: Any) -> Form | None:
    """How a field of the type *hint* is typed; None if there is no form for that."""
    kind = bare(hint)
    if kind in _FORMS:
        return _FORMS[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return form_of(arguments[0])
    if origin in (list, Sequence):
        item = form_of(arguments[0])
        return Form(list[str], item.metavar) if item is not None and item.kind is str else None
    if origin in (dict, Mapping) and arguments[1] is str:
        return Form(list[str], "NAME=TEXT", "May be given several times.", _text_map)
    if origin in (dict, Mapping) and _is_object(arguments[1]):
        return Form(str, "JSON", f"A JSON object of objects with {_members(arguments[1])}.", _objects(arguments[1]))
    if _is_object(kind):
        return Form(str, "JSON", f"A JSON object with {_members(kind)}.", _object(kind))
    return None


def _is_object(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _members(kind: type[msgspec.Struct]) -> str:
    return ", ".join(f"`{name}`" for name in kind.__struct_fields__)
