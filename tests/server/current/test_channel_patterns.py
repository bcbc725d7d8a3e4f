"""Patterns of channel names, as the real server reads them."""

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
    """Each mark means what it means in the real server, and everything else means itself."""
    matches = matcher(pattern).fullmatch
    assert [name for name in matching + others if matches(name)] == matching


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[!]", "[a-", "[z-a]", "[a-z", "[a-b-c]"])
def test_some_patterns_do_not_compile(pattern: str) -> None:
    """They are those that the real server answers with an internal error."""
    with pytest.raises(GlobError):
        matcher(pattern)


@pytest.mark.parametrize("pattern", ["{a", "{a,b", "a\\", "{"])
def test_what_is_left_open_ends_with_the_pattern(pattern: str) -> None:
    """The real server takes these."""
    assert matcher(pattern).fullmatch("no such name") is None
