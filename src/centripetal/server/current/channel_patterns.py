"""Glob patterns for channel names in the API method `channels` (protocol 6: channels-method): PURE."""

from centripetal.protocol.automaton import Automaton, Test

__all__ = ["GlobError", "matcher"]


class GlobError(ValueError):
    """Invalid glob pattern."""


def matcher(pattern: str) -> Automaton:
    r"""Return an automaton whose `fullmatch` matches the names that the glob *pattern* matches.

    `*` matches any number of characters, `?` a single character, `[abc]`, `[a-z]` and `[!a-z]` a character in or not
    in a set, and `{a,b}` any of several patterns. `\` escapes the next character.

    Raises:
        GlobError: *pattern* is invalid.
    """
    if "\ufffd" in pattern:
        raise GlobError("the pattern contains U+FFFD, which the real server cannot read")
    automaton = Automaton()
    state, position = 0, 0
    braces: list[tuple[int, int]] = []  # the states before and after each open brace
    while position < len(pattern):
        mark = pattern[position]
        position += 1
        if mark == "*":
            automaton.loop(state, _any)
        elif mark == "?":
            state = automaton.follow(state, _any)
        elif mark == "[":
            test, position = _one_of(pattern, position)
            state = automaton.follow(state, test)
        elif mark == "{":
            braces.append((state, automaton.state()))
            state = _branch(automaton, state)
        elif mark == "}" and braces:
            _, after = braces.pop()
            automaton.jump(state, after)
            state = after
        elif mark == "," and braces:
            before, after = braces[-1]
            automaton.jump(state, after)
            state = _branch(automaton, before)
        else:
            if mark == "\\":
                mark = pattern[position : position + 1]
                position += 1
            state = automaton.follow(state, mark.__eq__) if mark else state
    # An unclosed brace ends with the pattern, as in the real server.
    for _, after in reversed(braces):
        automaton.jump(state, after)
        state = after
    automaton.accept(state)
    return automaton


def _branch(automaton: Automaton, before: int) -> int:
    """Return the first state of an alternative, which `*` may change without an effect on other alternatives."""
    first = automaton.state()
    automaton.jump(before, first)
    return first


def _any(_: str) -> bool:
    return True


def _one_of(pattern: str, position: int) -> tuple[Test, int]:
    """Return the test for a set whose opening bracket is before *position*, and the position after the set."""
    negated = pattern.startswith("!", position)
    position += negated
    if pattern[position + 1 : position + 2] == "-":
        low, high = pattern[position], pattern[position + 2 : position + 3]
        position += 3
        if pattern[position : position + 1] != "]" or low > high:
            raise GlobError("a range in brackets is reversed or incomplete")
        return lambda char: (low <= char <= high) is not negated, position + 1
    members = ""
    while pattern[position : position + 1] not in ("]", ""):
        position += pattern[position] == "\\"
        members += pattern[position : position + 1]
        position += 1
    if position >= len(pattern) or not members:
        raise GlobError("a set in brackets is not closed or is empty")
    return lambda char: (char in members) is not negated, position + 1
