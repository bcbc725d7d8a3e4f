"""Tests of the names of tables and notification channels."""

from typing import Any

import pytest

from centripetal import UsageError
from centripetal.outbox.names import RESERVED, check_channel, check_table


@pytest.mark.parametrize("name", ["centrifugo_outbox", "app.outbox", "_x1", "Outbox", "t", "x" * 46, f"{'s' * 63}.t"])
def test_names_of_tables(name: str) -> None:
    """A name of ASCII letters, digits and underscores is accepted, also with a schema."""
    assert check_table(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "a b", "a-b", '"a"', "a;b", "1a", "a.b.c", ".a", "a.", "a$", "ä", "a\n", "a%s", ":a", None, 5, b"a"),
        *("order", "USER", "table", "public.select", "user.t", "x" * 47, f"{'s' * 64}.t"),
    ],
)
def test_invalid_names_of_tables(name: Any) -> None:
    """A name that needs quotation marks, a reserved word and a long name are refused."""
    with pytest.raises(UsageError, match=r"^table"):
        check_table(name)


@pytest.mark.parametrize(
    ("value", "channel"),
    [(None, None), (False, None), (True, "app_outbox"), ("wake_up", "wake_up"), ("x" * 63, "x" * 63)],
)
def test_notification_channels(value: Any, channel: str | None) -> None:
    """True is the name of the table in lower case; a name is kept; None and False are no channel."""
    assert check_channel(value, "App.Outbox") == channel


@pytest.mark.parametrize("value", ["", "Wake", "a.b", "a-b", "x" * 64, "user", "ä", 5, b"a"])
def test_invalid_notification_channels(value: Any) -> None:
    """The server listens without quotation marks, so upper case and reserved words are refused."""
    with pytest.raises(UsageError, match=r"^notify must be True, or the name of a channel"):
        check_channel(value, "outbox")


def test_reserved_words_are_lower_case() -> None:
    """The list of reserved words has only names."""
    assert len(RESERVED) == 101
    assert all(word == word.lower() and word.replace("_", "").isalpha() for word in RESERVED)
