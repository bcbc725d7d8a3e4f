"""What tokens say: the claims of connection and subscription tokens, as the server reads them (spec v6 §10.2, §10.3).

Its reader is Go's: names match regardless of letter case, the last of repeated members wins, unknown ones don't matter,
null is "not given", and a claim of a wrong type makes the whole token invalid. `read_claims` goes through a
table of readers, one a claim; each claim that cannot be read is a `ClaimError`, whatever the bytes.
"""

import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from centripetal.dialects.current.objects import SubscribeOptionOverride as Override
from centripetal.protocol.gojson import JSONError, elements, members, pairs, string
from centripetal.tokens.faults import Kind

__all__ = ["CLAIMS", "ClaimError", "ConnectionClaims", "Header", "Override", "SubscribeClaims"]
__all__ += ["SubscriptionClaims", "b64bytes", "named_claim", "read_claims", "read_header"]


class SubscribeClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified token says of one subscription.

    Attributes:
        info: the bytes of `info` or `b64info`; empty: none.
        data: the bytes of `data` or `b64data`, which go to the client; empty: none.
        override: options other than those of the namespace.
    """

    info: bytes = b""
    data: bytes = b""
    override: Override = Override()


class ConnectionClaims(msgspec.Struct, frozen=True, kw_only=True):
    """A verified connection token.

    Attributes:
        user: the user's id; empty: the anonymous user.
        expire_at: when the connection ends, Unix seconds; 0: never. It may be past: that is error 110, not a bad token.
        info: the bytes of `info` or `b64info`; empty: none.
        meta: the JSON of `meta`; empty: none.
        subs: server-side subscriptions, from `subs` or else from `channels`.
    """

    user: str = ""
    expire_at: int = 0
    info: bytes = b""
    meta: bytes = b""
    subs: dict[str, SubscribeClaims] = {}


class SubscriptionClaims(SubscribeClaims, frozen=True, kw_only=True):
    """A verified subscription token.

    Attributes:
        channel: the channel that it is for.
        user: the user's id, which must be that of the connection; empty: the anonymous user.
        client: the connection that it is for; empty: any.
        expire_at: when the subscription ends, Unix seconds; 0: never.
    """

    channel: str
    user: str = ""
    client: str = ""
    expire_at: int = 0


class Header(NamedTuple):
    """The header of a token, as far as the server looks at it."""

    alg: str = ""
    typ: str = ""
    cty: str = ""
    kid: str = ""


class ClaimError(ValueError):
    """The claims are not what they must be.

    Attributes:
        claim: which one is wrong; empty: all of it.
    """

    def __init__(self, message: str, claim: str = "") -> None:
        super().__init__(message)
        self.claim = claim


Reader = Callable[[bytes], Any]

_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_INT64 = 2**63
# Go counts seconds from the year 1: times after this one wrap around, into the past.
_LAST_SECOND = _INT64 - 62135596800


def read_header(text: bytes) -> Header:
    """The header of a token."""
    found = _object(text, dict.fromkeys(Header._fields, _string), "the header")
    return Header(**{name: value for name, value in found.items() if value is not None})


def read_claims(text: bytes, kind: Kind) -> tuple[dict[str, Any], list[ClaimError]]:
    """The claims of a token of this kind that the server knows, and an error for each that cannot be read.

    Claims that are null, missing or cannot be read are left out. If the text is not an object, the only error has no
    claim.
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
            # Like Go: null takes away what is behind a pointer or in a list, and leaves a text as it was.
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
    """A time in Unix seconds: a number, with a fraction perhaps, or one in a text."""
    if raw == b"null":
        return None
    number = string(raw).encode() if raw.startswith(b'"') else raw
    if not _NUMBER.fullmatch(number) or abs(value := float(number)) == float("inf"):
        raise ClaimError(f"a time in Unix seconds is expected, not {raw[:40].decode('utf-8', 'replace')}")
    return value if -_INT64 <= value < _LAST_SECOND else -float(_INT64)


def _integer(raw: bytes) -> int | None:
    if raw == b"null":
        return None
    if not _INTEGER.fullmatch(raw) or len(raw) > 20 or not -_INT64 <= int(raw) < _INT64:
        raise ClaimError(f"an integer is expected, not {raw[:40].decode('utf-8', 'replace')}")
    return int(raw)


def _flag(raw: bytes) -> bool | None:
    """The `{"value": true}` of an override."""
    if raw == b"null":
        return None
    return _object(raw, {"value": _bool}, "an override").get("value") or False


def _bool(raw: bytes) -> bool | None:
    if raw not in (b"true", b"false", b"null"):
        raise ClaimError("true or false is expected")
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
"""What the server reads of each kind of token; of a connection token also `channel`, in order to refuse it."""


def b64bytes(text: str) -> bytes:
    """The bytes of `b64info` or `b64data`: base64 with padding; line breaks do not count.

    Raises:
        ValueError: it is not that.
    """
    try:
        return binascii.a2b_base64(text.replace("\r", "").replace("\n", "").encode(), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from None


def named_claim(text: bytes, path: str) -> str:
    """The claim that the setting `user_id_claim` names, as text; a dot leads into an object or a list, `\\.` is a dot.

    Unlike the others it is looked up by the server's gjson: letter case counts, the first of repeated members wins.
    """
    raw: bytes | None = text
    for part in re.split(r"(?<!\\)\.", path):
        raw = _member(raw, re.sub(r"\\(.)", r"\1", part)) if raw is not None else None
    if raw is None or raw == b"null":
        return ""
    if raw.startswith(b'"'):
        return string(raw)
    if _NUMBER.fullmatch(raw) and not _INTEGER.fullmatch(raw):
        return _plain_number(float(raw))
    return raw.decode("utf-8", "replace")


def _plain_number(value: float) -> str:
    """A number without exponent, in the fewest digits, as Go's 'f' format with precision -1 writes it."""
    from decimal import Decimal

    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _member(raw: bytes, name: str) -> bytes | None:
    raw = raw.strip(b" \t\r\n")
    if raw.startswith(b"[") and name.isascii() and name.isdigit():
        items = elements(raw)
        return items[int(name)] if len(name) < 10 and int(name) < len(items) else None
    if not raw.startswith(b"{"):
        return None
    return next((value for key, value in pairs(raw) if key == name), None)
