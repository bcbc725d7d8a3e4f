"""Create tokens with which clients connect and subscribe (protocol 6: tokens), with typed claims. PURE.

The public functions are in `centripetal.tokens`, where `now` defaults to the system's time. Claims that a server would
reject are not signed: the functions raise a `UsageError` with a fix.
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

from centripetal.dialects.current.objects import SubscribeOptions
from centripetal.errors import UsageError
from centripetal.protocol.checks import check_name, check_names, check_text
from centripetal.protocol.exact import exact_flag
from centripetal.protocol.gojson import fold
from centripetal.protocol.key_order import check_key_order
from centripetal.protocol.payload import encode_json
from centripetal.tokens.arguments import given_time, seconds, unix_time, user_text
from centripetal.tokens.claims import CLAIMS, Override, path_of
from centripetal.tokens.signatures import b64encode
from centripetal.tokens.signing_key import SigningKey

__all__ = ["HOUR", "Key", "Lifetime", "SubscribeOptions", "Time", "User", "connection_token", "signer"]
__all__ += ["subscription_token"]

Key: TypeAlias = SigningKey | str | bytes
"""A key for signing: a secret (HS256), a private key in PEM, or a `SigningKey` with algorithm and key id."""
User: TypeAlias = str | int | uuid.UUID
"""A user's id. Numbers and UUIDs become text."""
Time: TypeAlias = datetime.datetime | float
"""A point in time: Unix seconds or a timezone-aware datetime."""
Lifetime: TypeAlias = datetime.timedelta | float
"""A duration: seconds or a timedelta."""

HOUR = 3600

# A fixed order keeps tokens stable when fields of Override are reordered.
_OVERRIDES = ("presence", "join_leave", "force_push_join_leave", "force_positioning", "force_recovery")


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
    allow_weak_key: bool = False,
    now: Time | None = None,
) -> str:
    """Return a token with which a client connects as *user*.

    Args:
        key: a secret (the server's `client.token.hmac_secret_key`; HS256), a private key in PEM, or a `SigningKey`.
        user: the user's id; "" for the anonymous user.
        expires_in: lifetime of the token, and of the connection unless it is refreshed: seconds or a timedelta, by
            default one hour. With None the token never expires and can be revoked only by changing the key.
        expire_at: when the connection expires, if not with the token: Unix seconds or a timezone-aware datetime; 0 for
            never.
        info: any JSON value about the user, shown in presence and with publications.
        b64info: the info as bytes, or as text in base64, for clients with the binary protocol.
        channels: channels to which the server subscribes the connection when it connects.
        subs: channels like *channels*, with options for each channel. Excludes *channels*.
        meta: any JSON value for your back end. The server sends it in proxy events; clients cannot see it.
        not_before: when the token becomes valid: Unix seconds or a timezone-aware datetime.
        issued_at: whether to add the time of creation (`iat`).
        jti: id of the token. Only the PRO edition uses it, to revoke tokens.
        audience: must equal the server's `audience`, or be a list that contains it.
        issuer: must equal the server's `issuer`.
        user_id_claim: name of the claim with the user's id; must equal the server's `user_id_claim`. A path such as
            `user.id` puts the id into an object, as `centrifugo gentoken` does; `\\.` is a dot in a name.
        claims: additional claims for other readers of the token.
        allow_weak_key: whether to sign with a secret of fewer than 32 bytes without a `WeakKeyWarning`.
        now: time of creation: Unix seconds or a timezone-aware datetime; by default the system's time.

    Returns:
        The token: three parts in base64url, separated by dots.

    Raises:
        UsageError: an argument has the wrong type, or a value with which the server would reject the token; or *key*
            and *user* are clearly swapped.
    """
    check_key_order(key, user, "connection_token(secret, user)")
    if channels and subs:
        raise UsageError(
            "channels and subs exclude each other, because the server would ignore channels: put the channels into subs"
        )
    if channels:
        check_names("channels", channels)
    body = {
        **_identity(user, user_id_claim),
        **_lifetime(given_time(now), expires_in, expire_at, not_before, issued_at),
        **_registered(jti, audience, issuer),
        **_either("info", info, b64info),
    }
    if channels:
        body["channels"] = list(map(str.__str__, channels))
    if subs:
        body["subs"] = _subs(subs)
    if meta is not UNSET:
        body["meta"] = _json("meta", meta)
    return _signed(key, body, claims, allow_weak_key)


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
    allow_weak_key: bool = False,
    now: Time | None = None,
) -> str:
    """Return a token with which *user* can subscribe to *channel*, even if the channel's options do not allow it.

    Args:
        key: as in `connection_token`. With `client.subscription_token.enabled` the server has a separate key for
            subscription tokens.
        channel: full name of the channel.
        user: the user's id, which must match the connection's user; "" for the anonymous user.
        expires_in: lifetime of the token, and of the subscription unless it is refreshed: seconds or a timedelta, by
            default one hour. With None the token never expires.
        expire_at: when the subscription expires, if not with the token: Unix seconds or a timezone-aware datetime; 0
            for never.
        info: any JSON value about the user in this channel, shown in presence and with publications.
        b64info: the info as bytes, or as text in base64, for clients with the binary protocol.
        data: any JSON value that the server sends to the client in the reply.
        b64data: the data as bytes, or as text in base64.
        override: options that replace the options of the channel's namespace.
        client: client id of the only connection that may use the token. Deprecated by Centrifugo.
        not_before: when the token becomes valid: Unix seconds or a timezone-aware datetime.
        issued_at: whether to add the time of creation (`iat`).
        jti: id of the token. Only the PRO edition uses it, to revoke tokens.
        audience: must equal the server's `audience`, or be a list that contains it.
        issuer: must equal the server's `issuer`.
        user_id_claim: name of the claim with the user's id; must equal the server's `user_id_claim`. A path such as
            `user.id` puts the id into an object, as `centrifugo gentoken` does; `\\.` is a dot in a name.
        claims: additional claims for other readers of the token.
        allow_weak_key: whether to sign with a secret of fewer than 32 bytes without a `WeakKeyWarning`.
        now: time of creation: Unix seconds or a timezone-aware datetime; by default the system's time.

    Returns:
        The token: three parts in base64url, separated by dots.

    Raises:
        UsageError: an argument has the wrong type, or a value with which the server would reject the token; or *key*
            and *user* are clearly swapped.
    """
    check_key_order(key, user, "subscription_token(secret, channel, user)")
    check_name("channel", channel)
    body = {
        **_identity(user, user_id_claim),
        "channel": str.__str__(channel),
        **_lifetime(given_time(now), expires_in, expire_at, not_before, issued_at),
        **_registered(jti, audience, issuer),
        **_options(SubscribeOptions(info=info, b64info=b64info, data=data, b64data=b64data, override=override)),
    }
    if client is not None:
        check_name("client", client)
        body["client"] = str.__str__(client)
    return _signed(key, body, claims, allow_weak_key)


def signer(key: Key, user: User) -> Callable[[str | None, float], str]:
    """Return a function that signs tokens for *user*, given a channel (None for the connection) and the Unix time.

    Connection tokens expire after one hour. Subscription tokens never expire, because only this client uses them.

    Raises:
        UsageError: the key is invalid.
    """
    # A program that connects cannot choose the server's secret.
    signing = key if isinstance(key, SigningKey) else SigningKey(key, allow_weak_key=True)

    def sign(channel: str | None, now: float) -> str:
        if channel is None:
            return connection_token(signing, user, now=now)
        return subscription_token(signing, channel, user, expires_in=None, now=now)

    return sign


# ---- claims


_SPECIAL = frozenset('*?#|@!{}[]()"')  # the server would read these characters of a path as a query
_SERVERS = {name for known in CLAIMS.values() for name in known}


def _identity(user: Any, claim: str) -> dict[str, Any]:
    check_name("user_id_claim", claim)
    names = path_of(claim)
    if any(not name or _SPECIAL & set(name) for name in names):
        raise UsageError(f"user_id_claim {claim!r:.100} must be a name, or names with a dot between them")
    if fold(names[0]) in _SERVERS and claim != "sub":
        raise UsageError(f"user_id_claim cannot be {claim!r}: the server uses this claim for another purpose")
    value: Any = user_text(user)
    for name in reversed(names):
        value = {name: value}
    return dict(value)


def _lifetime(now: float, expires_in: Any, expire_at: Any, not_before: Any, issued_at: bool) -> dict[str, int | float]:
    times: dict[str, int | float] = {}
    if expires_in is not None:
        times["exp"] = math.ceil(now + seconds(expires_in))
    if not_before is not None:
        times["nbf"] = math.floor(unix_time("not_before", not_before))
        if "exp" in times and times["nbf"] >= times["exp"]:
            raise UsageError("not_before is after the token's expiry, so the token would never be valid")
    if issued_at:
        times["iat"] = math.floor(now)
    if expire_at is not None:
        end = math.ceil(unix_time("expire_at", expire_at))
        if end and end <= now:
            raise UsageError(
                "expire_at is in the past: the server would reply with error 110 (expired). Pass 0 for never"
            )
        times["expire_at"] = end
    return times


def _registered(jti: str | None, audience: str | Sequence[str] | None, issuer: str | None) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    for name, claim, value in (("jti", "jti", jti), ("issuer", "iss", issuer)):
        if value is not None:
            check_text(name, value)
            claims[claim] = str.__str__(value)
    if isinstance(audience, str):
        check_text("audience", audience)
        claims["aud"] = str.__str__(audience)
    elif audience is not None:
        check_names("audience", audience)
        claims["aud"] = list(map(str.__str__, audience))
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
                f"{place}override must be an Override, such as Override(presence=True), not {type(override).__name__}"
            )
        flags = {name: getattr(override, name) for name in _OVERRIDES}
        for name, given in flags.items():
            flags[name] = exact_flag(given)
            if given is not None and flags[name] is None:
                raise UsageError(f"{place}override.{name} must be True, False or None, not {given!r:.100}")
        claims["override"] = {name: {"value": flag} for name, flag in flags.items() if flag is not None}
    return claims


def _subs(subs: Any) -> dict[str, Any]:
    if not isinstance(subs, Mapping):
        raise UsageError(
            f"subs must be a dict from channels to SubscribeOptions, not {type(subs).__name__}; see also channels"
        )
    claims: dict[str, Any] = {}
    for channel, options in subs.items():
        check_name("a channel in subs", channel)
        if not isinstance(options, SubscribeOptions):
            raise UsageError(f"subs[{channel!r}] must be SubscribeOptions, not {type(options).__name__}")
        if options.cache_recover or options.server_tags_filter is not None:
            raise UsageError(
                f"subs[{channel!r}] has cache_recover or server_tags_filter, which servers ignore in tokens: "
                "only a reply to a connect event can have them"
            )
        claims[str.__str__(channel)] = _options(options, f"subs[{channel!r}].")
    return claims


def _either(name: str, value: Any, b64: Any, place: str = "") -> dict[str, Any]:
    """Return the claim for JSON or for bytes. If both were set, the server would ignore the JSON."""
    if b64 is None:
        return {} if value is UNSET else {name: _json(place + name, value)}
    if value is not UNSET:
        raise UsageError(f"{place}{name} and {place}b64{name} exclude each other: pass one of them")
    if isinstance(b64, bytes | bytearray | memoryview):
        return {f"b64{name}": base64.b64encode(bytes(b64)).decode()}
    try:
        binascii.a2b_base64(b64.encode(), strict_mode=True)
    except (binascii.Error, AttributeError, UnicodeEncodeError):
        raise UsageError(f"{place}b64{name} must be bytes, or text in padded base64") from None
    return {f"b64{name}": str.__str__(b64)}


def _json(what: str, value: Any) -> msgspec.Raw:
    return msgspec.Raw(encode_json(value, what))


# ---- the token


def _signed(key: Any, body: dict[str, Any], more: Any, allow_weak_key: bool) -> str:
    if more is not None:
        if not isinstance(more, Mapping):
            raise UsageError(f"claims must be a dict from names to values, not {type(more).__name__}")
        taken = {fold(name) for name in body} | _SERVERS
        for name in more:
            check_name("a name in claims", name)
            if fold(name) in taken:
                raise UsageError(
                    f"claims must not contain {name!r}, which the server reads: use the argument for this claim"
                )
        body.update((str.__str__(name), _json(f"claims.{name}", value)) for name, value in more.items())
    signing = key if isinstance(key, SigningKey) else SigningKey(key, allow_weak_key=allow_weak_key)
    header = {"typ": "JWT", "alg": signing.algorithm}
    if signing.kid is not None:
        header["kid"] = signing.kid
    signed = b".".join(b64encode(msgspec.json.encode(part)) for part in (header, body))
    return b".".join((signed, b64encode(signing.sign(signed)))).decode()
