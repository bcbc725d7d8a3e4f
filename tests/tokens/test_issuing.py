"""Tokens as we make them: every claim, every algorithm, and what is refused before it is signed."""

import datetime
import json
import traceback
import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.tokens.claims import Override
from centripetal.tokens.issuing import SubscribeOptions, connection_token, subscription_token
from centripetal.tokens.signatures import ALGORITHMS, b64decode
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import (
    TokenKeys,
    TokenRefused,
    verify_connection,
    verify_subscription,
)
from tests.tokens.keys import NOW, SECRET, pair
from tests.wire.golden import load

VECTORS = {vector["name"]: vector for vector in load("current", "jwt_vectors")["vectors"]}
HALF = "\ud83d"
UTC = datetime.UTC
KEY_OF = {"RS": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521", "Ed": "ed25519"}


def made(*arguments: Any, subscription: bool = False, **options: Any) -> dict[str, Any]:
    """The claims of a token made with these arguments, at NOW and without `iat` and `exp` unless asked for."""
    options = {"now": NOW, "issued_at": False, "expires_in": None, **options}
    token = (subscription_token if subscription else connection_token)(SECRET, *arguments, **options)
    claims: dict[str, Any] = json.loads(b64decode(token.split(".")[1].encode()))
    return claims


def test_tokens_are_those_of_the_recording() -> None:
    """The same claims and secret give the very tokens that a real server accepted."""
    secret = "golden-hmac-secret"
    plain = connection_token(secret, "42", expires_in=None, issued_at=False, now=NOW)
    assert plain == VECTORS["no expiration"]["token"]
    lives = datetime.timedelta(seconds=4102444800 - NOW)
    assert connection_token(secret, 42, expires_in=lives, issued_at=False, now=NOW) == VECTORS["HS256"]["token"]
    key = SigningKey(secret, algorithm="HS384")
    assert connection_token(key, "42", expires_in=lives, issued_at=False, now=NOW) == VECTORS["HS384"]["token"]
    token = subscription_token(secret, "tok:1", "42", expires_in=lives, issued_at=False, now=NOW)
    assert token == VECTORS["subscription"]["token"]


def test_a_token_lives_an_hour_and_says_when_it_was_made() -> None:
    """Without options a token has user, end and beginning."""
    header, claims, _ = connection_token(SECRET, "42", now=NOW + 0.5).split(".")
    assert json.loads(b64decode(header.encode())) == {"typ": "JWT", "alg": "HS256"}
    assert json.loads(b64decode(claims.encode())) == {"sub": "42", "exp": int(NOW) + 3601, "iat": int(NOW)}


CLAIMS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"sub": "42"}),
    ({"expires_in": 60}, {"sub": "42", "exp": int(NOW) + 60}),
    ({"expires_in": 0.5}, {"sub": "42", "exp": int(NOW) + 1}),
    ({"expires_in": datetime.timedelta(hours=1)}, {"sub": "42", "exp": int(NOW) + 3600}),
    ({"now": datetime.datetime(2030, 1, 1, tzinfo=UTC), "issued_at": True}, {"sub": "42", "iat": 1893456000}),
    ({"expire_at": 0}, {"sub": "42", "expire_at": 0}),
    ({"expire_at": NOW + 5.5}, {"sub": "42", "expire_at": int(NOW) + 6}),
    ({"expire_at": datetime.datetime(2030, 1, 1, tzinfo=UTC)}, {"sub": "42", "expire_at": 1893456000}),
    ({"not_before": NOW + 5}, {"sub": "42", "nbf": int(NOW) + 5}),
    ({"jti": "j", "audience": "a", "issuer": "i"}, {"sub": "42", "jti": "j", "aud": "a", "iss": "i"}),
    ({"audience": ("a", "b")}, {"sub": "42", "aud": ["a", "b"]}),
    ({"info": None}, {"sub": "42", "info": None}),
    ({"info": {"a": [1, "é"]}}, {"sub": "42", "info": {"a": [1, "é"]}}),
    ({"info": b'{"ready":"made"}'}, {"sub": "42", "info": {"ready": "made"}}),
    ({"info": Override(presence=True)}, {"sub": "42", "info": {"presence": True}}),
    ({"b64info": b"\xff"}, {"sub": "42", "b64info": "/w=="}),
    ({"b64info": "/w=="}, {"sub": "42", "b64info": "/w=="}),
    ({"user_id_claim": "uid"}, {"uid": "42"}),
    ({"claims": {"role": ["x"], "n": 1}}, {"sub": "42", "role": ["x"], "n": 1}),
]
OF_CONNECTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"meta": {"k": 1}}, {"sub": "42", "meta": {"k": 1}}),
    ({"channels": ("a", "b")}, {"sub": "42", "channels": ["a", "b"]}),
    ({"channels": (), "subs": {}}, {"sub": "42"}),
    (
        {
            "subs": {
                "a": SubscribeOptions(),
                "b": SubscribeOptions(info=1, b64data=b"x", override=Override(presence=False)),
            }
        },
        {
            "sub": "42",
            "subs": {"a": {}, "b": {"info": 1, "b64data": "eA==", "override": {"presence": {"value": False}}}},
        },
    ),
]
EVERY = dict.fromkeys(Override.__struct_fields__, True)
OF_SUBSCRIPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"client": "c"}, {"client": "c"}),
    ({"data": [1], "b64info": b"x"}, {"data": [1], "b64info": "eA=="}),
    ({"override": Override(**EVERY)}, {"override": {name: {"value": True} for name in EVERY}}),
]


@pytest.mark.parametrize(("options", "claims"), CLAIMS + OF_CONNECTIONS)
def test_claims_of_a_connection_token(options: dict[str, Any], claims: dict[str, Any]) -> None:
    """Each option is the claim that the server reads."""
    assert made("42", **options) == claims


@pytest.mark.parametrize(("options", "claims"), CLAIMS + OF_SUBSCRIPTIONS)
def test_claims_of_a_subscription_token(options: dict[str, Any], claims: dict[str, Any]) -> None:
    """Each option is the claim that the server reads."""
    user = {} if "uid" in claims else {"sub": "42"}
    assert made("a:b", "42", subscription=True, **options) == {**user, "channel": "a:b", **claims}


USERS = [(42, "42"), ("42", "42"), ("", ""), (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"), (-1, "-1")]


@pytest.mark.parametrize(("user", "text"), USERS)
def test_users_become_text(user: Any, text: str) -> None:
    """The server takes only text for `sub`: numbers and UUIDs become that."""
    assert made(user)["sub"] == text


REFUSED: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    ((None,), {}, "user must be text, a number or a UUID, not None: '' is the anonymous user"),
    ((True,), {}, "user must be"),
    ((1.5,), {}, "user must be"),
    ((b"42",), {}, "user must be"),
    ((HALF,), {}, "user holds half"),
    (("42",), {"expires_in": 0}, "expires_in must be more than 0"),
    (("42",), {"expires_in": -1}, "expires_in must be more than 0"),
    (("42",), {"expires_in": float("nan")}, "expires_in must be more than 0"),
    (("42",), {"expires_in": 1e12}, "expires_in must be more than 0"),
    (("42",), {"expires_in": "60"}, "expires_in must be seconds or a timedelta, not str"),
    (("42",), {"expires_in": True}, "expires_in must be seconds"),
    (("42",), {"expires_in": datetime.datetime.now(UTC)}, "expires_in must be .* subtract"),
    (("42",), {"expire_at": NOW - 1}, "expire_at is past"),
    (("42",), {"expire_at": NOW * 1000}, "expire_at must be Unix seconds"),
    (("42",), {"expire_at": "x"}, "expire_at must be Unix seconds or a datetime"),
    (("42",), {"expire_at": datetime.datetime(2030, 1, 1)}, "expire_at is a datetime without time zone"),
    (("42",), {"expires_in": 5, "not_before": NOW + 5}, "not_before is after"),
    (("42",), {"now": True}, "now must be"),
    (("42",), {"now": None}, "now is not given"),
    (("42",), {"info": {1, 2}}, "info is a set"),
    (("42",), {"info": float("nan")}, "info is nan"),
    (("42",), {"info": b"x"}, "info was given as bytes"),
    (("42",), {"info": 1, "b64info": b"x"}, "info and b64info exclude"),
    (("42",), {"b64info": "x"}, "b64info must be bytes"),
    (("42",), {"b64info": 5}, "b64info must be bytes"),
    (("42",), {"jti": 5}, "jti must be text"),
    (("42",), {"issuer": 5}, "issuer must be text"),
    (("42",), {"audience": 5}, "audience must be a list"),
    (("42",), {"audience": []}, "audience must hold"),
    (("42",), {"claims": {"SUB": "43"}}, "claims must not hold 'SUB'"),
    (("42",), {"claims": {"channel": "a"}}, "claims must not hold 'channel'"),
    (("42",), {"claims": {"uid": 1}, "user_id_claim": "uid"}, "claims must not hold 'uid'"),
    (("42",), {"claims": {"x": object()}}, "claims.x is of type object"),
    (("42",), {"claims": ["x"]}, "claims must be a mapping"),
    (("42",), {"claims": {5: 1}}, "a name in claims must be text"),
    (("42",), {"user_id_claim": "exp"}, "user_id_claim cannot be 'exp'"),
    (("42",), {"user_id_claim": ""}, "user_id_claim must not be empty"),
]
REFUSED_CONNECTIONS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    (("42",), {"channels": "a"}, "channels must be a list"),
    (("42",), {"channels": [""]}, r"channels\[0\] must not be empty"),
    (("42",), {"channels": ["a"], "subs": {"b": SubscribeOptions()}}, "channels and subs exclude"),
    (("42",), {"subs": ["a"]}, "subs must map channels"),
    (("42",), {"subs": {"": SubscribeOptions()}}, "a channel in subs must not be empty"),
    (("42",), {"subs": {"a": {"info": 1}}}, r"subs\['a'\] must be SubscribeOptions, not dict"),
    (("42",), {"subs": {"a": SubscribeOptions(info={1})}}, r"subs\['a'\].info is a set"),
    (("42",), {"subs": {"a": SubscribeOptions(override={})}}, r"subs\['a'\].override must be an Override"),  # type: ignore[arg-type]
]
REFUSED_SUBSCRIPTIONS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    (("", "42"), {}, "channel must not be empty"),
    ((5, "42"), {}, "channel must be text"),
    (("a", "42"), {"client": ""}, "client must not be empty"),
    (("a", "42"), {"override": {"presence": True}}, "override must be an Override, not dict"),
    (("a", "42"), {"override": Override(presence="yes")}, "override.presence must be True"),  # type: ignore[arg-type]
    (("a", "42"), {"data": 1, "b64data": b""}, "data and b64data exclude"),
]


@pytest.mark.parametrize(("arguments", "options", "text"), REFUSED + REFUSED_CONNECTIONS)
def test_bad_arguments_of_connection_tokens(arguments: Any, options: dict[str, Any], text: str) -> None:
    """What a server would refuse or ignore is not signed, and the secret is in no error."""
    with pytest.raises(UsageError, match=text) as caught:
        made(*arguments, **options)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [(("a", *rest), options, text) for rest, options, text in REFUSED] + REFUSED_SUBSCRIPTIONS,
)
def test_bad_arguments_of_subscription_tokens(arguments: Any, options: dict[str, Any], text: str) -> None:
    """What a server would refuse or ignore is not signed, and the secret is in no error."""
    with pytest.raises(UsageError, match=text) as caught:
        made(*arguments, subscription=True, **options)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


# ---- keys


def key_for(algorithm: str, kid: str | None = None) -> SigningKey:
    name = next((name for start, name in KEY_OF.items() if algorithm.startswith(start)), None)
    key = pair(name).private if name else SECRET
    return SigningKey(key, algorithm=algorithm, kid=kid)  # type: ignore[arg-type]


def server_keys(key: SigningKey) -> TokenKeys:
    """How a server is configured for the tokens of *key*."""
    if key.secret:
        return TokenKeys(hmac_secret_key=key.secret.decode())
    if key.kid is not None:
        return TokenKeys(jwks={"keys": [key.jwk()]})
    return msgspec.convert(
        {"rsa_public_key" if key.algorithm.startswith("RS") else "ecdsa_public_key": key.public_key()}, TokenKeys
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(user=st.text() | st.integers(), info=st.none() | st.text() | st.booleans(), data=st.binary(max_size=9))
@settings(deadline=None, max_examples=15)
def test_what_is_signed_is_accepted(algorithm: str, user: Any, info: Any, data: bytes) -> None:
    """A token of each algorithm comes back with its claims, by key or key set; and no other key takes it."""
    kids = {"EdDSA": ["k"]}.get(algorithm, [None, "k"] if not algorithm.startswith("HS") else [None])
    other = server_keys(SigningKey("another secret"))
    for kid in kids:
        key = key_for(algorithm, kid)
        token = subscription_token(key, "a", user, info=info, b64data=data, now=NOW)
        claims = verify_subscription(token, server_keys(key), NOW)
        assert (claims.user, json.loads(claims.info), claims.data) == (str(user), info, data)
        token = connection_token(key, user, info=info, now=NOW)
        assert verify_connection(token, server_keys(key), NOW).user == str(user)
        with pytest.raises(TokenRefused):
            verify_connection(token, other, NOW)
        damaged = token[:-8] + ("A" * 8 if not token.endswith("A" * 8) else "B" * 8)
        with pytest.raises(TokenRefused) as caught:
            verify_connection(damaged, server_keys(key), NOW)
        assert caught.value.reason == "signature"


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [("rsa", "RS256"), ("p256", "ES256"), ("p384", "ES384"), ("p521", "ES512"), ("ed25519", "EdDSA")],
)
def test_the_algorithm_is_that_of_the_key(name: str, algorithm: str) -> None:
    """A key in PEM, as text or bytes, signs by its usual algorithm."""
    assert SigningKey(pair(name).private).algorithm == algorithm
    assert SigningKey(pair(name).private.encode()).algorithm == algorithm


def test_kid_is_in_the_header() -> None:
    """The id of the key is in the header of its tokens."""
    token = connection_token(key_for("RS512", "k1"), "42", now=NOW)
    assert json.loads(b64decode(token.split(".")[0].encode())) == {"typ": "JWT", "alg": "RS512", "kid": "k1"}


BAD_KEYS: list[tuple[Any, dict[str, Any], str]] = [
    ("", {}, "the key is empty"),
    (b"", {}, "the key is empty"),
    (b"\xff", {}, "the key is no text in UTF-8"),
    (None, {}, "the key must be text, bytes or a SigningKey, not NoneType"),
    (HALF, {}, "the key holds half"),
    ("secret\n", {}, r"the secret begins or ends with white space.*strip\(\)"),
    (SECRET, {"algorithm": "PS256"}, "the algorithm 'PS256' is not one that the server takes"),
    (SECRET, {"algorithm": "none"}, "the algorithm 'none'"),
    (SECRET, {"algorithm": "RS256"}, "a secret signs by HS256 or HS384 or HS512, not RS256: that needs an RSA key"),
    (SECRET, {"algorithm": "EdDSA"}, "that needs an Ed25519 key"),
    (SECRET, {"algorithm": "ES384"}, "that needs an ECDSA key on the curve P-384"),
    (SECRET, {"password": "x"}, "password opens a private key"),
    (SECRET, {"kid": ""}, "kid must not be empty"),
    (pair("rsa").private, {"algorithm": "HS256"}, "a key in PEM is no secret for HS256"),
    (pair("rsa").public, {"algorithm": "HS256"}, "a key in PEM is no secret for HS256"),
    (pair("rsa").private, {"algorithm": "ES256"}, "this key signs by RS256 or RS384 or RS512, not ES256"),
    (pair("p256").private, {"algorithm": "ES384"}, "this key signs by ES256, not ES384: .* curve P-384"),
    (pair("ed25519").private, {"algorithm": "RS256"}, "this key signs by EdDSA, not RS256"),
    (pair("rsa").public, {}, "this is a public key, which cannot sign"),
    (pair("rsa1024").private, {}, "an RSA key of 1024 bits is too short"),
    (pair("k256").private, {}, "the curve secp256k1 is not taken"),
    (pair("rsa").private, {"password": "x"}, "is not encrypted"),
    (pair("rsa").private[:500], {}, "the private key cannot be read"),
    ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", {}, "the private key cannot be read"),
]


@pytest.mark.parametrize(("key", "options", "text"), BAD_KEYS)
def test_bad_keys(key: Any, options: dict[str, Any], text: str) -> None:
    """A key that could not sign what the server takes is refused, with what to do."""
    with pytest.raises(UsageError, match=text):
        SigningKey(key, **options)


def test_a_secret_has_no_public_half() -> None:
    """A secret is not given away by the methods that give the public half."""
    for get in (SigningKey(SECRET).public_key, SigningKey(SECRET, kid="k").jwk):
        with pytest.raises(UsageError, match="a secret must not leave"):
            get()
    with pytest.raises(UsageError, match="needs an id"):
        key_for("RS256").jwk()


def test_keys_show_no_secret() -> None:
    """The repr names algorithm and id, not the key."""
    assert repr(SigningKey(SECRET, kid="k")) == "<SigningKey HS256 k>"
    assert repr(key_for("ES256")) == "<SigningKey ES256>"


def test_encrypted_keys_are_opened() -> None:
    """A password opens an encrypted PEM; without it, or with another, the key is refused."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    key = load_pem_private_key(pair("p256").private.encode(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    assert SigningKey(pem, password="open").public_key() == pair("p256").public
    with pytest.raises(UsageError, match="is encrypted: give its password"):
        SigningKey(pem)
    with pytest.raises(UsageError, match="cannot be read"):
        SigningKey(pem, password="closed")


def test_hmac_needs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `cryptography` secrets work, and other keys say what to install."""
    import sys

    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    assert verify_connection(connection_token(SECRET, 42, now=NOW), TokenKeys(hmac_secret_key=SECRET), NOW).user == "42"
    with pytest.raises(UsageError, match=r"pip install 'centripetal\[tokens\]'"):
        SigningKey(pair("rsa").private)
    with pytest.raises(UsageError, match=r"pip install 'centripetal\[tokens\]'"):
        verify_connection(
            VECTORS["JWKS RS256"]["token"], TokenKeys(jwks={"keys": [{"kid": "rsa1", "use": "sig", "kty": "RSA"}]}), NOW
        )
