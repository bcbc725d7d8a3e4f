"""`publish_many` of the blocking clients: one request after the other."""

from collections.abc import AsyncIterable, Sequence
from typing import Any, Protocol

from centripetal.client.bulk.requests import Packing, check_items, command_of
from centripetal.client.bulk.tally import Items, OnError, Progress, PublishSummary, Request, Tally
from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol.command import Command, Outcome, Prepared
from centripetal.protocol.grouping import Limits

__all__ = ["publish"]


class _Client(Protocol):
    """The parts of a client that this module uses."""

    _limits: Limits
    _codec: Any

    def _seconds(self, timeout: float | None) -> float: ...

    def _request(self, calls: list[Prepared[Any]], timeout: float) -> Sequence[Outcome[Any]]: ...


def publish(
    client: _Client,
    make: type[Command[Any]],
    items: Items,
    *,
    progress: Progress,
    on_error: OnError,
    timeout: float | None,
) -> PublishSummary:
    """Publish *items* with *client*; see `Client.publish_many`. *make* is the dialect's publish command."""
    if isinstance(items, AsyncIterable):
        raise UsageError("a blocking client cannot read an async iterable: use AsyncClient")
    check_items(items)
    seconds, tally, packing = client._seconds(timeout), Tally(items, progress, on_error), Packing(client._limits)

    def send(request: Request) -> None:
        with tally.sending(request):
            tally.settle(request, client._request(request.calls, seconds))
        tally.check()

    with tally:
        for place, item in enumerate(items):
            try:
                call = client._codec.prepare(command_of(item, make))
            except CentripetalError as error:
                tally.reject(place, error)
                tally.check()
                continue
            for request in packing.add(place, call):
                send(request)
        for request in packing.rest():
            send(request)
    return tally.summary()
