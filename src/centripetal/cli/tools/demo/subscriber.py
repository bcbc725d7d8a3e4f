"""A live subscriber for the demo: on a thread of its own it watches channels, and keeps what reaches it."""

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
"""What is worth showing."""


class Subscriber:
    """Watches until the `with` block ends.

    Args:
        watcher: the dialect's side: what to watch, and as whom.
        url: where.
        subscriptions: how many there will be when it has begun.
        joins: how many join events to wait for at the beginning.
        patience: seconds for everything that is waited for.
        options: how to speak with the server.

    Attributes:
        problem: why it does not watch, or no longer; None while it does.
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
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()  # None is the end
        self._arrived: list[Arrival] = []
        self._thread = threading.Thread(target=self._run, name="centripetal-subscriber", daemon=True)
        try:
            from centripetal.client.watching import Watching

            self._watching = Watching(watcher, url, timeout=patience, **options)
        except CentripetalError as error:  # the extra is missing
            self.problem = error
            self._events.put(None)

    def __enter__(self) -> Self:
        """Begin; when this returns, it has subscribed, or there is a problem."""
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
        """What has arrived since this was asked for last; it waits for so many *publications*."""
        self._take(Published, publications)
        while not self._events.empty() and (event := self._next(0.0)) is not None:
            self._keep(event)
        arrived, self._arrived = self._arrived, []
        return arrived

    def __iter__(self) -> Iterator[Arrival]:
        """What arrives from now on, until there is a problem."""
        while (event := self._next(None)) is not None:
            if isinstance(event, Arrival):
                yield event

    def _take(self, kind: type[Event], count: int) -> None:
        """Take events until there have been *count* of that kind, or time is up."""
        deadline = time.monotonic() + self._patience
        while count > 0 and (event := self._next(max(0.0, deadline - time.monotonic()))) is not None:
            count -= isinstance(event, kind)
            self._keep(event)

    def _keep(self, event: Event) -> None:
        if isinstance(event, Arrival):
            self._arrived.append(event)

    def _next(self, seconds: float | None) -> Event | None:
        """The next event; None if there is none in that time, or ever."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return None
        if event is None:
            self._events.put(None)  # for whoever asks next
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
