"""Explanation of the tokens that clients of a 1.x server send (protocol 1: signatures): PURE."""

import re
from typing import NamedTuple

from centripetal.dialects.v1.credentials import sign
from centripetal.server.console.token_checks import Reason, TokenCheck, shown
from centripetal.server.engine.events import TokenSent

__all__ = ["check"]

_REMAKE = (
    "Make the token with `generate_client_token(secret, user, timestamp, info)`, from the `secret` of the server's "
    "configuration and from exactly the values that the client sends."
)


class _Guess(NamedTuple):
    """Fields that the token may have been made from, and the mistake that this shows."""

    fields: tuple[str, ...]
    mistake: str


def check(sent: TokenSent, secret: str, lifetime: int) -> TokenCheck:
    """Explain a token of 1.x.

    Args:
        sent: the token and the values that it signs.
        secret: the server's `secret`.
        lifetime: the server's `connection_lifetime`, in seconds; 0 if connections do not expire.
    """
    user, timestamp, info = (sent.signed.get(name, "") for name in ("user", "timestamp", "info"))
    key = secret.encode()
    accepted = sign(key, *(part.encode() for part in (user, timestamp, info))) == sent.token
    age = int(sent.at) - int(timestamp) if re.fullmatch(r"[0-9]{1,12}", timestamp) else None
    content = (
        ("user", user[:100], "" if user else "the anonymous user"),
        ("timestamp", timestamp[:100], "" if age is None else f"{age} s ago" if age >= 0 else f"in {-age} s"),
        ("info", info[:100], "" if info else "no info"),
    )
    if not accepted:
        guesses = (
            _Guess((user, timestamp), "The token was made without the info."),
            _Guess((timestamp, user, info), "The token was made with the timestamp before the user."),
        )
        made = [each.mistake for each in guesses if sign(key, *(part.encode() for part in each.fields)) == sent.token]
        reason = Reason(made[0] if made else _form(sent.token), _REMAKE)
        said = "it closes the connection, invalid token"
        return TokenCheck(shown(sent.token), "connection", False, said, (reason,), content=content)
    if age is None:
        reason = Reason("The timestamp is not a whole number of Unix seconds.", _REMAKE)
        said = "it closes the connection, invalid message"
        return TokenCheck(shown(sent.token), "connection", False, said, (reason,), content=content)
    if 0 < lifetime <= age:
        note = f"The token is older than `connection_lifetime` ({lifetime} s), so the client must refresh it."
        return TokenCheck(shown(sent.token), "connection", True, "the token has expired", (), (note,), content)
    return TokenCheck(shown(sent.token), "connection", True, "the client is connected", content=content)


def _form(token: str) -> str:
    """Say what is wrong with a token that signs other values."""
    if not token:
        return "The token is empty."
    if token.startswith("ey") and token.count(".") == 2:
        return (
            "This is a JSON Web Token, for Centrifugo 2 and later. Tokens of Centrifugo 1.x have 64 hexadecimal digits."
        )
    if not re.fullmatch("[0-9a-f]{64}", token):
        return f"A token has 64 lower-case hexadecimal digits; this text has {len(token)} characters."
    return "The token does not match the user, timestamp and info that the client sent, or it was made with another secret."
