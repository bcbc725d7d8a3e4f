"""The checks of a token (spec v6 §10), in the order in which 6.9.1 makes them: PURE, the clock is an argument.

Each check yields a `Fault`. `verify_connection` and `verify_subscription` stop at the first one, as the server does,
and raise it as `TokenRefused`; `examine` collects all of them. A token whose `expire_at` is past is a good token:
`time_to_live` refuses the connection or subscription, with error 110.
"""

import functools
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.checks import check_text
from centripetal.protocol.gojson import JSONError
from centripetal.tokens.claims import (
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
from centripetal.tokens.faults import Fault, Kind, TokenRefused
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
"""Yields the faults; returns what the checks have read, None if they could not go on after a fault."""


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

    def malformed(found: str, expected: str, field: str = "") -> TokenRefused:
        return TokenRefused(Fault(kind, "malformed", field, found, expected))

    # The server, too, looks first whether it begins like `{"` in base64.
    if not dot or not text.startswith(b"eyJ"):
        raise malformed("it", "three parts with dots between them, the first beginning with eyJ")
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
    return _accepted(_check_connection(parse(token, "connection"), keys, now, knows_channel))


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
    return _accepted(_check_subscription(parse(token, "subscription"), keys, now, knows_channel))


def examine(
    kind: Kind, token: Token, keys: TokenKeys, now: float
) -> tuple[list[Fault], ConnectionClaims | SubscriptionClaims | None]:
    """All faults of *token*, the server's first; and its claims without the faulty ones, None if there are too few."""
    faults: list[Fault] = []
    checks: Checks[Any] = (_check_connection if kind == "connection" else _check_subscription)(token, keys, now, None)
    while True:
        try:
            faults.append(next(checks))
        except StopIteration as end:
            return faults, end.value


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
        raise TokenRefused(Fault(kind, "ended", "expire_at", claims.expire_at, int(now)))
    return left


def misuses(
    claims: ConnectionClaims | SubscriptionClaims,
    channel: str | None = None,
    user: str | None = None,
    client: str | None = None,
) -> Iterator[Fault]:
    """Yield a fault for each of these that the token is not for; None is not compared.

    Args:
        claims: what the token says.
        channel: the channel to subscribe to.
        user: the user of the connection.
        client: the id of the connection.
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
    """The claims of a token without any fault."""
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
    if readable and keys.issuer_regex and not _compiled(keys.issuer_regex).search(issuer):
        yield Fault(kind, "issuer", "iss", issuer, f"issuer_regex {keys.issuer_regex!r}")
    if readable and keys.audience_regex and not any(map(_compiled(keys.audience_regex).search, audience)):
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
        del claims["exp"]  # else it would also be when the connection ends
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
            return b64bytes(text)
        except ValueError as error:
            yield Fault(kind, "base64", f"{place}b64{name}", text, str(error))
    return bytes(claims.get(name, b""))


def _end(claims: Mapping[str, Any]) -> int:
    if "expire_at" in claims:
        return max(0, int(claims["expire_at"]))
    return int(claims.get("exp", 0) // 1)


# ---- signatures


def _check_signature(kind: Kind, token: Token, keys: TokenKeys, now: float) -> Fault | None:
    """Why the token is not signed by one of *keys*; None if it is."""
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


@functools.lru_cache(maxsize=64)
def _compiled(pattern: str, what: str = "the expression") -> re.Pattern[str]:
    # In Go, $ is the end of the text, never the place before a last line break, and \d means ASCII.
    try:
        return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), re.ASCII)
    except re.error as error:
        raise UsageError(f"{what} {pattern!r} is no regular expression: {error}") from None
