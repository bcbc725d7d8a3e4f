"""Tests of issuing tokens: every claim, every algorithm, and arguments that are rejected."""

import datetime
import enum
import json
import traceback
import uuid
from fractions import Fraction
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.tokens.claims import Override
from centripetal.tokens.issuing import SubscribeOptions, connection_token, signer, subscription_token
from centripetal.tokens.signatures import b64decode
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import TokenKeys, verify_connection, verify_subscription
from tests.tokens.keys import NOW, SECRET, key_for
from tests.wire.golden import load

VECTORS = {vector["name"]: vector for vector in load("current", "jwt_vectors")["vectors"]}
HALF = "\ud83d"
UTC = datetime.UTC


class Plain(str):
    """Text of another library, such as a template-safe string."""

    __slots__ = ()


class Colour(enum.StrEnum):
    RED = "red"


def made(*arguments: Any, subscription: bool = False, **options: Any) -> dict[str, Any]:
    """Return the claims of a new token, made at NOW and by default without `iat` and `exp`."""
    options = {"now": NOW, "issued_at": False, "expires_in": None, **options}
    token = (subscription_token if subscription else connection_token)(SECRET, *arguments, **options)
    claims: dict[str, Any] = json.loads(b64decode(token.split(".")[1].encode()))
    return claims


def test_tokens_equal_the_recording() -> None:
    """The same claims and secret make the exact tokens that a real server accepted."""
    secret = "golden-hmac-secret"
    weak = SigningKey(secret, allow_weak_key=True)
    plain = connection_token(secret, "42", expires_in=None, issued_at=False, allow_weak_key=True, now=NOW)
    assert plain == VECTORS["no expiration"]["token"]
    lives = datetime.timedelta(seconds=4102444800 - NOW)
    assert connection_token(weak, 42, expires_in=lives, issued_at=False, now=NOW) == VECTORS["HS256"]["token"]
    key = SigningKey(secret, algorithm="HS384", allow_weak_key=True)
    assert connection_token(key, "42", expires_in=lives, issued_at=False, now=NOW) == VECTORS["HS384"]["token"]
    token = subscription_token(weak, "tok:1", "42", expires_in=lives, issued_at=False, now=NOW)
    assert token == VECTORS["subscription"]["token"]


def test_default_claims() -> None:
    """Without options, a token has a user, an expiry after an hour and the time of issue."""
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
    ({"user_id_claim": "user.id"}, {"user": {"id": "42"}}),
    ({"user_id_claim": r"user\.id.x"}, {"user.id": {"x": "42"}}),
    (
        {"issuer": Plain("i"), "audience": [Plain("a")], "jti": Colour.RED},
        {"sub": "42", "iss": "i", "aud": ["a"], "jti": "red"},
    ),
    ({"claims": {Plain("k"): Plain("v")}, "b64info": Plain("/w==")}, {"sub": "42", "k": "v", "b64info": "/w=="}),
    ({"expire_at": Fraction(NOW + 5)}, {"sub": "42", "expire_at": int(NOW) + 5}),
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
    """Each option sets the claim that the server reads."""
    assert made("42", **options) == claims


@pytest.mark.parametrize(("options", "claims"), CLAIMS + OF_SUBSCRIPTIONS)
def test_claims_of_a_subscription_token(options: dict[str, Any], claims: dict[str, Any]) -> None:
    """Each option sets the claim that the server reads."""
    user = {} if "user_id_claim" in options else {"sub": "42"}
    assert made("a:b", "42", subscription=True, **options) == {**user, "channel": "a:b", **claims}


USERS = [(42, "42"), ("42", "42"), ("", ""), (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"), (-1, "-1")]


@pytest.mark.parametrize(("user", "text"), USERS)
def test_users_are_sent_as_text(user: Any, text: str) -> None:
    """Integer and UUID users become text, because the server only accepts text in `sub`."""
    assert made(user)["sub"] == text


REFUSED: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    ((None,), {}, "user must be text, a number or a UUID, not None: pass '' for the anonymous user"),
    ((True,), {}, "user must be"),
    ((1.5,), {}, "user must be"),
    ((b"42",), {}, "user must be"),
    ((HALF,), {}, "user contains a lone surrogate"),
    (("42",), {"expires_in": 0}, "expires_in must be more than 0"),
    (("42",), {"expires_in": -1}, "expires_in must be more than 0"),
    (("42",), {"expires_in": float("nan")}, "expires_in must be more than 0"),
    (("42",), {"expires_in": 1e12}, "expires_in must be more than 0"),
    (("42",), {"expires_in": "60"}, "expires_in must be seconds or a timedelta, not str"),
    (("42",), {"expires_in": True}, "expires_in must be seconds"),
    (("42",), {"expires_in": datetime.datetime.now(UTC)}, "expires_in must be .* subtract"),
    (("42",), {"expire_at": NOW - 1}, "expire_at is in the past"),
    (("42",), {"expire_at": NOW * 1000}, "expire_at must be Unix seconds"),
    (("42",), {"expire_at": "x"}, "expire_at must be Unix seconds or a datetime"),
    (("42",), {"expire_at": datetime.datetime(2030, 1, 1)}, "expire_at is a datetime without a time zone"),
    (("42",), {"expires_in": 5, "not_before": NOW + 5}, "not_before is after"),
    (("42",), {"now": True}, "now must be"),
    (("42",), {"now": None}, "now is missing"),
    (("42",), {"info": {1, 2}}, "info is a set"),
    (("42",), {"info": float("nan")}, "info is nan"),
    (("42",), {"info": b"x"}, "info was passed as bytes"),
    (("42",), {"info": 1, "b64info": b"x"}, "info and b64info exclude"),
    (("42",), {"b64info": "x"}, "b64info must be bytes"),
    (("42",), {"b64info": 5}, "b64info must be bytes"),
    (("42",), {"jti": 5}, "jti must be text"),
    (("42",), {"issuer": 5}, "issuer must be text"),
    (("42",), {"audience": 5}, "audience must be a list"),
    (("42",), {"audience": []}, "audience must contain"),
    (("42",), {"claims": {"SUB": "43"}}, "claims must not contain 'SUB'"),
    (("42",), {"claims": {"channel": "a"}}, "claims must not contain 'channel'"),
    (("42",), {"claims": {"uid": 1}, "user_id_claim": "uid"}, "claims must not contain 'uid'"),
    (("42",), {"claims": {"x": object()}}, "claims.x is of type object"),
    (("42",), {"claims": ["x"]}, "claims must be a dict"),
    (("42",), {"claims": {5: 1}}, "a name in claims must be text"),
    (("42",), {"user_id_claim": "exp"}, "user_id_claim cannot be 'exp'"),
    (("42",), {"user_id_claim": "info.user"}, "user_id_claim cannot be 'info.user'"),
    (("42",), {"user_id_claim": "user..id"}, "user_id_claim 'user..id' must be a name, or names with a dot"),
    (("42",), {"user_id_claim": "users.#.id"}, "user_id_claim 'users.#.id' must be a name"),
    (("42",), {"user_id_claim": ""}, "user_id_claim must not be empty"),
]
REFUSED_CONNECTIONS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    (("42",), {"channels": "a"}, "channels must be a list"),
    (("42",), {"channels": [""]}, r"channels\[0\] must not be empty"),
    (("42",), {"channels": ["a"], "subs": {"b": SubscribeOptions()}}, "channels and subs exclude"),
    (("42",), {"subs": ["a"]}, "subs must be a dict from channels"),
    (("42",), {"subs": {"": SubscribeOptions()}}, "a channel in subs must not be empty"),
    (("42",), {"subs": {"a": {"info": 1}}}, r"subs\['a'\] must be SubscribeOptions, not dict"),
    (("42",), {"subs": {"a": SubscribeOptions(info={1})}}, r"subs\['a'\].info is a set"),
    (("42",), {"subs": {"a": SubscribeOptions(override={})}}, r"subs\['a'\].override must be an Override"),  # type: ignore[arg-type]
]
REFUSED_SUBSCRIPTIONS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    (("", "42"), {}, "channel must not be empty"),
    ((5, "42"), {}, "channel must be text"),
    (("a", "42"), {"client": ""}, "client must not be empty"),
    (("a", "42"), {"override": {"presence": True}}, "override must be an Override, .*not dict"),
    (("a", "42"), {"override": Override(presence="yes")}, "override.presence must be True"),  # type: ignore[arg-type]
    (("a", "42"), {"data": 1, "b64data": b""}, "data and b64data exclude"),
]


@pytest.mark.parametrize(("arguments", "options", "text"), REFUSED + REFUSED_CONNECTIONS)
def test_invalid_arguments_of_connection_tokens(arguments: Any, options: dict[str, Any], text: str) -> None:
    """Claims that a server would reject or ignore raise an error that does not contain the secret."""
    with pytest.raises(UsageError, match=text) as caught:
        made(*arguments, **options)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [(("a", *rest), options, text) for rest, options, text in REFUSED] + REFUSED_SUBSCRIPTIONS,
)
def test_invalid_arguments_of_subscription_tokens(arguments: Any, options: dict[str, Any], text: str) -> None:
    """Claims that a server would reject or ignore raise an error that does not contain the secret."""
    with pytest.raises(UsageError, match=text) as caught:
        made(*arguments, subscription=True, **options)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_kid_is_in_the_header() -> None:
    """The header of a token contains the id of its key."""
    token = connection_token(key_for("RS512", "k1"), "42", now=NOW)
    assert json.loads(b64decode(token.split(".")[0].encode())) == {"typ": "JWT", "alg": "RS512", "kid": "k1"}


def test_a_signer_signs_for_one_client() -> None:
    """A signer makes connection tokens that last an hour, and subscription tokens that do not expire."""
    sign, keys = signer(SECRET, 42), TokenKeys(hmac_secret_key=SECRET)
    assert verify_connection(sign(None, NOW), keys, NOW).expire_at == NOW + 3600
    claims = verify_subscription(sign("a", NOW), keys, NOW)
    assert (claims.channel, claims.user, claims.expire_at) == ("a", "42", 0)
    with pytest.raises(UsageError, match="the key is empty"):
        signer("", 42)


@pytest.mark.parametrize("text", [Plain("red"), Colour.RED])
def test_subclasses_of_text_give_the_same_token(text: Any) -> None:
    """Every text in a token may be an instance of a subclass of str."""
    key = SigningKey(SECRET, kid=text, algorithm=Plain("HS256"))  # type: ignore[arg-type]
    subs = {text: SubscribeOptions(b64info="/w==")}
    plain = SigningKey(SECRET, kid="red")
    assert connection_token(key, text, subs=subs, user_id_claim=text, now=NOW) == connection_token(
        plain, "red", subs={"red": SubscribeOptions(b64info="/w==")}, user_id_claim="red", now=NOW
    )
    assert connection_token(key, "1", channels=[text], now=NOW) == connection_token(
        plain, "1", channels=["red"], now=NOW
    )
    assert subscription_token(key, text, "1", client=text, audience=text, now=NOW) == subscription_token(
        plain, "red", "1", client="red", audience="red", now=NOW
    )


@pytest.mark.parametrize("claim", ["user.id", r"a\.b.c", "deep.er.still"])
def test_a_path_is_read_as_it_was_written(claim: str) -> None:
    """A server with the same `user_id_claim` finds the user that the token was made for."""
    token = connection_token(SECRET, "42", user_id_claim=claim, now=NOW)
    assert verify_connection(token, TokenKeys(hmac_secret_key=SECRET, user_id_claim=claim), NOW).user == "42"
