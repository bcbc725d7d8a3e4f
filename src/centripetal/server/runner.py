"""The thread that an embedded server runs in, with an event loop of its own."""

import asyncio
import contextlib
import importlib.util
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from centripetal.server.app import App
from centripetal.server.generations import Service

__all__ = ["CAN_WEBSOCKET", "Running"]

logger = logging.getLogger("centripetal.server")

CAN_WEBSOCKET = importlib.util.find_spec("websockets") is not None


class Running:
    """A server that was started: exists as soon as it accepts connections, until `stop`.

    Args:
        service: makes what is served; called in the thread.
        listener: a socket that is bound.
    """

    def __init__(self, service: Callable[[], Service], listener: socket.socket) -> None:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        # A daemon: a test run that forgets to stop its server ends all the same.
        self._thread = threading.Thread(
            target=self._run, args=(service, listener, ready), name="centripetal-server", daemon=True
        )
        self._thread.start()
        self._loop, self._done = ready.result()

    def stop(self) -> None:
        """Stop listening, and end all connections."""
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def _run(self, service: Callable[[], Service], listener: socket.socket, ready: "Future[Any]") -> None:
        try:
            # Not whatever loop the application has made its default.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(_serve(service(), listener, ready))
        except Exception as error:
            if ready.done():
                logger.exception("the server failed")
            else:
                ready.set_exception(error)


async def _serve(service: Service, listener: socket.socket, ready: "Future[Any]") -> None:
    if CAN_WEBSOCKET:
        # Only here: the HTTP half needs no extra, and nobody who just imports this pays for the rest.
        from centripetal.server.websocket import WebSockets

        websockets = WebSockets(service.realtime, service.opens_websocket)
        app = App(service.answer, websockets.upgrade)
    else:
        websockets = None
        app = App(service.answer)
    await app.start(listener)
    ticker = asyncio.create_task(_tick(service))
    done = asyncio.Event()
    ready.set_result((asyncio.get_running_loop(), done))
    await done.wait()
    service.stop()
    ticker.cancel()
    if websockets is not None:
        await websockets.stop()
    await app.stop()


async def _tick(service: Service) -> None:
    while True:
        await asyncio.sleep(1)
        try:
            service.tick()
        except Exception:
            logger.exception("a tick failed")
