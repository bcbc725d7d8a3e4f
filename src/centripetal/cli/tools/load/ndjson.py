"""Files of commands, one a line in JSON: what `load` reads, and writes of what failed, so that it can be loaded again.

A line is `{"method": "publish", "params": {"channel": "news", "data": 1}}` or, shorter and as in a batch of the current
API, `{"publish": {"channel": "news", "data": 1}}`. The members `error`, `executed`, `uid` and `id` are passed over:
the former two are written to lines that failed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

import msgspec

from centripetal.cli.generation import Generation
from centripetal.dialects.current.commands import custom
from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol.command import Command
from centripetal.protocol.fields import reader

__all__ = ["MAX_LINE_BYTES", "Line", "command_of", "failed_broadcast", "failed_line", "lines_of", "was_doubtful"]

MAX_LINE_BYTES = 64 << 20
"""A longer line is refused: a large file without line breaks would fill the memory."""

_PASSED_OVER = frozenset(("error", "executed", "uid", "id"))
_EMPTY = msgspec.Raw(b"{}")

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


class Line(NamedTuple):
    """A line of a file: its number, from 1, its bytes, and how many bytes of the file are read with it."""

    number: int
    text: bytes
    position: int


def lines_of(file: BinaryIO, start: int = 1) -> Iterator[Line]:
    """The lines of *file* from the number *start* on that hold anything.

    Raises:
        UsageError: a line is too long.
    """
    number = position = 0
    while text := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        position += len(text)
        if len(text) > MAX_LINE_BYTES:
            raise UsageError(
                f"line {number} is longer than {MAX_LINE_BYTES} bytes: is this a file of one command a line?"
            )
        if number >= start and not text.isspace():
            yield Line(number, text, position)


def command_of(text: bytes, generation: Generation) -> Command[Any]:
    """The command that a line is.

    Raises:
        UsageError: it is not a command of that generation; the message says why.
    """
    name, params = _parts(_members(text))
    kind = generation.commands.get(name)
    if kind is not None:
        return reader(kind).read(params)
    if name in generation.other.commands:
        raise UsageError(f"{name} is a command of Centrifugo {generation.other.title} only")
    if generation is Generation.V1:
        raise UsageError(f"{name!r:.100} is not a command of Centrifugo 1.x; it has {', '.join(generation.commands)}")
    try:
        fields = _decode(params)
    except msgspec.DecodeError:
        raise UsageError(f"the fields of {name!r:.100} are not a JSON object") from None
    return custom(name, {field: bytes(value) for field, value in fields.items()})


def was_doubtful(text: bytes) -> bool:
    """Whether the line says that its command may have run."""
    return b'"executed"' in text and bytes(_members(text).get("executed", _EMPTY)) == b'"unknown"'


def failed_line(text: bytes, error: CentripetalError) -> bytes:
    """The line *text* with what became of it; a line that is no object stays as it is."""
    try:
        members = _members(text)
    except UsageError:
        return text.rstrip(b"\r\n") + b"\n"
    shown: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if (code := getattr(error, "code", None)) is not None:
        shown["code"] = code
    kept = {name: value for name, value in members.items() if name not in ("error", "executed")}
    line = msgspec.json.encode({**kept, "executed": error.executed, "error": shown})
    return line.replace(b"\n", b" ") + b"\n"


def failed_broadcast(text: bytes, places: Sequence[int], error: CentripetalError) -> bytes:
    """The line *text*, a broadcast, for only those of its channels that got nothing, with why."""
    members = _members(text)
    name, params = _parts(members)
    fields: dict[str, Any] = dict(_decode(params))
    channels = msgspec.json.decode(fields["channels"], type=list[str])
    fields["channels"] = [channels[place] for place in places]
    return failed_line(msgspec.json.encode({name: fields}), error)


def _members(text: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"not a JSON object: {error}") from None


def _parts(members: Mapping[str, msgspec.Raw]) -> tuple[str, msgspec.Raw]:
    """The name of the method and its fields."""
    if "method" in members:
        others = members.keys() - _PASSED_OVER - {"method", "params"}
        if others:
            raise UsageError(f"the unknown member {min(others)!r} beside method and params")
        try:
            return _decode_text(members["method"]), members.get("params", _EMPTY)
        except msgspec.DecodeError:
            raise UsageError("method is not a string") from None
    names = members.keys() - _PASSED_OVER if len(members) > 1 else members.keys()
    if len(names) != 1:
        raise UsageError('give {"method": …, "params": {…}}, or one member that is named as the method')
    (name,) = names
    return name, members[name]
