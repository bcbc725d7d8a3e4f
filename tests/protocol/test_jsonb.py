"""Tests of values that PostgreSQL cannot store as JSONB; tests/outbox/test_databases.py compares with PostgreSQL."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.jsonb import jsonb_fault

VALID = [
    '""',
    "{}",
    r'"\u0001 \ud83d\ude00 \uD83D\uDE00 \\u0000 \\\\ud800 \\"',
    r'{"a\\":"\"\u00e9","b":[1e5,-0.5E-3,1e131071,1e-16383]}',
    '"1e999999"',
    "1" * 131_072,
    "0." + "1" * 16_383,
]
FAULTS = [
    (r'"\u0000"', "U+0000"),
    (r'{"a\u0000b":1}', "U+0000"),
    (r'["\\\u0000"]', "U+0000"),
    (r'"\ud800"', "lone surrogate"),
    (r'"\ude00\ud83d"', "lone surrogate"),
    (r'"\ud83d\\\ude00"', "lone surrogate"),
    (r'"\ud83d\ud83d\ude00\ude00"', "lone surrogate"),
    ("1e200000", "too many digits"),
    ('{"a":[-1.5E+131073]}', "too many digits"),
    ("1e-16384", "too many digits"),
    ("1e99999999999999999999", "too many digits"),
    ("1" * 131_073, "too many digits"),
    ("0." + "1" * 16_384, "too many digits"),
]


@pytest.mark.parametrize("text", VALID, ids=lambda text: text[:30])
def test_values_that_can_be_stored(text: str) -> None:
    """Escaped backslashes, surrogate pairs, and numbers within the limits have no fault."""
    assert jsonb_fault(text) is None


@pytest.mark.parametrize(("text", "fault"), FAULTS, ids=lambda text: text[:30])
def test_values_that_cannot_be_stored(text: str, fault: str) -> None:
    """U+0000, lone surrogates and numbers with too many digits are faults, in members and inside of other values."""
    assert fault in (jsonb_fault(text) or "")
    assert fault in (jsonb_fault(f'["{"x" * 5}",{text}]') or "")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.booleans())
def test_text_has_no_fault(text: str, ascii_only: bool) -> None:
    """Any text without U+0000 can be stored, encoded as ASCII or not."""
    assert jsonb_fault(json.dumps({text: [text]}, ensure_ascii=ascii_only)) is None


@given(st.text(), st.text())
def test_text_with_a_null_has_a_fault(before: str, after: str) -> None:
    """Any text with U+0000 has a fault."""
    assert jsonb_fault(json.dumps(before + "\0" + after)) is not None
