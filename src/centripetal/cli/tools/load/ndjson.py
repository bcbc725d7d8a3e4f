"""Files of commands, one record a line: what `load` reads (`protocol/records.py` has the records)."""

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
"""A longer line is refused: a large file without line breaks would fill the memory."""


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


def command_of(record: Record, generation: Generation) -> Command[Any]:
    """Return the command that *record* describes.

    Raises:
        UsageError: it is not a command of that generation; the message says why.
    """

    def unknown(record: Record) -> Command[Any]:
        name = record.method
        if name in generation.other.commands:
            raise UsageError(f"{name} is a command of Centrifugo {generation.other.title} only")
        if generation is Generation.V1:
            known = ", ".join(generation.commands)
            raise UsageError(f"{name!r:.100} is not a command of Centrifugo 1.x; it has {known}")
        return custom(name, records.params_of(record))

    return records.command_of(record, generation.commands, unknown)
