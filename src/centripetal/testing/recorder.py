"""Recorder for unit tests, in any dialect, without sockets, threads or waiting.

Its clients are the real clients with an in-memory transport: arguments are checked, requests are signed and encoded,
and the embedded server's code answers them. A planned "timeout" is raised immediately.
"""

import itertools
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from centripetal.errors import ConnectionLostError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.server.embedded import UnhonouredConfigWarning
from centripetal.server.engine.events import Events
from centripetal.server.environment import Environment
from centripetal.server.listening.http1 import Request
from centripetal.server.service import ServerSettings
from centripetal.testing.expectations import Expectations
from centripetal.transport.mapping import no_connection, out_of_time

__all__ = ["BaseRecorder"]

_PLACE = "recorder:8000"
_PATIENCE = 5.0  # seconds that planning a failure waits for calls of other threads


class BaseRecorder(Expectations):
    """A server of any generation in memory, without a socket.

    Args:
        settings: the settings of the server.
        unhonoured: a sentence for each configuration key that has no effect; each becomes a warning.
        now: returns the time in Unix seconds.
    """

    def __init__(self, settings: ServerSettings, unhonoured: Iterable[str], now: Callable[[], float]) -> None:
        if settings.consumers:
            unhonoured = [*unhonoured, "'consumers' in the configuration has no effect: a recorder does no I/O"]
        for sentence in unhonoured:
            warnings.warn(sentence, UnhonouredConfigWarning, stacklevel=3)
        self.events = Events()
        """All events of the server: `events.listen(function)`."""
        super().__init__(self.events)
        self._settings = settings
        self._service = settings.start(_environment(now), self.events, "recorder")
        # A signal handler or a listener of events may call again in the thread that holds the lock.
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        """The address that its clients show. Other programs cannot connect to it."""
        return f"http://{_PLACE}{self._settings.url_path}"

    @property
    def _transport(self) -> "_RecordingTransport":
        return _RecordingTransport(self._carry)

    @property
    def _async_transport(self) -> "_AsyncRecordingTransport":
        return _AsyncRecordingTransport(self._carry)

    def _change_failures(self, change: Callable[[], None]) -> None:
        with self._exclusively():
            change()

    def _carry(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        with self._exclusively(timeout):
            failure = self._failures.take()
            if failure == "refuse":
                raise no_connection(ConnectionRefusedError(), _PLACE)
            if failure == "timeout":
                raise out_of_time(_PLACE, timeout, connected=True, executed="unknown")
            if failure == "error":
                return HTTPReply(500, b"Internal Server Error\n")
            headers = tuple((name.lower(), value) for name, value in request.headers)
            answer = self._service.http.answer(Request("POST", urlsplit(request.url).path, headers, request.body))
            if failure == "lose_reply":
                raise ConnectionLostError(f"{_PLACE} closed the connection before it replied", executed="unknown")
            headers = tuple((name.lower(), value) for name, value in answer.headers)
            return HTTPReply(answer.status, answer.body, headers)

    @contextmanager
    def _exclusively(self, timeout: float = _PATIENCE) -> Iterator[None]:
        """Keep other threads out. A listener of an event may call the recorder again in the same thread."""
        lock = self._lock
        if not lock.acquire(timeout=min(timeout, threading.TIMEOUT_MAX)):
            # Its thread was interrupted, or waits for another recorder whose thread waits for this one.
            self._lock = threading.RLock()
            raise out_of_time(_PLACE, timeout, connected=True, executed="no")
        try:
            yield
        finally:
            lock.release()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self.published)} publications>"


def _environment(now: Callable[[], float]) -> Environment:
    """Return a deterministic environment: ids are counters."""
    numbers, epochs = itertools.count(1), itertools.count(1)
    return Environment(
        now=now,
        timer=now,
        jitter=lambda: 0.5,
        new_uuid=lambda: "recorder",
        new_token=lambda: "recorder",
        new_message_id=lambda: f"{next(numbers):022}",
        new_epoch=lambda: f"epoch{next(epochs)}",
        process_usage=dict,
        can_websocket=False,
    )


class _RecordingTransport:
    """A `Transport` that passes each request to a function."""

    def __init__(self, carry: Callable[[HTTPRequest, float], HTTPReply]) -> None:
        self._carry = carry

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return self._carry(request, timeout)

    def close(self) -> None:
        """Do nothing: this transport holds no connections."""


class _AsyncRecordingTransport:
    """An `AsyncTransport` that passes each request to a function."""

    def __init__(self, carry: Callable[[HTTPRequest, float], HTTPReply]) -> None:
        self._carry = carry

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return self._carry(request, timeout)

    async def close(self) -> None:
        """Do nothing: this transport holds no connections."""
