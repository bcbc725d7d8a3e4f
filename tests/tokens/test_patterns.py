"""Regular expressions of a configuration match as in the real server."""

import pytest

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
    ],
)
def test_a_pattern_matches_as_in_go(pattern: str, text: str, matches: bool) -> None:
    """`$` matches only the end of the text, and `\\d` only ASCII digits."""
    assert bool(compiled(pattern).search(text)) is matches


def test_an_invalid_pattern_is_refused() -> None:
    """The error names the option and the pattern."""
    with pytest.raises(UsageError, match=r"issuer_regex '\[' is not a valid regular expression"):
        compiled("[", "issuer_regex")
