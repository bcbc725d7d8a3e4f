"""Keys and tokens are hidden in messages."""

import pytest

from centripetal.cli.hidden_keys import without_keys

KEY = "k3yOfTheserver9876543210abcdefXY"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"the value {KEY} is wrong", "the value (hidden) is wrong"),
        (f"{KEY}: '{KEY[:20]}'", "(hidden): '(hidden)'"),
        (f"{KEY[:20]}zzz", "(hidden)zzz"),
        ("the word short stays", "the word short stays"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln was typed", "(hidden) was typed"),
        ("got postgresql://me:pass-word@h", "got postgresql://me:(hidden)@h"),
        ("got http://host:8000/a b@c", "got http://host:8000/a b@c"),
        ("cut: eyJhbGciOiJIUzI1N", "cut: (hidden)"),
    ],
)
@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("--api-key", KEY, "--secret", "short"), {}),
        ((f"--token-key={KEY}",), {}),
        ((), {"CENTRIFUGO_SECRET": KEY, "CENTRIFUGO_API_KEY": "short"}),
    ],
)
def test_keys_are_hidden(text: str, expected: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """Complete and cut keys and tokens are hidden; short keys are not, because they may be ordinary words."""
    assert without_keys(text, arguments, environment) == expected
