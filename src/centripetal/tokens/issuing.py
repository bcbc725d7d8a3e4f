"""Tokens with which browsers connect and subscribe (spec v6 §10): every claim of the server, typed. PURE.

The front door is `centripetal.tokens`, where the clock is the system's unless `now` is given. What a server would
refuse is not signed: a `UsageError` says what to do instead.
"""

import base64
import binascii
import datetime
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from centripetal.errors import UsageError
from centripetal.protocol.checks import MILLISECONDS, check_name, check_names, check_text
from centripetal.protocol.gojson import fold
from centripetal.protocol.payload import encode_json
from centripetal.tokens.claims import CLAIMS, Override
from centripetal.tokens.signatures import b64encode
from centripetal.tokens.signing_key import SigningKey

__all__ = ["HOUR", "Key", "Lifetime", "SubscribeOptions", "Time", "User", "connection_token", "signer"]
__all__ += ["given_time", "subscription_token"]

Key: TypeAlias = SigningKey | str | bytes
"""What signs: a secret (HS256), a private key in PEM, or a `SigningKey`, which says more."""
User: TypeAlias = str | int | uuid.UUID
"""A user's id. Tokens hold text: numbers and UUIDs become that."""
Time: TypeAlias = datetime.datetime | float
"""A moment: Unix seconds, or a datetime with its time zone."""
Lifetime: TypeAlias = datetime.timedelta | float
"""A duration: seconds or a timedelta."""

HOUR = 3600

# The order in which tokens have always had them.
_OVERRIDES = ("presence", "join_leave", "force_push_join_leave", "force_positioning", "force_recovery")


class SubscribeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the token of a connection says of one server-side subscription.

    Attributes:
        info: any JSON value about the user in this channel, shown in presence and publications.
        b64info: the same as bytes (or their base64 as text), for clients with the binary protocol.
        data: any JSON value that goes to the client with the subscription.
        b64data: the same as bytes, or their base64 as text.
        override: options other than those of the channel's namespace.
    """

    info: Any = UNSET
    b64info: bytes | str | None = None
    data: Any = UNSET
    b64data: bytes | str | None = None
    override: Override | None = None


def connection_token(
    key: Key,
    user: User,
    *,
    expires_in: Lifetime | None = HOUR,
    expire_at: Time | None = None,
    info: Any = UNSET,
    b64info: bytes | str | None = None,
    channels: Sequence[str] = (),
    subs: Mapping[str, SubscribeOptions] | None = None,
    meta: Any = UNSET,
    not_before: Time | None = None,
    issued_at: bool = True,
    jti: str | None = None,
    audience: str | Sequence[str] | None = None,
    issuer: str | None = None,
    user_id_claim: str = "sub",
    claims: Mapping[str, Any] | None = None,
    now: Time | None = None,
) -> str:
    """The token with which a browser connects as *user*.

    Args:
        key: a secret (the server's `client.token.hmac_secret_key`; HS256), a private key in PEM, or a `SigningKey`.
        user: the user's id; "" is the anonymous user.
        expires_in: how long the token, and the connection unless it is refreshed, lives: seconds or a timedelta, an
            hour if not given. None: for ever, so that only a new key takes it back.
        expire_at: when the connection ends, if not with the token; 0: never.
        info: any JSON value about the user, shown in presence and with publications.
        b64info: the same as bytes (or their base64 as text), for clients with the binary protocol.
        channels: channels to which the server subscribes the connection from the start.
        subs: the same with options for each channel, instead of *channels*.
        meta: any JSON value for your own back end: clients don't see it, proxy events carry it.
        not_before: when the token begins to count.
        issued_at: whether the token says when it was made (`iat`).
        jti: an id of the token. Centrifugo does not look at it.
        audience: what the server's `audience` must be, or a list that holds it.
        issuer: what the server's `issuer` must be.
        user_id_claim: the claim that holds the user, if the server's `user_id_claim` is not `sub`.
        claims: further claims, for others who read the token.
        now: the time that counts as now, instead of the system's.

    Returns:
        The token: three parts of base64url with dots between them.

    Raises:
        UsageError: an argument of a wrong type, or one with which the server would refuse the token.
    """
    if channels and subs:
        raise UsageError("channels and subs exclude each other, the server would ignore channels: put them into subs")
    if channels:
        check_names("channels", channels)
    body = {
        **_identity(user, user_id_claim),
        **_lifetime(given_time(now), expires_in, expire_at, not_before, issued_at),
        **_registered(jti, audience, issuer),
        **_either("info", info, b64info),
    }
    if channels:
        body["channels"] = list(channels)
    if subs:
        body["subs"] = _subs(subs)
    if meta is not UNSET:
        body["meta"] = _json("meta", meta)
    return _signed(key, body, claims)


def subscription_token(
    key: Key,
    channel: str,
    user: User,
    *,
    expires_in: Lifetime | None = HOUR,
    expire_at: Time | None = None,
    info: Any = UNSET,
    b64info: bytes | str | None = None,
    data: Any = UNSET,
    b64data: bytes | str | None = None,
    override: Override | None = None,
    client: str | None = None,
    not_before: Time | None = None,
    issued_at: bool = True,
    jti: str | None = None,
    audience: str | Sequence[str] | None = None,
    issuer: str | None = None,
    user_id_claim: str = "sub",
    claims: Mapping[str, Any] | None = None,
    now: Time | None = None,
) -> str:
    """The token with which *user* subscribes to *channel*, whatever the options of the channel permit.

    Args:
        key: as in `connection_token`; with `client.subscription_token.enabled` the server has another one for these.
        channel: the channel's full name.
        user: the user's id, that of the connection; "" for an anonymous one.
        expires_in: how long the token, and the subscription unless it is refreshed, lives: seconds or a timedelta, an
            hour if not given. None: for ever.
        expire_at: when the subscription ends, if not with the token; 0: never.
        info: any JSON value about the user in this channel, shown in presence and with publications.
        b64info: the same as bytes (or their base64 as text), for clients with the binary protocol.
        data: any JSON value that goes to the client in the reply.
        b64data: the same as bytes, or their base64 as text.
        override: options other than those of the channel's namespace.
        client: the connection that may use the token, and no other. Centrifugo calls this deprecated.
        not_before: when the token begins to count.
        issued_at: whether the token says when it was made (`iat`).
        jti: an id of the token. Centrifugo does not look at it.
        audience: what the server's `audience` must be, or a list that holds it.
        issuer: what the server's `issuer` must be.
        user_id_claim: the claim that holds the user, if the server's `user_id_claim` is not `sub`.
        claims: further claims, for others who read the token.
        now: the time that counts as now, instead of the system's.

    Returns:
        The token: three parts of base64url with dots between them.

    Raises:
        UsageError: an argument of a wrong type, or one with which the server would refuse the token.
    """
    check_name("channel", channel)
    body = {
        **_identity(user, user_id_claim),
        "channel": channel,
        **_lifetime(given_time(now), expires_in, expire_at, not_before, issued_at),
        **_registered(jti, audience, issuer),
        **_options(SubscribeOptions(info=info, b64info=b64info, data=data, b64data=b64data, override=override)),
    }
    if client is not None:
        check_name("client", client)
        body["client"] = client
    return _signed(key, body, claims)


def signer(key: Key, user: User) -> Callable[[str | None, float], str]:
    """A function that signs tokens for one client: it takes a channel, or None for the connection, and the Unix time.

    A connection token lives for an hour. A subscription token does not expire: only this client gets to see it.

    Raises:
        UsageError: the key cannot be used.
    """
    signing = key if isinstance(key, SigningKey) else SigningKey(key)

    def sign(channel: str | None, now: float) -> str:
        if channel is None:
            return connection_token(signing, user, now=now)
        return subscription_token(signing, channel, user, expires_in=None, now=now)

    return sign


# ---- claims


_SERVERS = {name for known in CLAIMS.values() for name in known}


def _identity(user: Any, claim: str) -> dict[str, Any]:
    check_name("user_id_claim", claim)
    if fold(claim) in _SERVERS and claim != "sub":
        raise UsageError(f"user_id_claim cannot be {claim!r}: the server reads something else from that claim")
    if isinstance(user, uuid.UUID):
        user = str(user)
    elif isinstance(user, int) and not isinstance(user, bool):
        user = str(int(user))
    elif not isinstance(user, str):
        given = "None: '' is the anonymous user" if user is None else f"{type(user).__name__}: give the user's id"
        raise UsageError(f"user must be text, a number or a UUID, not {given}")
    check_text("user", user)
    return {claim: str.__str__(user)}


def _lifetime(now: float, expires_in: Any, expire_at: Any, not_before: Any, issued_at: bool) -> dict[str, int | float]:
    times: dict[str, int | float] = {}
    if expires_in is not None:
        times["exp"] = math.ceil(now + _seconds(expires_in))
    if not_before is not None:
        times["nbf"] = math.floor(_unix_time("not_before", not_before))
        if "exp" in times and times["nbf"] >= times["exp"]:
            raise UsageError("not_before is after the token's end: it would never count")
    if issued_at:
        times["iat"] = math.floor(now)
    if expire_at is not None:
        end = math.ceil(_unix_time("expire_at", expire_at))
        if end and end <= now:
            raise UsageError("expire_at is past: the server would answer with error 110, expired. 0 means never")
        times["expire_at"] = end
    return times


def _seconds(value: Any) -> float:
    if isinstance(value, datetime.timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        advice = "subtract the time that is now" if isinstance(value, datetime.datetime) else "None means for ever"
        raise UsageError(f"expires_in must be seconds or a timedelta, not {type(value).__name__}: {advice}")
    if not 0 < value < MILLISECONDS:
        raise UsageError(f"expires_in must be more than 0 and less than {MILLISECONDS:.0e} seconds; None is for ever")
    return float(value)


def given_time(now: Any) -> float:
    """The argument *now* in Unix seconds.

    Raises:
        UsageError: it is not a time, is in milliseconds, or is None: the clock is read in `clock`, nowhere else.
    """
    if now is None:
        raise UsageError("now is not given: centripetal.tokens has this function with the system's clock")
    return _unix_time("now", now)


def _unix_time(what: str, value: Any) -> float:
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise UsageError(f"{what} is a datetime without time zone: datetime.now(timezone.utc) has one")
        return value.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{what} must be Unix seconds or a datetime, not {type(value).__name__}")
    if not 0 <= value < MILLISECONDS:
        raise UsageError(f"{what} must be Unix seconds, not {value!r}: seconds, not milliseconds, since 1970")
    return float(value)


def _registered(jti: str | None, audience: str | Sequence[str] | None, issuer: str | None) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    for name, claim, value in (("jti", "jti", jti), ("issuer", "iss", issuer)):
        if value is not None:
            check_text(name, value)
            claims[claim] = value
    if isinstance(audience, str):
        check_text("audience", audience)
        claims["aud"] = audience
    elif audience is not None:
        check_names("audience", audience)
        claims["aud"] = list(audience)
    return claims


def _options(options: SubscribeOptions, place: str = "") -> dict[str, Any]:
    claims = {
        **_either("info", options.info, options.b64info, place),
        **_either("data", options.data, options.b64data, place),
    }
    override = options.override
    if override is not None:
        if not isinstance(override, Override):
            raise UsageError(
                f"{place}override must be an Override, not {type(override).__name__}: Override(presence=True)"
            )
        flags = {name: getattr(override, name) for name in _OVERRIDES}
        for name, flag in flags.items():
            if flag is not None and not isinstance(flag, bool):
                raise UsageError(f"{place}override.{name} must be True, False or None, not {flag!r}")
        claims["override"] = {name: {"value": flag} for name, flag in flags.items() if flag is not None}
    return claims


def _subs(subs: Any) -> dict[str, Any]:
    if not isinstance(subs, Mapping):
        raise UsageError(f"subs must map channels to SubscribeOptions, not be {type(subs).__name__}: see also channels")
    claims: dict[str, Any] = {}
    for channel, options in subs.items():
        check_name("a channel in subs", channel)
        if not isinstance(options, SubscribeOptions):
            raise UsageError(f"subs[{channel!r}] must be SubscribeOptions, not {type(options).__name__}")
        claims[channel] = _options(options, f"subs[{channel!r}].")
    return claims


def _either(name: str, value: Any, b64: Any, place: str = "") -> dict[str, Any]:
    """The claim for JSON or the one for bytes; the server would ignore the former where both are given."""
    if b64 is None:
        return {} if value is UNSET else {name: _json(place + name, value)}
    if value is not UNSET:
        raise UsageError(f"{place}{name} and {place}b64{name} exclude each other: give one of them")
    if isinstance(b64, bytes | bytearray | memoryview):
        return {f"b64{name}": base64.b64encode(bytes(b64)).decode()}
    try:
        binascii.a2b_base64(b64.encode(), strict_mode=True)
    except (binascii.Error, AttributeError, UnicodeEncodeError):
        raise UsageError(f"{place}b64{name} must be bytes, or base64 as text with padding") from None
    return {f"b64{name}": b64}


def _json(what: str, value: Any) -> msgspec.Raw:
    return msgspec.Raw(encode_json(value, what))


# ---- the token


def _signed(key: Any, body: dict[str, Any], more: Any) -> str:
    if more is not None:
        if not isinstance(more, Mapping):
            raise UsageError(f"claims must be a mapping of names to values, not {type(more).__name__}")
        taken = {fold(name) for name in body} | _SERVERS
        for name in more:
            check_name("a name in claims", name)
            if fold(name) in taken:
                raise UsageError(f"claims must not hold {name!r}: the server reads it, there is an argument for it")
        body.update((name, _json(f"claims.{name}", value)) for name, value in more.items())
    signing = key if isinstance(key, SigningKey) else SigningKey(key)
    header = {"typ": "JWT", "alg": signing.algorithm}
    if signing.kid is not None:
        header["kid"] = signing.kid
    signed = b".".join(b64encode(msgspec.json.encode(part)) for part in (header, body))
    return b".".join((signed, b64encode(signing.sign(signed)))).decode()
