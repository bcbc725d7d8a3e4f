"""Tests of explanations: each usual mistake has a fix, and the verdict equals the server's verdict."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.tokens.explanation import Explanation, explain
from centripetal.tokens.issuing import connection_token
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import TokenKeys
from tests.tokens.keys import NOW, SECRET, hs256, pair
from tests.tokens.test_verification import CLAIMS, GOLDEN, RECORDED, keys_of
from tests.wire.golden import load

GOOD = connection_token(SECRET, "42", now=NOW)
HOUR_AGO = NOW - 3600
RSA = SigningKey(pair("rsa").private)


@pytest.mark.parametrize("key", [SECRET, SECRET.encode(), SigningKey(SECRET), TokenKeys(hmac_secret_key=SECRET)])
def test_a_valid_token_has_no_remarks(key: Any) -> None:
    """A valid token is accepted with each form of the key, without reasons or notes."""
    explanation = explain(GOOD.encode(), key, now=NOW)
    assert (explanation.accepted, explanation.reasons, explanation.notes) == (True, (), ())
    assert explanation.claims["sub"] == "42"


def test_all_forms_of_keys() -> None:
    """A private or public PEM, a `SigningKey` with or without id, and a key set can verify the token."""
    token = connection_token(RSA, 42, now=NOW)
    for key in (RSA, pair("rsa").private, pair("rsa").public, pair("rsa").public.encode()):
        assert explain(token, key, now=NOW).accepted
    named = SigningKey(pair("ed25519").private, kid="k")
    for own in (named, {"keys": [named.jwk()]}):
        assert explain(connection_token(named, 42, now=NOW), own, now=NOW).accepted


def test_all_faults_are_listed() -> None:
    """The explanation lists all faults of a token, while the server reports only the first."""
    token = hs256({"sub": 42, "exp": HOUR_AGO, "nbf": NOW + 5, "aud": "x", "expire_at": 5, "channel": "a"}, "wrong")
    keys = TokenKeys(hmac_secret_key=SECRET, audience="a", issuer="i")
    explanation = explain(f"{token} ", keys, kind="connection", now=NOW)
    assert (explanation.close, explanation.kind) == (3500, "connection")
    for word in (
        "white space",
        "`sub` is",
        "another secret",
        "`aud`",
        "`iss`",
        "`channel`",
        "the token expired",
        "until:",
        "the connection expired",
    ):
        assert sum(word in reason for reason in explanation.reasons) == 1, (word, str(explanation))


def test_the_text_of_an_explanation() -> None:
    """The text has the verdict, the reasons, the fixes and a description of the content."""
    token = hs256({"sub": "42", "exp": 1, "channel": "news", "info": {"a": "x" * 99}})
    text = str(explain(token, "wrong", now=NOW))
    assert text.splitlines()[0] == (
        "The server rejects this subscription token: the reply is error 103, permission denied."
    )
    for line in (
        "Why:",
        "    what to do: ",
        '  alg  "HS256"',
        "the user",
        "expired 1970-01-01 00:00:01 UTC, 57 years ago",
    ):
        assert line in text
    assert "x" * 60 not in text
    good = str(explain(GOOD, SECRET, now=NOW))
    assert good.startswith("The server accepts this connection token: the client is connected.")
    assert "expires 2027-01-15 09:00:00 UTC, in 60 min" in good


BAD_CALLS: list[tuple[Any, Any, dict[str, Any], str]] = [
    (None, SECRET, {}, "the token must be text"),
    (GOOD, None, {}, "the key must be text"),
    (GOOD, "", {}, "the key is empty"),
    (GOOD, b"\xff", {}, "not valid UTF-8"),
    (GOOD, {}, {}, "must be a key set"),
    (GOOD, "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----", {}, "the public key cannot be read"),
    (GOOD, SECRET, {"kind": "refresh"}, "kind must be"),
    (GOOD, SECRET, {"now": "x"}, "now must be"),
    (GOOD, SECRET, {"now": None}, "now is missing"),
]


@pytest.mark.parametrize(("token", "key", "options", "text"), BAD_CALLS)
def test_invalid_arguments(token: Any, key: Any, options: dict[str, Any], text: str) -> None:
    """An invalid argument is a usage error, unlike an invalid token."""
    with pytest.raises(UsageError, match=text):
        explain(token, key, **{"now": NOW, **options})


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda vector: vector["name"])
def test_the_verdict_equals_the_servers_verdict(vector: dict[str, Any]) -> None:
    """For each recorded token the verdict equals the server's, except for unknown namespaces."""
    keys = keys_of(GOLDEN["token_configs"][vector["key_config"]])
    explanation = explain(vector["token"], keys, kind=vector["kind"], now=RECORDED)
    reply = vector["reply"]
    said = reply["close"]["code"] if "close" in reply else json.loads(reply["data"]).get("error", {}).get("code")
    assert (explanation.close or explanation.error) == (None if said == 102 else said)
    assert explanation.accepted == (said in (None, 102))


def check(explanation: Explanation) -> None:
    assert str(explanation).startswith("The server ")
    assert explanation.accepted == (not explanation.reasons)
    assert explanation.accepted == (explanation.error is None and explanation.close is None)


@given(token=st.text() | st.binary(), channel=st.none() | st.text())
@settings(deadline=None)
def test_any_text_is_explained(token: str | bytes, channel: str | None) -> None:
    """Any text has an explanation."""
    check(explain(token, SECRET, channel=channel, now=NOW))


@given(claims=CLAIMS | st.binary(), secret=st.sampled_from([SECRET, "wrong"]), user=st.none() | st.text())
@settings(deadline=None)
def test_any_claims_are_explained(claims: Any, secret: str, user: str | None) -> None:
    """Any claims have an explanation, which accepts the token if and only if it lists no reasons."""
    for kind in ("connection", "subscription"):
        check(explain(hs256(claims, secret), SECRET, kind=kind, user=user, now=NOW))


def test_1x_tokens_are_recognized() -> None:
    """A recorded 1.x token is recognized as a 1.x token."""
    vector = next(v for v in load("v1", "signatures")["vectors"] if v["what"] == "client token")
    assert "1.x" in explain(vector["hex"], SECRET, now=NOW).reasons[0]


def test_a_huge_token_has_a_short_explanation() -> None:
    """Only the first claims are described, and long names and values are cut."""
    claims = {"n" * 1000: "v" * 1000, **{f"k{n}": n for n in range(1000)}}
    explanation = explain(hs256({"sub": "42", **claims}), SECRET, now=NOW)
    assert explanation.accepted
    assert len(str(explanation)) < 20_000
    assert "902 more claims" in str(explanation)
