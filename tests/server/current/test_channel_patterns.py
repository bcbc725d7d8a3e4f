"""Patterns of channel names with the meaning of the real server."""

import pytest

from centripetal.server.current.channel_patterns import GlobError, matcher


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*", ["", "a", "a:b\n"], []),
        ("a*", ["a", "ab"], ["ba"]),
        ("?", ["a", "é"], ["", "ab"]),
        ("[abc]", ["a", "c"], ["d", "ab"]),
        ("[a-c]x", ["ax", "bx"], ["dx", "-x"]),
        ("[!a-c]", ["d"], ["a"]),
        ("[!a]", ["b"], ["a"]),
        ("[ab-d]", ["a", "b", "-", "d"], ["c"]),
        ("{a,b}c", ["ac", "bc"], ["c", "a,bc"]),
        ("{a,{b,c}}", ["a", "b", "c"], ["d"]),
        ("{*x,y?}", ["zx", "yz"], ["y"]),
        (r"\*", ["*"], ["a"]),
        (r"{a\,b}", ["a,b"], ["a"]),
        ("a,b}]", ["a,b}]"], ["a"]),
        ("a.b+", ["a.b+"], ["axb+", "a.bb"]),
    ],
)
def test_a_pattern_matches_whole_names(pattern: str, matching: list[str], others: list[str]) -> None:
    """A pattern matches whole names, with the real server's wildcards and all other characters as literals."""
    matches = matcher(pattern).fullmatch
    assert [name for name in matching + others if matches(name)] == matching


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[!]", "[a-", "[z-a]", "[a-z", "[a-b-c]"])
def test_invalid_patterns_do_not_compile(pattern: str) -> None:
    """Patterns that the real server answers with an internal error do not compile."""
    with pytest.raises(GlobError):
        matcher(pattern)


@pytest.mark.parametrize("pattern", ["{a", "{a,b", "a\\", "{"])
def test_unclosed_parts_are_accepted(pattern: str) -> None:
    """A brace or backslash that is not closed is accepted, as on the real server."""
    assert matcher(pattern).fullmatch("no such name") is None
