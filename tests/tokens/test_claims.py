"""Tests of reading claims as the server's Go parser does."""

from typing import Any

import pytest

from centripetal.tokens.claims import ConnectionClaims, Override, SubscribeClaims, SubscriptionClaims
from centripetal.tokens.verification import (
    TokenKeys,
    TokenRefused,
    time_to_live,
    verify_connection,
    verify_subscription,
)
from tests.tokens.keys import NOW, SECRET, hs256

KEYS = TokenKeys(hmac_secret_key=SECRET)

OVERRIDE = {"presence": {"value": True}, "join_leave": {}, "force_recovery": None}


def test_claims_of_a_connection() -> None:
    """A connection token's claims have bytes for opaque values and options for each subscription."""
    token = hs256({
        "sub": "42", "exp": NOW + 60.5, "info": {"a": 1}, "meta": [1],
        "subs": {"tok:A": {"b64info": "AQI=", "data": None, "override": OVERRIDE}},
        "channels": ["ignored"],
    })  # fmt: skip
    claims = verify_connection(token, KEYS, NOW)
    override = Override(presence=True, join_leave=False)
    assert claims == ConnectionClaims(
        user="42", expire_at=int(NOW) + 60, info=b'{"a": 1}', meta=b"[1]",
        subs={"tok:A": SubscribeClaims(info=b"\x01\x02", data=b"null", override=override)},
    )  # fmt: skip
    assert time_to_live(claims, NOW) == 60


def test_claims_of_a_subscription() -> None:
    """A subscription token's claims are typed, and `expire_at` 0 means that the subscription does not end."""
    token = hs256(
        {"sub": "42", "channel": "tok:1", "client": "c", "info": 1, "b64data": "AQ==", "expire_at": 0, "exp": NOW + 1}
    )
    claims = verify_subscription(token, KEYS, NOW)
    assert claims == SubscriptionClaims(channel="tok:1", user="42", client="c", info=b"1", data=b"\x01")
    assert time_to_live(claims, NOW) is None


ACCEPTED: list[tuple[str, Any]] = [
    ("names in any case", b'{"SUB":"42"}'),
    ("the last of repeated members", b'{"sub":"1","sub":"42"}'),
    (
        "null as missing",
        b'{"sub":"42","exp":null,"nbf":null,"expire_at":null,"channels":null,"subs":null,"channel":null}',
    ),
    ("a text stays where null follows", b'{"sub":"42","sub":null}'),
    ("a time with a fraction", {"sub": "42", "exp": NOW + 0.5}),
    ("a time in a text", {"sub": "42", "exp": str(NOW + 1), "nbf": "1e3"}),
    ("other claims of any type", {"sub": "42", "x": [{}], "client": 5}),
    ("an empty channel", {"sub": "42", "channel": ""}),
    ("a line break in base64", {"sub": "42", "b64info": "AQ\n=="}),
    ("white space", b' { "sub" : "42" } '),
]


@pytest.mark.parametrize(("what", "claims"), ACCEPTED, ids=[what for what, _ in ACCEPTED])
def test_claims_that_the_server_accepts(what: str, claims: Any) -> None:
    """Unusual claims are accepted if Go's parser accepts them."""
    assert verify_connection(hs256(claims), KEYS, NOW).user == "42"


REFUSED: list[tuple[str, Any, str, str]] = [
    ("claims", {"sub": 42}, "sub", "expected a string"),
    ("claims", {"exp": True}, "exp", "Unix seconds"),
    ("claims", {"exp": "soon"}, "exp", "Unix seconds"),
    ("claims", {"exp": ""}, "exp", "Unix seconds"),
    ("claims", b'{"exp":1e999}', "exp", "Unix seconds"),
    ("claims", {"expire_at": 1.5}, "expire_at", "an integer"),
    ("claims", {"expire_at": "1"}, "expire_at", "an integer"),
    ("claims", {"expire_at": 2**63}, "expire_at", "an integer"),
    ("claims", {"aud": 5}, "aud", "array"),
    ("claims", {"aud": None}, "aud", "array"),
    ("claims", {"iss": []}, "iss", "a string"),
    ("claims", {"jti": 1}, "jti", "a string"),
    ("claims", {"channels": "a"}, "channels", "array"),
    ("claims", {"subs": []}, "subs", "object"),
    ("claims", {"subs": {"a": {"override": {"presence": True}}}}, "subs.override.presence", "object"),
    (
        "claims",
        {"subs": {"a": {"override": {"presence": {"value": 1}}}}},
        "subs.override.presence.value",
        "true or false",
    ),
    ("claims", b"[]", "", "object"),
    ("claims", b'{"sub":"42"} x', "", "unexpected text after the value"),
    ("claims", b"", "", "object"),
    ("channel claim", {"channel": "a"}, "channel", "subscription token"),
    ("expired", {"exp": NOW}, "exp", "expired"),
    ("expired", {"exp": -1}, "exp", "expired"),
    ("expired", {"exp": 1e300}, "exp", "expired"),
    ("not yet valid", {"nbf": NOW}, "nbf", "becomes valid"),
    ("base64", {"b64info": "AQ"}, "b64info", "base64"),
    ("base64", {"subs": {"a": {"b64data": "%"}}}, "subs.a.b64data", "base64"),
    ("base64", {"subs": {"a": {"b64info": "é"}}}, "subs.a.b64info", "base64"),
]


@pytest.mark.parametrize(("reason", "claims", "claim", "text"), REFUSED, ids=range(len(REFUSED)))
def test_claims_that_the_server_rejects(reason: str, claims: Any, claim: str, text: str) -> None:
    """An invalid claim is rejected by name."""
    with pytest.raises(TokenRefused, match=text) as caught:
        verify_connection(hs256(claims), KEYS, NOW)
    assert (caught.value.reason, caught.value.claim) == (reason, claim)


@pytest.mark.parametrize(
    ("claims", "path", "user"),
    [
        ({"uid": "42"}, "uid", "42"),
        ({"uid": 42}, "uid", "42"),
        ({"uid": 4.5e3}, "uid", "4500"),
        (b'{"uid":1e21}', "uid", "1000000000000000000000"),
        (b'{"uid":0.25}', "uid", "0.25"),
        ({"uid": True}, "uid", "true"),
        ({"uid": None}, "uid", ""),
        ({"UID": "42"}, "uid", ""),
        ({"a": {"b": ["x", "42"]}}, "a.b.1", "42"),
        ({"a": ["x"]}, "a.7", ""),
        ({"a": "x"}, "a.b", ""),
        (b'{"uid":"42","uid":"43"}', "uid", "42"),
        (b'{"uid":{"a":1}}', "uid", '{"a":1}'),
        ({"sub": "42"}, "uid", ""),
    ],
)
def test_user_in_another_claim(claims: Any, path: str, user: str) -> None:
    """`user_id_claim` reads the user from another claim and converts it to text."""
    keys = TokenKeys(hmac_secret_key=SECRET, user_id_claim=path)
    assert verify_connection(hs256(claims), keys, NOW).user == user
