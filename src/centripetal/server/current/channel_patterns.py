"""Patterns of channel names in the API method `channels` (spec v6 §5.9): PURE."""

import re

__all__ = ["GlobError", "matcher"]


class GlobError(ValueError):
    """The pattern does not compile."""


def matcher(pattern: str) -> re.Pattern[str]:
    r"""What matches the names that *pattern* means, with `fullmatch`.

    `*` stands for any characters, `?` for one, `[abc]`, `[a-z]` and `[!a-z]` for one of some, `{a,b}` for one of
    several patterns, and `\` takes the meaning off the next character.

    Raises:
        GlobError: it is none.
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
    # Braces that are left open end with the pattern, in the real server, too.
    return re.compile("".join(parts) + ")" * depth, re.DOTALL)


def _one_of(pattern: str, position: int) -> tuple[str, int]:
    """The expression for what stands in brackets, of which the first is before *position*; and where they end."""
    negated = pattern.startswith("!", position)
    position += negated
    end = pattern.find("]", position)
    inside = pattern[position:end]
    if end < 0 or not inside:
        raise GlobError("an opening bracket without a closing one, or nothing in between")
    if inside[1:2] == "-":
        low, high = inside[0], inside[2:]
        if len(high) != 1 or low > high:
            raise GlobError("a range that goes backwards, or is none")
        inside = f"{re.escape(low)}-{re.escape(high)}"
    else:
        inside = "".join(map(re.escape, inside))
    return f"[{'^' if negated else ''}{inside}]", end + 1
