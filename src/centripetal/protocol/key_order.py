"""Recognise a secret and a user that were passed in each other's place: PURE."""

import re
import uuid
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.exact import exact_bytes, exact_integer, exact_text

__all__ = ["check_key_order"]

_LARGEST = 10**20  # a longer number is not a user's id, and Python does not format numbers of any length
_HEX = re.compile(r"[0-9a-fA-F]{64,}")
_RANDOM = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_-]{40,}={0,2}")  # 30 bytes or more in base64
_USER = re.compile(
    r"-?[0-9]{1,20}"  # a number
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # a UUID
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an address of e-mail
)


def check_key_order(key: Any, user: Any, call: str) -> None:
    """Check that *key* and *user* are not swapped. Only clear cases are errors.

    Args:
        key: the argument for the secret.
        user: the argument for the user's id.
        call: the call as it should be written.

    Raises:
        UsageError: *user* looks like a key, and *key* looks like a user's id or *user* is a key in PEM.
    """
    user = _text(user)
    if len(user) < 40:  # the usual case, at the cost of one comparison
        return
    if "-----BEGIN " in user:
        raise UsageError(f"the user is a key in PEM, so the arguments may be swapped: write {call}")
    if (_HEX.fullmatch(user) or _RANDOM.fullmatch(user)) and _USER.fullmatch(_text(key)):
        raise UsageError(
            "the secret and the user seem to be swapped: the user looks like a key, and the secret like a user's id;"
            f" write {call}"
        )


def _text(value: Any) -> str:
    if type(value) is uuid.UUID:
        return str(value)
    if (data := exact_bytes(value)) is not None:
        return data.decode("utf-8", "replace")
    if (number := exact_integer(value)) is not None:
        return str(number) if abs(number) < _LARGEST else ""
    return exact_text(value) or ""
