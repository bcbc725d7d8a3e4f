"""Tests of command files: valid lines, and the lines written for failed commands."""

import errno
import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from centripetal.cli.generation import Generation
from centripetal.cli.output.errors import SystemFailure
from centripetal.cli.tools.load.ndjson import MAX_LINE_BYTES, Line, command_of, lines_of, size_of
from centripetal.dialects.v1.commands import Publish
from centripetal.errors import UsageError
from centripetal.protocol.records import read_record


@pytest.mark.parametrize(
    ("line", "generation"),
    [
        ('{"publish":{"channel":"c","data":{"n":1.10}}}', Generation.V1),
        ('{"method":"publish","params":{"channel":"c","data":{"n":1.10}}}', Generation.V1),
        (' { "params": {"data": {"n":1.10},"channel":"c"}, "uid": "7", "method": "publish" } ', Generation.V1),
        ('{"publish":{"channel":"c","data":{"n":1.10}},"executed":"unknown","error":{"x":1}}', Generation.V1),
    ],
)
def test_a_command_has_two_forms(line: str, generation: Generation) -> None:
    """A line has the form of the single endpoint or the form of a batch, and notes of an earlier load are ignored."""
    assert command_of(read_record(line.encode()), generation) == Publish("c", b'{"n":1.10}')


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ('{"publish":{"data":1}}', "the required field `channel` is missing"),
        ("{}", "use {"),
        ('{"publish":{"channel":"c","data":1},"stats":{}}', "use {"),
        ('{"method":"publish","param":{}}', "'param'"),
        ('{"method":7}', "method is not a string"),
        ('{"publish":{"channel":"c"}}', "data"),
        ('{"publish":{"channel":"c","data":1,"chanel":1}}', "unknown field `chanel`"),
        ('{"publish":{"channel":7,"data":1}}', "channel"),
        ('{"publish":[1]}', "object"),
        ('{"subscribe":{"channel":"c","user":"42"}}', "subscribe only exists in Centrifugo 3 and later"),
        ('{"no_such":{}}', "is not a command of Centrifugo 1.x. Its commands are publish"),
    ],
)
def test_invalid_commands_are_explained(line: str, words: str) -> None:
    """A line that is not a command raises a UsageError that names the problem."""
    with pytest.raises(UsageError) as error:
        command_of(read_record(line.encode()), Generation.V1)
    assert words in str(error.value)


def test_fields_of_the_current_api_are_read_in_wire_form() -> None:
    """Boxed flags, numeric users, nested objects and unknown methods are read, and data keeps every digit."""
    line = b'{"subscribe":{"channel":"c","user":42,"override":{"presence":{"value":true}},"info":1.10}}'
    command: Any = command_of(read_record(line), Generation.CURRENT)
    assert (command.user, command.override.presence, command.info) == (42, True, b"1.10")
    custom: Any = command_of(read_record(b'{"method":"later","params":{"x":1.10}}'), Generation.CURRENT)
    assert (custom.name, custom.params) == ("later", {"x": b"1.10"})
    with pytest.raises(UsageError, match="not a JSON object"):
        command_of(read_record(b'{"later":7}'), Generation.CURRENT)


def test_line_numbers() -> None:
    """Line numbers include blank lines, reading can start at a given line, and the last line needs no line break."""
    file = io.BytesIO(b"a\n\n  \r\nb\nc")
    assert [(line.number, line.text.strip(), line.position) for line in lines_of(file, 2)] == [
        (4, b"b", 9),
        (5, b"c", 10),
    ]


def test_a_line_without_an_end_is_not_read_whole() -> None:
    """A file without line breaks is not read into memory as one line."""

    class Endless(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= MAX_LINE_BYTES + 1
            return b"x" * size

    with pytest.raises(UsageError, match="one command per line"):
        next(lines_of(Endless()))


def test_a_line_keeps_its_text() -> None:
    """The text of a line is exactly the text in the file."""
    assert next(lines_of(io.BytesIO(b" x \r\n"))) == Line(1, b" x \r\n", 5)


def numbered(file: io.BytesIO | BinaryIO, start: int = 1) -> list[tuple[int, bytes]]:
    return [(line.number, line.text) for line in lines_of(file, start)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\xef\xbb\xbf{}\r\n[]\r\n", [(1, b"{}\r\n"), (2, b"[]\r\n")]),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbb\xbf\r\n{}", [(2, b"{}")]),
        (b"{\0}\n\0\n{}", [(1, b"{\0}\n"), (2, b"\0\n"), (3, b"{}")]),
        (b"{}\r{}", [(1, b"{}\r{}")]),
    ],
)
def test_unusual_bytes(text: bytes, expected: list[tuple[int, bytes]]) -> None:
    """The mark of UTF-8 belongs to no line, CR LF ends a line, and NUL bytes stay in their line."""
    assert numbered(io.BytesIO(text)) == expected
    assert numbered(io.BytesIO(text), 2) == [line for line in expected if line[0] > 1]


@pytest.mark.parametrize("start", [1, 3])
def test_utf16_is_rejected(start: int) -> None:
    """A file in UTF-16 is rejected before any line is sent."""
    with pytest.raises(UsageError, match="the file is encoded as UTF-16"):
        numbered(io.BytesIO("{}\n{}\n{}\n".encode("utf-16")), start)


def test_lines_that_are_too_long_can_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is too long is one line for `--start-line`, so the load can continue after it."""
    monkeypatch.setattr("centripetal.cli.tools.load.ndjson.MAX_LINE_BYTES", 10)
    file = b"x" * 35 + b"\n" + b"y" * 11 + b"\n{}\n"
    for start in (1, 2):
        with pytest.raises(UsageError, match=f"line {start} is longer"):
            numbered(io.BytesIO(file), start)
    assert numbered(io.BytesIO(file), 3) == [(3, b"{}\n")]


def test_a_file_that_grows(tmp_path: Path) -> None:
    """Whole lines that are added meanwhile are read; the rest of an incomplete last line is not taken for a line."""
    path = tmp_path / "growing"
    path.write_bytes(b"{}\n")
    with path.open("rb", buffering=0) as file, path.open("ab", buffering=0) as writer:
        lines = lines_of(file)
        assert next(lines).text == b"{}\n"
        writer.write(b'[]\n{"pub')
        assert next(lines).text == b"[]\n"
        assert next(lines).text == b'{"pub'
        writer.write(b'lish": {}}\n')
        assert list(lines) == []


def test_a_file_that_is_truncated(tmp_path: Path) -> None:
    """A file that becomes shorter while it is read is an error, because lines are missing."""
    path = tmp_path / "truncated"
    path.write_bytes(b"{}\n" * 100)
    with path.open("rb", buffering=0) as file:
        lines = lines_of(file)
        next(lines)
        os.truncate(path, 6)
        with pytest.raises(SystemFailure, match="truncated while it was read: its last lines, after line 2, are lost"):
            list(lines)


def test_a_file_that_cannot_be_read() -> None:
    """An error of the device names the line at which it occurred."""

    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if line:
                return line
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(SystemFailure, match="cannot read line 3: Input/output error"):
        numbered(Broken(b"{}\n{}\n"))


def test_pipes_have_no_size(tmp_path: Path) -> None:
    """The size of a pipe is unknown; of a file, it is the part that is not read yet."""
    reading, writing = os.pipe()
    os.write(writing, b"{}\n{}")
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert size_of(pipe) is None
        assert len(numbered(pipe)) == 2
    path = tmp_path / "file"
    path.write_bytes(b"{}\n{}\n")
    with path.open("rb") as file:
        file.readline()
        assert size_of(file) == 3
        assert len(numbered(file)) == 1
