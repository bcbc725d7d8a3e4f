"""Hides keys and tokens in messages about the command line, which repeat words that the user typed."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from centripetal.protocol.environment import API_KEY, SECRET, TOKEN_KEY

__all__ = ["HIDDEN", "without_keys"]

_OPTIONS = ("--secret", "--api-key", "--token-key", "--token-secret", "--secret-key", "--token", "--console-password")
_VARIABLES = (*API_KEY, *SECRET, *TOKEN_KEY, "CENTRIPETAL_CONSOLE_PASSWORD")
_TOKEN = re.compile(r"eyJ[\w-]{5,}(\.[\w-]*){0,2}")
_PASSWORD = re.compile(r"(://[^\s/@:]*:)[^\s@]+(?=@)")  # in a URL
_SHORTEST = 8  # characters; a shorter key would be found in ordinary words

HIDDEN = "(hidden)"


def without_keys(text: str, arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return *text* without tokens, passwords in URLs, and keys in *arguments* and *environment*, complete or cut."""
    for key in {*_given(arguments), *(environment.get(name, "") for name in _VARIABLES)}:
        if len(key) < _SHORTEST:
            continue
        start = key[:_SHORTEST]
        while start in text:
            before, _, after = text.partition(start)
            rest = key[_SHORTEST:]
            same = next((n for n, (one, other) in enumerate(zip(rest, after, strict=False)) if one != other), None)
            text = before + HIDDEN + after[len(rest) if same is None else same :]
    return _PASSWORD.sub(rf"\1{HIDDEN}", _TOKEN.sub(HIDDEN, text))


def _given(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the values of options that are keys."""
    for word, following in itertools.zip_longest(arguments, arguments[1:], fillvalue=""):
        name, equals, value = word.partition("=")
        if name in _OPTIONS:
            yield value if equals else following
