"""Faults of tokens: why a server rejects a token, how it responds, and a sentence for each.

See protocol 6: connection-token, subscription-token.
"""

from typing import Any, Literal, NamedTuple

import msgspec

from centripetal.errors import CentripetalError

__all__ = ["Answer", "Fault", "Kind", "Reason", "TokenRefused"]

Kind = Literal["connection", "subscription"]
Reason = Literal[
    "malformed",  # not three parts of base64url, or an invalid header
    "claims",  # not a JSON object, or a claim of the wrong type
    "issuer",
    "audience",
    "algorithm",  # the server has no key for this algorithm
    "kid",  # the key set has no key with this id
    "key",  # the server's key cannot be used
    "signature",
    "channel claim",  # in a connection token
    "no channel claim",  # in a subscription token
    "expired",
    "not yet valid",
    "unknown channel",
    "base64",  # b64info, b64data
    "ended",  # expire_at is in the past
    "another channel",  # not the channel of the subscription
    "another user",  # not the user of the connection
    "another client",  # not this connection
]


class Answer(NamedTuple):
    """The server's response: the code of an error in the reply, or the code of a close, and the message."""

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
"""The responses that do not depend on the kind of token."""


_SENTENCES: dict[Reason, str] = {
    "malformed": "{found} is not {expected}",
    "claims": "{expected}",
    "issuer": "`{name}` is {found!r}, the server is configured with {expected}",
    "audience": "`{name}` is {found!r}, the server is configured with {expected}",
    "algorithm": "the server has no key for the algorithm {found!r}",
    "kid": 'the key set has no key {found!r} with `use` "sig"',
    "key": "the server's key cannot be used: {expected}",
    "signature": "the signature was not made with {expected}",
    "channel claim": "a connection token must not have the claim `channel`: this is a subscription token",
    "no channel claim": "a subscription token needs the claim `channel`",
    "expired": "the token expired {apart:g} s ago (`{name}`)",
    "not yet valid": "the token becomes valid in {apart:g} s (`{name}`)",
    "unknown channel": "the server has no namespace for the channel {found!r}",
    "base64": "`{name}` is not base64: {expected}",
    "ended": "the {kind} expired {apart} s ago (`{name}`)",
    "another channel": "the token is for the channel {found!r}, not for {expected!r}",
    "another user": "the token is for the user {found!r}, not for {expected!r}",
    "another client": "the token is for the connection {found!r}, not for {expected!r}",
}
_SENTENCES_IF_EMPTY: dict[Reason, str] = {
    "malformed": "{expected}",
    "kid": "the server uses a key set, so the header needs the `kid` of a key",
    "another user": "the token is for the anonymous user, not for {expected!r}",
}
"""The sentences for faults where the token has no value."""


class Fault(msgspec.Struct, frozen=True):
    """A reason why a server rejects a token. `str()` returns a sentence about it.

    Attributes:
        kind: the kind of token that it was presented as.
        reason: identifies the fault.
        name: name of the invalid claim or header field; empty if the fault is not about a single field.
        found: the token's value; for a time, in Unix seconds.
        expected: the value that the server expects; if a value cannot be read, the error message; for a time, the time
            of the check.
    """

    kind: Kind
    reason: Reason
    name: str = ""
    found: Any = None
    expected: Any = None

    @property
    def answer(self) -> Answer:
        """The server's response."""
        if self.kind == "connection" and self.name == "b64info" and self.reason == "base64":
            return Answer(
                100, None, "internal server error"
            )  # the only claim for which the server does not respond "invalid token"
        return _ANSWERS.get(self.reason) or (_DENIED if self.kind == "subscription" else _CLOSED)

    def __str__(self) -> str:
        found, expected = self.found, self.expected
        sentence = _SENTENCES[self.reason]
        if not found:
            sentence = _SENTENCES_IF_EMPTY.get(self.reason, sentence)
        elif self.reason == "algorithm" and expected:
            sentence = "{expected} cannot be used with {found!r}"
        times = isinstance(found, int | float) and isinstance(expected, int | float)
        apart = abs(found - expected) if times else 0
        return sentence.format(kind=self.kind, name=self.name, found=found, expected=expected, apart=apart)


class TokenRefused(CentripetalError):
    """The server would reject the token.

    Attributes:
        fault: the reason, with found and expected values.
        kind: the kind of token that it was presented as.
        reason: identifies the reason; stable, for use in programs.
        error: code of the error in the reply to connect or subscribe; None if the server closes the connection.
        close: code with which the server closes the connection; None if it replies with an error.
        message: the server's message: the error's message, or the reason of the close.
        claim: name of the invalid claim; empty if the fault is not about a single claim.
    """

    executed = "no"

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.kind, self.reason, self.claim = fault.kind, fault.reason, fault.name
        self.error, self.close, self.message = fault.answer
