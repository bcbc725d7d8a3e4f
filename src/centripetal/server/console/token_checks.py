"""Explanations of the tokens that clients send, for display next to the token: PURE."""

import msgspec

from centripetal.errors import UsageError
from centripetal.server.engine.events import TokenSent
from centripetal.tokens.explanation import explain
from centripetal.tokens.verification import TokenKeys

__all__ = ["Reason", "TokenCheck", "check", "shown"]

_LONGEST = 2000  # characters of a token on the page


class Reason(msgspec.Struct, frozen=True):
    """Why the server refuses a token.

    Attributes:
        what: what is wrong.
        fix: what to do about it.
    """

    what: str
    fix: str


class TokenCheck(msgspec.Struct, frozen=True):
    """A token and its explanation.

    Attributes:
        token: the token without its signature, so that nobody can use it.
        kind: the kind of token, such as "connection".
        accepted: whether the server accepts it.
        said: the server's response to the client.
        reasons: everything that is wrong with it. The first reason is the server's.
        notes: details that the server accepts but that look like mistakes.
        content: name, value and meaning of each signed value.
    """

    token: str
    kind: str
    accepted: bool
    said: str
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    content: tuple[tuple[str, str, str], ...] = ()


def shown(token: str) -> str:
    """Return *token* without its signature. Of other text, return only the beginning: it may be a key."""
    head, dot, _ = token.rpartition(".")
    if dot and head.count(".") == 1 and head.startswith("ey"):
        return f"{head[:_LONGEST]}.…"
    return token if len(token) <= 8 else f"{token[:8]}… ({len(token):,} characters)"


def check(sent: TokenSent, keys: TokenKeys, *, pasted: bool = False) -> TokenCheck:
    """Explain a JSON Web Token.

    Args:
        sent: the token and its use.
        keys: the server's keys for tokens of this kind.
        pasted: the token was not sent by a client, so its user and connection are unknown.
    """
    is_connection = not sent.channel
    of_connection = None if pasted or sent.method == "connect" else sent.user
    try:
        found = explain(
            sent.token,
            keys,
            kind=None if pasted else "connection" if is_connection else "subscription",
            channel=sent.channel or None,
            user=of_connection,
            client=None if pasted or is_connection else sent.client,
            now=sent.at,
        )
    except UsageError as error:  # a key that this installation cannot use
        return TokenCheck(shown(sent.token), "connection" if is_connection else "subscription", False, str(error))
    reasons = map(Reason, map(_sentence, found.reasons), map(_sentence, found.fixes))
    notes = tuple(map(_sentence, found.notes))
    return TokenCheck(
        shown(sent.token), found.kind, found.accepted, found.server_says, tuple(reasons), notes, found.described
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
