"""Checks of parameters: reject values that a server would reject, before sending, with a more helpful message.

Each check raises a `UsageError`; *what* is the name of the value in its message.
"""

import math
from collections.abc import Sequence
from typing import Any

from centripetal.errors import UsageError

__all__ = ["MILLISECONDS", "check_channels", "check_name", "check_names", "check_text", "check_timeout"]


def check_text(what: str, value: Any) -> None:
    """Check that *value* is text without lone surrogates, which servers would replace with U+FFFD."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be text, not {type(value).__name__}: {_advice(value)}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{what} contains a lone surrogate, which cannot be encoded as UTF-8") from None


def check_name(what: str, value: Any) -> None:
    """Check that *value* is text and not empty."""
    check_text(what, value)
    if not value:
        raise UsageError(f"{what} must not be empty")


def check_names(what: str, values: Any) -> None:
    """Check that *values* is a list of at least one name."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise UsageError(f"{what} must be a list of names, not {type(values).__name__}: pass [name] for a single name")
    if not values:
        raise UsageError(f"{what} must contain at least one name")
    for index, value in enumerate(values):
        if type(value) is not str or not value or not value.isascii():  # the fast check found a problem
            check_name(f"{what}[{index}]", value)


MAX_CHANNEL_BYTES = 255

MILLISECONDS = 100_000_000_000
"""A time of at least this number is in milliseconds: times in seconds are smaller until the year 5138, and times in
milliseconds have been larger since 1973.
"""


def check_channels(channels: Sequence[str]) -> None:
    """Check that clients can subscribe to *channels* in a server with default settings.

    See protocol 6: channel-name-checks.
    """
    if len(channels) == 1 and channels[0].isascii() and len(channels[0]) <= MAX_CHANNEL_BYTES:
        return  # fast path for the usual case
    if "".join(channels).isascii() and (not channels or max(map(len, channels)) <= MAX_CHANNEL_BYTES):
        return
    for channel in channels:
        if not channel.isascii():
            why = "contains non-ASCII characters, which a server allows only with a `channel_regex`"
        elif len(channel) > MAX_CHANNEL_BYTES:
            why = f"is longer than {MAX_CHANNEL_BYTES} bytes (`channel.max_length` of the server)"
        else:
            continue
        raise UsageError(
            f"no client can subscribe to the channel {channel!r:.80}: it {why}. "
            "Choose another name, or create the client with check_channels=False"
        )


def check_timeout(value: Any) -> float:
    """Check that *value* is a number of seconds above 0, possibly infinite, and return it as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise UsageError(f"timeout must be a number of seconds above 0, not {value!r}")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _advice(value: Any) -> str:
    if isinstance(value, int):
        return f"write '{value}'"
    if isinstance(value, bytes):
        return "decode it first"
    return "pass its name"
