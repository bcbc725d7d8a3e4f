"""Verify tokens with the checks of Centrifugo 6.9.1, in its order (protocol 6: tokens): PURE, the clock is an argument.

Failed checks yield a `Fault`. `verify_connection` and `verify_subscription` stop at the first fault, like the server,
and raise `TokenRefused`; `examine` collects all faults. A token whose `expire_at` is in the past passes the checks:
`time_to_live` rejects the connection or subscription with error 110.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.checks import check_text
from centripetal.protocol.discreet import discreet
from centripetal.protocol.gobase64 import decode_base64
from centripetal.protocol.gojson import JSONError
from centripetal.tokens.claims import (
    ClaimError,
    ConnectionClaims,
    Header,
    Override,
    SubscribeClaims,
    SubscriptionClaims,
    named_claim,
    read_claims,
    read_header,
)
from centripetal.tokens.faults import Fault, Kind, TokenRefused
from centripetal.tokens.patterns import compiled
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

__all__ = ["Token", "TokenKeys", "TokenRefused", "examine", "misuses", "parse", "time_to_live", "verify_connection"]
__all__ += ["verify_subscription"]

Claims = TypeVar("Claims", ConnectionClaims, SubscriptionClaims)
KnowsChannel: TypeAlias = Callable[[str], bool] | None
R = TypeVar("R")
Checks: TypeAlias = Generator[Fault, None, R | None]
"""A generator of faults. It returns the values that the checks read, or None if it cannot continue after a fault."""


class TokenKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys and settings with which a server verifies tokens, with the names of its `client.token`.

    Attributes:
        hmac_secret_key: secret for HS256, HS384 and HS512; empty to reject these algorithms.
        hmac_previous_secret_key: additional secret that is accepted while the secret is being changed.
        hmac_previous_secret_key_valid_until: until when it is accepted, in Unix seconds; 0 for no limit.
        rsa_public_key: key in PEM for RS256, RS384 and RS512.
        ecdsa_public_key: key in PEM for the algorithm of its curve: ES256, ES384 or ES512.
        jwks: key set: the content of the document at `jwks_public_endpoint`. If set, other keys are ignored.
        audience: value that `aud` must equal or contain; empty to accept any.
        audience_regex: regular expression that a value of `aud` must match; empty to accept any.
        issuer: value that `iss` must equal; empty to accept any.
        issuer_regex: regular expression that `iss` must match; empty to accept any.
        user_id_claim: name of the claim with the user's id, instead of `sub`.
        insecure_skip_signature: accept tokens without checking their signature.
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
        """Reject settings with which the server would not start."""
        for name, default in zip(self.__struct_fields__, self.__struct_defaults__, strict=True):
            if isinstance(default, str):
                check_text(name, getattr(self, name))
        until: Any = self.hmac_previous_secret_key_valid_until
        if isinstance(until, bool) or not isinstance(until, int | float):
            raise UsageError(f"hmac_previous_secret_key_valid_until must be Unix seconds, or 0, not {until!r:.40}")
        jwks: Any = {} if self.jwks is None else self.jwks
        if not isinstance(jwks, Mapping) or not isinstance(jwks.get("keys", []), list | tuple):
            raise UsageError("jwks must be a key set, as a dict: {'keys': [{…}]}")
        for name in ("audience", "issuer"):
            pattern = getattr(self, f"{name}_regex")
            if pattern and getattr(self, name):
                raise UsageError(f"{name} and {name}_regex exclude each other: pass one of them")
            compiled(pattern, f"{name}_regex")

    def __repr__(self) -> str:
        # The repr must not leak secrets into logs, and public keys are long.
        return f"<TokenKeys {', '.join(name for name in self.__struct_fields__ if getattr(self, name))}>"


class Token(NamedTuple):
    """The parts of a token, not verified.

    Attributes:
        header: the decoded header.
        claims: the claims as JSON text.
        signed: the signed text.
        signature: the decoded signature.
    """

    header: Header
    claims: bytes
    signed: bytes
    signature: bytes


def parse(token: str, kind: Kind = "connection") -> Token:
    """Parse *token* into its parts.

    Raises:
        TokenRefused: *token* is not a token; the reason is "malformed".
    """
    if not isinstance(token, str):
        raise UsageError(f"the token must be text, not {type(token).__name__}")
    text = token.encode("utf-8", "surrogatepass")
    signed, _, signature = text.rpartition(b".")
    head, dot, claims = signed.partition(b".")

    def malformed(found: str, expected: str, field: str = "") -> TokenRefused:
        return TokenRefused(Fault(kind, "malformed", field, found, expected))

    # Like the server, first check that it begins with `{"` in base64.
    if not dot or not text.startswith(b"eyJ"):
        raise malformed("the token", "three parts separated by dots, beginning with eyJ")
    parts: list[bytes] = []
    for name, part in (("header", head), ("claims", claims), ("signature", signature)):
        try:
            parts.append(b64decode(part))
        except ValueError:
            raise malformed(f"the {name}", "base64url without padding") from None
    try:
        return Token(read_header(parts[0]), parts[1], signed, parts[2])
    except ClaimError as error:
        raise malformed("", str(error), error.claim) from None


@discreet
def verify_connection(
    token: str, keys: TokenKeys, now: float, *, knows_channel: Callable[[str], bool] | None = None
) -> ConnectionClaims:
    """Return the claims of a connection token if a server with *keys* accepts the token.

    Args:
        token: token from a `connect` or `refresh` request.
        keys: the server's `client.token`.
        now: current time in Unix seconds.
        knows_channel: returns whether the server has a namespace for a channel; None skips this check.

    Raises:
        TokenRefused: the server rejects the token.
        UsageError: a key needs the extra `tokens`.
    """
    return _accepted(_check_connection(parse(token, "connection"), keys, now, knows_channel))


@discreet
def verify_subscription(
    token: str, keys: TokenKeys, now: float, *, knows_channel: Callable[[str], bool] | None = None
) -> SubscriptionClaims:
    """Return the claims of a subscription token if a server with *keys* accepts the token.

    The caller must also check that the token is for this channel, user and connection. If it is not, the server closes
    the connection (3500).

    Args:
        token: token from a `subscribe` or `sub_refresh` request.
        keys: the server's `client.subscription_token` if it is enabled, otherwise its `client.token`.
        now: current time in Unix seconds.
        knows_channel: returns whether the server has a namespace for a channel; None skips this check.

    Raises:
        TokenRefused: the server rejects the token.
        UsageError: a key needs the extra `tokens`.
    """
    return _accepted(_check_subscription(parse(token, "subscription"), keys, now, knows_channel))


def examine(
    kind: Kind, token: Token, keys: TokenKeys, now: float
) -> tuple[list[Fault], ConnectionClaims | SubscriptionClaims | None]:
    """Return all faults of *token*, in the server's order, and its valid claims; None if required ones are missing."""
    faults: list[Fault] = []
    checks: Checks[Any] = (_check_connection if kind == "connection" else _check_subscription)(token, keys, now, None)
    while True:
        try:
            faults.append(next(checks))
        except StopIteration as end:
            return faults, end.value


def time_to_live(claims: ConnectionClaims | SubscriptionClaims, now: float) -> int | None:
    """Return the whole seconds until the connection or subscription expires; None if it never expires.

    Raises:
        TokenRefused: it has already expired (error 110).
    """
    if claims.expire_at <= 0:
        return None
    left = claims.expire_at - int(now)
    if left <= 0:
        kind: Kind = "subscription" if isinstance(claims, SubscriptionClaims) else "connection"
        raise TokenRefused(Fault(kind, "ended", "expire_at", claims.expire_at, int(now)))
    return left


def misuses(
    claims: ConnectionClaims | SubscriptionClaims,
    channel: str | None = None,
    user: str | None = None,
    client: str | None = None,
) -> Iterator[Fault]:
    """Yield a fault for each of *channel*, *user* and *client* that does not match the token. None is not compared.

    Args:
        claims: claims of the token.
        channel: channel that the client subscribes to.
        user: user of the connection.
        client: client id of the connection.
    """
    kind: Kind = "connection"
    if isinstance(claims, SubscriptionClaims):
        kind = "subscription"
        if channel is not None and claims.channel != channel:
            yield Fault(kind, "another channel", "channel", claims.channel, channel)
        if client is not None and claims.client not in ("", client):
            yield Fault(kind, "another client", "client", claims.client, client)
    if user is not None and claims.user != user:
        yield Fault(kind, "another user", "sub", claims.user, user)


# ---- the checks, in the server's order


def _accepted(checks: Checks[Claims]) -> Claims:
    """Return the claims of a token without faults; raise the first fault."""
    try:
        fault = next(checks)
    except StopIteration as end:
        claims: Claims = end.value
        return claims
    raise TokenRefused(fault)


def _check_connection(
    token: Token, keys: TokenKeys, now: float, knows_channel: KnowsChannel
) -> Checks[ConnectionClaims]:
    claims = yield from _check("connection", token, keys, now)
    if claims is None:
        return None
    subs: dict[str, SubscribeClaims] = {}
    given: dict[str, dict[str, Any]] = claims.get("subs") or {name: {} for name in claims.get("channels", ())}
    for name, options in given.items():
        yield from _check_channel("connection", name, knows_channel)
        subs[name] = SubscribeClaims(**(yield from _check_options("connection", options, f"subs.{name}.")))
    return ConnectionClaims(
        user=claims["user"],
        expire_at=_end(claims),
        info=(yield from _check_bytes("connection", claims, "info")),
        meta=claims.get("meta", b""),
        subs=subs,
    )


def _check_subscription(
    token: Token, keys: TokenKeys, now: float, knows_channel: KnowsChannel
) -> Checks[SubscriptionClaims]:
    claims = yield from _check("subscription", token, keys, now)
    if claims is None:
        return None
    yield from _check_channel("subscription", claims["channel"], knows_channel)
    return SubscriptionClaims(
        channel=claims["channel"],
        user=claims["user"],
        client=claims.get("client", ""),
        expire_at=_end(claims),
        **(yield from _check_options("subscription", claims)),
    )


def _check(kind: Kind, token: Token, keys: TokenKeys, now: float) -> Checks[dict[str, Any]]:
    claims, errors = read_claims(token.claims, kind)
    for error in errors:
        yield Fault(kind, "claims", error.claim, expected=str(error))
    readable = not errors or errors[0].claim != ""
    issuer, audience = claims.get("iss", ""), claims.get("aud", [])
    if readable and keys.issuer_regex and not compiled(keys.issuer_regex).search(issuer):
        yield Fault(kind, "issuer", "iss", issuer, f"issuer_regex {keys.issuer_regex!r}")
    if readable and keys.audience_regex and not any(map(compiled(keys.audience_regex).search, audience)):
        yield Fault(kind, "audience", "aud", audience, f"audience_regex {keys.audience_regex!r}")
    if not keys.insecure_skip_signature and (fault := _check_signature(kind, token, keys, now)):
        yield fault
    if not readable:
        return None
    if keys.audience and keys.audience not in audience:
        yield Fault(kind, "audience", "aud", audience, f"audience {keys.audience!r}")
    if keys.issuer and keys.issuer != issuer:
        yield Fault(kind, "issuer", "iss", issuer, f"issuer {keys.issuer!r}")
    if kind == "connection" and claims.get("channel"):
        yield Fault(kind, "channel claim", "channel", claims["channel"])
    if (ends := claims.get("exp")) is not None and not ends > now:
        yield Fault(kind, "expired", "exp", ends, now)
        del claims["exp"]  # otherwise _end would use it as the connection's expiry
    if (begins := claims.get("nbf")) is not None and not begins < now:
        yield Fault(kind, "not yet valid", "nbf", begins, now)
    if kind == "subscription" and not claims.get("channel"):
        yield Fault(kind, "no channel claim", "channel")
        return None
    claims["user"] = claims.get("sub", "")
    if path := keys.user_id_claim:
        try:
            claims["user"] = named_claim(token.claims, path)
        except JSONError as error:
            yield Fault(kind, "claims", path, expected=f"`{path}` cannot be read: {error}")
    return claims


def _check_channel(kind: Kind, channel: str, knows_channel: KnowsChannel) -> Iterator[Fault]:
    if knows_channel is not None and not knows_channel(channel):
        yield Fault(kind, "unknown channel", "channel", channel)


def _check_options(kind: Kind, options: Mapping[str, Any], place: str = "") -> Generator[Fault, None, dict[str, Any]]:
    return {
        "info": (yield from _check_bytes(kind, options, "info", place)),
        "data": (yield from _check_bytes(kind, options, "data", place)),
        "override": options.get("override") or Override(),
    }


def _check_bytes(kind: Kind, claims: Mapping[str, Any], name: str, place: str = "") -> Generator[Fault, None, bytes]:
    if text := claims.get(f"b64{name}"):
        try:
            return decode_base64(text)
        except ValueError as error:
            yield Fault(kind, "base64", f"{place}b64{name}", text, str(error))
    return bytes(claims.get(name, b""))


def _end(claims: Mapping[str, Any]) -> int:
    if "expire_at" in claims:
        return max(0, int(claims["expire_at"]))
    return int(claims.get("exp", 0) // 1)


# ---- signatures


def _check_signature(kind: Kind, token: Token, keys: TokenKeys, now: float) -> Fault | None:
    """Return why the signature was not made with one of *keys*; None if it was."""
    try:
        if keys.jwks is not None:
            return _check_by_set(kind, token, keys.jwks)
        return None if _checks_previous(token, keys, now) else _check_by_keys(kind, token, keys)
    except BadKey as error:
        return Fault(kind, "key", expected=str(error))


def _check_by_keys(kind: Kind, token: Token, keys: TokenKeys) -> Fault | None:
    algorithm = token.header.alg
    if algorithm in HMAC and keys.hmac_secret_key:
        right = check_hmac(algorithm, keys.hmac_secret_key.encode(), token.signed, token.signature)
    else:
        pem = {"RS": keys.rsa_public_key, "ES": keys.ecdsa_public_key}.get(algorithm[:2], "")
        key = load_public(pem.encode()) if pem else None
        if key is None or algorithm not in algorithms_of(key):
            return Fault(kind, "algorithm", "alg", algorithm)
        right = check_public(algorithm, key, token.signed, token.signature)
    return None if right else Fault(kind, "signature", expected="the server's key")


def _checks_previous(token: Token, keys: TokenKeys, now: float) -> bool:
    until = keys.hmac_previous_secret_key_valid_until
    if not keys.hmac_previous_secret_key or token.header.alg not in HMAC or 0 < until < int(now):
        return False
    return check_hmac(token.header.alg, keys.hmac_previous_secret_key.encode(), token.signed, token.signature)


def _check_by_set(kind: Kind, token: Token, jwks: Mapping[str, Any]) -> Fault | None:
    algorithm, kid = token.header.alg, token.header.kid
    members = (key for key in jwks.get("keys") or () if isinstance(key, Mapping))
    given = [key for key in members if kid and key.get("use") == "sig" and key.get("kid") == kid]
    if not given:
        return Fault(kind, "kid", "kid", kid)
    key, named = public_from_jwk(given[-1]), f"the key {kid!r} of the set"
    wanted = given[-1].get("alg")
    if algorithm not in algorithms_of(key) or (algorithm != "EdDSA" and wanted and wanted != algorithm):
        return Fault(kind, "algorithm", "alg", algorithm, named)
    right = check_public(algorithm, key, token.signed, token.signature)
    return None if right else Fault(kind, "signature", expected=named)
