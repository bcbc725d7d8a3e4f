"""Checks of parameters: reject values that a server would reject, before sending, with a more helpful message.

Each check raises a `UsageError`; *what* is the name of the value in its message.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import UNSET

from centripetal.errors import CentripetalError, UsageError, shown, told
from centripetal.protocol.exact import exact_flag, exact_float, exact_integer, exact_text
from centripetal.protocol.hosts import could_be_host

__all__ = [
    "MILLISECONDS",
    "check_at_least",
    "check_channels",
    "check_flag",
    "check_given_once",
    "check_name",
    "check_names",
    "check_not_swapped",
    "check_text",
    "check_timeout",
    "reading",
    "unreadable",
]


def unreadable(what: str, error: Exception) -> UsageError:
    """Return the error for *what*, an argument whose own code raised *error* when it was read."""
    return UsageError(f"{what} cannot be read, because its own code raised {told(error)}")


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Convert errors that the code of *what*, one or several arguments, raises in the block.

    Raises:
        UsageError: the block raised an exception other than a `CentripetalError`.
    """
    try:
        yield
    except CentripetalError:
        raise
    except Exception as error:
        raise unreadable(what, error) from error


def check_text(what: str, value: Any) -> str:
    """Check that *value* is text without lone surrogates, which servers would replace with U+FFFD; return it."""
    text = exact_text(value)
    if text is None:
        raise UsageError(f"{what} must be text, not {type(value).__name__}: {_advice(value)}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{what} contains a lone surrogate, which cannot be encoded as UTF-8") from None
    return text


def check_name(what: str, value: Any) -> str:
    """Check that *value* is text and not empty; return it."""
    text = check_text(what, value)
    if not text:
        raise UsageError(f"{what} must not be empty")
    return text


def check_names(what: str, values: Any) -> list[str]:
    """Check that *values* is a list of at least one name, and return it as a list."""
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise UsageError(f"{what} must be a list of names, not {type(values).__name__}: pass [name] for a single name")
    names = list(values)
    if not names:
        raise UsageError(f"{what} must contain at least one name")
    for index, value in enumerate(names):
        if type(value) is not str or not value or not value.isascii():  # the fast check found a problem
            names[index] = check_name(f"{what}[{index}]", value)
    return names


def check_not_swapped(url: Any, name: str, key: Any) -> None:
    """Check that *url* and *key*, the argument *name*, are not swapped: an error about the URL would show the key."""
    address, given = exact_text(key) or "", exact_text(url)
    if given is None or "://" in given:
        return
    if "://" in address or (could_be_host(address) and not could_be_host(given.partition("/")[0])):
        raise UsageError(f"url and {name} are swapped: pass the address of the server first")


def check_flag(what: str, value: Any) -> bool:
    """Check that *value* is True or False; return it."""
    flag = exact_flag(value)
    if flag is None:
        raise UsageError(f"{what} must be True or False, not {shown(value)}")
    return flag


def check_at_least(what: str, value: Any, least: int, *, also: str = "") -> int:
    """Check that *value* is an integer of *least* or more; return it. *also* describes other valid values."""
    number = exact_integer(value)
    if number is None or number < least:
        raise UsageError(f"{what} must be an integer of {least} or more{also}, not {shown(value)}")
    return number


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
            "Choose another name, or set check_channels=False when you create the client or the outbox"
        )


def check_timeout(value: Any) -> float:
    """Check that *value* is a number of seconds above 0, possibly infinite, and return it as a float."""
    seconds = exact_float(value)
    if seconds is None or not seconds > 0:
        raise UsageError(f"timeout must be a number of seconds above 0, not {shown(value)}")
    return seconds


def _advice(value: Any) -> str:
    if isinstance(value, int) or exact_integer(value) is not None:
        return f"write '{value}'"
    if isinstance(value, bytes):
        return "decode it first"
    return "pass its name"


def check_given_once(given: Any, encoded: Any, *, what: str = "data", required: bool = True) -> None:
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
