"""Cells of tables as JSON values: PURE."""

import re
from typing import Literal

import msgspec

from centripetal.errors import UsageError, shown

__all__ = ["ColumnType", "json_of", "json_text"]

ColumnType = Literal["any", "string", "number"]
"""How the cells of a column are read: as text or numbers, whichever keeps them, only as text, or only as numbers."""

_MAX_SAFE = 2**53 - 1
_STARTS = frozenset("-0123456789")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}", re.ASCII)
_FRACTION = re.compile(r"-?(?:0|[1-9][0-9]{0,15})\.[0-9]{0,20}[1-9]", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)


def json_of(cell: str, kind: ColumnType = "any") -> bytes:
    """Return the JSON value of *cell*.

    With the kind "any", a cell becomes a number only if a program that reads the number and prints it gets the same
    digits: 42 and 57.35, but not 007, 1.10, +1, 1e5 or 9007199254740993. All other cells, also empty ones, are text.

    Args:
        cell: the text of the cell.
        kind: "string" for text in any case; "number" for a number with exactly the digits of the cell.

    Raises:
        UsageError: *kind* is "number" and the cell is not a number in JSON.
    """
    if kind == "number":
        if _NUMBER.fullmatch(cell) is None:
            raise UsageError(f"{shown(cell)} is not a number in JSON")
        return cell.encode()
    if kind == "any" and _is_lossless(cell):
        return cell.encode()
    return json_text(cell)


def json_text(text: str) -> bytes:
    """Return *text* as a JSON string."""
    return msgspec.json.encode(text)


def _is_lossless(cell: str) -> bool:
    if cell[:1] not in _STARTS:
        return False
    if _INTEGER.fullmatch(cell) is not None:
        return -_MAX_SAFE <= int(cell) <= _MAX_SAFE
    if _FRACTION.fullmatch(cell) is None:
        return False
    # Most programs read numbers as IEEE 754 doubles, and print the shortest digits that lead back to the same double.
    printed = repr(float(cell))
    return printed == cell or ("e-" in printed and _plain(printed) == cell)


def _plain(printed: str) -> str:
    """Return a small number that Python prints with an exponent, such as 1e-05, without the exponent."""
    digits, _, exponent = printed.partition("e-")
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    return f"{sign}0.{'0' * (int(exponent) - 1)}{digits.replace('.', '')}"
