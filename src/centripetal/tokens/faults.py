"""Why a server refuses a token, and what it tells the client (spec v6 §10.2, §10.3)."""

from typing import Literal

from centripetal.errors import CentripetalError

__all__ = ["Kind", "Reason", "TokenRefused"]

Kind = Literal["connection", "subscription"]
Reason = Literal[
    "malformed",  # not three parts of base64url, or a header that is none
    "claims",  # claims that are no JSON object, or one of a wrong type
    "issuer",
    "audience",
    "algorithm",  # none that there is a key for
    "kid",  # the key set has no such key
    "key",  # the key is there, but cannot be used
    "signature",
    "channel claim",  # in a connection token
    "no channel claim",  # in a subscription token
    "expired",
    "not yet valid",
    "unknown channel",
    "base64",  # b64info, b64data
    "ended",  # expire_at is past
]
_EXPIRED: frozenset[Reason] = frozenset({"expired", "not yet valid"})


class TokenRefused(CentripetalError):
    """The server would refuse the token.

    Attributes:
        kind: what the token was presented as.
        reason: what is wrong, for programs.
        error: the code of the error in the reply to connect or subscribe; None: the connection is closed instead.
        close: the code with which it is closed; None: it is not.
        message: the server's own words: the error's message, or the reason of the close.
        claim: the claim that is wrong, where it is about one; or empty.
    """

    executed = "no"

    def __init__(self, text: str, kind: Kind, reason: Reason, claim: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.reason = reason
        self.claim = claim
        self.error, self.close, self.message = _answer(kind, reason, claim)


def _answer(kind: Kind, reason: Reason, claim: str) -> tuple[int | None, int | None, str]:
    if reason in _EXPIRED:
        return 109, None, "token expired"
    if reason == "ended":
        return 110, None, "expired"
    if reason == "unknown channel":
        return 102, None, "unknown channel"
    if reason == "base64" and kind == "connection" and claim == "b64info":
        return 100, None, "internal server error"  # only this one escapes the server's "invalid token"
    if kind == "subscription":
        return 103, None, "permission denied"
    return None, 3500, "invalid token"
