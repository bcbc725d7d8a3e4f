"""Tokens as the page shows them."""

import pytest

from centripetal import tokens
from centripetal.server.console.token_checks import check, shown
from centripetal.server.engine.events import TokenSent
from centripetal.tokens.verification import TokenKeys

TOKEN = tokens.connection_token("k" * 32, "ada", expires_in=600, now=50)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (TOKEN, f"{TOKEN.rpartition('.')[0]}.…"),
        ("short", "short"),
        ("an-api-key-in-the-wrong-place", "an-api-k… (29 characters)"),
        ("a.b.c-and-more", "a.b.c-an… (14 characters)"),
        ("eyJ." + "x" * 5000 + ".signature", "eyJ." + "x" * 1996 + ".…"),
    ],
)
def test_a_token_is_shown_without_its_signature(token: str, expected: str) -> None:
    """The page gets a token without its signature, and only the beginning of any other text."""
    assert shown(token) == expected


@pytest.mark.parametrize(
    ("method", "channel", "accepted", "text"),
    [
        ("connect", "", True, "()"),
        ("refresh", "", True, "ada"),
        ("subscribe", "news", False, "channel"),
    ],
)
def test_a_token_is_checked_against_its_use(method: str, channel: str, accepted: bool, text: str) -> None:
    """A token is checked for the kind of request, the channel and, after the connect, the user of the connection."""
    sent = TokenSent(at=50, client="c", user="bob", method=method, channel=channel, token=TOKEN)
    found = check(sent, TokenKeys(hmac_secret_key="k" * 32))
    assert (found.accepted, found.kind) == (accepted, "subscription" if channel else "connection")
    assert text in f"{found.reasons} {found.notes}"
