"""The methods of the current API; `current.pyi` shows their signatures to type checkers and editors."""

from centripetal.client.call import Awaiting, Blocking, Collecting, offers
from centripetal.dialects.current.commands import COMMANDS

__all__ = ["AsyncBatch", "AsyncClient", "Batch", "Client"]


@offers(COMMANDS)
class Client(Blocking):
    """Commands as methods that return results."""


@offers(COMMANDS)
class AsyncClient(Awaiting):
    """Commands as coroutine functions."""


@offers(COMMANDS)
class Batch(Collecting):
    """Commands as methods that return slots."""


@offers(COMMANDS)
class AsyncBatch(Collecting):
    """Commands as methods that return slots."""
