"""Records what is published, without a socket, a thread or a wait: for unit tests.

    recorder = RecorderV1()
    recorder.client().publish("news", {"text": "hello"})
    recorder.assert_published("news", {"text": "hello"})

Its clients are the real ones with a transport in memory: what they send is checked, signed, encoded, and answered by
the embedded server's own code. A "timeout" comes at once.
"""

import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Unpack
from urllib.parse import urlsplit

from centripetal.client.options import ClientOptions
from centripetal.errors import ConnectionLostError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.server.embedded import UnhonouredConfigWarning
from centripetal.server.events import Events
from centripetal.server.http1 import Request
from centripetal.server.v1.api import Node
from centripetal.server.v1.config import read_config
from centripetal.server.v1.endpoints import Endpoints
from centripetal.testing.bench import Bench
from centripetal.transport.mapping import no_connection, out_of_time
from centripetal.v1 import AsyncClient, Client

__all__ = ["RecorderV1"]

_PLACE = "recorder:8000"
_EPOCH = 1_500_000_000.0  # July 2017, in the days of 1.x


class RecorderV1(Bench):
    """A Centrifugo 1.x of values only.

    Args:
        secret: what clients sign with.
        config: as for `centripetal.server.EmbeddedServer`.
        now: the clock, Unix seconds; without it time stands still, so that nothing expires.

    Raises:
        UsageError: a configuration that cannot be.
    """

    def __init__(
        self,
        *,
        secret: str = "secret",  # noqa: S107
        config: Mapping[str, Any] | None = None,
        now: Callable[[], float] = lambda: _EPOCH,
    ) -> None:
        self.events = Events()
        """All that happens: `events.listen(function)`."""
        super().__init__(self.events)
        settings, unhonoured = read_config({**(config or {}), "secret": secret})
        for sentence in unhonoured:
            warnings.warn(sentence, UnhonouredConfigWarning, stacklevel=2)
        self.secret = secret
        self._count = 0
        node = Node(settings, uid="recorder", now=now(), next_uid=self._next_uid, events=self.events)
        self._endpoints = Endpoints(node, now, now, websockets=False)
        self._prefix = settings.http_prefix
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address that its clients have; nobody else can use it."""
        return f"http://{_PLACE}{self._prefix}"

    def client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> Client:
        """A new blocking client whose calls are recorded; the options are those of `v1.Client`."""
        return Client(self.url, self.secret, timeout=timeout, transport=_Recording(self._carry), **options)

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> AsyncClient:
        """A new awaiting client whose calls are recorded; the options are those of `v1.AsyncClient`."""
        transport = _AwaitedRecording(self._carry)
        return AsyncClient(self.url, self.secret, timeout=timeout, transport=transport, **options)

    def _next_uid(self) -> str:
        self._count += 1
        return f"{self._count:022}"

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
            answer = self._endpoints.answer(Request("POST", urlsplit(request.url).path, headers, request.body))
            if failure == "lose_reply":
                raise ConnectionLostError(f"{_PLACE} hung up before its answer", executed="unknown")
            return HTTPReply(answer.status, answer.body, answer.headers)

    def __repr__(self) -> str:
        return f"<RecorderV1, {len(self.published)} publications>"


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
