"""Patterns of channel names with the meaning of the real server."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (r"[a\]]", ["a", "]"], ["\\"]),
        ("[!!]", ["a"], ["!"]),
        ("[]-a]", ["]", "a", "^"], ["b"]),
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
    assert not matcher(pattern).fullmatch("no such name")


# A glob and the regular expression with the same meaning.
Pair = tuple[str, str]
PIECES: list[Pair] = [("a", "a"), ("b", "b"), ("*", ".*"), ("**", ".*"), ("?", "."), ("[ab]", "[ab]"), ("[!a]", "[^a]")]
PIECES += [("[a-b]", "[a-b]"), (r"\*", r"\*"), ("[-a]", "[-a]"), (r"[\]]", r"\]")]


def joined(pairs: list[Pair]) -> Pair:
    return "".join(glob for glob, _ in pairs), "".join(expression for _, expression in pairs)


def in_braces(pairs: list[Pair]) -> Pair:
    globs, expressions = zip(*pairs, strict=True)
    return "{" + ",".join(globs) + "}", f"(?:{'|'.join(expressions)})"


GLOBS = st.recursive(
    st.lists(st.sampled_from(PIECES), max_size=4).map(joined),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(joined), st.lists(inner, min_size=1, max_size=3).map(in_braces)
    ),
    max_leaves=8,
)


@given(GLOBS, st.lists(st.text("ab*]-", max_size=6), min_size=5, max_size=5))
def test_patterns_match_like_the_regular_expression_with_their_meaning(pair: Pair, names: list[str]) -> None:
    """A glob of any nesting matches the same names as the regular expression that tries all alternatives."""
    glob, expression = pair
    matches = matcher(glob).fullmatch
    assert [name for name in names if matches(name)] == [name for name in names if re.fullmatch(expression, name, re.S)]


@pytest.mark.parametrize(
    "pattern", ["*a" * 20 + "b", "{*a,*aa}" * 20 + "b", "{" * 20_000 + "*a*a*ab", "*" * 50_000 + "b"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    """The time does not depend on how many ways there are to match a name."""
    started = time.perf_counter()
    assert not matcher(pattern).fullmatch("a" * 250)
    assert time.perf_counter() - started < 10


def test_a_pattern_that_the_real_server_cannot_read_is_refused() -> None:
    """The real server rejects U+FFFD, which stands for invalid UTF-8."""
    with pytest.raises(GlobError):
        matcher("a\ufffd")
