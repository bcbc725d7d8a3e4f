"""A live subscriber for the demo: a thread that watches channels and keeps the events."""

import queue
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self, Unpack

from centripetal.errors import CentripetalError
from centripetal.protocol.watching import Event, Joined, Left, Published, Refused, Subscribed, Watcher
from centripetal.transport.base import TransportOptions

__all__ = ["Arrival", "Subscriber"]

Arrival = Published | Joined | Left
"""The events that the demo shows."""


class Subscriber:
    """A subscriber that watches channels until the `with` block ends.

    Args:
        watcher: the channels and the user, in the client protocol of the server's generation.
        url: the address of the server.
        subscriptions: the number of subscriptions to wait for when the block starts.
        joins: the number of join events to wait for when the block starts.
        patience: the time limit of each wait, in seconds.
        options: options of the transport.

    Attributes:
        problem: the error that prevented or ended watching; None while the subscriber watches.
    """

    def __init__(
        self,
        watcher: Watcher,
        url: str,
        *,
        subscriptions: int = 1,
        joins: int = 0,
        patience: float = 5.0,
        **options: Unpack[TransportOptions],
    ) -> None:
        self.problem: CentripetalError | None = None
        self._expected = subscriptions, joins
        self._patience = patience
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()  # None marks the end
        self._arrived: list[Arrival] = []
        self._thread = threading.Thread(target=self._run, name="centripetal-subscriber", daemon=True)
        try:
            from centripetal.client.watching import Watching

            self._watching = Watching(watcher, url, timeout=patience, **options)
        except CentripetalError as error:  # the extra `cli` is not installed
            self.problem = error
            self._events.put(None)

    def __enter__(self) -> Self:
        """Start watching, and return when all channels are subscribed or `problem` is set."""
        if self.problem is None:
            self._thread.start()
            subscriptions, joins = self._expected
            self._take(Subscribed, subscriptions)
            self._take(Joined, joins - len(self._arrived))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.ident is not None:
            self._watching.stop()
            self._thread.join(self._patience)

    def arrived(self, publications: int = 0) -> list[Arrival]:
        """Wait for *publications* publications and return all events since the last call."""
        self._take(Published, publications)
        while not self._events.empty() and (event := self._next(0.0)) is not None:
            self._keep(event)
        arrived, self._arrived = self._arrived, []
        return arrived

    def __iter__(self) -> Iterator[Arrival]:
        """Yield events as they arrive, until watching ends."""
        while (event := self._next(None)) is not None:
            if isinstance(event, Arrival):
                yield event

    def _take(self, kind: type[Event], count: int) -> None:
        """Keep events until *count* of that *kind* have arrived or the time limit is reached."""
        deadline = time.monotonic() + self._patience
        while count > 0 and (event := self._next(max(0.0, deadline - time.monotonic()))) is not None:
            count -= isinstance(event, kind)
            self._keep(event)

    def _keep(self, event: Event) -> None:
        if isinstance(event, Arrival):
            self._arrived.append(event)

    def _next(self, seconds: float | None) -> Event | None:
        """Return the next event; None if *seconds* pass without an event, or if watching has ended."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return None
        if event is None:
            self._events.put(None)  # keep the end marker for the next call
        return event

    def _run(self) -> None:
        try:
            for event in self._watching:
                if isinstance(event, Refused):
                    raise event.error
                self._events.put(event)
        except CentripetalError as error:
            self.problem = error
        self._events.put(None)
