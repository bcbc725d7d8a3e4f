"""The input of `load`: files with one record per line. `protocol/records.py` defines the records."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from centripetal.cli.generation import Generation
from centripetal.cli.input import STDIN
from centripetal.cli.output.errors import SystemFailure
from centripetal.dialects.current.commands import custom
from centripetal.errors import UsageError
from centripetal.protocol import records
from centripetal.protocol.command import Command
from centripetal.protocol.json_text import without_mark
from centripetal.protocol.records import Record

__all__ = ["MAX_LINE_BYTES", "ROW", "Line", "all_lines_of", "command_of", "lines_of", "opened", "size_of"]

MAX_LINE_BYTES = 64 << 20
"""Maximum length of a line. The limit stops a large file without line breaks from filling the memory."""

ROW = "row"
"""Member of the failures file for rows that could not be converted to a command."""


class Line(NamedTuple):
    """A line of a file, or a row of a table or a line of data that was converted to a command.

    Attributes:
        number: the number of the line, or of the first line of a row. The first line of a file is 1.
        text: the line, or the record of the command. If there is a problem, the line of the failures file.
        position: the position in the file after the line, in bytes.
        problem: the reason why there is no command; None if *text* is a record, or was not converted.
    """

    number: int
    text: bytes
    position: int
    problem: UsageError | None = None


def opened(file: str) -> BinaryIO:
    """Open *file*, or return standard input for -.

    Raises:
        UsageError: the file cannot be read, or standard input is closed.
    """
    if file == STDIN:
        if sys.stdin is None:
            raise UsageError("standard input is closed: give a file")
        return sys.stdin.buffer
    try:
        return Path(file).open("rb", buffering=1 << 18)
    except (OSError, ValueError) as error:  # a ValueError for a name with a NUL character
        raise UsageError(f"cannot read {file!r}: {getattr(error, 'strerror', None) or error}") from None


def size_of(file: BinaryIO) -> int | None:
    """Return the number of bytes that *file* has left to read, or None if it is unknown."""
    try:
        found = os.fstat(file.fileno())
        return found.st_size - file.tell() if stat.S_ISREG(found.st_mode) else None
    except (OSError, ValueError):
        return None


def lines_of(file: BinaryIO, start: int = 1) -> Iterator[Line]:
    """Yield the lines of *file*, starting with line *start*, except blank lines. Raises the same as `all_lines_of`."""
    return (line for line in all_lines_of(file, start) if line.text.strip())


def all_lines_of(file: BinaryIO, start: int = 1) -> Iterator[Line]:
    """Yield the lines of *file*, starting with line *start*.

    Raises:
        UsageError: if the file is not UTF-8, or if a line is longer than `MAX_LINE_BYTES`.
        SystemFailure: if the file cannot be read, or another program truncated it meanwhile.
    """
    number = position = 0
    size = size_of(file) or 0
    while text := _read_line(file, number + 1):
        number += 1
        position += len(text)
        if number == 1:
            text = without_mark(text, "the file")
        while number < start and not text.endswith(b"\n") and (more := _read_line(file, number)):
            text = more
            position += len(text)
        if number >= start and len(text) > MAX_LINE_BYTES:
            raise UsageError(
                f"line {number} is longer than {MAX_LINE_BYTES} bytes: the file must have one command per line"
            )
        if number >= start:
            yield Line(number, text, position)
        if not text.endswith(b"\n"):
            break  # the last line; if the file grows now, the rest would count as another line
    if position < size:
        raise SystemFailure(f"the file was truncated while it was read: its last lines, after line {number}, are lost")


def _read_line(file: BinaryIO, number: int) -> bytes:
    """Read line *number*, or the rest of it, up to one byte more than `MAX_LINE_BYTES`."""
    try:
        return file.readline(MAX_LINE_BYTES + 1)
    except OSError as error:
        raise SystemFailure(f"cannot read line {number}: {error.strerror}") from None


def command_of(record: Record, generation: Generation) -> Command[Any]:
    """Return the command that *record* describes.

    Raises:
        UsageError: if the record is not a command of that generation; the message gives the reason.
    """

    def unknown(record: Record) -> Command[Any]:
        name = record.method
        if name == ROW:
            raise UsageError("the line is a row without a command: correct the row in its file, and load it from there")
        if name in generation.other.commands:
            raise UsageError(f"{name} only exists in Centrifugo {generation.other.title}")
        if generation is Generation.V1:
            known = ", ".join(generation.commands)
            raise UsageError(f"{name!r:.100} is not a command of Centrifugo 1.x. Its commands are {known}")
        return custom(name, records.params_of(record))

    return records.command_of(record, generation.commands, unknown)
