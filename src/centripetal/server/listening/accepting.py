"""Accepting connections on a listening socket.

asyncio's own server logs an error for every attempt to accept a connection while no file descriptor is left: in some
versions a thousand tracebacks a second. This one logs a single warning and tries again later.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

__all__ = ["Acceptor"]

logger = logging.getLogger("centripetal.server")

_BACKLOG = 1024  # connections that may wait to be accepted when many clients connect at once
_AT_ONCE = 100  # connections to accept before other work is done
_PAUSE = 0.5  # seconds until the next attempt, when the system has run out of something
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Acceptor:
    """Accepts connections from its creation until `stop`. It needs an event loop with `add_reader`.

    Args:
        listener: a bound socket; `stop` closes it.
        new_protocol: returns the protocol of a new connection.
    """

    def __init__(self, listener: socket.socket, new_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._new_protocol = new_protocol
        self._starting: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._has_warned = False
        listener.setblocking(False)
        listener.listen(_BACKLOG)
        self._loop.add_reader(listener, self._accept)

    async def stop(self) -> None:
        """Stop listening, and wait until the connections that were just accepted have their protocols."""
        if self._listener.fileno() < 0:
            return  # already stopped
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        if self._starting:
            await asyncio.wait(self._starting)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait(error)
                return
            self._has_warned = False
            connection.setblocking(False)
            task = self._loop.create_task(self._start(connection))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    def _wait(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            advice = "; raise the limit of open files (ulimit -n)" if error.errno in _EXHAUSTED[:2] else ""
            logger.warning("cannot accept connections now: %s%s", error.strerror or error, advice)
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(_PAUSE, self._loop.add_reader, self._listener, self._accept)

    async def _start(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._new_protocol, connection)
        except OSError as error:
            logger.debug("a connection ended while it was set up: %s", error)
            connection.close()
