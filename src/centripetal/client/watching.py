"""Blocking driver of a `Watcher` over a WebSocket: adds the connection, the clock and the pauses."""

import itertools
import random
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from typing import Unpack

import msgspec

from centripetal.errors import HTTPStatusError, MalformedResponseError, TransportError, UsageError
from centripetal.protocol.checks import check_timeout
from centripetal.protocol.discreet import discreet
from centripetal.protocol.http import parse_url
from centripetal.protocol.watching import Connected, Ended, Event, Lost, Step, Watcher
from centripetal.transport.base import TransportOptions
from centripetal.transport.clock import monotonic
from centripetal.transport.mapping import no_connection
from centripetal.transport.polling import wait_readable
from centripetal.transport.settings import Settings

try:
    from centripetal.transport.websocket import Closed, WebSocket
except ModuleNotFoundError as missing:
    raise UsageError(
        "watching channels requires the package websockets: install it with pip install 'centripetal[cli]'"
    ) from missing

__all__ = ["Watching", "backoff"]

_LONGEST_PAUSE = 20.0
_SLOW = 0.05  # seconds in which a caller handles an event; time beyond that is not counted as the server's


def backoff(attempt: int) -> float:
    """Return the seconds to wait before the *attempt*-th attempt in a row to connect: 50 to 100 % of 1, 2, 4 … 20.

    The random part prevents all clients of a failed server from reconnecting at the same moment.
    """
    return min(2.0 ** min(attempt - 1, 10), _LONGEST_PAUSE) * random.uniform(0.5, 1)  # noqa: S311 - no secret


class Watching:
    """Events of the channels of *watcher*. Can be iterated once.

    If the connection is lost, the iterator yields `Lost` and reconnects, without limit. The first connection must
    succeed, to at least one server.

    Args:
        watcher: the dialect's protocol and state.
        url: address of the server, such as `http://localhost:8000`, with or without `/api`; or a list of addresses of
            servers that share an engine, to connect to the next one after a connection is lost.
        timeout: time limit for opening a connection in seconds.
        pauses: returns the seconds to wait before the first, second, … attempt in a row to reconnect.
        options: TLS, headers, proxies and other settings, see `TransportOptions`. Through a proxy, the WebSocket always
            uses a tunnel.

    Raises:
        UsageError: invalid URL or option.
        CentripetalError: while iterating: the first connection failed, or the watch has ended (`Ended.error`).
    """

    @discreet
    def __init__(
        self,
        watcher: Watcher,
        url: str | Sequence[str],
        *,
        timeout: float = 5.0,
        pauses: Callable[[int], float] = backoff,
        **options: Unpack[TransportOptions],
    ) -> None:
        self._watcher = watcher
        self._urls = [parse_url(each).geturl() for each in ([url] if isinstance(url, str) else url)]
        self._timeout = check_timeout(timeout)
        self._settings = Settings(**options)
        self._pauses = pauses
        self._stopped = False
        self._alarm: socket.socket | None = None

    def __iter__(self) -> Generator[Event, None, None]:
        try:
            self._alarm, waker = socket.socketpair()
        except OSError as error:
            raise no_connection(error, self._urls[0]) from error
        self._alarm.setblocking(False)  # so that `stop` never waits
        with closing(self._alarm), closing(waker):
            yield from self._all_connections(waker)

    def stop(self) -> None:
        """End the iteration, from any thread. It ends at once, except while a TCP or TLS connection is being opened."""
        self._stopped = True
        if self._alarm is not None:
            with suppress(OSError):  # the iteration has already ended
                self._alarm.send(b"!")

    def _all_connections(self, waker: socket.socket) -> Iterator[Event]:
        attempts, connected, servers = 0, False, len(self._urls)
        for turn in itertools.count(1):
            if self._stopped:
                return
            for event in self._one_connection(self._urls[(turn - 1) % servers], waker):
                match event:
                    case Ended():
                        raise event.error
                    case Lost() if not connected and turn < servers:
                        pass  # try the next server
                    case Lost() if not connected:
                        raise event.error
                    case Lost():
                        attempts += 1
                        lost = msgspec.structs.replace(event, pause=self._pauses(attempts))
                        yield lost
                        if not self._stopped:
                            wait_readable((waker,), lost.pause)
                    case Connected():
                        attempts, connected = 0, True
                        yield event
                    case _:
                        yield event

    def _one_connection(self, url: str, waker: socket.socket) -> Iterator[Event]:
        """Yield the events of one connection; the last event is `Lost` or `Ended`, unless stopped."""
        try:
            with closing(WebSocket(url, self._timeout, self._settings, waker)) as websocket:
                yield from self._converse(websocket)
        except (TransportError, HTTPStatusError, MalformedResponseError) as error:
            if not self._stopped:  # otherwise `stop` interrupted the handshake
                yield Lost(error)

    def _converse(self, websocket: WebSocket) -> Iterator[Event]:
        watcher = self._watcher
        # Start with the time of day, and continue with the monotonic clock, which does not jump.
        offset = time.time() - monotonic()
        step = watcher.opened(offset + monotonic())
        while not self._stopped:
            for frame in [
                memoryview(each) for each in step.send
            ]:  # its repr, in a traceback with variables, does not show a token
                websocket.send(frame)
            for event in step.events:
                began = monotonic()
                yield event
                if (spent := monotonic() - began) > _SLOW:
                    watcher.held_up(spent)
                if isinstance(event, Lost | Ended):
                    return
            message = websocket.receive(watcher.wake_at() - offset - monotonic())
            now = offset + monotonic()
            if message is None:
                step = watcher.tick(now)
            elif isinstance(message, Closed):
                step = watcher.closed(message.code, message.reason)
            else:
                step = watcher.received(message, now)
                # Messages that never stop must not keep the watcher from what is due.
                if watcher.wake_at() <= now and not any(isinstance(event, Lost | Ended) for event in step.events):
                    step = Step.joined((step, watcher.tick(now)))
