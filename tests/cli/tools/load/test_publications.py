"""Tests of rows and lines of JSON as records of commands."""

import io
import json
import re
from typing import Any

import pytest

from centripetal.cli.tools.load.publications import Columns, Templates, of_json_lines, of_table
from centripetal.cli.tools.load.templates import ChannelTemplate, DataTemplate
from centripetal.errors import UsageError

PLAIN = Columns()


def templates(channel: str, data: str | None = None) -> Templates:
    return Templates(ChannelTemplate(channel), None if data is None else DataTemplate(data))


def table(text: str, made: Templates, columns: Columns = PLAIN, start: int = 1) -> list[tuple[int, Any]]:
    return told(of_table(io.BytesIO(text.encode()), ",", made, columns, start))


def lines(text: str | bytes, made: Templates, start: int = 1) -> list[tuple[int, Any]]:
    return told(of_json_lines(io.BytesIO(text.encode() if isinstance(text, str) else text), made, start))


def told(found: Any) -> list[tuple[int, Any]]:
    """Return the number of each line, with the channel and the data of its command, or its problem."""
    result: list[tuple[int, Any]] = []
    for line in found:
        if line.problem is not None:
            result.append((line.number, str(line.problem)))
        else:
            fields = json.loads(line.text)["publish"]
            result.append((line.number, (fields["channel"], fields["data"])))
    return result


def test_whole_rows() -> None:
    """Without a template for the data, a row is an object in the order of the columns."""
    made = list(of_table(io.BytesIO(b'id,"a ""b"""\n1,x\n'), ",", templates("o:{id}"), Columns(), 1))
    assert [line.text for line in made] == [b'{"publish":{"channel":"o:1","data":{"id":1,"a \\"b\\"":"x"}}}']


def test_columns_of_text_and_of_numbers() -> None:
    """--string keeps the cells of a column as text; --number makes them numbers and refuses other cells."""
    text = "zip,price\n1234,1.10\n5,x\n"
    columns = Columns(["zip"], ["price"])
    assert table(text, templates("c"), columns) == [
        (2, ("c", {"zip": "1234", "price": 1.1})),
        (3, "the column 'price': 'x' is not a number in JSON"),
    ]
    (line, _) = of_table(io.BytesIO(text.encode()), ",", templates("c"), columns, 1)
    assert b'"price":1.10}' in line.text


def test_rows_that_fail_are_kept_as_rows() -> None:
    """A row without a command has the reason, and its cells are in the line for the failures file."""
    found = list(of_table(io.BytesIO(b'a,b\n1\n"x:y",2\n3,4,5'), ",", templates("o:{a}"), Columns(), 1))
    assert [(line.number, line.text) for line in found] == [
        (2, b'{"row":["1"]}'),
        (3, b'{"row":["x:y","2"]}'),
        (4, b'{"row":["3","4","5"]}'),
    ]
    assert [str(line.problem).partition(",")[0] for line in found] == [
        "the row has 1 cell",
        "'a' is 'x:y'",
        "the row has 3 cells",
    ]


def test_a_table_can_be_continued() -> None:
    """Rows before the first line to use are left out; a row belongs to the line in which it starts."""
    text = 'a\n1\n"2\n2"\n3\n'
    assert [number for number, _ in table(text, templates("c"))] == [2, 3, 5]
    assert [number for number, _ in table(text, templates("c"), start=4)] == [5]


@pytest.mark.parametrize(
    ("made", "columns", "words"),
    [
        (("o:{custmer}", None), Columns(), "has no column 'custmer': its columns are id, customer. Did you mean 'cust"),
        (("o", '{"x": {price}}'), Columns(), "the table has no column 'price': its columns are id, customer.$"),
        (("o", None), Columns(["Id"]), "--string: the table has no column 'Id': .* Did you mean 'id'?"),
        (("o", None), Columns(numbers=["x"]), "--number: the table has no column 'x'"),
    ],
)
def test_unknown_columns(made: tuple[str, str | None], columns: Columns, words: str) -> None:
    """A column that the table does not have is an error before any row is read, with a suggestion."""
    with pytest.raises(UsageError, match=words):
        of_table(io.BytesIO(b"id,customer\n1,2\n"), ",", templates(*made), columns, 1)


def test_lines_of_json() -> None:
    """A line of JSON is the data or fills the templates, also from nested members, and keeps its digits."""
    text = '\ufeff{"user": {"id": 7, "name": "Ann"}, "n": 1.10}\r\n\r\n{"user": {"id": "x"}, "n": null}\r\n'
    first, second = of_json_lines(io.BytesIO(text.encode()), templates("u:{user.id}"), 1)
    assert first.text == b'{"publish":{"channel":"u:7","data":{"user": {"id": 7, "name": "Ann"}, "n": 1.10}}}'
    assert (second.number, second.position) == (3, len(text.encode()))
    made = templates("u:{user.id}", '{"u": {user}, "n": [{n}], "t": "{user.id}"}')
    assert lines(text, made) == [
        (1, ("u:7", {"u": {"id": 7, "name": "Ann"}, "n": [1.1], "t": "7"})),
        (3, ("u:x", {"u": {"id": "x"}, "n": [None], "t": "x"})),
    ]
    assert lines("1\n[2]\n", templates("c")) == [(1, ("c", 1)), (2, ("c", [2]))]
    assert lines("1\n2\n3\n", templates("c"), start=3) == [(3, ("c", 3))]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense", "the line is not JSON"),
        (b'{"user": {"id": 1}} x', "the line is not JSON"),
        (b'{"user": "\xff"}', "the line is not UTF-8 at byte 10"),
        (b"[1]", r"the line must be a JSON object, not \[1\]"),
        (b'{"user": null}', "'user' must be a JSON object, not null"),
        (b'{"user": {"Id": 1}}', r"there is no member 'user.id'. Did you mean 'Id'\?"),
        (b"{}", r"there is no member 'user.id'.$"),
        (b'{"user": {"id": [1]}}', r"'user.id' must be text or a number here, not \[1\]"),
        (b'{"user": {"id": "a:b"}}', "cannot be a part of a channel"),
        (b'{"publish": {}, "executed": "no", "error": {}}', "load this file without --channel"),
    ],
)
def test_lines_that_fail(line: bytes, words: str) -> None:
    """A line that does not fit the template fails alone, with the reason."""
    (_, problem), after = lines(line + b'\n{"user": {"id": 1}}', templates("u:{user.id}"))
    assert re.search(words, problem)
    assert after == (2, ("u:1", {"user": {"id": 1}}))
