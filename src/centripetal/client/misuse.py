"""Mistakes between blocking and asyncio code: the wrong kind of block, and blocking calls inside an event loop."""

import sys
from typing import Any, Final

from centripetal.protocol.caller import warn_caller

__all__ = ["MODULES", "BlockingCallWarning", "NeedsAsyncWith", "NeedsWith", "warn_of_blocking"]

MODULES: Final[dict[str, Any]] = sys.modules
"""The imported modules: without `asyncio.events` among them, no event loop of asyncio runs."""


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


class _WrongBlock:
    """A special method that does not exist: Python looks it up when a block begins, and gets the advice instead.

    The method that ends a block is missing, so `isinstance` tells frameworks that the object cannot be used so.
    """

    advice: str

    def __get__(self, instance: object, owner: type) -> "_WrongBlock":
        if instance is None:
            return self
        raise TypeError(self.advice.format(owner.__name__))


class NeedsAsyncWith(_WrongBlock):
    """Attribute `__enter__` of a class for asyncio."""

    advice = "{0} is for asyncio: write `async with` instead of `with`, or use the blocking Client"


class NeedsWith(_WrongBlock):
    """Attribute `__aenter__` of a blocking class."""

    advice = "{0} is blocking: write `with` instead of `async with`, or use AsyncClient"
