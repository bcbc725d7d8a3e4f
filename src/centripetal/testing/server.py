"""Embedded test server, in any dialect: records publications and fails on request.

`HTTPServer.intercept` catches a request that must fail before it is answered. For "refuse", the server stops listening,
so that the operating system refuses all connections. The transports of this library report each refused connection, and
this module counts those reports as calls. The server's event loop makes all these decisions.
"""

import asyncio
import os
import weakref
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from centripetal.errors import UsageError
from centripetal.server.embedded import EmbeddedServer
from centripetal.server.engine.events import Events
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.listening.http_server import HTTPConnection, HTTPServer
from centripetal.server.service import Service
from centripetal.testing.browsers.browser import AwaitingT, BlockingT, Connecting
from centripetal.testing.browsers.protocol import BrowserProtocol
from centripetal.testing.browsers.session import BrowserSession
from centripetal.testing.expectations import Expectations
from centripetal.testing.failures import Failure
from centripetal.testing.handler_errors import HandlerErrors
from centripetal.transport.addresses import Address
from centripetal.transport.connection import on_refusal
from centripetal.transport.mapping import no_connection

__all__ = ["BaseServer"]


class _Closeable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closeable)
T = TypeVar("T")
RequestT = TypeVar("RequestT")

_FAILURE = Response(500, (("Content-Type", "text/plain; charset=utf-8"),), b"Internal Server Error\n")


class BaseServer(Expectations):
    """An embedded server of any dialect that runs from `start` to `stop`.

    Args:
        server: the server, which must not run yet.
    """

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__(server.events)
        self._server = server
        self._http: HTTPServer | None = None
        self._paused = False
        self._plan_lock: asyncio.Lock | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._process = os.getpid()
        self._clients: list[_Closeable] = []
        self._browsers: weakref.WeakSet[BrowserSession[Any]] = weakref.WeakSet()
        self._handler_errors = HandlerErrors()

    @property
    def url(self) -> str:
        """The URL for clients of the API."""
        return self._server.url

    @property
    def websocket_url(self) -> str:
        """The WebSocket URL for browsers."""
        return self._server.websocket_url

    @property
    def events(self) -> Events:
        """All events of the server: `events.listen(function)`."""
        return self._server.events

    def start(self) -> Self:
        """Start serving."""
        self._server.start()
        self._handler_errors.start()
        try:
            self._paused, self._plan_lock = False, asyncio.Lock()
            self._server.in_loop(self._set_up)
            on_refusal.append(self._refused)
        except BaseException:
            self._server.stop()  # the caller was interrupted, and its `with` block does not begin
            self._handler_errors.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop serving, close the blocking clients, and warn about planned failures that were not used."""
        while self._clients:
            self._clients.pop().close()
        with suppress(UsageError):  # it is not running
            self._server.in_loop(self._disconnect_browsers)
        with suppress(ValueError):
            on_refusal.remove(self._refused)
        self._server.stop()
        self._handler_errors.stop()
        self._plan_lock = None
        self.finish()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _connecting(
        self,
        protocol: Callable[[Service], BrowserProtocol[RequestT]],
        request: RequestT,
        blocking: Callable[[BrowserSession[RequestT], EmbeddedServer], BlockingT],
        awaiting: Callable[[BrowserSession[RequestT], EmbeddedServer], AwaitingT],
        headers: Mapping[str, str] = {},
    ) -> Connecting[RequestT, BlockingT, AwaitingT]:
        """Return a browser of these classes that connects with *request* when its block begins.

        Its handshake has these *headers*.
        """

        async def begin() -> BrowserSession[RequestT]:
            if self._paused:
                raise no_connection(ConnectionRefusedError(), "{}:{}".format(*self._address))
            service = self._server.service
            session = BrowserSession(
                service.clients, protocol(service), headers=headers, failure=self._handler_errors.take
            )
            try:
                session.client = (await session.ask(request)).client
            except BaseException:
                await session.leave()
                raise
            self._browsers.add(session)
            return session

        return Connecting(begin, self._server, blocking, awaiting)

    def _closed_with_server(self, client: C) -> C:
        """Return *client*, and close it when the server stops."""
        self._clients.append(client)
        return client

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self._server!r}, {len(self.published)} publications>"

    async def _set_up(self, server: HTTPServer) -> None:
        self._http = server
        server.intercept = lambda request, connection: self._intercept(server, request, connection)
        await self._follow_plan(server)

    def _change_failures(self, change: Callable[[], None]) -> None:
        if self._plan_lock is None:  # the server is stopped: the plan applies from the next start
            change()
            return

        async def act(server: HTTPServer) -> None:
            change()
            await self._follow_plan(server)

        if self._server.is_own_thread:  # a listener of the server's events: nothing may wait for the server here
            change()
            if self._http is not None:
                self._start(self._follow_plan(self._http))
        else:
            self._server.in_loop(act)

    def _refused(self, address: Address) -> None:
        """Count a connection of this process to *address* that was refused; its caller gets the error afterwards."""
        if os.getpid() != self._process or tuple(address.sockaddr[:2]) != self._address:
            return

        def change() -> None:
            if self._failures.refusing:
                self._failures.take()

        self._change_failures(change)

    @property
    def _address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    # ---- in the server's event loop

    async def _disconnect_browsers(self, _: HTTPServer) -> None:
        while self._browsers:
            self._browsers.pop().shut_down()

    async def _follow_plan(self, server: HTTPServer, spared: HTTPConnection | None = None) -> None:
        """Start or stop listening, as planned."""
        assert self._plan_lock is not None
        async with self._plan_lock:
            if self._failures.refusing and not self._paused:
                self._paused = True
                await server.pause(spared)
            elif self._paused and not self._failures.refusing:
                self._paused = False
                await server.resume()

    def _intercept(self, server: HTTPServer, request: Request, connection: HTTPConnection) -> bool:
        if not self._is_of_api(urlsplit(request.target).path):
            return False
        failure = self._failures.take()
        if failure is None:
            return False
        if failure == "lose_reply":
            server.run(request)
        # If the server must stop listening now, it has to do so before the caller can make its next call.
        self._start(self._fail(server, failure, request, connection))
        return True

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_of_api(self, path: str) -> bool:
        below = self._server.api_path.rstrip("/")
        return (path == below or path.startswith(f"{below}/")) and path != urlsplit(self.websocket_url).path

    async def _fail(self, server: HTTPServer, failure: Failure, request: Request, connection: HTTPConnection) -> None:
        await self._follow_plan(server, connection)
        if failure == "error":
            connection.end_with(_FAILURE, request)
        elif failure != "timeout":
            connection.abort()
