"""The input of `load`: files with one record per line. `protocol/records.py` defines the records."""

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from centripetal.cli.generation import Generation
from centripetal.dialects.current.commands import custom
from centripetal.errors import UsageError
from centripetal.protocol import records
from centripetal.protocol.command import Command
from centripetal.protocol.records import Record

__all__ = ["MAX_LINE_BYTES", "Line", "command_of", "lines_of"]

MAX_LINE_BYTES = 64 << 20
"""Maximum length of a line. The limit stops a large file without line breaks from filling the memory."""


class Line(NamedTuple):
    """A line of a file: its number, starting at 1, its bytes, and the position in the file after it, in bytes."""

    number: int
    text: bytes
    position: int


def lines_of(file: BinaryIO, start: int = 1) -> Iterator[Line]:
    """Yield the lines of *file*, starting with line *start*, except blank lines.

    Raises:
        UsageError: if a line is longer than `MAX_LINE_BYTES`.
    """
    number = position = 0
    while text := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        position += len(text)
        if len(text) > MAX_LINE_BYTES:
            raise UsageError(
                f"line {number} is longer than {MAX_LINE_BYTES} bytes: the file must have one command per line"
            )
        if number >= start and not text.isspace():
            yield Line(number, text, position)


def command_of(record: Record, generation: Generation) -> Command[Any]:
    """Return the command that *record* describes.

    Raises:
        UsageError: if the record is not a command of that generation; the message gives the reason.
    """

    def unknown(record: Record) -> Command[Any]:
        name = record.method
        if name in generation.other.commands:
            raise UsageError(f"{name} only exists in Centrifugo {generation.other.title}")
        if generation is Generation.V1:
            known = ", ".join(generation.commands)
            raise UsageError(f"{name!r:.100} is not a command of Centrifugo 1.x. Its commands are {known}")
        return custom(name, records.params_of(record))

    return records.command_of(record, generation.commands, unknown)
