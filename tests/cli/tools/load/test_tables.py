"""Tests of tables in CSV and TSV."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.cli.tools.load import tables
from centripetal.cli.tools.load.tables import Table
from centripetal.errors import UsageError


def rows(text: bytes, separator: str = ",") -> list[tuple[int, list[str]]]:
    return [(row.number, row.cells) for row in Table(io.BytesIO(text), separator).rows()]


@pytest.mark.parametrize(
    ("text", "separator", "expected"),
    [
        (b"a,b\n1,2\n", ",", [(2, ["1", "2"])]),
        (b"a,b\r\n1,2\r\n\r\n3,4", ",", [(2, ["1", "2"]), (4, ["3", "4"])]),
        (b"\xef\xbb\xbf\r\na,b\r\n1,2", ",", [(3, ["1", "2"])]),
        (b'a,b\n"x\n\ny, ""z""",2\n3,4\n', ",", [(2, ['x\n\ny, "z"', "2"]), (5, ["3", "4"])]),
        (b'a\tb\n"x\ty"\t2\n3,5\t4\n', "\t", [(2, ["x\ty", "2"]), (3, ["3,5", "4"])]),
        (b'a,b\n1,x"y\n', ",", [(2, ["1", 'x"y'])]),
        (b"a,b\n1\n1,2,3\n", ",", [(2, ["1"]), (3, ["1", "2", "3"])]),
        (b"a,b\n1,\0\n", ",", [(2, ["1", "\0"])]),
        (b"a,b\n", ",", []),
        ("é,b\n漢,😀\n".encode(), ",", [(2, ["漢", "😀"])]),
    ],
)
def test_rows(text: bytes, separator: str, expected: list[tuple[int, list[str]]]) -> None:
    """Rows have the number of their first line, also after cells with line breaks and blank lines."""
    assert rows(text, separator) == expected


def test_columns_and_positions() -> None:
    """Names of columns have no white space around them, and positions are the ends of rows in bytes."""
    table = Table(io.BytesIO(b' id , "x y"\n1,"a\nb"\n2,c'), ",")
    assert table.columns == ["id", '"x y"']
    assert [row.position for row in table.rows()] == [20, 23]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "the table is empty"),
        (b"\n \n", "line 2: column 1 has no name"),
        (b"a,,b\n", "line 1: column 2 has no name"),
        (b"a,b, a\n", "line 1: two columns have the name 'a'"),
        (b'a,b\n1,2\n"x"y,2\n', "line 3: the row is not valid"),
        (b'a,b\n1,"x\ny\n', "line 2: the row is not valid .*unexpected end of data"),
        (b"a,b\n1,x\ry\n", "line 2: the row is not valid"),
        (b"a,b\n1,\xe9\n", "line 2 is not UTF-8 at byte 2"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "UTF-16"),
    ],
)
def test_invalid_tables(text: bytes, words: str) -> None:
    """A table that is not valid is an error that names the line."""
    with pytest.raises(UsageError, match=words):
        rows(text)


def test_a_missing_quotation_mark_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that does not end is an error after a few megabytes, with a reason that helps to find it."""
    monkeypatch.setattr(tables, "MAX_ROW_BYTES", 100)
    with pytest.raises(UsageError, match=r"the row that ends with line 12 is longer .* quotation mark may be missing"):
        rows(b'a,b\n1,"x\n' + b"123456789\n" * 100)


def test_large_cells() -> None:
    """A cell may be larger than the limit of Python's reader, 131,072 characters."""
    assert rows(b"a\n" + b"x" * 200_000) == [(2, ["x" * 200_000])]


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5), st.sampled_from([",", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_spreadsheet_writes_is_read(written: list[tuple[str, str]], separator: str, end: str) -> None:
    """Cells with any characters are read as they were written, with either separator and line end."""
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *written])
    assert [cells for _, cells in rows(file.getvalue().encode(), separator)] == [list(row) for row in written]
