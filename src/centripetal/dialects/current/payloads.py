"""Payloads in arguments: JSON in `data` or `info`, or bytes in the argument of the same name with `b64`. PURE."""

from typing import Any

from msgspec import UNSET

from centripetal.errors import UsageError

__all__ = ["payload_of"]


def payload_of(given: Any, encoded: Any, *, what: str = "data", required: bool = True) -> None:
    """Check that a payload is given exactly once, as JSON or as base64.

    Args:
        given: the JSON value, or UNSET.
        encoded: the base64 value, or None.
        what: name of the argument for JSON; with the prefix `b64` it is the name of the other one.
        required: whether one of the two must be given.

    Raises:
        UsageError: both are given, or neither although *required*.
    """
    if encoded is None:
        if given is UNSET and required:
            raise UsageError(
                f"{what} is missing: pass {what}= (None is JSON null) or b64{what}= (b'' for an empty payload)"
            )
    elif given is not UNSET:
        raise UsageError(f"{what} and b64{what} exclude each other: pass one of them (the server would ignore {what})")
