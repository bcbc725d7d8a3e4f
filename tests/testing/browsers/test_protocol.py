"""Tests of what a browser says and hears in every generation: tokens and disconnections."""

import enum
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.testing.browsers.protocol import Disconnection, credential


class Token(enum.StrEnum):
    ANN = "a token"


@pytest.mark.parametrize("value", ["", "a token", Token.ANN])
def test_text_is_sent_as_it_is(value: str) -> None:
    """Any text is a credential, also of a subclass of str; the server judges it."""
    sent = credential("token", value)
    assert sent == value
    assert type(sent) is str


async def forgotten() -> str:
    return "a token"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: b"a token", "token must be text, not bytes: call decode() on it"),
        (forgotten, "token is a coroutine: await the call that creates it"),
        (lambda: None, "token must be the text that the page sends, not NoneType"),
        (lambda: 7, "token must be the text that the page sends, not int"),
        (lambda: "\ud800", "token contains a lone surrogate, which cannot be encoded as UTF-8"),
    ],
)
def test_other_values_are_refused(make: Callable[[], Any], text: str) -> None:
    """The error says what was given and what to do, and a coroutine causes no second warning."""
    with pytest.raises(UsageError) as refused:
        credential("token", make())
    assert str(refused.value) == text


@pytest.mark.parametrize(
    ("disconnection", "text"),
    [(Disconnection(3005, "connection expired"), "3005 connection expired"), ((1006, ""), "1006")],
)
def test_a_disconnection_as_text(disconnection: tuple[int, str], text: str) -> None:
    """A disconnection is shown as its code and its reason, if it has one."""
    assert str(Disconnection(*disconnection)) == text
