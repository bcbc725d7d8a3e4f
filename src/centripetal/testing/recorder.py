"""Records what is published, without a socket, a thread or a wait, in any dialect: for unit tests.

The clients are the real ones with a transport in memory: what they send is checked, signed, encoded, and answered by
the embedded server's own code. A "timeout" comes at once.
"""

import threading
import warnings
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from centripetal.errors import ConnectionLostError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.server.embedded import UnhonouredConfigWarning
from centripetal.server.engine.events import Events
from centripetal.server.listening.http1 import Request, Response
from centripetal.testing.expectations import Bench
from centripetal.transport.mapping import no_connection, out_of_time

__all__ = ["RecorderBench", "warn_of_unhonoured"]

_PLACE = "recorder:8000"


class RecorderBench(Bench):
    """A server of values only, of any dialect.

    Args:
        events: what happens in the server.
        answer: its answer to a request.
        path: what the URL that clients have says after the address.
    """

    def __init__(self, events: Events, answer: Callable[[Request], Response], path: str) -> None:
        super().__init__(events)
        self.events = events
        """All that happens: `events.listen(function)`."""
        self._answer = answer
        self._path = path
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address that its clients have; nobody else can use it."""
        return f"http://{_PLACE}{self._path}"

    @property
    def _transport(self) -> "_Recording":
        return _Recording(self._carry)

    @property
    def _awaited_transport(self) -> "_AwaitedRecording":
        return _AwaitedRecording(self._carry)

    def _change(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()

    def _carry(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        with self._lock:
            failure = self._plan.meet()
            if failure == "refuse":
                raise no_connection(ConnectionRefusedError(), _PLACE)
            if failure == "timeout":
                raise out_of_time(_PLACE, timeout, connected=True, executed="unknown")
            if failure == "error":
                return HTTPReply(500, b"Internal Server Error\n")
            headers = tuple((name.lower(), value) for name, value in request.headers)
            answer = self._answer(Request("POST", urlsplit(request.url).path, headers, request.body))
            if failure == "lose_reply":
                raise ConnectionLostError(f"{_PLACE} hung up before its answer", executed="unknown")
            return HTTPReply(answer.status, answer.body, answer.headers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self.published)} publications>"


def warn_of_unhonoured(sentences: Iterable[str]) -> None:
    """Warn whoever makes a recorder with a configuration of which some has no effect."""
    for sentence in sentences:
        warnings.warn(sentence, UnhonouredConfigWarning, stacklevel=3)


class _Recording:
    """A `Transport` that calls a function."""

    def __init__(self, carry: Callable[[HTTPRequest, float], HTTPReply]) -> None:
        self._carry = carry

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return self._carry(request, timeout)

    def close(self) -> None:
        """Do nothing; there is nothing to close."""


class _AwaitedRecording:
    """The same as an `AsyncTransport`."""

    def __init__(self, carry: Callable[[HTTPRequest, float], HTTPReply]) -> None:
        self._carry = carry

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return self._carry(request, timeout)

    async def close(self) -> None:
        """Do nothing; there is nothing to close."""
