"""Tests of text for terminals."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.cli.output.text import one_line, printable

DANGEROUS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, formats such as bidirectional overrides, surrogates, separators


def test_printable_escapes_control_sequences() -> None:
    """`printable` escapes terminal control sequences and keeps line breaks and letters of any language."""
    assert printable("é 漢\n\x1b[2J\x9b") == "é 漢\n\\x1b[2J\\x9b"


@given(st.text() | st.text(alphabet="\u202e\u2066\x9b\x7f\u2028\ud800\n\ra"))
def test_text_cannot_control_a_terminal(text: str) -> None:
    """No character of any text that is printed can control a terminal, reorder its text or start a line."""
    assert not any(unicodedata.category(c) in DANGEROUS for c in printable(text).replace("\n", ""))
    assert not any(unicodedata.category(c) in DANGEROUS for c in one_line(text))


@pytest.mark.parametrize("text", ["", "hello", "é 漢 😀", "x" * 1000])
def test_usual_text_is_unchanged(text: str) -> None:
    """Letters of any language are printed as they are."""
    assert printable(text) == one_line(text) == text


def test_long_text_is_cut() -> None:
    """Megabytes of text take one line of a thousand characters."""
    assert len(one_line("\n" * 10_000_000)) < 2_100
