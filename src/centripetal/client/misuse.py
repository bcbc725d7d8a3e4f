"""Mistakes between blocking and asyncio code: the wrong kind of block, and blocking calls inside an event loop."""

import sys
from typing import Any, Final

from centripetal.errors import UsageError, shown
from centripetal.protocol.caller import warn_caller
from centripetal.protocol.exact import exact_integer

__all__ = ["MODULES", "BlockingCallWarning", "NeedsAsyncWith", "NeedsWith", "warn_of_blocking", "wrong_retry"]

MODULES: Final[dict[str, Any]] = sys.modules
"""The imported modules: without `asyncio.events` among them, no event loop of asyncio runs."""


_MOST_ATTEMPTS = 1000


class BlockingCallWarning(RuntimeWarning):
    """A blocking client was used inside a running event loop, whose other tasks had to wait.

    Each client issues at most one such warning. To turn it off, for example in a notebook:
    `warnings.simplefilter("ignore", centripetal.BlockingCallWarning)`.
    """


def warn_of_blocking() -> None:
    """Issue the warning for a call in the thread of a running event loop."""
    warn_caller(
        "a call of a blocking Client inside a running event loop: all other tasks wait until the reply. Use"
        " AsyncClient, or a thread: await asyncio.to_thread(client.publish, …). To allow it, ignore the category"
        " BlockingCallWarning",
        BlockingCallWarning,
    )


def wrong_retry(value: object) -> UsageError:
    """Return the error for *value* as `retry`, which must be a policy."""
    if isinstance(value, type):
        return UsageError(f"retry must be a Retry(…) or None, not the class {value.__name__}: call it, Retry()")
    number = exact_integer(value)
    if value is True:
        advice = ": pass Retry() to retry until the call's time limit"
    elif value is False:
        advice = ": pass None, which never retries"
    elif number is not None and 0 <= number < _MOST_ATTEMPTS:
        # As a number of retries, as in most libraries; the first attempt is not a retry.
        advice = f": for {number} retries, pass Retry(attempts={number + 1})" if number else ": pass None"
    else:
        advice = ""
    return UsageError(f"retry must be a Retry(…) or None, not {shown(value)}{advice}")


class _WrongBlockError(TypeError, AttributeError):
    """The advice. Also an `AttributeError`, because other code asks with `hasattr` whether the method exists."""


class _WrongBlock:
    """A special method that does not exist: Python looks it up when a block begins, and gets the advice instead.

    The method that ends a block is missing, so `isinstance` tells frameworks that the object cannot be used so.
    """

    advice: str

    def __get__(self, instance: object, owner: type) -> "_WrongBlock":
        if instance is None:
            return self
        raise _WrongBlockError(self.advice.format(owner.__name__))


class NeedsAsyncWith(_WrongBlock):
    """Attribute `__enter__` of a class for asyncio."""

    advice = "{0} is for asyncio: write `async with` instead of `with`, or use the blocking Client"


class NeedsWith(_WrongBlock):
    """Attribute `__aenter__` of a blocking class."""

    advice = "{0} is blocking: write `with` instead of `async with`, or use AsyncClient"
