"""Regular expressions of a server's configuration, with the meaning that they have in Go."""

import functools
import re

from centripetal.errors import UsageError

__all__ = ["compiled"]


@functools.lru_cache(maxsize=64)
def compiled(pattern: str, what: str = "the expression") -> re.Pattern[str]:
    """Return the compiled *pattern*; *what* names it in an error.

    Raises:
        UsageError: the pattern is not a valid regular expression.
    """
    # In Go, $ matches only the end of the text, not the position before a final line break, and \d is ASCII only.
    try:
        return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), re.ASCII)
    except re.error as error:
        raise UsageError(f"{what} {pattern!r} is not a valid regular expression: {error}") from None
