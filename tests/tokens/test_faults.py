"""Tests of faults: the server's answer and the values that caused it."""

import pickle
from typing import Any, get_args

import pytest

from centripetal.tokens.faults import Fault, Kind, Reason
from centripetal.tokens.verification import (
    TokenKeys,
    TokenRefused,
    verify_connection,
    verify_subscription,
)
from tests.tokens.keys import NOW, SECRET, hs256

KEYS = TokenKeys(hmac_secret_key=SECRET)


@pytest.mark.parametrize("claim", ["b64info", "b64data"])
def test_invalid_base64(claim: str) -> None:
    """Invalid base64 is error 103 in a subscription token, error 100 in a connection token and a close in `subs`."""
    with pytest.raises(TokenRefused) as caught:
        verify_subscription(hs256({"channel": "a", claim: "?"}), KEYS, NOW)
    assert caught.value.error == 103
    with pytest.raises(TokenRefused) as caught:
        verify_connection(hs256({"subs": {"a": {claim: "?"}}}), KEYS, NOW)
    assert caught.value.close == 3500
    with pytest.raises(TokenRefused) as caught:
        verify_connection(hs256({"b64info": "?"}), KEYS, NOW)
    assert caught.value.error == 100


def test_a_rejected_token_can_be_pickled() -> None:
    """TokenRefused can be pickled, because task queues pickle errors."""
    with pytest.raises(TokenRefused) as caught:
        verify_connection("", KEYS, NOW)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.kind, copy.reason, copy.close) == (str(caught.value), "connection", "malformed", 3500)


FAULTS: list[tuple[dict[str, Any], TokenKeys, Fault, str]] = [
    (
        {"exp": NOW - 60},
        KEYS,
        Fault("subscription", "expired", "exp", NOW - 60, NOW),
        "the token expired 60 s ago (`exp`)",
    ),
    (
        {"iss": "a"},
        TokenKeys(hmac_secret_key=SECRET, issuer="b"),
        Fault("subscription", "issuer", "iss", "a", "issuer 'b'"),
        "`iss` is 'a', the server is configured with issuer 'b'",
    ),
    (
        {},
        TokenKeys(jwks={"keys": []}),
        Fault("subscription", "kid", "kid", ""),
        "the server uses a key set, so the header needs the `kid` of a key",
    ),
    (
        {},
        TokenKeys(hmac_secret_key="another"),
        Fault("subscription", "signature", expected="the server's key"),
        "the signature was not made with the server's key",
    ),
]


@pytest.mark.parametrize(("claims", "keys", "fault", "text"), FAULTS)
def test_a_fault_has_the_found_and_expected_values(
    claims: dict[str, Any], keys: TokenKeys, fault: Fault, text: str
) -> None:
    """An error has the claim or header field, its value and the expected value, in its attributes and its text."""
    with pytest.raises(TokenRefused) as caught:
        verify_subscription(hs256({"channel": "a", **claims}), keys, NOW)
    assert caught.value.fault == fault
    assert str(caught.value) == str(fault) == text


@pytest.mark.parametrize("reason", get_args(Reason))
@pytest.mark.parametrize("kind", ["connection", "subscription"])
def test_every_reason_has_an_answer_and_a_sentence(kind: Kind, reason: Reason) -> None:
    """Each reason has a sentence, and the server answers it with an error or a close."""
    fault = Fault(kind, reason, "claim", 5, 3)
    assert str(fault)
    assert (fault.answer.error is None) != (fault.answer.close is None)
    assert fault.answer.message
