"""Why a server would refuse a token, in words: PURE, the clock is an argument.

The verdict is that of `verifying`, which stops at the first fault as the server does. `explain` goes on from there: it
takes that fault away, asks again, and so finds all of them; `clues` knows what lies behind each.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.gojson import JSONError, fold, pairs
from centripetal.tokens.claims import ConnectionClaims, SubscriptionClaims
from centripetal.tokens.guesses import (
    Case,
    Clue,
    about_refusal,
    about_text,
    misplaced_user,
    moment,
    repaired,
    suspicions,
)
from centripetal.tokens.issuing import Key, Time, User, unix_time
from centripetal.tokens.signatures import algorithms_of, b64encode, is_pem, load_public
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import (
    Kind,
    Token,
    TokenKeys,
    TokenRefused,
    check_signature,
    parse,
    time_to_live,
    verify_connection,
    verify_subscription,
)

__all__ = ["Explanation", "explain"]

_ROUNDS = 20  # more faults than a token can have


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of a token, and why; `str()` is all of it as text for people.

    Attributes:
        accepted: whether the server takes it.
        kind: what it was presented as.
        server_says: what the client is told.
        error: the code of the reply's error, or None.
        close: the code with which the connection is closed, or None.
        reasons: why it is refused: all that is wrong, what the server says first.
        fixes: what to do, one for each reason.
        notes: what is accepted, but looks like a mistake.
        header: the token's header, as far as it can be read.
        claims: the token's claims, as far as they can be read.
        described: name, value and meaning of each claim.
    """

    accepted: bool
    kind: Kind
    server_says: str
    error: int | None = None
    close: int | None = None
    reasons: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    header: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    described: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        said = "accepts" if self.accepted else "refuses"
        lines = [f"The server {said} this {self.kind} token: {self.server_says}."]
        if self.reasons:
            lines += ["", "Why:"]
            for reason, fix in zip(self.reasons, self.fixes, strict=True):
                lines += [f"  - {reason}", f"    what to do: {fix}"]
        if self.notes:
            lines += ["", "Worth a look:", *(f"  - {note}" for note in self.notes)]
        if self.header:
            lines += ["", "Header:", *_aligned((name, _short(value), "") for name, value in self.header.items())]
        if self.described:
            lines += ["", "Claims:", *_aligned(self.described)]
        return "\n".join(lines)


class _Trial(NamedTuple):
    """What is to be verified next: the token, with the faults that were found taken out of its way."""

    text: str
    keys: TokenKeys
    signature_known: bool = False


def explain(
    token: str | bytes,
    key: Key | TokenKeys | Mapping[str, Any],
    *,
    kind: Kind | None = None,
    channel: str | None = None,
    user: User | None = None,
    client: str | None = None,
    now: Time | None = None,
) -> Explanation:
    """Say in words what a server would say of *token*, and why.

    Args:
        token: the token, as it would be sent.
        key: what the server verifies with: its secret, a public key in PEM (or the private one), a `SigningKey`, a key
            set as a dict, or `TokenKeys` with all settings.
        kind: what the token is presented as, "connection" or "subscription"; if not given, what it looks like.
        channel: the channel to subscribe to, of which the token must be.
        user: the user of the connection, of whom the token must be.
        client: the id of the connection.
        now: the time that counts as now, instead of the system's.

    Returns:
        The verdict, all reasons, what to do about each, and the token's content in words.

    Raises:
        UsageError: an argument of a wrong type; the key is none, or needs the extra `tokens`.
    """
    moment_now = unix_time("now", now)
    if moment_now is None:
        raise UsageError("now is not given: centripetal.tokens has this function with the system's clock")
    if not isinstance(token, str | bytes):
        raise UsageError(f"the token must be text, not {type(token).__name__}")
    if kind not in ("connection", "subscription", None):
        raise UsageError(f"kind must be 'connection' or 'subscription', not {kind!r}")
    text = token.decode("utf-8", "replace") if isinstance(token, bytes) else token
    keys = _keys_of(key)
    taken, first = _take_apart(text, kind or ("subscription" if channel is not None else "connection"))
    claims = _lenient(taken.claims) if taken else {}
    if kind is None:
        kind = "subscription" if channel is not None or claims.get("channel") else "connection"
    if first is not None:
        first = TokenRefused(str(first), kind, "malformed")
        if taken is None:
            return _explanation(kind, first, [*about_text(text)] or [_malformed(first)], [], None)
    assert taken is not None
    case = Case(kind, taken, claims, keys, moment_now)
    refusals, verified = _examine(case, repaired(text) if first else text)
    found = [*(about_text(text) if first else ()), *(about_refusal(case, refused) for refused in refusals)]
    if first is not None and not found:
        found.append(_malformed(first))
    elsewhere = list(_mismatches(case, verified, channel, user, client)) if verified else []
    verdict = first or (refusals[0] if refusals else None)
    if verdict is None and kind == "subscription" and elsewhere:
        verdict = TokenRefused("another subscription", "connection", "claims")  # it is the connection that is closed
    notes = list(suspicions(case)) + (elsewhere if kind == "connection" else [])
    return _explanation(kind, verdict, found + (elsewhere if kind == "subscription" else []), notes, case)


def _explanation(
    kind: Kind, verdict: TokenRefused | None, found: list[Clue], notes: list[Clue], case: Case | None
) -> Explanation:
    if verdict is None:
        says = "the client is connected" if kind == "connection" else "the client is subscribed"
    elif verdict.close is not None:
        says = f"it closes the connection, {verdict.close} {verdict.message}"
    else:
        says = f"the reply is error {verdict.error}, {verdict.message}"
    header = {} if case is None else {name: value for name, value in case.token.header._asdict().items() if value}
    return Explanation(
        accepted=verdict is None,
        kind=kind,
        server_says=says,
        error=verdict.error if verdict else None,
        close=verdict.close if verdict else None,
        reasons=tuple(clue.what for clue in found),
        fixes=tuple(clue.fix for clue in found),
        notes=tuple(f"{clue.what}: {clue.fix}" for clue in notes),
        header=header,
        claims={} if case is None else dict(case.claims),
        described=() if case is None else tuple(_described(case)),
    )


def _malformed(refused: TokenRefused) -> Clue:
    return Clue(str(refused), "see that it is copied whole and unchanged")


def _take_apart(text: str, kind: Kind) -> tuple[Token | None, TokenRefused | None]:
    """The token, after the usual repairs where it needs them, and why it needed them."""
    try:
        return parse(text, kind), None
    except TokenRefused as refused:
        try:
            return parse(repaired(text), kind), refused
        except TokenRefused:
            return None, refused


# ---- one fault after the other


def _examine(case: Case, text: str) -> tuple[list[TokenRefused], ConnectionClaims | SubscriptionClaims | None]:
    """All refusals, the server's first; and the claims that remain when their reasons are taken away."""
    refusals: list[TokenRefused] = []
    trial = _Trial(text, case.keys)
    verify = verify_connection if case.kind == "connection" else verify_subscription
    for _ in range(_ROUNDS):
        try:
            claims = verify(trial.text, trial.keys, case.now)
            time_to_live(claims, case.now)
        except TokenRefused as refused:
            refusals.append(refused)
            if refused.reason == "claims" and not trial.signature_known:
                refusals += _signature_refusal(case)
            following = _without_fault(case, trial, refused)
            if following is None:
                return refusals, None
            trial = following
        else:
            return refusals, claims
    return refusals, None


def _signature_refusal(case: Case) -> list[TokenRefused]:
    try:
        if not case.keys.insecure_skip_signature:
            check_signature(case.kind, case.token, case.keys, case.now)
    except TokenRefused as refused:
        return [refused]
    return []


def _without_fault(case: Case, trial: _Trial, refused: TokenRefused) -> _Trial | None:
    keys = trial.keys
    if refused.reason == "issuer":
        return trial._replace(keys=msgspec.structs.replace(keys, issuer="", issuer_regex=""))
    if refused.reason == "audience":
        return trial._replace(keys=msgspec.structs.replace(keys, audience="", audience_regex=""))
    skipping = msgspec.structs.replace(keys, insecure_skip_signature=True)
    if refused.reason in ("algorithm", "kid", "key", "signature"):
        return trial._replace(keys=skipping, signature_known=True)
    claim = refused.claim.partition(".")[0]
    if not claim or refused.reason == "no channel claim":
        return None
    text = _without_claim(case, trial.text, claim)
    return None if text is None else _Trial(text, skipping, signature_known=True)


def _without_claim(case: Case, text: str, claim: str) -> str | None:
    """The token without one of its claims; None if it has none of that name."""
    head, _, rest = text.partition(".")
    try:
        members = pairs(parse(text, case.kind).claims)
    except JSONError:
        return None
    left = [f"{json.dumps(name)}:".encode() + raw for name, raw in members if fold(name) != claim]
    if len(left) == len(members):
        return None
    return f"{head}.{b64encode(b'{' + b','.join(left) + b'}').decode()}.{rest.rpartition('.')[2]}"


def _mismatches(
    case: Case,
    claims: ConnectionClaims | SubscriptionClaims,
    channel: str | None,
    user: User | None,
    client: str | None,
) -> Iterator[Clue]:
    if isinstance(claims, SubscriptionClaims):
        if channel is not None and claims.channel != channel:
            yield Clue(
                f"the token is for the channel {claims.channel!r}, not for {channel!r}",
                "make a token for each channel; letter case and namespace count",
            )
        if client is not None and claims.client not in ("", client):
            yield Clue(f"the token is for the connection {claims.client!r}, not for {client!r}", "leave `client` out")
    if user is not None and claims.user != str(user):
        stray = misplaced_user(case)
        whom = f"the user {claims.user!r}" if claims.user else "the anonymous user"
        yield Clue(
            f"the token is for {whom}, not for {str(user)!r}"
            + (f": `{stray}` is not where the server looks" if stray else ""),
            "the user's id belongs into `sub`" if stray else "make it for the user who is connected",
        )


# ---- keys and words


def _keys_of(key: Any) -> TokenKeys:
    if isinstance(key, TokenKeys):
        return key
    if isinstance(key, Mapping):
        if not isinstance(key.get("keys"), list):
            raise UsageError("a dict as key must be a key set: {'keys': [{…}]}")
        return TokenKeys(jwks=key)
    if isinstance(key, str | bytes) and is_pem(key):
        pem = key.encode() if isinstance(key, str) else key
        if b"PRIVATE KEY-----" not in pem:
            return _public_keys(pem.decode("latin-1"), algorithms_of(load_public(pem))[0])
        key = SigningKey(pem)
    elif isinstance(key, str | bytes):
        if not key:
            raise UsageError("the key is empty: give the server's `hmac_secret_key`, a public key in PEM or a key set")
        try:
            return TokenKeys(hmac_secret_key=key if isinstance(key, str) else key.decode())
        except UnicodeDecodeError:
            raise UsageError("the secret is no text in UTF-8: the server's configuration cannot hold it") from None
    if not isinstance(key, SigningKey):
        raise UsageError(f"the key must be text, bytes, a SigningKey, TokenKeys or a key set, not {type(key).__name__}")
    if key.secret:
        return _keys_of(key.secret)
    if key.kid is not None:
        return TokenKeys(jwks={"keys": [key.jwk()]})
    return _public_keys(key.public_key(), key.algorithm)


def _public_keys(pem: str, algorithm: str) -> TokenKeys:
    if algorithm == "EdDSA":
        return TokenKeys()  # the server has no setting for one: the explanation says so
    return TokenKeys(rsa_public_key=pem) if algorithm.startswith("RS") else TokenKeys(ecdsa_public_key=pem)


def _lenient(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _finite(number: str) -> float:
    """A number that can be shown as JSON again."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no number")
    return value


_MEANINGS = {
    "sub": "the user",
    "channel": "the channel",
    "channels": "channels subscribed from the start",
    "subs": "channels subscribed from the start, with options",
    "info": "shown in presence and with publications",
    "b64info": "shown in presence and with publications",
    "data": "for the client",
    "b64data": "for the client",
    "meta": "for the back end",
    "override": "options other than the namespace's",
    "client": "the only connection that may use it",
    "aud": "audience",
    "iss": "issuer",
    "jti": "id of the token",
}
_TIMES = {"exp": "expires", "nbf": "counts from", "iat": "issued", "expire_at": "ends"}


def _described(case: Case) -> Iterator[tuple[str, str, str]]:
    for name, value in case.claims.items():
        yield name, _short(value), _meaning(case, name, value)


def _meaning(case: Case, name: str, value: Any) -> str:
    if name == case.keys.user_id_claim:
        return "the user"
    if name in _TIMES and isinstance(value, int | float) and not isinstance(value, bool):
        if name == "expire_at" and value <= 0:
            return f"the {case.kind} never ends"
        said = f"the {case.kind} ends" if name == "expire_at" else _TIMES[name]
        if name == "exp" and value <= case.now:
            said = "expired"
        return f"{said} {moment(value, case.now)}"
    if name == "sub" and case.keys.user_id_claim:
        return f"not looked at: the user is in `{case.keys.user_id_claim}`"
    if name == "sub" and not value:
        return "the anonymous user"
    return _MEANINGS.get(name, "")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _aligned(rows: Any) -> Iterator[str]:
    table = [tuple(row) for row in rows]
    first, second = (max(len(row[column]) for row in table) for column in (0, 1))
    for name, value, meaning in table:
        yield f"  {name.ljust(first)}  {value.ljust(second)}  {meaning}".rstrip()
