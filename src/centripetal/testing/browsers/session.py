"""One browser and its connection, in the event loop of the test server.

There is no socket in between: the browser's messages go to the same session that serves a WebSocket, and the messages
of that session arrive at once. So when a call of the API returns, browsers have received what it published.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.errors import CentripetalError, TimeoutError, UsageError
from centripetal.server.listening.http1 import Request
from centripetal.server.session import ClientEndpoint, Session, Timer
from centripetal.testing.browsers.protocol import (
    Answer,
    BrowserProtocol,
    Disconnection,
    Identity,
    Joined,
    Left,
    Message,
    Ping,
    Refusal,
    Subscribed,
    Unreadable,
    Unsubscribed,
)
from centripetal.testing.publications import Publication, Publications

__all__ = ["BrowserSession"]

RequestT = TypeVar("RequestT")

_PATIENCE = 5.0  # seconds within which the server must reply; it usually takes less than a millisecond
_NO_CLOSE_FRAME = Disconnection(1006, "")


class BrowserSession(Generic[RequestT]):
    """A browser's connection. Create it and call its methods in the event loop of the server.

    Args:
        endpoint: opens the server's side.
        protocol: the messages.
        headers: the headers of the browser's handshake.
        failure: returns the exception of a handler in this process that was the last to fail, if any.

    Attributes:
        client: the connection id; empty until the browser has connected.
        channels: the channels that the browser is subscribed to.
        publications: all publications that the browser received, in order.
        comings: the joins and leaves that the browser was told of, in order.
        disconnected: how the connection ended; None while it is open.
        unreadable: the error of the first message that could not be decoded; None without one.
    """

    def __init__(
        self,
        endpoint: ClientEndpoint[Any],
        protocol: BrowserProtocol[RequestT],
        *,
        headers: Mapping[str, str] = {},
        failure: Callable[[], BaseException | None] = lambda: None,
    ) -> None:
        self.client = ""
        self.channels: set[str] = set()
        self.publications = Publications("received")
        self.comings: list[Joined | Left] = []
        self.disconnected: Disconnection | None = None
        self.unreadable: CentripetalError | None = None
        self.protocol = protocol
        self._endpoint = endpoint
        self._loop = asyncio.get_running_loop()
        self._asked: dict[int, tuple[RequestT, asyncio.Future[Any]]] = {}
        self._number = 0
        self._watchers: list[Callable[[], object]] = []
        self._held: deque[bytes] = deque()
        self._paused = False
        self._failure = failure
        handshake = (("host", "localhost"), *((name.lower(), value) for name, value in headers.items()))
        self._session: Session[Any] = endpoint.open(_ServerSide(self), Request("GET", "/", handshake))

    async def ask(self, request: RequestT) -> Any:
        """Send *request* and return the result in its reply.

        Raises:
            ServerError: the server refused it, or closed the connection because of it.
            TimeoutError: the server did not reply.
            UsageError: the connection is closed.
        """
        if self.disconnected is not None:
            raise UsageError(f"the browser is disconnected ({self.disconnected}): connect a new one")
        self._number += 1
        message = self.protocol.encode(self._number, request)
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._asked[self._number] = request, reply
        self._receive(message)
        if not (await asyncio.wait([reply], timeout=_PATIENCE))[0]:
            raise TimeoutError(f"the server did not reply to the browser within {_PATIENCE:g} s")
        return reply.result()

    async def leave(self) -> None:
        """Close the connection like a browser whose page is closed."""
        self._session.close(None)

    def shut_down(self) -> None:
        """Close the connection because the server stops."""
        self._session.shut_down()

    def watch(self, wake: Callable[[], object]) -> Callable[[], None]:
        """Call *wake* after each message, in the server's thread, until the returned function is called."""
        self._watchers.append(wake)
        return lambda: self._watchers.remove(wake)

    # ---- messages to the server

    def _receive(self, message: bytes) -> None:
        if self._paused:
            self._held.append(message)
        else:
            self._session.receive(message)

    def pause(self) -> None:
        """Hold the next messages back: the server is busy with this browser's last command."""
        self._paused = True

    def resume(self) -> None:
        """Deliver the messages that were held back."""
        self._paused = False
        while self._held and not self._paused and self.disconnected is None:
            self._session.receive(self._held.popleft())

    # ---- messages of the server

    def receive(self, payload: bytes) -> None:
        """Take a message of the server."""
        for message in self.protocol.decode(payload):
            self._take(message)
        self._wake()

    def _take(self, message: Message) -> None:
        match message:
            case Answer():
                request, reply = self._asked.pop(message.number)
                if reply.done():  # the test did not wait for it
                    return
                if message.refusal is None:
                    if (effect := self.protocol.effect(request)) is not None:
                        self._take(effect)
                    reply.set_result(message.result)
                else:
                    reply.set_exception(self._explained(request, message.refusal))
            case Publication():
                self.publications.add(message)
            case Unreadable():
                self.unreadable = self.unreadable or message.error
            case Joined() | Left():
                self.comings.append(message)
            case Subscribed():
                self.channels.add(message.channel)
            case Unsubscribed():
                self.channels.discard(message.channel)
            case Disconnection():
                self.disconnected = message
            case Ping():
                # Not at once: the session that sends the ping is not ready for the pong yet.
                self._loop.call_soon(self._receive, message.pong)

    def end(self, disconnect: Any) -> None:
        """Take the end of the connection, with the server's reason or None."""
        if self.disconnected is None:
            self.disconnected = _NO_CLOSE_FRAME
            if disconnect is not None:
                frame = self._endpoint.close_frame(disconnect)
                if frame is not None and frame.is_valid:
                    self.disconnected = Disconnection(frame.code & 0xFFFF, disconnect.reason)
        self.channels.clear()
        refusal = Refusal(*self.disconnected)
        for request, reply in self._asked.values():
            if not reply.done():
                reply.set_exception(self._explained(request, refusal))
        self._asked.clear()
        self._wake()

    def _explained(self, request: RequestT, refusal: Refusal) -> Exception:
        error = self.protocol.explained(request, refusal, Identity(self._session.user, self.client))
        if refusal.code == INTERNAL:
            error.__cause__ = self._failure()
        return error

    def _wake(self) -> None:
        for wake in list(self._watchers):
            wake()


class _ServerSide:
    """The connection as the session of the server sees it."""

    def __init__(self, browser: BrowserSession[Any]) -> None:
        self._browser = browser
        self._loop = asyncio.get_running_loop()

    def send(self, payload: bytes) -> None:
        self._browser.receive(payload)

    def end(self, disconnect: Any) -> None:
        self._browser.end(disconnect)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        return self._loop.call_later(delay, callback)

    def pause_reading(self) -> None:
        self._browser.pause()

    def resume_reading(self) -> None:
        self._browser.resume()
