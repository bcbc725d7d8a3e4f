"""The methods of the API of Centrifugo 1.x; `v1.pyi` shows their signatures to type checkers and editors."""

from centripetal.client.call import Awaiting, Blocking, Buffering, Collecting, offers
from centripetal.dialects.v1.commands import COMMANDS

__all__ = ["AsyncBatch", "AsyncClient", "Batch", "Client"]


@offers(COMMANDS)
class Client(Blocking, Buffering):
    """Commands as methods that return results, and as `add_…` for the buffer."""


@offers(COMMANDS)
class AsyncClient(Awaiting, Buffering):
    """Commands as coroutine functions, and as `add_…` for the buffer."""


@offers(COMMANDS)
class Batch(Collecting):
    """Commands as methods that return slots."""


@offers(COMMANDS)
class AsyncBatch(Collecting):
    """Commands as methods that return slots."""
