"""Rules for parameters: what a server would refuse is refused before it is sent, with a better text.

Each check raises a `UsageError`; *what* is what that calls the value.
"""

import math
from collections.abc import Sequence
from typing import Any

from centripetal.errors import UsageError

__all__ = ["MILLISECONDS", "check_channels", "check_name", "check_names", "check_text", "check_timeout"]


def check_text(what: str, value: Any) -> None:
    """*value* must be text; half of a surrogate pair is not (servers would put U+FFFD in its place)."""
    if not isinstance(value, str):
        raise UsageError(f"{what} must be text, not {type(value).__name__}: {_advice(value)}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{what} holds half of a surrogate pair, which is no text") from None


def check_name(what: str, value: Any) -> None:
    """*value* must be text and not empty."""
    check_text(what, value)
    if not value:
        raise UsageError(f"{what} must not be empty")


def check_names(what: str, values: Any) -> None:
    """*values* must be a list of names with at least one in it."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise UsageError(f"{what} must be a list of names, not {type(values).__name__}: [name] for a single one")
    if not values:
        raise UsageError(f"{what} must hold at least one name")
    for index, value in enumerate(values):
        if type(value) is not str or not value or not value.isascii():  # else there is nothing to find
            check_name(f"{what}[{index}]", value)


MAX_CHANNEL_BYTES = 255

MILLISECONDS = 100_000_000_000
"""A time that is not below this is in milliseconds: no time in seconds is as large until the year 5138, and none in
milliseconds as small since 1973.
"""


def check_channels(channels: Sequence[str]) -> None:
    """*channels* must be names that clients can subscribe to, as servers have it by default (spec v6 §3.2)."""
    if len(channels) == 1 and channels[0].isascii() and len(channels[0]) <= MAX_CHANNEL_BYTES:
        return  # the usual case, and the shortest way
    if "".join(channels).isascii() and (not channels or max(map(len, channels)) <= MAX_CHANNEL_BYTES):
        return
    for channel in channels:
        if not channel.isascii():
            why = "holds characters outside ASCII, which a server allows only with a `channel_regex`"
        elif len(channel) > MAX_CHANNEL_BYTES:
            why = f"is longer than {MAX_CHANNEL_BYTES} bytes (`channel.max_length` of the server)"
        else:
            continue
        raise UsageError(
            f"no client can subscribe to the channel {channel!r:.80}: it {why}. "
            "Choose another name, or make the client with check_channels=False"
        )


def check_timeout(value: Any) -> float:
    """*value* as seconds, if it is a number above 0 (infinite is one)."""
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
    return "give its name"
