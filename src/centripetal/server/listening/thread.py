"""The background thread of an embedded server, with a separate event loop."""

import asyncio
import contextlib
import logging
import os
import queue
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from centripetal.errors import UsageError
from centripetal.server.console.stream import Answer, Console
from centripetal.server.consuming.consumer import Consumers
from centripetal.server.listening.http1 import Request
from centripetal.server.listening.http_server import HTTPServer, Upgrade
from centripetal.server.service import Service

__all__ = ["ServerThread"]

logger = logging.getLogger("centripetal.server")

T = TypeVar("T")
Listeners = Sequence[socket.socket]
OpenConsole = Callable[[Service], Console] | None
OpenConsumers = Callable[[Service], Consumers] | None

_WAIT = 0.2  # seconds between checks that the thread still runs
_MOST_WAITS = 100  # longer than all connections together may take to close


class ServerThread:
    """A server in a background thread: `start` it, then `stop` it.

    No method holds a lock or waits without checking that the thread still runs, so each can be called from a signal
    handler or a finalizer that interrupts another one, and an exception at any moment leaves a thread that can be
    stopped.

    Args:
        start_service: creates the service; called in the new thread.
        listeners: bound sockets, which the thread closes.
        console: opens the console of a service; None to serve no console.
        consumers: creates the consumers of a service; None without consumers.

    Attributes:
        service: the service, once it has started; only for code in the thread itself.
    """

    def __init__(
        self,
        start_service: Callable[[], Service],
        listeners: Listeners,
        console: OpenConsole,
        consumers: OpenConsumers = None,
    ) -> None:
        self._start_service = start_service
        self._listeners = listeners
        self._console = console
        self._consumers = consumers
        self._process = os.getpid()
        # A daemon thread, so that a test run that forgets to stop its server can still exit.
        self._thread = threading.Thread(target=self._run, name="centripetal-server", daemon=True)
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()  # unlike an Event, safe for signal handlers
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: HTTPServer | None = None
        self.service: Service | None = None
        self._done: asyncio.Event | None = None
        self._stopping = False
        self._ended = False
        self._error: Exception | None = None

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in the server's own thread, for example as a listener of its events."""
        return self._thread.ident == threading.get_ident()

    def start(self) -> None:
        """Start the thread, and return when the server accepts connections.

        Raises:
            UsageError: no thread can be started, or the server was stopped meanwhile.
        """
        try:
            self._thread.start()
        except RuntimeError as error:
            self._ended = True
            self._close_listeners()
            raise UsageError(f"cannot start the server's thread: {error}") from None
        while self._server is None and self._runs:
            self._wait()
        if self._error is not None:
            raise self._error
        if self._server is None or self._stopping:
            raise UsageError("the server was stopped while it started")

    def stop(self) -> None:
        """Stop listening, and close all connections. In the server's own thread, only begin to do so."""
        self._stopping = True
        loop, done = self._loop, self._done
        if self._process != os.getpid():
            return  # in a forked child, there is neither the thread nor anything to stop
        if loop is not None and done is not None:
            with contextlib.suppress(RuntimeError):  # the loop has already ended
                loop.call_soon_threadsafe(done.set)
        if self.is_current:
            return
        for _ in range(_MOST_WAITS):
            if not self._runs:
                break
            self._wait()
        else:
            logger.warning("the server does not stop: its thread is busy or blocked")
        if self._thread.ident is not None:
            self._thread.join(_WAIT)

    def in_loop(self, act: Callable[[HTTPServer], Coroutine[Any, Any, T]]) -> T:
        """Run `act(server)` in the thread's event loop and return its result.

        Raises:
            UsageError: the caller is in the thread itself, or the server has stopped.
        """
        if self.is_current:
            raise UsageError(
                "this method waits for the server, so it cannot be called in the server's own thread, "
                "such as by a listener of its events: call it in another thread"
            )
        future = self.submit(act)
        while True:
            try:
                return future.result(_WAIT)
            except TimeoutError:
                if future.done():
                    return future.result()
                if not self._runs:
                    raise UsageError("the server was stopped meanwhile") from None

    def submit(self, act: Callable[[HTTPServer], Coroutine[Any, Any, T]]) -> "Future[T]":
        """Start `act(server)` in the thread's event loop, and return a future of its result.

        Raises:
            UsageError: the server has stopped.
        """
        loop, server = self._loop, self._server
        if loop is None or server is None or not self._runs or self._process != os.getpid():
            raise UsageError("the server is not running: start it first")
        coroutine = act(server)
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:  # the loop has ended
            coroutine.close()
            raise UsageError("the server was stopped meanwhile") from None

    @property
    def _runs(self) -> bool:
        return not self._ended and self._thread.is_alive()

    def _wait(self) -> None:
        """Wait until the thread has news, or a moment."""
        with contextlib.suppress(queue.Empty):
            self._news.get(timeout=_WAIT)

    def _run(self) -> None:
        try:
            # The application's default loop may lack `add_reader`, which the server needs.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve())
        except Exception as error:
            if self._server is None:
                self._error = error
            else:
                logger.exception("the server failed")
        finally:
            self._close_listeners()
            self._ended = True
            self._news.put(None)

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not self._stopping:
            self.service = self._start_service()
            consumers = None if self._consumers is None else self._consumers(self.service)
            if consumers is not None:
                await consumers.open()
            await _serve(self.service, self._listeners, self._console, consumers, self._tell_started, self._done)

    def _tell_started(self, server: HTTPServer) -> None:
        self._server = server
        self._news.put(None)
        if self._stopping and self._done is not None:
            self._done.set()


async def _serve(
    service: Service,
    listeners: Listeners,
    open_console: OpenConsole,
    consumers: Consumers | None,
    started: Callable[[HTTPServer], object],
    done: asyncio.Event,
) -> None:
    answer: Answer = service.http.begin
    upgrade: Upgrade = _no_upgrade
    websockets = console = None
    if service.node.environment.can_websocket:
        # Imported here, because HTTP must work without the package `websockets`, and imports must stay fast.
        from centripetal.server.listening.websocket import WebSockets

        websockets = WebSockets(service.clients, service.http.opens_websocket)
        upgrade = websockets.upgrade
    if open_console is not None:
        console = open_console(service)
        answer, upgrade = console.before(answer, upgrade)
    server = HTTPServer(answer, upgrade, service.node.now)
    await server.start(*listeners)
    ticker = asyncio.create_task(_tick(service))
    if consumers is not None:
        consumers.start()
    started(server)
    await done.wait()
    service.http.stopping = True
    if consumers is not None:
        await consumers.stop()
    ticker.cancel()
    if websockets is not None:
        await websockets.stop()
    if console is not None:
        await console.stop()
    await server.stop()


def _no_upgrade(_: Request) -> None:
    """Return None: without WebSockets, every request is an ordinary request."""


async def _tick(service: Service) -> None:
    while True:
        await asyncio.sleep(1)
        try:
            service.node.tick()
        except Exception:
            logger.exception("the periodic work of the server failed")
