"""Claims of connection and subscription tokens, as the server reads them.

See protocol 6: connection-token, subscription-token.

The server reads claims with Go's JSON decoder: names match regardless of letter case, the last of repeated members
wins, unknown members are ignored, null means "not given", and a claim of the wrong type makes the whole token invalid.
`read_claims` uses a table with one reader per claim. Any claim that cannot be read results in a `ClaimError`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from centripetal.dialects.current.objects import SubscribeOptionOverride as Override
from centripetal.protocol.gojson import JSONError, elements, items_at, members, pairs, spans, string
from centripetal.tokens.faults import Kind

__all__ = ["CLAIMS", "ClaimError", "ConnectionClaims", "Header", "Override", "SubscribeClaims"]
__all__ += ["SubscriptionClaims", "named_claim", "path_of", "read_claims", "read_header"]


class SubscribeClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one subscription in a verified token.

    Attributes:
        info: bytes of `info` or `b64info`; empty if not given.
        data: bytes of `data` or `b64data`, which the server sends to the client; empty if not given.
        override: options that replace the namespace's options.
    """

    info: bytes = b""
    data: bytes = b""
    override: Override = Override()


class ConnectionClaims(msgspec.Struct, frozen=True, kw_only=True):
    """A verified connection token.

    Attributes:
        user: the user's id; empty for the anonymous user.
        expire_at: when the connection expires, in Unix seconds; 0 for never. If it is in the past, the token is valid
            but the server replies with error 110.
        info: bytes of `info` or `b64info`; empty if not given.
        meta: JSON of `meta`; empty if not given.
        subs: server-side subscriptions by channel, from `subs` or otherwise from `channels`.
    """

    user: str = ""
    expire_at: int = 0
    info: bytes = b""
    meta: bytes = b""
    subs: dict[str, SubscribeClaims] = {}


class SubscriptionClaims(SubscribeClaims, frozen=True, kw_only=True):
    """A verified subscription token.

    Attributes:
        channel: the channel that the token is for.
        user: the user's id, which must match the connection's user; empty for the anonymous user.
        client: client id of the only connection that may use the token; empty for any connection.
        expire_at: when the subscription expires, in Unix seconds; 0 for never.
    """

    channel: str
    user: str = ""
    client: str = ""
    expire_at: int = 0


class Header(NamedTuple):
    """The header fields of a token that the server reads."""

    alg: str = ""
    typ: str = ""
    cty: str = ""
    kid: str = ""


class ClaimError(ValueError):
    """A claim, or the whole set of claims, cannot be read.

    Attributes:
        claim: name of the invalid claim; empty if all claims are unreadable.
    """

    def __init__(self, message: str, claim: str = "") -> None:
        super().__init__(message)
        self.claim = claim


Reader = Callable[[bytes], Any]

_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_INT64 = 2**63
# Go counts seconds from the year 1. Later times overflow and end up in the past.
_LAST_SECOND = _INT64 - 62135596800


def read_header(text: bytes) -> Header:
    """Return the header of a token.

    Raises:
        ClaimError: the header cannot be read.
    """
    found = _object(text, dict.fromkeys(Header._fields, _string), "the header")
    return Header(**{name: value for name, value in found.items() if value is not None})


def read_claims(text: bytes, kind: Kind) -> tuple[dict[str, Any], list[ClaimError]]:
    """Return the claims that the server knows for this kind of token, and an error for each unreadable claim.

    Claims that are null, missing or unreadable are left out. If the text is not an object, the only error has an empty
    `claim`.
    """
    errors: list[ClaimError] = []
    left = dict(CLAIMS[kind])
    while True:
        try:
            found = _object(text, left, "the claims")
        except ClaimError as error:
            errors.append(error)
            if not error.claim:
                return {}, errors
            del left[error.claim.partition(".")[0]]
        else:
            return {name: value for name, value in found.items() if value is not None}, errors


def _object(text: bytes, readers: Mapping[str, Reader], what: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        if text.strip(b" \t\r\n") == b"null":
            return found
        given = members(text)
    except JSONError as error:
        raise ClaimError(f"{what} cannot be read: {error}") from None
    for name, raw in given:
        if name in readers:
            try:
                value = readers[name](raw)
            except ClaimError as error:
                raise ClaimError(str(error), f"{name}.{error.claim}" if error.claim else name) from None
            except JSONError as error:
                raise ClaimError(f"`{name}` cannot be read: {error}", name) from None
            # Like Go: null resets pointers and lists, but leaves a string unchanged.
            if value is not None or readers[name] is not _string:
                found[name] = value
    return found


def _string(raw: bytes) -> str | None:
    return None if raw == b"null" else string(raw)


def _strings(raw: bytes) -> list[str] | None:
    return None if raw == b"null" else [_string(item) or "" for item in elements(raw)]


def _raw(raw: bytes) -> bytes:
    return raw


def _audience(raw: bytes) -> list[str]:
    if raw.startswith(b'"'):
        return [string(raw)]
    return [string(item) for item in elements(raw)]


def _date(raw: bytes) -> float | None:
    """Return a time in Unix seconds, given as a number or as a string with a number."""
    if raw == b"null":
        return None
    number = string(raw).encode() if raw.startswith(b'"') else raw
    if not _NUMBER.fullmatch(number) or abs(value := float(number)) == float("inf"):
        raise ClaimError(f"expected a time in Unix seconds, not {raw[:40].decode('utf-8', 'replace')}")
    return value if -_INT64 <= value < _LAST_SECOND else -float(_INT64)


def _integer(raw: bytes) -> int | None:
    if raw == b"null":
        return None
    if not _INTEGER.fullmatch(raw) or len(raw) > 20 or not -_INT64 <= int(raw) < _INT64:
        raise ClaimError(f"expected an integer, not {raw[:40].decode('utf-8', 'replace')}")
    return int(raw)


def _flag(raw: bytes) -> bool | None:
    """Return the flag in an override's `{"value": true}`."""
    if raw == b"null":
        return None
    return _object(raw, {"value": _bool}, "an override").get("value") or False


def _bool(raw: bytes) -> bool | None:
    if raw not in (b"true", b"false", b"null"):
        raise ClaimError("expected true or false")
    return None if raw == b"null" else raw == b"true"


def _override(raw: bytes) -> Override:
    return Override(**_object(raw, dict.fromkeys(Override.__struct_fields__, _flag), "an override"))


_OPTIONS: dict[str, Reader] = {
    "info": _raw,
    "b64info": _string,
    "data": _raw,
    "b64data": _string,
    "override": _override,
}


def _options(raw: bytes) -> dict[str, Any]:
    return _object(raw, _OPTIONS, "the options of a subscription")


def _subs(raw: bytes) -> dict[str, dict[str, Any]] | None:
    if raw == b"null":
        return None
    return {name: _options(value) for name, value in pairs(raw)}


_REGISTERED: dict[str, Reader] = {
    "sub": _string,
    "exp": _date,
    "nbf": _date,
    "iat": _date,
    "jti": _string,
    "iss": _string,
    "aud": _audience,
    "channel": _string,
    "expire_at": _integer,
}

_OF_CONNECTIONS: dict[str, Reader] = {
    "info": _raw,
    "b64info": _string,
    "channels": _strings,
    "subs": _subs,
    "meta": _raw,
}

CLAIMS: Mapping[Kind, Mapping[str, Reader]] = {
    "connection": {**_REGISTERED, **_OF_CONNECTIONS},
    "subscription": {**_REGISTERED, **_OPTIONS, "client": _string},
}
"""Readers of the claims for each kind of token. Connection tokens with `channel` are rejected, so it is read, too."""


def named_claim(text: bytes, path: str) -> str:
    """Return the claim that the server's `user_id_claim` names, as text; empty if it is missing or null.

    A dot in *path* descends into an object or a list; `\\.` is a literal dot. The server looks this claim up with the
    library gjson, so unlike other claims letter case matters and the first of repeated members wins.
    """
    start, ends = spans(text)
    found: tuple[int, int] | None = (start, len(text))
    for name in path_of(path):
        found = _member(text, found[0], ends, name) if found is not None else None
    raw = b"null" if found is None else text[slice(*found)]
    if raw == b"null":
        return ""
    if raw.startswith(b'"'):
        return string(raw)
    if _NUMBER.fullmatch(raw) and not _INTEGER.fullmatch(raw):
        return _plain_number(float(raw))
    return raw.decode("utf-8", "replace")


def path_of(claim: str) -> list[str]:
    """Return the names in a path such as `user.id`; `\\.` is a dot in a name."""
    return [re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\)\.", claim)]


def _plain_number(value: float) -> str:
    """Format a number without an exponent and with the fewest digits, like Go's format 'f' with precision -1."""
    from decimal import Decimal

    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _member(text: bytes, start: int, ends: dict[int, int], name: str) -> tuple[int, int] | None:
    """Return where the member *name* of the object or list at *start* begins and ends; None if there is none."""
    is_list = text.startswith(b"[", start)
    if start not in ends or (is_list and not (name.isascii() and name.isdigit() and len(name) < 10)):
        return None
    for index, (key, begin, end) in enumerate(items_at(text, start, ends)):
        if index == int(name) if is_list else string(key) == name:
            return begin, end
    return None
