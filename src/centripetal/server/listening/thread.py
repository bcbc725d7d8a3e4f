"""The background thread of an embedded server, with a separate event loop."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from centripetal.server.console.stream import Answer, Console
from centripetal.server.listening.http1 import Request
from centripetal.server.listening.http_server import HTTPServer, Upgrade
from centripetal.server.service import Service

__all__ = ["ServerThread"]

logger = logging.getLogger("centripetal.server")

T = TypeVar("T")
OpenConsole = Callable[[Service], Console] | None


class ServerThread:
    """A running server. The constructor returns when the server accepts connections; call `stop` to end it.

    Args:
        start_service: creates the service; called in the new thread.
        listener: a bound socket.
        console: opens the console of a service; None to serve no console.
    """

    def __init__(self, start_service: Callable[[], Service], listener: socket.socket, console: OpenConsole) -> None:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, HTTPServer]] = Future()
        # A daemon thread, so that a test run that forgets to stop its server can still exit.
        self._thread = threading.Thread(
            target=self._run, args=(start_service, listener, console, ready), name="centripetal-server", daemon=True
        )
        self._thread.start()
        self._loop, self._done, self._server = ready.result()

    def stop(self) -> None:
        """Stop listening, and close all connections."""
        with contextlib.suppress(RuntimeError):  # the loop has already ended
            self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def in_loop(self, act: Callable[[HTTPServer], Coroutine[Any, Any, T]]) -> T:
        """Run `act(server)` in the thread's event loop and return its result."""
        return asyncio.run_coroutine_threadsafe(act(self._server), self._loop).result()

    def _run(
        self, start_service: Callable[[], Service], listener: socket.socket, console: OpenConsole, ready: "Future[Any]"
    ) -> None:
        try:
            # The application's default loop may lack `add_reader`, which the server needs.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(_serve(start_service(), listener, console, ready))
        except Exception as error:
            if ready.done():
                logger.exception("the server failed")
            else:
                ready.set_exception(error)


async def _serve(service: Service, listener: socket.socket, open_console: OpenConsole, ready: "Future[Any]") -> None:
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
    await server.start(listener)
    ticker = asyncio.create_task(_tick(service))
    done = asyncio.Event()
    ready.set_result((asyncio.get_running_loop(), done, server))
    await done.wait()
    service.http.stopping = True
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
