"""Watching channels over a WebSocket, blocking: the connection, the clock and the pauses for a dialect's `Watcher`."""

import random
import select
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from typing import Unpack

import msgspec

from centripetal.errors import HTTPStatusError, MalformedResponseError, TransportError, UsageError
from centripetal.protocol.checks import check_timeout
from centripetal.protocol.watching import Connected, Ended, Event, Lost, Watcher
from centripetal.transport.base import TransportOptions
from centripetal.transport.connection import LONGEST_WAIT
from centripetal.transport.settings import Settings

try:
    from centripetal.transport.websocket import Closed, WebSocket
except ModuleNotFoundError as missing:
    raise UsageError(
        "watching needs the package websockets: install it with pip install 'centripetal[cli]'"
    ) from missing

__all__ = ["Watching", "backoff"]

_LONGEST_PAUSE = 20.0


def _rest(seconds: float, waker: socket.socket) -> None:
    """Wait, unless something can be read from *waker* before."""
    poller = select.poll()  # select() takes no descriptors above 1023
    poller.register(waker, select.POLLIN)
    poller.poll(max(0.0, min(seconds, LONGEST_WAIT)) * 1000)


def backoff(attempt: int) -> float:
    """Seconds to wait before connecting for the *attempt*-th time in a row: 1, 2, 4 … 20, or down to half of that.

    By chance, so that all who have lost a server don't come back to it in one moment.
    """
    return min(2.0 ** min(attempt - 1, 10), _LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - no secret


class Watching:
    """What happens in the channels of *watcher*: iterate over it, once.

    A connection that is lost is replaced by another, as long as it takes; `Lost` says so. The first one must succeed.

    Args:
        watcher: the dialect's side: what to say to the server, and what its answers mean.
        url: the server's address, such as `http://localhost:8000`, with or without `/api`.
        timeout: seconds in which there must be a connection.
        pauses: seconds to wait before the first, second, … attempt in a row to connect again.
        options: see `TransportOptions`: how to speak TLS, and so on.

    Raises:
        UsageError: a URL or an option that cannot be used.
        CentripetalError: while iterating: there is no first connection, or it is over for good (`Ended.error`).
    """

    def __init__(
        self,
        watcher: Watcher,
        url: str,
        *,
        timeout: float = 5.0,
        pauses: Callable[[int], float] = backoff,
        **options: Unpack[TransportOptions],
    ) -> None:
        self._watcher = watcher
        self._url = url
        self._timeout = check_timeout(timeout)
        self._settings = Settings(**options)
        self._pauses = pauses
        self._stopped = False
        self._alarm: socket.socket | None = None

    def __iter__(self) -> Generator[Event, None, None]:
        self._alarm, waker = socket.socketpair()
        with closing(self._alarm), closing(waker):
            yield from self._all_connections(waker)

    def stop(self) -> None:
        """End the iteration, from any thread; it ends at once unless it is about to connect."""
        self._stopped = True
        if self._alarm is not None:
            with suppress(OSError):  # it has ended already
                self._alarm.send(b"!")

    def _all_connections(self, waker: socket.socket) -> Iterator[Event]:
        attempts, connected = 0, False
        while not self._stopped:
            for event in self._one_connection(waker):
                match event:
                    case Ended():
                        raise event.error
                    case Lost() if not connected:
                        raise event.error
                    case Lost():
                        attempts += 1
                        lost = msgspec.structs.replace(event, pause=self._pauses(attempts))
                        yield lost
                        if not self._stopped:
                            _rest(lost.pause, waker)
                    case Connected():
                        attempts, connected = 0, True
                        yield event
                    case _:
                        yield event

    def _one_connection(self, waker: socket.socket) -> Iterator[Event]:
        """What happens from opening a connection to its end; the last event is `Lost` or `Ended`, unless stopped."""
        try:
            with closing(WebSocket(self._url, self._timeout, self._settings)) as websocket:
                yield from self._converse(websocket, waker)
        except (TransportError, HTTPStatusError, MalformedResponseError) as error:
            yield Lost(error)

    def _converse(self, websocket: WebSocket, waker: socket.socket) -> Iterator[Event]:
        watcher = self._watcher
        # The time of day as it was at the beginning, and from there on without jumps.
        offset = time.time() - time.monotonic()
        step = watcher.opened(offset + time.monotonic())
        while not self._stopped:
            for frame in step.send:
                websocket.send(frame)
            for event in step.events:
                yield event
                if isinstance(event, Lost | Ended):
                    return
            message = websocket.receive(watcher.wake_at() - offset - time.monotonic(), waker)
            now = offset + time.monotonic()
            if message is None:
                step = watcher.tick(now)
            elif isinstance(message, Closed):
                step = watcher.closed(message.code, message.reason)
            else:
                step = watcher.received(message, now)
