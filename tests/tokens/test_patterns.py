"""Regular expressions of a configuration match as in the real server."""

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.tokens.patterns import compiled


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^chat$", "chat", True),
        ("^chat$", "chat\n", False),
        (r"cost\$", "cost$", True),
        (r"^\d+$", "42", True),
        (r"^\d+$", "\u0664\u0662", False),
        (r"^[^\D5]+\z", "42", True),
        (r"^[^\D5]+\z", "45", False),
        (r"a\sb", "a\x0bb", False),
        ("^[[:alpha:]_]+$", "a_Z", True),
        ("^[[:alpha:]_]+$", "a1", False),
        ("(?i)^CHAT:[a-c]$", "chat:B", True),
        ("^(?i:chat):[a-c]$", "CHAT:B", False),
        ("(?s)a.b", "a\nb", True),
        ("a.b", "a\nb", False),
        ("(?m)^b$", "a\nb\nc", True),
        ("^b$", "a\nb\nc", False),
        (r"\bb\B", "a bc", True),
        (r"\bb\B", "abc", False),
        ("^(?P<name>a|bc){2,3}?$", "abca", True),
        ("^(?P<name>a|bc){2,3}?$", "a", False),
        ("^(?:a*)*b?$", "aaab", True),
        ("[^a]", "a", False),
        ("", "", True),
    ],
)
def test_a_pattern_matches_as_in_go(pattern: str, text: str, matches: bool) -> None:
    """`$` matches only the end of the text, and `\\d` only ASCII digits."""
    assert bool(compiled(pattern).search(text)) is matches


def test_an_invalid_pattern_is_refused() -> None:
    """The error names the option and the pattern."""
    with pytest.raises(UsageError, match=r"issuer_regex '\[' is not a valid regular expression"):
        compiled("[", "issuer_regex")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)*b", "(.*a){20}b", "(a?){200}a{200}b"])
def test_the_time_is_proportional_to_the_text(pattern: str) -> None:
    """Expressions that take exponential time in Python's `re` take a moment, as in Go."""
    started = time.perf_counter()
    compiled(pattern).search("a" * 5_000 + "c")
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\1", "a++", "(?>a)"])
def test_features_that_go_does_not_have_are_refused(pattern: str) -> None:
    """The real server would not start with a look-around, a back reference or a possessive repetition."""
    with pytest.raises(UsageError, match="a feature that Go does not have"):
        compiled(pattern)


@pytest.mark.parametrize("pattern", [r"a\Z", "((a{1000}){1000}){1000}", "(" * 20_000 + ")" * 20_000, "a" * 21_000])
def test_other_expressions_that_go_refuses_are_refused(pattern: str) -> None:
    """Expressions that are too large or too deep, and Python's spelling of the end of the text, are a UsageError."""
    with pytest.raises(UsageError) as caught:
        compiled(pattern)
    assert len(str(caught.value)) < 300


@given(st.text("ab|()*+?.^$", max_size=10), st.text("ab\n", max_size=6))
def test_expressions_match_as_in_python(pattern: str, text: str) -> None:
    """Apart from its time, an expression matches like Python's, where both languages agree."""
    with contextlib.suppress(re.error, UsageError):
        expected = re.search(pattern.replace("$", r"\Z"), text) is not None
        assert compiled(pattern).search(text) is expected
