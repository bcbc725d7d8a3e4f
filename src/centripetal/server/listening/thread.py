"""The thread that an embedded server runs in, with an event loop of its own."""

import asyncio
import contextlib
import importlib.util
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from centripetal.server.console.stream import Answer, Console
from centripetal.server.generation import Service
from centripetal.server.listening.http1 import Request
from centripetal.server.listening.http_server import App, Upgrade

__all__ = ["CAN_WEBSOCKET", "Running"]

logger = logging.getLogger("centripetal.server")

T = TypeVar("T")
OpenConsole = Callable[[Service], Console] | None

CAN_WEBSOCKET = importlib.util.find_spec("websockets") is not None


class Running:
    """A server that was started: exists as soon as it accepts connections, until `stop`.

    Args:
        service: makes what is served; called in the thread.
        listener: a socket that is bound.
        console: opens the console of a service; None: there is none.
    """

    def __init__(self, service: Callable[[], Service], listener: socket.socket, console: OpenConsole) -> None:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, App]] = Future()
        # A daemon: a test run that forgets to stop its server ends all the same.
        self._thread = threading.Thread(
            target=self._run, args=(service, listener, console, ready), name="centripetal-server", daemon=True
        )
        self._thread.start()
        self._loop, self._done, self._app = ready.result()

    def stop(self) -> None:
        """Stop listening, and end all connections."""
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def in_loop(self, act: Callable[[App], Coroutine[Any, Any, T]]) -> T:
        """Run `act(app)` in the thread's event loop and wait for its result."""
        return asyncio.run_coroutine_threadsafe(act(self._app), self._loop).result()

    def _run(
        self, service: Callable[[], Service], listener: socket.socket, console: OpenConsole, ready: "Future[Any]"
    ) -> None:
        try:
            # Not whatever loop the application has made its default.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(_serve(service(), listener, console, ready))
        except Exception as error:
            if ready.done():
                logger.exception("the server failed")
            else:
                ready.set_exception(error)


async def _serve(service: Service, listener: socket.socket, open_console: OpenConsole, ready: "Future[Any]") -> None:
    answer: Answer = service.answer
    upgrade: Upgrade = _no_upgrade
    websockets = console = None
    if CAN_WEBSOCKET:
        # Only here: the HTTP half needs no extra, and nobody who just imports this pays for the rest.
        from centripetal.server.listening.websocket import WebSockets

        websockets = WebSockets(service.realtime, service.opens_websocket)
        upgrade = websockets.upgrade
    if open_console is not None:
        console = open_console(service)
        answer, upgrade = console.before(answer, upgrade)
    app = App(answer, upgrade)
    await app.start(listener)
    ticker = asyncio.create_task(_tick(service))
    done = asyncio.Event()
    ready.set_result((asyncio.get_running_loop(), done, app))
    await done.wait()
    service.stop()
    ticker.cancel()
    if websockets is not None:
        await websockets.stop()
    if console is not None:
        await console.stop()
    await app.stop()


def _no_upgrade(_: Request) -> None:
    """Without WebSockets, no request is for another protocol."""


async def _tick(service: Service) -> None:
    while True:
        await asyncio.sleep(1)
        try:
            service.tick()
        except Exception:
            logger.exception("a tick failed")
