"""Tests of a secret and a user in each other's place, in the functions that sign for users."""

import secrets
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.tokens import SigningKey, connection_token, subscription_token
from centripetal.v1 import generate_client_token

HEX = "5f0c" * 16
BASE64 = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A="
PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n"
SIGN: dict[str, Callable[[Any, Any], str]] = {
    "connection_token(secret, user)": lambda key, user: connection_token(key, user, allow_weak_key=True),
    "subscription_token(secret, channel, user)": lambda key, user: subscription_token(
        key, "news", user, allow_weak_key=True
    ),
    "generate_client_token(secret, user, timestamp)": lambda key, user: generate_client_token(key, user, 1),
}
SWAPPED: list[tuple[Any, Any]] = [
    *(("42", HEX), (42, HEX), (b"42", HEX), (uuid.UUID(int=7), HEX), (str(uuid.UUID(int=7)), HEX)),
    *(("ann@example.com", HEX), ("42", HEX.upper()), ("42", BASE64), ("42", HEX + HEX)),
]
UNUSUAL: list[tuple[str, Any]] = [
    ("42", "43"),
    ("secret", HEX),  # an application may use a digest as the user's id
    ("42nd", HEX),
    ("42", "0" * 40),  # an address of Ethereum has as many digits
    ("42", str(uuid.UUID(int=7))),
    ("42", "auth0|" + "5f" * 20),
    (HEX, "42"),
    (HEX, HEX),
    (HEX, "ü" * 50),
]


@pytest.mark.parametrize("call", SIGN)
@pytest.mark.parametrize(("key", "user"), SWAPPED)
def test_a_swapped_call_is_refused(call: str, key: Any, user: Any) -> None:
    """The error shows the order of the arguments, and neither the secret nor the user."""
    with pytest.raises(UsageError) as refused:
        SIGN[call](key, user)
    assert str(refused.value) == (
        "the secret and the user seem to be swapped: the user looks like a key, and the secret like a user's id; "
        f"write {call}"
    )


@pytest.mark.parametrize("call", SIGN)
@pytest.mark.parametrize("key", ["42", HEX, "secret"])
def test_a_private_key_is_not_a_user(call: str, key: str) -> None:
    """A key in PEM as the user is refused whatever the secret is, and is not shown."""
    with pytest.raises(UsageError) as refused:
        SIGN[call](key, PEM)
    assert str(refused.value) == f"the user is a key in PEM, so the arguments may be swapped: write {call}"


@pytest.mark.parametrize("call", SIGN)
@pytest.mark.parametrize(("key", "user"), UNUSUAL)
def test_unusual_arguments_are_accepted(call: str, key: str, user: Any) -> None:
    """Only a clear swap is refused."""
    assert SIGN[call](key, user)


def test_a_generated_secret_is_recognised() -> None:
    """Secrets of Python's generators are recognised."""
    for _ in range(20):
        with pytest.raises(UsageError, match="swapped"):
            connection_token("42", secrets.token_hex())


def test_a_signing_key_is_never_swapped() -> None:
    """With a `SigningKey`, any user is accepted."""
    assert connection_token(SigningKey("42", allow_weak_key=True), HEX)
