"""The commands that can be queued, as methods; `methods.pyi` shows their signatures to type checkers and editors."""

from centripetal.client.call import AwaitedQueueing, Queueing, offers
from centripetal.dialects.current.queue import QUEUED

__all__ = ["AsyncWriter", "Writer"]


@offers(QUEUED)
class Writer(Queueing):
    """Commands as methods that write a row."""


@offers(QUEUED)
class AsyncWriter(AwaitedQueueing):
    """Commands as coroutine functions that write a row."""
