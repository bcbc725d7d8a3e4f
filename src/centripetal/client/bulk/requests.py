"""Items of a `publish_many`, and the requests that they fill."""

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any

from centripetal.client.bulk.tally import Request
from centripetal.errors import UsageError
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.flights import ENVELOPE_BYTES
from centripetal.protocol.grouping import Limits

__all__ = ["Packing", "check_items", "command_of"]

_PAIRS = (tuple, list)  # a union would be created for every item


def check_items(items: object) -> None:
    """Check the argument of `publish_many`.

    Raises:
        UsageError: it is not an iterable of items.
    """
    if isinstance(items, Mapping):
        raise UsageError("publish_many takes pairs of channel and data: pass the .items() of a mapping")
    if isinstance(items, str | bytes) or not isinstance(items, Iterable | AsyncIterable):
        raise UsageError(f"publish_many takes an iterable of pairs or commands, not {type(items).__name__}")


def command_of(item: Any, make: type[Command[Any]]) -> Command[Any]:
    """Return the command of *item*; *make* is the class of the dialect's publish command.

    Raises:
        UsageError: *item* is neither a pair nor a command.
    """
    if isinstance(item, _PAIRS) and len(item) == 2:
        return make(*item)
    if not isinstance(item, Command):
        raise UsageError(f"an item must be a channel and its data, or a command, not {type(item).__name__}")
    if item.timeout is not None:
        raise UsageError("a command of publish_many cannot have its own timeout: pass publish_many(timeout=…)")
    return item


class Packing:
    """Fills requests with calls.

    Args:
        limits: maximum size of a request.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._start()

    def __bool__(self) -> bool:
        return bool(self._request.calls)

    def _start(self) -> None:
        self._request = Request([], [])
        self._size = 0

    def add(self, place: int, call: Prepared[Any]) -> Sequence[Request]:
        """Add a call, and return the requests that are full now."""
        size = len(call.text) + ENVELOPE_BYTES
        alone = call.command.alone
        full = self.rest() if alone or self._size + size > self._limits.bytes else ()
        request = self._request
        request.places.append(place)
        request.calls.append(call)
        self._size += size
        if alone or len(request.calls) >= self._limits.commands:
            return (*full, *self.rest())
        return full

    def rest(self) -> Sequence[Request]:
        """Return the request that is not full, if it has calls."""
        request = self._request
        if not request.calls:
            return ()
        self._start()
        return (request,)
