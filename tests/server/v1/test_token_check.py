"""Explanations of 1.x tokens."""

import pytest

from centripetal import v1
from centripetal.server.engine.events import TokenSent
from centripetal.server.v1.token_check import check

SECRET = "s" * 32
SIGNED = {"user": "ada", "timestamp": "1000", "info": '{"a": 1}'}
GOOD = v1.generate_client_token(SECRET, **SIGNED)


@pytest.mark.parametrize(
    ("token", "changes", "lifetime", "accepted", "text"),
    [
        (GOOD, {}, 0, True, "the client is connected"),
        (GOOD, {}, 60, True, "older than `connection_lifetime`"),
        (GOOD, {"user": "bob"}, 0, False, "does not match"),
        (v1.generate_client_token(SECRET, "ada", "1000"), {}, 0, False, "without the info"),
        (v1.generate_client_token(SECRET, "1000", "7"), {"user": "7", "info": ""}, 0, False, "before the user"),
        ("", {}, 0, False, "is empty"),
        ("eyJ.x.y", {}, 0, False, "JSON Web Token"),
        ("x" * 20, {}, 0, False, "this text has 20 characters"),
        (v1.generate_client_token(SECRET, "ada", 1), {"timestamp": "x"}, 0, False, "does not match"),
    ],
)
def test_a_token_is_explained_with_the_values_that_it_signs(
    token: str, changes: dict[str, str], lifetime: int, accepted: bool, text: str
) -> None:
    """The explanation names the likely mistake, shows the signed values, and does not contain the token."""
    signed = {**SIGNED, **changes}
    found = check(
        TokenSent(at=1100, client="c", user="", method="connect", channel="", token=token, signed=signed),
        SECRET,
        lifetime,
    )
    assert found.accepted is accepted
    assert text in f"{found.said} {found.reasons} {found.notes}"
    assert [name for name, *_ in found.content] == ["user", "timestamp", "info"]
    assert not token or token not in repr(found)


def test_an_unreadable_timestamp_is_explained() -> None:
    """A signed timestamp that is not a number is refused with a reason."""
    from centripetal.dialects.v1.credentials import sign

    token = sign(SECRET.encode(), b"ada", b"soon", b"")
    signed = {"user": "ada", "timestamp": "soon"}
    sent = TokenSent(at=1, client="c", user="", method="connect", channel="", token=token, signed=signed)
    found = check(sent, SECRET, 0)
    assert (found.accepted, found.said) == (False, "it closes the connection, invalid message")
