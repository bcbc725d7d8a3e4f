"""What the server says of a token (spec v6 §10, in the order in which 6.9.1 looks): PURE, the clock is an argument.

`verify_connection` and `verify_subscription` return typed claims or raise `TokenRefused`, which says what a client is
told (`error`, `close`), what is wrong for programs (`reason`) and for people (its text). A connection or subscription
whose `expire_at` is past is no matter of its token: `time_to_live` refuses it with error 110.
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, NoReturn

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.checks import check_text
from centripetal.protocol.gojson import JSONError
from centripetal.tokens.claims import (
    CONNECTION,
    SUBSCRIPTION,
    ClaimError,
    ConnectionClaims,
    Header,
    Override,
    SubscribeClaims,
    SubscriptionClaims,
    b64bytes,
    named_claim,
    read_claims,
    read_header,
)
from centripetal.tokens.faults import Kind, Reason, TokenRefused
from centripetal.tokens.signatures import (
    HMAC,
    BadKey,
    algorithms_of,
    b64decode,
    check_hmac,
    check_public,
    load_public,
    public_from_jwk,
)

__all__ = ["Kind", "Reason", "Token", "TokenKeys", "TokenRefused", "check_signature", "parse", "time_to_live"]
__all__ += ["verify_connection", "verify_subscription"]


class TokenKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys and settings with which a server verifies tokens, named as in its `client.token`.

    Attributes:
        hmac_secret_key: for HS256, HS384, HS512; empty: these are refused.
        hmac_previous_secret_key: counts, too, while keys are changed.
        hmac_previous_secret_key_valid_until: until when, Unix seconds; 0: for ever.
        rsa_public_key: PEM, for RS256, RS384, RS512.
        ecdsa_public_key: PEM, for the algorithm of its curve: ES256, ES384 or ES512.
        jwks: a key set, the *content* of what `jwks_public_endpoint` names. With one, only its keys count.
        audience: what `aud` must be or contain; empty: anything.
        audience_regex: the same as a regular expression.
        issuer: what `iss` must be; empty: anything.
        issuer_regex: the same as a regular expression.
        user_id_claim: the claim that holds the user, instead of `sub`.
        insecure_skip_signature: believe whatever the token says.
    """

    hmac_secret_key: str = ""
    hmac_previous_secret_key: str = ""
    hmac_previous_secret_key_valid_until: int = 0
    rsa_public_key: str = ""
    ecdsa_public_key: str = ""
    jwks: Mapping[str, Any] | None = None
    audience: str = ""
    audience_regex: str = ""
    issuer: str = ""
    issuer_regex: str = ""
    user_id_claim: str = ""
    insecure_skip_signature: bool = False

    def __post_init__(self) -> None:
        """Refuse what the server would refuse to start with."""
        for name in ("hmac_secret_key", "hmac_previous_secret_key"):
            check_text(name, getattr(self, name))
        for name in ("audience", "issuer"):
            pattern = getattr(self, f"{name}_regex")
            if pattern and getattr(self, name):
                raise UsageError(f"{name} and {name}_regex exclude each other: give one of them")
            if pattern:
                _compiled(pattern, f"{name}_regex")

    def __repr__(self) -> str:
        # Secrets belong in no log. Public keys are long.
        given = [name for name in self.__struct_fields__ if getattr(self, name)]
        return f"<TokenKeys {', '.join(given)}>"


class Token(NamedTuple):
    """A token taken apart, not verified.

    Attributes:
        header: its header.
        claims: the JSON text of its claims.
        signed: the text that is signed.
        signature: the signature.
    """

    header: Header
    claims: bytes
    signed: bytes
    signature: bytes


def parse(token: str, kind: Kind = "connection") -> Token:
    """Take *token* apart.

    Raises:
        TokenRefused: it is no token; its reason is "malformed".
    """
    text = token.encode("utf-8", "surrogatepass")
    signed, _, signature = text.rpartition(b".")
    head, dot, claims = signed.partition(b".")
    # The server, too, looks first whether it begins like `{"` in base64.
    if not dot or not text.startswith(b"eyJ"):
        raise TokenRefused(
            "it is not three parts with dots between them, the first beginning with eyJ", kind, "malformed"
        )
    parts: list[bytes] = []
    for name, part in (("header", head), ("claims", claims), ("signature", signature)):
        try:
            parts.append(b64decode(part))
        except ValueError:
            raise TokenRefused(f"the {name} is not base64url without padding", kind, "malformed") from None
    try:
        return Token(read_header(parts[0]), parts[1], signed, parts[2])
    except ClaimError as error:
        raise TokenRefused(str(error), kind, "malformed", error.claim) from None


def verify_connection(
    token: str, keys: TokenKeys, now: float, *, knows_channel: Callable[[str], bool] | None = None
) -> ConnectionClaims:
    """What a connection token says, if a server with *keys* accepts it.

    Args:
        token: as it came in connect or refresh.
        keys: the server's `client.token`.
        now: Unix seconds.
        knows_channel: whether there is a namespace for a channel; None: there is one for all.

    Raises:
        TokenRefused: it is refused.
        UsageError: a key needs the extra `tokens`.
    """
    claims = _verified("connection", token, keys, now)
    given: dict[str, dict[str, Any]] = claims.get("subs") or {name: {} for name in claims.get("channels", ())}
    subs: dict[str, SubscribeClaims] = {}
    for name, options in given.items():
        _check_channel("connection", name, knows_channel)
        subs[name] = SubscribeClaims(**_options("connection", options, f"subs.{name}."))
    return ConnectionClaims(
        user=claims["user"],
        expire_at=_end(claims),
        info=_bytes("connection", claims, "info"),
        meta=claims.get("meta", b""),
        subs=subs,
    )


def verify_subscription(
    token: str, keys: TokenKeys, now: float, *, knows_channel: Callable[[str], bool] | None = None
) -> SubscriptionClaims:
    """What a subscription token says, if a server with *keys* accepts it.

    That it is for the channel, user and connection at hand is for the caller to see: if not, the server closes (3500).

    Args:
        token: as it came in subscribe or sub_refresh.
        keys: the server's `client.subscription_token` if that is enabled, or else `client.token`.
        now: Unix seconds.
        knows_channel: whether there is a namespace for a channel; None: there is one for all.

    Raises:
        TokenRefused: it is refused.
        UsageError: a key needs the extra `tokens`.
    """
    claims = _verified("subscription", token, keys, now)
    channel: str = claims["channel"]
    _check_channel("subscription", channel, knows_channel)
    return SubscriptionClaims(
        channel=channel,
        user=claims["user"],
        client=claims.get("client", ""),
        expire_at=_end(claims),
        **_options("subscription", claims),
    )


def time_to_live(claims: ConnectionClaims | SubscriptionClaims, now: float) -> int | None:
    """Whole seconds until the connection or subscription ends; None: it does not.

    Raises:
        TokenRefused: it has ended already, error 110.
    """
    if claims.expire_at <= 0:
        return None
    left = claims.expire_at - int(now)
    if left <= 0:
        kind: Kind = "subscription" if isinstance(claims, SubscriptionClaims) else "connection"
        raise TokenRefused(f"the {kind} was to end {-left} s ago (`expire_at`)", kind, "ended", "expire_at")
    return left


# ---- the steps, in the server's order


def _verified(kind: Kind, text: str, keys: TokenKeys, now: float) -> dict[str, Any]:
    token = parse(text, kind)
    try:
        claims = read_claims(token.claims, CONNECTION if kind == "connection" else SUBSCRIPTION)
    except ClaimError as error:
        raise TokenRefused(str(error), kind, "claims", error.claim) from None
    issuer, audience = claims.get("iss", ""), claims.get("aud", [])
    if keys.issuer_regex and not _compiled(keys.issuer_regex).search(issuer):
        _refuse_value(kind, "iss", "issuer", issuer, f"issuer_regex {keys.issuer_regex!r}")
    if keys.audience_regex and not any(map(_compiled(keys.audience_regex).search, audience)):
        _refuse_value(kind, "aud", "audience", audience, f"audience_regex {keys.audience_regex!r}")
    if not keys.insecure_skip_signature:
        check_signature(kind, token, keys, now)
    if keys.audience and keys.audience not in audience:
        _refuse_value(kind, "aud", "audience", audience, f"audience {keys.audience!r}")
    if keys.issuer and keys.issuer != issuer:
        _refuse_value(kind, "iss", "issuer", issuer, f"issuer {keys.issuer!r}")
    if kind == "connection" and claims.get("channel"):
        raise TokenRefused(
            "a connection token must not have the claim `channel`: this is a subscription token",
            kind, "channel claim", "channel",
        )  # fmt: skip
    _check_times(kind, claims, now)
    if kind == "subscription" and not claims.get("channel"):
        raise TokenRefused("a subscription token needs the claim `channel`", kind, "no channel claim", "channel")
    claims["user"] = _user(kind, token.claims, keys.user_id_claim) if keys.user_id_claim else claims.get("sub", "")
    return claims


def _check_times(kind: Kind, claims: Mapping[str, Any], now: float) -> None:
    if (ends := claims.get("exp")) is not None and not ends > now:
        raise TokenRefused(f"the token expired {now - ends:g} s ago (`exp`)", kind, "expired", "exp")
    if (begins := claims.get("nbf")) is not None and not begins < now:
        raise TokenRefused(f"the token counts only in {begins - now:g} s (`nbf`)", kind, "not yet valid", "nbf")


def _refuse_value(kind: Kind, claim: str, reason: Reason, value: Any, setting: str) -> NoReturn:
    raise TokenRefused(f"`{claim}` is {value!r}, the server is configured with {setting}", kind, reason, claim)


def _user(kind: Kind, claims: bytes, path: str) -> str:
    try:
        return named_claim(claims, path)
    except JSONError as error:
        raise TokenRefused(f"`{path}` cannot be read: {error}", kind, "claims", path) from None


def _check_channel(kind: Kind, channel: str, knows_channel: Callable[[str], bool] | None) -> None:
    if knows_channel is not None and not knows_channel(channel):
        raise TokenRefused(f"there is no namespace for the channel {channel!r}", kind, "unknown channel", "channel")


def _options(kind: Kind, options: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    return {
        "info": _bytes(kind, options, "info", place),
        "data": _bytes(kind, options, "data", place),
        "override": options.get("override") or Override(),
    }


def _bytes(kind: Kind, claims: Mapping[str, Any], name: str, place: str = "") -> bytes:
    if not claims.get(f"b64{name}"):
        return bytes(claims.get(name, b""))
    try:
        return b64bytes(claims[f"b64{name}"])
    except ValueError as error:
        claim = f"{place}b64{name}"
        raise TokenRefused(f"`{claim}` is not base64: {error}", kind, "base64", claim) from None


def _end(claims: Mapping[str, Any]) -> int:
    if "expire_at" in claims:
        return max(0, int(claims["expire_at"]))
    return int(claims.get("exp", 0) // 1)


# ---- signatures


def check_signature(kind: Kind, token: Token, keys: TokenKeys, now: float) -> None:
    """Make sure that a token is signed by one of *keys*.

    Raises:
        TokenRefused: it is not.
        UsageError: a key needs the extra `tokens`.
    """
    try:
        if keys.jwks is not None:
            _check_by_set(kind, token, keys.jwks)
        elif not _checks_previous(token, keys, now):
            _check_by_keys(kind, token, keys)
    except BadKey as error:
        raise TokenRefused(f"the server's key cannot be used: {error}", kind, "key") from None


def _check_by_keys(kind: Kind, token: Token, keys: TokenKeys) -> None:
    algorithm = token.header.alg
    if algorithm in HMAC and keys.hmac_secret_key:
        right = check_hmac(algorithm, keys.hmac_secret_key.encode(), token.signed, token.signature)
    else:
        pem = {"RS": keys.rsa_public_key, "ES": keys.ecdsa_public_key}.get(algorithm[:2], "")
        key = load_public(pem.encode()) if pem else None
        if key is None or algorithm not in algorithms_of(key):
            raise TokenRefused(f"the server has no key for the algorithm {algorithm!r}", kind, "algorithm", "alg")
        right = check_public(algorithm, key, token.signed, token.signature)
    if not right:
        raise TokenRefused("the signature is not one by the server's key", kind, "signature")


def _checks_previous(token: Token, keys: TokenKeys, now: float) -> bool:
    until = keys.hmac_previous_secret_key_valid_until
    if not keys.hmac_previous_secret_key or token.header.alg not in HMAC or 0 < until < int(now):
        return False
    return check_hmac(token.header.alg, keys.hmac_previous_secret_key.encode(), token.signed, token.signature)


def _check_by_set(kind: Kind, token: Token, jwks: Mapping[str, Any]) -> None:
    algorithm, kid = token.header.alg, token.header.kid
    if not kid:
        raise TokenRefused("the server has a key set, so the header needs the `kid` of a key", kind, "kid", "kid")
    members = (key for key in jwks.get("keys") or () if isinstance(key, Mapping))
    given = [key for key in members if key.get("use") == "sig" and key.get("kid") == kid]
    if not given:
        raise TokenRefused(f'the key set has no key {kid!r} with `use` "sig"', kind, "kid", "kid")
    key = public_from_jwk(given[-1])
    if algorithm not in algorithms_of(key) or (
        algorithm != "EdDSA" and (given[-1].get("alg") or algorithm) != algorithm
    ):
        raise TokenRefused(f"the key {kid!r} of the set is not one for {algorithm!r}", kind, "algorithm", "alg")
    if not check_public(algorithm, key, token.signed, token.signature):
        raise TokenRefused(f"the signature is not one by the key {kid!r} of the set", kind, "signature")


@functools.lru_cache(maxsize=64)
def _compiled(pattern: str, what: str = "the expression") -> re.Pattern[str]:
    # In Go, $ is the end of the text, never the place before a last line break, and \d means ASCII.
    try:
        return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), re.ASCII)
    except re.error as error:
        raise UsageError(f"{what} {pattern!r} is no regular expression: {error}") from None
