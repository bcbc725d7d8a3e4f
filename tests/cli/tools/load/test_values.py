"""Tests of cells as JSON values."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.cli.tools.load.values import json_of, json_text
from centripetal.errors import UsageError

NUMBERS = [
    "0",
    "42",
    "-7",
    "9007199254740991",
    "-9007199254740991",
    "57.35",
    "-0.000015",
    "-0.5",
    "0.1",
    "0.00001",
    "1.5",
]
TEXTS = ["", "007", "1.10", "+1", " 1", "1 ", "1e5", "1e400", "9007199254740992", "9007199254740993", "1" * 400]
TEXTS += [
    "-",
    "-0",
    "-0.0",
    "00",
    ".5",
    "5.",
    "1.0",
    "0x1f",
    "1_000",
    "1,5",
    "\u0661",
    "NaN",
    "Infinity",
    "true",
    "null",
]
TEXTS += [
    "9999999999999999.5",
    "0.1000000000000000055",
    '"',
    "\\",
    "a\nb",
    "1\n",
    '{"a": 1}',
    "\u2028",
    "\0",
    "5" * 17 + ".5",
]


@pytest.mark.parametrize("cell", NUMBERS)
def test_numbers_that_keep_their_digits(cell: str) -> None:
    """A number that every reader prints with the same digits is a number in JSON."""
    assert json_of(cell) == cell.encode()


@pytest.mark.parametrize("cell", TEXTS)
def test_everything_else_is_text(cell: str) -> None:
    """A cell that a number would change, and any other cell, is text with exactly its characters."""
    assert json_of(cell) == json_text(cell)
    assert json.loads(json_of(cell)) == cell


@given(st.from_regex(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", fullmatch=True))
def test_a_number_is_lossless(cell: str) -> None:
    """If a cell becomes a number, a reader with doubles that prints it gets the same value with the same digits."""
    value = json.loads(json_of(cell))
    if isinstance(value, str):
        assert value == cell
    else:
        assert Decimal(repr(float(value))) == Decimal(cell)
        assert len(cell.lstrip("-").replace(".", "").lstrip("0")) <= 17


@given(st.text())
def test_a_column_of_text_keeps_every_cell(cell: str) -> None:
    """With the kind "string", any cell is text; text without a JSON form cannot occur, because tables are UTF-8."""
    text = cell.encode("utf-8", "replace").decode()
    assert json.loads(json_of(text, "string")) == text


@pytest.mark.parametrize("cell", ["1.10", "1e5", "9007199254740993", "-0"])
def test_a_column_of_numbers_keeps_the_digits(cell: str) -> None:
    """With the kind "number", each number of JSON has the digits of its cell."""
    assert json_of(cell, "number") == cell.encode()


@pytest.mark.parametrize("cell", ["", "007", "+1", " 1", "1\n", "NaN", "1, 2"])
def test_a_column_of_numbers_refuses_other_cells(cell: str) -> None:
    """With the kind "number", a cell that is not a number in JSON is an error."""
    with pytest.raises(UsageError, match="is not a number in JSON"):
        json_of(cell, "number")
