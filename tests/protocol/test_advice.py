"""Searching an advice table, and formatting an entry."""

import pytest

from centripetal.protocol.advice import Advice, AdviceTable

TABLE = AdviceTable(
    errors={
        (1, "subscribe $"): Advice("{user} and {channel}.", "Private."),
        (1, "subscribe #"): Advice("For users.", "For users."),
        (1, "subscribe anonymous"): Advice("{user}.", "Anonymous."),
        (1, "subscribe"): Advice("{method}.", "Subscribe."),
        (1, ""): Advice("{namespace}.", "Any."),
    },
    closes={7: Advice("{user}: {reason}."), "gone": Advice("Gone.", "Come back.")},
    requests={"no key": Advice("No key.", "Give one."), "": Advice("Refused: {reason}.", "See {{}}.")},
    codes={"denied": 1},
)


@pytest.mark.parametrize(
    ("method", "channels", "user", "fix"),
    [
        ("subscribe", ("$a#1",), "ann", "Private."),
        ("subscribe", ("a#1",), "", "For users."),
        ("subscribe", ("a",), "", "Anonymous."),
        ("subscribe", ("a",), None, "Subscribe."),
        ("publish", ("a",), "ann", "Any."),
    ],
)
def test_the_most_specific_entry_is_found(method: str, channels: tuple[str, ...], user: str | None, fix: str) -> None:
    """The channel's name has priority, then the anonymous user, then the method; a message is mapped to its code."""
    for error in (1, "denied"):
        found = TABLE.for_error(error, method, channels, user)
        assert found is not None
        assert found.fix == fix
    assert TABLE.for_error(2, method, channels, user) is None


@pytest.mark.parametrize(
    ("channels", "user", "error", "meaning"),
    [
        (("$n:a",), "ann", "subscribe", "User “ann” and “$n:a”."),
        (("$n:a",), "", "subscribe", "An anonymous client and “$n:a”."),
        (("$n:a", "n:b"), None, "publish", "N."),
        (("n:a", "m:b"), None, "publish", "…."),
    ],
)
def test_an_entry_names_the_case(channels: tuple[str, ...], user: str | None, error: str, meaning: str) -> None:
    """User, channels and their common namespace are filled in, and the sentence starts with a capital letter."""
    found = TABLE.for_error(1, error, channels, user)
    assert found is not None
    assert found.meaning == meaning


def test_a_hint_continues_a_sentence() -> None:
    """A hint is the fix, or else the meaning, without capital letter and full stop."""
    assert Advice("Gone.", "Come back. Or not.").hint == "come back. Or not"
    assert Advice("The back end did it.").hint == "the back end did it"


class Broadcast:
    """A command with several channels."""

    channels = ("n:a",)


def test_a_command_has_a_hint() -> None:
    """The hint is empty if the table has no entry for the error."""
    assert TABLE.hint(1, Broadcast(), "broadcast") == "any"
    assert TABLE.hint(2, Broadcast(), "broadcast") == ""
    assert TABLE.hint(1, None, "publish") == "any"


def test_a_close_is_found_by_its_code_or_reason() -> None:
    """A close matches by code or by reason; an unknown close has no advice."""
    assert TABLE.for_close(7, "bye", "ann") == Advice("User “ann”: bye.")
    assert TABLE.for_close(3000, "gone") == Advice("Gone.", "Come back.")
    assert TABLE.for_close(3000, "bye") is None


def test_a_refused_request_is_found_by_the_beginning_of_its_reason() -> None:
    """A reason without a specific entry becomes part of the general advice."""
    assert TABLE.for_request("no key, or a wrong one") == Advice("No key.", "Give one.")
    assert TABLE.for_request("not JSON") == Advice("Refused: not JSON.", "See {}.")
