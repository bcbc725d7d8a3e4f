"""Glob patterns for channel names in the API method `channels` (protocol 6: channels-method): PURE."""

import re

__all__ = ["GlobError", "matcher"]


class GlobError(ValueError):
    """Invalid glob pattern."""


def matcher(pattern: str) -> re.Pattern[str]:
    r"""Return a regular expression whose `fullmatch` matches the names that the glob *pattern* matches.

    `*` matches any number of characters, `?` a single character, `[abc]`, `[a-z]` and `[!a-z]` a character in or not
    in a set, and `{a,b}` any of several patterns. `\` escapes the next character.

    Raises:
        GlobError: *pattern* is invalid.
    """
    parts: list[str] = []
    position, depth = 0, 0
    while position < len(pattern):
        mark = pattern[position]
        position += 1
        if mark == "\\":
            parts.append(re.escape(pattern[position : position + 1]))
            position += 1
        elif mark == "*":
            parts.append(".*")
        elif mark == "?":
            parts.append(".")
        elif mark == "[":
            part, position = _one_of(pattern, position)
            parts.append(part)
        elif mark == "{":
            depth += 1
            parts.append("(?:")
        elif mark == "}" and depth:
            depth -= 1
            parts.append(")")
        elif mark == "," and depth:
            parts.append("|")
        else:
            parts.append(re.escape(mark))
    # An unclosed brace ends with the pattern, as in the real server.
    return re.compile("".join(parts) + ")" * depth, re.DOTALL)


def _one_of(pattern: str, position: int) -> tuple[str, int]:
    """Return the expression for a set whose opening bracket is before *position*, and the position after the set."""
    negated = pattern.startswith("!", position)
    position += negated
    end = pattern.find("]", position)
    inside = pattern[position:end]
    if end < 0 or not inside:
        raise GlobError("a set in brackets is not closed or is empty")
    if inside[1:2] == "-":
        low, high = inside[0], inside[2:]
        if len(high) != 1 or low > high:
            raise GlobError("a range in brackets is reversed or incomplete")
        inside = f"{re.escape(low)}-{re.escape(high)}"
    else:
        inside = "".join(map(re.escape, inside))
    return f"[{'^' if negated else ''}{inside}]", end + 1
