"""Faults of tokens: why a server refuses one, what it answers, and one sentence about each (spec v6 §10.2, §10.3)."""

from typing import Any, Literal, NamedTuple

import msgspec

from centripetal.errors import CentripetalError

__all__ = ["Answer", "Fault", "Kind", "Reason", "TokenRefused"]

Kind = Literal["connection", "subscription"]
Reason = Literal[
    "malformed",  # not three parts of base64url, or an invalid header
    "claims",  # not a JSON object, or a claim of a wrong type
    "issuer",
    "audience",
    "algorithm",  # the server has no key for it
    "kid",  # the key set has no such key
    "key",  # the server's key cannot be used
    "signature",
    "channel claim",  # in a connection token
    "no channel claim",  # in a subscription token
    "expired",
    "not yet valid",
    "unknown channel",
    "base64",  # b64info, b64data
    "ended",  # expire_at is past
    "another channel",  # than the one to subscribe to
    "another user",  # than the user of the connection
    "another client",  # than the connection
]


class Answer(NamedTuple):
    """What the server answers: the code of an error in the reply, or the code of a close, and its message."""

    error: int | None
    close: int | None
    message: str


_CLOSED = Answer(None, 3500, "invalid token")
_DENIED = Answer(103, None, "permission denied")
_ANSWERS: dict[Reason, Answer] = {
    "expired": Answer(109, None, "token expired"),
    "not yet valid": Answer(109, None, "token expired"),
    "ended": Answer(110, None, "expired"),
    "unknown channel": Answer(102, None, "unknown channel"),
    "another channel": _CLOSED,
    "another user": _CLOSED,
    "another client": _CLOSED,
}
"""The answers that do not depend on the kind of token."""


_SENTENCES: dict[Reason, str] = {
    "malformed": "{found} is not {expected}",
    "claims": "{expected}",
    "issuer": "`{name}` is {found!r}, the server is configured with {expected}",
    "audience": "`{name}` is {found!r}, the server is configured with {expected}",
    "algorithm": "the server has no key for the algorithm {found!r}",
    "kid": 'the key set has no key {found!r} with `use` "sig"',
    "key": "the server's key cannot be used: {expected}",
    "signature": "the signature is not one by {expected}",
    "channel claim": "a connection token must not have the claim `channel`: this is a subscription token",
    "no channel claim": "a subscription token needs the claim `channel`",
    "expired": "the token expired {apart:g} s ago (`{name}`)",
    "not yet valid": "the token counts only in {apart:g} s (`{name}`)",
    "unknown channel": "there is no namespace for the channel {found!r}",
    "base64": "`{name}` is not base64: {expected}",
    "ended": "the {kind} was to end {apart} s ago (`{name}`)",
    "another channel": "the token is for the channel {found!r}, not for {expected!r}",
    "another user": "the token is for the user {found!r}, not for {expected!r}",
    "another client": "the token is for the connection {found!r}, not for {expected!r}",
}
_SENTENCES_IF_EMPTY: dict[Reason, str] = {
    "malformed": "{expected}",
    "kid": "the server has a key set, so the header needs the `kid` of a key",
    "another user": "the token is for the anonymous user, not for {expected!r}",
}
"""The sentences where nothing was found."""


class Fault(msgspec.Struct, frozen=True):
    """One reason for which a server refuses a token; `str()` is a sentence about it.

    Attributes:
        kind: what the token was presented as.
        reason: what is wrong.
        name: the claim or header field that is wrong; empty if it is not about one.
        found: what the token has there; for a time, Unix seconds.
        expected: what the server wants there; the text of the reader's error where a value cannot be read; for a time,
            the time of the check.
    """

    kind: Kind
    reason: Reason
    name: str = ""
    found: Any = None
    expected: Any = None

    @property
    def answer(self) -> Answer:
        """What the server answers."""
        if self.kind == "connection" and self.name == "b64info" and self.reason == "base64":
            return Answer(100, None, "internal server error")  # only this one escapes the server's "invalid token"
        return _ANSWERS.get(self.reason) or (_DENIED if self.kind == "subscription" else _CLOSED)

    def __str__(self) -> str:
        found, expected = self.found, self.expected
        sentence = _SENTENCES[self.reason]
        if not found:
            sentence = _SENTENCES_IF_EMPTY.get(self.reason, sentence)
        elif self.reason == "algorithm" and expected:
            sentence = "{expected} is not one for {found!r}"
        times = isinstance(found, int | float) and isinstance(expected, int | float)
        apart = abs(found - expected) if times else 0
        return sentence.format(kind=self.kind, name=self.name, found=found, expected=expected, apart=apart)


class TokenRefused(CentripetalError):
    """The server would refuse the token.

    Attributes:
        fault: why, with what was found and what was expected.
        kind: what the token was presented as.
        reason: what is wrong, for programs.
        error: the code of the error in the reply to connect or subscribe; None: the connection is closed instead.
        close: the code with which it is closed; None: it is not.
        message: the server's own words: the error's message, or the reason of the close.
        claim: the claim that is wrong, where it is about one; or empty.
    """

    executed = "no"

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.kind, self.reason, self.claim = fault.kind, fault.reason, fault.name
        self.error, self.close, self.message = fault.answer
