"""Tests of token verification, against recorded verdicts of a server and the details of its parser."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.tokens.claims import ConnectionClaims, SubscriptionClaims
from centripetal.tokens.verification import (
    TokenKeys,
    TokenRefused,
    examine,
    misuses,
    parse,
    time_to_live,
    verify_connection,
    verify_subscription,
)
from tests.tokens.keys import NOW, SECRET, b64, hs256, raw_token
from tests.wire.golden import load

GOLDEN = load("current", "jwt_vectors")
CHECKS = load("current", "ws_token_checks")
KEYS = TokenKeys(hmac_secret_key=SECRET)
RECORDED = 1_790_000_000.0  # after the recording, and before the future times in its tokens


def keys_of(config: dict[str, Any]) -> TokenKeys:
    settings = dict(config)
    if settings.pop("jwks_public_endpoint", None):
        settings["jwks"] = GOLDEN["jwks"]
    settings.pop("enabled", None)
    return TokenKeys(**settings)


def knows_channel(channel: str) -> bool:
    return channel.startswith("tok:")


def verdict(kind: str, token: str, keys: TokenKeys, now: float) -> ConnectionClaims | SubscriptionClaims | TokenRefused:
    """Return the claims if the server accepts the token, otherwise the error."""
    verify = verify_connection if kind == "connection" else verify_subscription
    try:
        claims = verify(token, keys, now, knows_channel=knows_channel)
        time_to_live(claims, now)
    except TokenRefused as refused:
        return refused
    return claims


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda vector: vector["name"])
def test_recorded_tokens_have_the_servers_verdict(vector: dict[str, Any]) -> None:
    """Each vector gets the reply or close of a 6.9.1 server, and is valid if the server's checker accepted it."""
    said = verdict(vector["kind"], vector["token"], keys_of(GOLDEN["token_configs"][vector["key_config"]]), RECORDED)
    reply = vector["reply"]
    if "close" in reply:
        assert isinstance(said, TokenRefused)
        assert {"code": said.close, "reason": said.message} == reply["close"]
        assert said.error is None
    elif error := json.loads(reply["data"]).get("error"):
        assert isinstance(said, TokenRefused)
        assert {"code": said.error, "message": said.message} == error
        assert said.close is None
    else:
        assert not isinstance(said, TokenRefused)
    ended = isinstance(said, TokenRefused) and said.reason == "ended"
    assert vector["checker_says_valid"] == (ended or not isinstance(said, TokenRefused))


def test_tokens_of_a_recorded_conversation() -> None:
    """Audience, issuer, a previous key and separate settings for subscriptions work as in the recording."""
    config = CHECKS["config"]["client"]
    frames = [frame for frame in CHECKS["frames"] if frame["dir"] != "open"]
    judged = 0
    for sent, got in zip(frames[::2], frames[1::2], strict=True):
        command = json.loads(sent["data"])
        kind, section = ("connection", "token") if "connect" in command else ("subscription", "subscription_token")
        token = command["connect" if kind == "connection" else "subscribe"]["token"]
        said = verdict(kind, token, keys_of(config[section]), RECORDED)
        judged += 1
        if isinstance(said, TokenRefused):
            reply = got.get("close") or json.loads(got["data"])["error"]
            assert (said.error or said.close, said.message) == (
                reply["code"],
                reply.get("reason", reply.get("message")),
            )
        elif "close" in got:  # accepted, but not for this user
            assert said.user != "42"
        else:
            assert said.user == "42"
    assert judged == 9


HEADER = {"alg": "HS256"}


def header(text: str) -> str:
    return b64(text.encode())


MALFORMED = [
    *("", ".", "..", "a.b.c", "eyJ", "eyJ.e30", f"{header('{}')}.e30.", "eyJ\ud83d.a.b", "not-a-token"),
    *(f"{hs256({})}=", f"{hs256({})}.", f" {hs256({})}", f"x{hs256({})}"),
    *(f"{header(text)}.e30.AA" for text in ('{"alg":1}', '{"alg"', '{"alg":"HS256"} x', '{"kid":[]}')),
    header('{"alg":"HS256"}') + ".e30.A",
]


@pytest.mark.parametrize("token", MALFORMED)
def test_malformed_tokens(token: str) -> None:
    """A malformed token closes the connection, or rejects the subscription with an error."""
    with pytest.raises(TokenRefused) as caught:
        verify_connection(token, KEYS, NOW)
    assert (caught.value.reason, caught.value.close) == ("malformed", 3500)
    with pytest.raises(TokenRefused) as caught:
        verify_subscription(token, KEYS, NOW)
    assert (caught.value.reason, caught.value.error) == ("malformed", 103)


def test_line_breaks_in_a_signature_are_ignored() -> None:
    """Line breaks in a signature are ignored, as in Go's base64 decoder."""
    signed = hs256({"sub": "42"}).rpartition(".")[0]
    assert parse(f"{signed}.AA\r\nAA").signature == b"\0\0\0"


@pytest.mark.parametrize(
    ("settings", "claims", "reason"),
    [
        ({"audience": "a"}, {"aud": ["b", "a"]}, None),
        ({"audience": "a"}, {"aud": "b"}, "audience"),
        ({"audience": "a"}, {}, "audience"),
        ({"issuer": "a"}, {"iss": "a"}, None),
        ({"issuer": "a"}, {"iss": "b"}, "issuer"),
        ({"audience_regex": "^team-\\d+$"}, {"aud": "team-7"}, None),
        ({"audience_regex": "^team-\\d+$"}, {"aud": "team-7\n"}, "audience"),
        ({"audience_regex": "^team-\\d+$"}, {"aud": "team-٣"}, "audience"),
        ({"audience_regex": "x"}, {}, "audience"),
        ({"issuer_regex": "^iss-"}, {"iss": "iss-1"}, None),
        ({"issuer_regex": "^iss-"}, {"iss": "x"}, "issuer"),
    ],
)
def test_audience_and_issuer(settings: dict[str, Any], claims: Any, reason: str | None) -> None:
    """Audience and issuer are required if they are configured."""
    said = verdict("connection", hs256(claims), TokenKeys(hmac_secret_key=SECRET, **settings), NOW)
    assert (said.reason if isinstance(said, TokenRefused) else None) == reason


@pytest.mark.parametrize(("until", "now", "valid"), [(0, NOW, True), (100, 100.9, True), (100, 101, False)])
def test_previous_key(until: int, now: float, valid: bool) -> None:
    """The previous key is valid until its time, or forever with 0, also without a current key."""
    token = hs256({}, "previous")
    for secret in (SECRET, ""):
        keys = TokenKeys(
            hmac_secret_key=secret, hmac_previous_secret_key="previous", hmac_previous_secret_key_valid_until=until
        )
        assert isinstance(verdict("connection", token, keys, now), ConnectionClaims) == valid


def test_skipping_signatures() -> None:
    """`insecure_skip_signature` accepts a token of any algorithm, but not an expired token."""
    keys = TokenKeys(insecure_skip_signature=True)
    assert verify_connection(raw_token({"alg": "none"}, {"sub": "42"}), keys, NOW).user == "42"
    assert isinstance(verdict("connection", hs256({"exp": 1}), keys, NOW), TokenRefused)


@pytest.mark.parametrize(
    "settings", [{"audience": "a", "audience_regex": "a"}, {"issuer": "a", "issuer_regex": "a"}, {"issuer_regex": "("}]
)
def test_invalid_settings(settings: dict[str, Any]) -> None:
    """Contradicting settings and an invalid regular expression raise UsageError."""
    with pytest.raises(UsageError):
        TokenKeys(**settings)


def test_the_repr_does_not_contain_secrets() -> None:
    """The repr of keys names the given settings without their values."""
    assert repr(KEYS) == "<TokenKeys hmac_secret_key>"


ANY_HEADER = header('{"alg":"HS256"}')
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "sub",
    "exp",
    "nbf",
    "aud",
    "iss",
    "channel",
    "expire_at",
    "info",
    "b64info",
    "channels",
    "subs",
    "override",
    "meta",
]
CLAIMS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), JSON, max_size=5)


@given(token=st.text() | st.binary().map(lambda part: f"{ANY_HEADER}.{b64(part)}.{b64(part)}"))
@settings(deadline=None)
def test_any_unsigned_text_is_rejected(token: str) -> None:
    """Any text that is not a signed token raises TokenRefused and no other error."""
    for kind in ("connection", "subscription"):
        assert isinstance(verdict(kind, token, KEYS, NOW), TokenRefused)


@given(claims=CLAIMS | st.binary(), path=st.text(max_size=5))
@settings(deadline=None)
def test_any_signed_claims_are_parsed_or_rejected(claims: Any, path: str) -> None:
    """Any signed claims are returned as typed claims or rejected."""
    token = hs256(claims)
    for keys in (KEYS, TokenKeys(hmac_secret_key=SECRET, user_id_claim=path, audience_regex="a")):
        for kind in ("connection", "subscription"):
            assert isinstance(verdict(kind, token, keys, NOW), ConnectionClaims | SubscriptionClaims | TokenRefused)


def test_examine_finds_all_faults() -> None:
    """`examine` continues after the first fault and returns the claims without the faulty claims."""
    claims = {"sub": 42, "exp": NOW - 1, "nbf": NOW + 1, "channel": "a", "b64info": "?", "b64data": "?", "info": 1}
    faults, found = examine("subscription", parse(hs256(claims, "another")), KEYS, NOW)
    reasons = ["claims", "signature", "expired", "not yet valid", "base64", "base64"]
    assert [fault.reason for fault in faults] == reasons
    assert found == SubscriptionClaims(channel="a", info=b"1")


@pytest.mark.parametrize(
    ("used", "reasons"),
    [
        ({}, []),
        ({"channel": "a", "user": "42", "client": "c"}, []),
        ({"channel": "A", "user": "", "client": ""}, ["another channel", "another client", "another user"]),
    ],
)
def test_misuses_of_a_token(used: dict[str, str], reasons: list[str]) -> None:
    """A token is valid for its channel, its user and its client if it has one; any other use closes the connection."""
    faults = list(misuses(SubscriptionClaims(channel="a", user="42", client="c"), **used))
    assert [fault.reason for fault in faults] == reasons
    assert {fault.answer.close for fault in faults} <= {3500}


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"rsa_public_key": b"x"}, "rsa_public_key must be text"),
        ({"issuer": 1}, "issuer must be text"),
        ({"user_id_claim": None}, "user_id_claim must be text"),
        ({"hmac_previous_secret_key_valid_until": "1"}, "valid_until must be Unix seconds"),
        ({"jwks": []}, "jwks must be a key set"),
        ({"jwks": {"keys": 5}}, "jwks must be a key set"),
    ],
)
def test_settings_of_a_wrong_type_are_refused(settings_: Any, message: str) -> None:
    """A setting that a server could not read is a UsageError, before any token is verified."""
    with pytest.raises(UsageError, match=message):
        TokenKeys(**settings_)


@pytest.mark.parametrize("token", [None, b"eyJ.eyJ.a", 5])
def test_a_token_must_be_text(token: Any) -> None:
    """Any other type is a UsageError."""
    with pytest.raises(UsageError, match="the token must be text"):
        verify_connection(token, KEYS, NOW)


def test_a_deep_path_is_followed_in_linear_time() -> None:
    """Each level of the claims is looked at once, no matter how many names the path has."""
    claims = b'{"a":' * 4_000 + b'"42"' + b"}" * 4_000
    started = time.perf_counter()
    keys = TokenKeys(hmac_secret_key=SECRET, user_id_claim=".".join("a" * 4_000))
    assert verify_connection(hs256(claims), keys, NOW).user == "42"
    assert time.perf_counter() - started < 10
