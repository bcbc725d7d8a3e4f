"""Tests of command files: valid lines, and the lines written for failed commands."""

import io
from typing import Any

import pytest

from centripetal.cli.generation import Generation
from centripetal.cli.tools.load.ndjson import MAX_LINE_BYTES, Line, command_of, lines_of
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
