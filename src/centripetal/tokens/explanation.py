"""Explain why a server would reject a token: PURE, the clock is an argument.

`verification` finds the faults, `guesses` adds their likely causes, and this module turns them into readable text.
"""

import json
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.tokens.arguments import given_time, user_text
from centripetal.tokens.claims import path_of
from centripetal.tokens.faults import Answer, Fault, Kind, TokenRefused
from centripetal.tokens.guesses import Case, Clue, about_fault, about_text, moment, repaired, suspicions
from centripetal.tokens.issuing import Key, Time, User
from centripetal.tokens.key_text import read_key
from centripetal.tokens.signatures import algorithms_of, is_pem, load_public
from centripetal.tokens.signing_key import SigningKey
from centripetal.tokens.verification import Token, TokenKeys, examine, misuses, parse, time_to_live

__all__ = ["Explanation", "explain"]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of a server on a token, with reasons and fixes. `str()` returns all of it as readable text.

    Attributes:
        accepted: whether the server accepts the token.
        kind: the kind of token that it was presented as.
        server_says: the server's response to the client.
        error: code of the error in the reply, or None.
        close: code with which the server closes the connection, or None.
        reasons: everything that is wrong with the token. The first reason is the server's.
        fixes: what to do about each reason, in the same order.
        notes: details that the server accepts but that look like mistakes.
        header: header of the token, as far as it can be read.
        claims: claims of the token, as far as they can be read.
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
        said = "accepts" if self.accepted else "rejects"
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
    """Explain whether a server would accept *token*, and why.

    Args:
        token: the token as the client would send it.
        key: the key with which the server verifies: its secret, a public key in PEM (or the private key), a
            `SigningKey`, a key set as a dict, or `TokenKeys` with all settings.
        kind: the kind of token that it is presented as, "connection" or "subscription"; by default the kind that it
            looks like.
        channel: channel that the client subscribes to; the token must be for this channel. None skips the check.
        user: user of the connection; the token must be for this user. None skips the check.
        client: client id of the connection; the token must be for this connection or any. None skips the check.
        now: time at which to check the token, in Unix seconds or as a timezone-aware datetime; by default the system's
            time.

    Returns:
        The verdict, all reasons with fixes, and the content of the token in words.

    Raises:
        UsageError: an argument has the wrong type, the key is invalid, or the key needs the extra `tokens`.
    """
    seconds = given_time(now)
    if not isinstance(token, str | bytes):
        raise UsageError(f"the token must be text, not {type(token).__name__}")
    if kind not in ("connection", "subscription", None):
        raise UsageError(f"kind must be 'connection' or 'subscription', not {kind!r}")
    text = token.decode("utf-8", "replace") if isinstance(token, bytes) else token
    keys = _keys_of(key)
    taken = _parsed(repaired(text), kind or "connection")
    claims = _lenient(taken.claims) if isinstance(taken, Token) else {}
    if kind is None:
        kind = "subscription" if channel is not None or claims.get("channel") else "connection"
    case: Case | None = None
    faults: list[Fault] = []
    clues: list[Clue] = []
    notes: list[Clue] = []
    described: tuple[tuple[str, str, str], ...] = ()
    if isinstance(malformed := _parsed(text, kind), Fault):
        faults.append(malformed)
        clues += about_text(text)
    if isinstance(taken, Token):
        case = Case(kind, taken, claims, keys, seconds)
        found, misused = _examined(case, channel, None if user is None else user_text(user), client)
        described = tuple(
            (_short_name(name), _short(value), _meaning(case, name, value))
            for name, value in islice(claims.items(), _MOST_DESCRIBED)
        )
        if (more := len(claims) - len(described)) > 0:
            described += (("…", f"{more} more claims", ""),)
        notes += suspicions(case)
        if kind == "subscription":
            found += misused
        else:
            notes += (about_fault(case, fault) for fault in misused)
        faults += found
        clues += (about_fault(case, fault) for fault in found)
    if faults and not clues:
        clues = [Clue(str(faults[0]), "check that the token was copied whole and unchanged")]
    answer = faults[0].answer if faults else None
    return Explanation(
        accepted=answer is None,
        kind=kind,
        server_says=_said(kind, answer),
        error=answer.error if answer else None,
        close=answer.close if answer else None,
        reasons=tuple(clue.what for clue in clues),
        fixes=tuple(clue.fix for clue in clues),
        notes=tuple(f"{clue.what}: {clue.fix}" for clue in notes),
        header={name: value for name, value in case.token.header._asdict().items() if value} if case else {},
        claims=dict(claims),
        described=described,
    )


def _said(kind: Kind, answer: Answer | None) -> str:
    if answer is None:
        return "the client is connected" if kind == "connection" else "the client is subscribed"
    if answer.close is not None:
        return f"it closes the connection, {answer.close} {answer.message}"
    return f"the reply is error {answer.error}, {answer.message}"


def _parsed(text: str, kind: Kind) -> Token | Fault:
    try:
        return parse(text, kind)
    except TokenRefused as refused:
        return refused.fault


def _examined(case: Case, channel: str | None, user: str | None, client: str | None) -> tuple[list[Fault], list[Fault]]:
    """Return the faults of the token, and the faults of using it for this channel, user and connection."""
    faults, claims = examine(case.kind, case.token, case.keys, case.now)
    if claims is None:
        return faults, []
    try:
        time_to_live(claims, case.now)
    except TokenRefused as refused:
        faults.append(refused.fault)
    return faults, list(misuses(claims, channel, user, client))


# ---- keys and words


def _keys_of(key: Any) -> TokenKeys:
    if isinstance(key, TokenKeys):
        return key
    if isinstance(key, Mapping):
        if not isinstance(key.get("keys"), list):
            raise UsageError("a dict passed as key must be a key set: {'keys': [{…}]}")
        return TokenKeys(jwks=key)
    if isinstance(key, str | bytes):
        if not key:
            raise UsageError("the key is empty: pass the server's `hmac_secret_key`, a public key in PEM or a key set")
        # As bytes: a secret may have white space around it, which then is one of the guesses.
        found = read_key(key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key)
        if not is_pem(found):
            return TokenKeys(hmac_secret_key=found.decode())
        if b"PRIVATE KEY-----" not in found:
            return _public_keys(found.decode(), algorithms_of(load_public(found))[0])
        key = SigningKey(found, allow_weak_key=True)
    if not isinstance(key, SigningKey):
        raise UsageError(f"the key must be text, bytes, a SigningKey, TokenKeys or a key set, not {type(key).__name__}")
    if key.secret:
        return TokenKeys(hmac_secret_key=key.secret.decode())
    if key.kid is not None:
        return TokenKeys(jwks={"keys": [key.jwk()]})
    return _public_keys(key.public_key(), key.algorithm)


def _public_keys(pem: str, algorithm: str) -> TokenKeys:
    if algorithm == "EdDSA":
        return TokenKeys()  # the server has no setting for such a key; the explanation reports it
    return TokenKeys(rsa_public_key=pem) if algorithm.startswith("RS") else TokenKeys(ecdsa_public_key=pem)


def _lenient(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _finite(number: str) -> float:
    """Return a finite number, which can be written as JSON again."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is not a finite number")
    return value


_MOST_DESCRIBED = 100  # claims
_MEANINGS = {
    "sub": "the user",
    "channel": "the channel",
    "channels": "channels subscribed on connect",
    "subs": "channels subscribed on connect, with options",
    "info": "shown in presence and with publications",
    "b64info": "shown in presence and with publications",
    "data": "for the client",
    "b64data": "for the client",
    "meta": "for the back end",
    "override": "options that replace the namespace's",
    "client": "the only connection that may use it",
    "aud": "audience",
    "iss": "issuer",
    "jti": "id of the token",
}
_TIMES = {"exp": "expires", "nbf": "valid from", "iat": "issued", "expire_at": "ends"}


def _meaning(case: Case, name: str, value: Any) -> str:
    if case.keys.user_id_claim and name == path_of(case.keys.user_id_claim)[0]:
        return "the user"
    if name in _TIMES and isinstance(value, int | float) and not isinstance(value, bool):
        if name == "expire_at" and value <= 0:
            return f"the {case.kind} never expires"
        said = f"the {case.kind} expires" if name == "expire_at" else _TIMES[name]
        if name == "exp" and value <= case.now:
            said = "expired"
        return f"{said} {moment(value, case.now)}"
    if name == "sub" and case.keys.user_id_claim:
        return f"ignored: the user is in `{case.keys.user_id_claim}`"
    if name == "sub" and not value:
        return "the anonymous user"
    return _MEANINGS.get(name, "")


def _short_name(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:60]}…"


def _short(value: Any) -> str:
    if isinstance(value, str):
        value = value[:100]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _aligned(rows: Any) -> Iterator[str]:
    table = [tuple(row) for row in rows]
    first, second = (max(len(row[column]) for row in table) for column in (0, 1))
    for name, value, meaning in table:
        yield f"  {name.ljust(first)}  {value.ljust(second)}  {meaning}".rstrip()
