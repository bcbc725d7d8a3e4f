"""What the server says of tokens: every recorded verdict, and its reader's habits."""

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.tokens.claims import ConnectionClaims, Override, SubscribeClaims, SubscriptionClaims
from centripetal.tokens.verification import (
    TokenKeys,
    TokenRefused,
    parse,
    time_to_live,
    verify_connection,
    verify_subscription,
)
from tests.tokens.keys import NOW, SECRET, b64, hs256, pair, raw_token
from tests.wire.golden import load

GOLDEN = load("current", "jwt_vectors")
CHECKS = load("current", "ws_token_checks")
KEYS = TokenKeys(hmac_secret_key=SECRET)
RECORDED = 1_790_000_000.0  # after the recording, and before any time in it that is not past


def keys_of(config: dict[str, Any]) -> TokenKeys:
    settings = dict(config)
    if settings.pop("jwks_public_endpoint", None):
        settings["jwks"] = GOLDEN["jwks"]
    settings.pop("enabled", None)
    return TokenKeys(**settings)


def knows_channel(channel: str) -> bool:
    return channel.startswith("tok:")


def verdict(kind: str, token: str, keys: TokenKeys, now: float) -> ConnectionClaims | SubscriptionClaims | TokenRefused:
    """The claims, if the server goes on with them; why not, if it does not."""
    verify = verify_connection if kind == "connection" else verify_subscription
    try:
        claims = verify(token, keys, now, knows_channel=knows_channel)
        time_to_live(claims, now)
    except TokenRefused as refused:
        return refused
    return claims


@pytest.mark.parametrize("vector", GOLDEN["vectors"], ids=lambda vector: vector["name"])
def test_every_recorded_token_is_judged_as_the_server_did(vector: dict[str, Any]) -> None:
    """Each vector gets the reply or close that a 6.9.1 server gave, and is valid where its checker said so."""
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
    """Audience, issuer, a previous key and a separate configuration for subscriptions work as in the recording."""
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
        elif "close" in got:  # usable, but not by this user
            assert said.user != "42"
        else:
            assert said.user == "42"
    assert judged == 9


OVERRIDE = {"presence": {"value": True}, "join_leave": {}, "force_recovery": None}


def test_claims_come_out_typed() -> None:
    """A connection token's claims: bytes for what is opaque, options for each subscription."""
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
    """A subscription token's claims; `expire_at` 0 means that it does not end."""
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
def test_what_the_servers_reader_accepts(what: str, claims: Any) -> None:
    """Go's lenience is ours."""
    assert verify_connection(hs256(claims), KEYS, NOW).user == "42"


REFUSED: list[tuple[str, Any, str, str]] = [
    ("claims", {"sub": 42}, "sub", "a string is expected"),
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
    ("claims", b'{"sub":"42"} x', "", "follows"),
    ("claims", b"", "", "object"),
    ("channel claim", {"channel": "a"}, "channel", "subscription token"),
    ("expired", {"exp": NOW}, "exp", "expired"),
    ("expired", {"exp": -1}, "exp", "expired"),
    ("expired", {"exp": 1e300}, "exp", "expired"),
    ("not yet valid", {"nbf": NOW}, "nbf", "counts only"),
    ("base64", {"b64info": "AQ"}, "b64info", "base64"),
    ("base64", {"subs": {"a": {"b64data": "%"}}}, "subs.a.b64data", "base64"),
    ("base64", {"subs": {"a": {"b64info": "é"}}}, "subs.a.b64info", "base64"),
]


@pytest.mark.parametrize(("reason", "claims", "claim", "text"), REFUSED, ids=range(len(REFUSED)))
def test_what_the_servers_reader_refuses(reason: str, claims: Any, claim: str, text: str) -> None:
    """A wrong claim is refused with its name."""
    with pytest.raises(TokenRefused, match=text) as caught:
        verify_connection(hs256(claims), KEYS, NOW)
    assert (caught.value.reason, caught.value.claim) == (reason, claim)


@pytest.mark.parametrize("claim", ["b64info", "b64data"])
def test_bad_base64_in_a_subscription_token(claim: str) -> None:
    """Bad base64 is error 103 in a subscription token, 100 in b64info of a connection token, a close in its subs."""
    with pytest.raises(TokenRefused) as caught:
        verify_subscription(hs256({"channel": "a", claim: "?"}), KEYS, NOW)
    assert caught.value.error == 103
    with pytest.raises(TokenRefused) as caught:
        verify_connection(hs256({"subs": {"a": {claim: "?"}}}), KEYS, NOW)
    assert caught.value.close == 3500
    with pytest.raises(TokenRefused) as caught:
        verify_connection(hs256({"b64info": "?"}), KEYS, NOW)
    assert caught.value.error == 100


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
def test_what_is_no_token(token: str) -> None:
    """Text that is no token closes the connection, or is no permission."""
    with pytest.raises(TokenRefused) as caught:
        verify_connection(token, KEYS, NOW)
    assert (caught.value.reason, caught.value.close) == ("malformed", 3500)
    with pytest.raises(TokenRefused) as caught:
        verify_subscription(token, KEYS, NOW)
    assert (caught.value.reason, caught.value.error) == ("malformed", 103)


def test_line_breaks_in_a_token_do_not_count() -> None:
    """Go's base64 skips line breaks, so a signature over them is a signature."""
    signed = hs256({"sub": "42"}).rpartition(".")[0]
    assert parse(f"{signed}.AA\r\nAA").signature == b"\0\0\0"


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
    """`user_id_claim` takes the user from where it says, as text."""
    keys = TokenKeys(hmac_secret_key=SECRET, user_id_claim=path)
    assert verify_connection(hs256(claims), keys, NOW).user == user


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
    """Audience and issuer are required where they are configured."""
    said = verdict("connection", hs256(claims), TokenKeys(hmac_secret_key=SECRET, **settings), NOW)
    assert (said.reason if isinstance(said, TokenRefused) else None) == reason


@pytest.mark.parametrize(("until", "now", "valid"), [(0, NOW, True), (100, 100.9, True), (100, 101, False)])
def test_previous_key(until: int, now: float, valid: bool) -> None:
    """The previous key counts until its time, for ever with 0; also where there is no current one."""
    token = hs256({}, "previous")
    for secret in (SECRET, ""):
        keys = TokenKeys(
            hmac_secret_key=secret, hmac_previous_secret_key="previous", hmac_previous_secret_key_valid_until=until
        )
        assert isinstance(verdict("connection", token, keys, now), ConnectionClaims) == valid


def test_signatures_may_be_skipped() -> None:
    """`insecure_skip_signature` believes a token of any algorithm; its time still counts."""
    keys = TokenKeys(insecure_skip_signature=True)
    assert verify_connection(raw_token({"alg": "none"}, {"sub": "42"}), keys, NOW).user == "42"
    assert isinstance(verdict("connection", hs256({"exp": 1}), keys, NOW), TokenRefused)


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (TokenKeys(rsa_public_key="nonsense"), "key"),
        (TokenKeys(rsa_public_key=pair("rsa").private), "key"),
        (TokenKeys(rsa_public_key=pair("p256").public), "algorithm"),
        (TokenKeys(jwks={}), "kid"),
        (TokenKeys(jwks={"keys": [5, {"kid": "k", "kty": "RSA"}]}), "kid"),
        (TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "RSA", "n": "AQAB"}]}), "key"),
        (TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "RSA", "n": 5, "e": "AQAB"}]}), "key"),
        (TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "oct", "k": "AQAB"}]}), "key"),
        (
            TokenKeys(jwks={"keys": [{"kid": "k", "use": "sig", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}),
            "key",
        ),
    ],
)
def test_keys_that_are_none(keys: TokenKeys, reason: str) -> None:
    """A key that is none refuses the token; it raises nothing else."""
    said = verdict("connection", raw_token({"alg": "RS256", "kid": "k"}, {}), keys, NOW)
    assert isinstance(said, TokenRefused)
    assert said.reason == reason


@pytest.mark.parametrize(
    "settings", [{"audience": "a", "audience_regex": "a"}, {"issuer": "a", "issuer_regex": "a"}, {"issuer_regex": "("}]
)
def test_settings_that_no_server_starts_with(settings: dict[str, Any]) -> None:
    """What contradicts itself, or is no expression, is refused at once."""
    with pytest.raises(UsageError):
        TokenKeys(**settings)


def test_secrets_are_not_shown() -> None:
    """The repr of keys names what is given, not its value."""
    assert repr(KEYS) == "<TokenKeys hmac_secret_key>"


def test_a_refusal_can_be_pickled() -> None:
    """Task queues pickle errors."""
    with pytest.raises(TokenRefused) as caught:
        verify_connection("", KEYS, NOW)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.kind, copy.reason, copy.close) == (str(caught.value), "connection", "malformed", 3500)


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
def test_any_text_is_refused(token: str) -> None:
    """Whatever is no signed token is refused, and nothing else happens."""
    for kind in ("connection", "subscription"):
        assert isinstance(verdict(kind, token, KEYS, NOW), TokenRefused)


@given(claims=CLAIMS | st.binary(), path=st.text(max_size=5))
@settings(deadline=None)
def test_any_claims_are_claims_or_refused(claims: Any, path: str) -> None:
    """Whatever is signed is typed claims or a refusal."""
    token = hs256(claims)
    for keys in (KEYS, TokenKeys(hmac_secret_key=SECRET, user_id_claim=path, audience_regex="a")):
        for kind in ("connection", "subscription"):
            assert isinstance(verdict(kind, token, keys, NOW), ConnectionClaims | SubscriptionClaims | TokenRefused)
