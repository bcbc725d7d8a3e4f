"""The built-in asyncio transport: the same connections as in `blocking`, but an event loop watches their sockets.

A connection belongs to the loop that opened it, and is closed when that loop shuts down, at the latest. A transport can
be used from several loops, in succession or in several threads. The loop must be able to watch sockets (asyncio's
default loop on POSIX, uvloop).
"""

import asyncio
import concurrent.futures.thread  # noqa: F401 - asyncio would import it in a call, for the first host name
import socket
import sys
import weakref
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Unpack

from centripetal.errors import ConnectionLostError, UsageError
from centripetal.protocol.discreet import discreet
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http1 import RequestWriter
from centripetal.protocol.targets import Origin
from centripetal.transport.addresses import Address, lookup_error, resolved
from centripetal.transport.base import TransportOptions
from centripetal.transport.clock import Timer, call_later, monotonic, no_loop, within
from centripetal.transport.connection import Connection
from centripetal.transport.mapping import out_of_time
from centripetal.transport.polling import READ, WRITE
from centripetal.transport.pool import Pool
from centripetal.transport.race import race
from centripetal.transport.routes import Route
from centripetal.transport.settings import Settings, connect_limit

__all__ = ["AwaitingTransport"]


class AwaitingTransport:
    """Transport for asyncio; implements `centripetal.transport.base.AsyncTransport`.

    The number of open connections is not limited: a call that finds no idle connection opens another.

    Args:
        options: see `centripetal.transport.base.TransportOptions`.

    Attributes:
        via: returns " through the proxy …" for a URL if requests to it go through a proxy, otherwise "".

    Raises:
        UsageError: invalid option.
    """

    @discreet
    def __init__(self, **options: Unpack[TransportOptions]) -> None:
        self._settings = Settings(**options)
        self.via = self._settings.via
        self._writer = RequestWriter(self._settings.target())
        self._pools: _Pools = {}
        weakref.finalize(self, _dismiss, self._pools)

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Send *request* and return the complete reply. A cancelled call closes its connection."""
        now = monotonic()
        deadline = now + timeout
        origin, data = self._writer.write(request)
        loop = asyncio._get_running_loop()  # returns None if no loop runs
        pool = self._pools.get(loop) or await self._new_pool(loop)
        connection = pool.take(origin, now)
        if connection is not None:
            try:
                return await _exchange(pool, connection, data, deadline, timeout)
            except ConnectionLostError as error:
                if not pool.lost(connection, error, now):
                    raise
        connection = await self._open(pool, self._settings.route(origin), connect_limit(request, deadline), timeout)
        return await _exchange(pool, connection, data, deadline, timeout)

    async def close(self) -> None:
        """Close idle connections now, and busy connections when their calls end. Later requests open new ones."""
        for pool in list(self._pools.values()):
            pool.close_idle()

    async def _new_pool(self, loop: asyncio.AbstractEventLoop | None) -> "_LoopPool":
        if loop is None:
            raise no_loop()
        _check_loop(loop)
        _dismiss({other: pool for other, pool in list(self._pools.items()) if other is not None and other.is_closed()})
        guard = _closed_with_loop(self._pools, loop)
        self._pools[loop] = pool = _LoopPool(self._settings, loop, guard)
        # The loop registers an asynchronous generator when it starts, and finishes it when the loop shuts down.
        await anext(guard)
        return pool

    async def _open(self, pool: "_LoopPool", route: Route, deadline: float, timeout: float) -> "_LoopConnection":
        most = self._settings.max_response_bytes
        addresses = await self._addresses(pool.loop, route, deadline, timeout)
        if len(addresses) == 1:  # the usual case: a race would cost more than it gains
            connection = _LoopConnection(route, addresses[0], pool, most)
            try:
                # One step at a time, so that errors are raised here and not in a callback of the loop.
                for events in connection.open(route.context):
                    await connection.run(iter((events,)), deadline, timeout)
            except BaseException:
                connection.close()
                raise
            return pool.admit(connection)

        def connect(address: Address) -> _LoopConnection:
            return _LoopConnection(route, address, pool, most)

        attempts = race(addresses, connect, route.context, place=route.hop_place, deadline=deadline, timeout=timeout)
        try:
            waiting, seconds = next(attempts)
            while True:
                waiting, seconds = attempts.send(await _ready(pool.loop, waiting, seconds))
        except StopIteration as success:
            winner: _LoopConnection = success.value
            return pool.admit(winner)
        finally:
            attempts.close()

    async def _addresses(
        self, loop: asyncio.AbstractEventLoop, route: Route, deadline: float, timeout: float
    ) -> list[Address]:
        known, hop = self._settings.known_address(route), route.hop
        if known is not None:
            return [known]
        try:
            found = await _looked_up(loop, hop, deadline)
        except OSError as error:
            raise lookup_error(error, hop, route.hop_place, route.hop_source) from error
        if found is None:
            raise out_of_time(route.hop_place, timeout, connected=False, executed="no")
        return resolved(found, hop)


async def _ready(
    loop: asyncio.AbstractEventLoop, waiting: "Mapping[_LoopConnection, int]", seconds: float
) -> "list[_LoopConnection]":
    """Wait until some connections of *waiting* are ready for their events or *seconds* have passed; return them."""
    woken = loop.create_future()
    ready: dict[_LoopConnection, None] = {}

    def wake(connection: "_LoopConnection | None") -> None:
        if connection is not None:
            ready[connection] = None
        if not woken.done():
            woken.set_result(None)

    timer = call_later(loop, seconds, partial(wake, None))
    try:
        for connection, events in waiting.items():
            connection.watch(events, partial(wake, connection))
        await woken
    finally:
        timer.cancel()
        for connection in waiting:
            connection.watch(0)
    return list(ready)


class _LoopConnection(Connection):
    """A connection that the loop watches: while busy, to continue its steps; while idle, to notice when it closes."""

    __slots__ = ("_alarm", "_deadline", "_fd", "_loop", "_spare", "_steps", "_timeout", "_timer", "_waiter", "_watched")

    def __init__(self, route: Route, address: Address, pool: "_LoopPool", max_response_bytes: int) -> None:
        # First what `close` uses: once the connection is in the registry, it may be closed at any moment.
        self._loop = pool.loop
        self._watched = 0
        self._timer: Timer | None = None
        self._spare: Timer | None = None
        self._fd = -1
        super().__init__(route, address, pool.registry, max_response_bytes)
        self._fd = self.sock.fileno()  # stored, because a failed TLS handshake leaves the socket without it
        self._steps: Iterator[int] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = self._timeout = self._alarm = 0.0

    async def run(self, steps: Iterator[int], deadline: float, timeout: float) -> None:
        """Run *steps* in the loop whenever the socket is ready, to their end or until *deadline*."""
        self._steps, self._deadline, self._timeout = steps, deadline, timeout
        self._waiter = waiter = self._loop.create_future()
        self._advance()
        try:
            if not waiter.done() and (self._timer is None or self._alarm > deadline):
                self._set_timer()
            await waiter
        finally:
            self._steps = self._waiter = None

    def _advance(self) -> None:
        steps, waiter = self._steps, self._waiter
        assert steps is not None
        assert waiter is not None
        if waiter.done():  # just cancelled: the task, which closes the connection, has not run yet
            self._steps = None
            return
        try:
            events = next(steps, None)
            if events is None:
                self._steps = None
                waiter.set_result(None)
            elif events != self._watched:
                self.watch(events)
        except BaseException as error:
            self._steps = None
            if isinstance(error, Exception):
                waiter.set_exception(error)
            else:  # an interrupt must not end the task that happens to wait for this connection
                waiter.set_exception(self.interrupted())
                raise

    def _on_event(self) -> None:
        if self._steps is not None:
            self._advance()
            # uvloop stops watching a socket that has failed, but data or the error may remain to be read.
            while self._steps is not None and self.failed():
                self._advance()
        elif self.stale():
            self.close()

    def watch(self, events: int, act: Callable[[], object] | None = None) -> None:
        """Let the loop call *act*, by default the next step of this connection, when *events* occur."""
        loop, fd = self._loop, self._fd
        act = act or self._on_event
        changed = events ^ self._watched
        self._watched = events
        if changed & READ:
            loop.add_reader(fd, act) if events & READ else loop.remove_reader(fd)
        if changed & WRITE:
            loop.add_writer(fd, act) if events & WRITE else loop.remove_writer(fd)

    def _set_timer(self) -> None:
        # One timer serves many calls: creating and cancelling a timer would cost more than the rest of a call.
        self._cancel_timer()
        self._alarm = self._deadline
        delay = self._deadline - monotonic()
        self._timer = call_later(self._loop, delay, self._on_timer)
        # An interrupt can kill the callback of a timer before its first line.
        self._spare = call_later(self._loop, delay + 0.1, self._on_timer)

    def _cancel_timer(self) -> None:
        for timer in (self._timer, self._spare):
            if timer is not None:
                timer.cancel()
        self._timer = self._spare = None

    def _on_timer(self) -> None:
        self._cancel_timer()
        if self._waiter is None or self._waiter.done():
            return
        if monotonic() < self._deadline:
            self._set_timer()
        else:
            self._steps = None
            self._waiter.set_exception(self.expired(self._timeout))

    def close(self) -> None:
        if self.closed:
            return
        loop = self._loop
        if not loop.is_closed():
            if loop.is_running() and not _is_current(loop):
                with suppress(RuntimeError):  # the loop was closed meanwhile
                    loop.call_soon_threadsafe(self.close)
                    return
            self._cancel_timer()
            # Both, because an interrupt can have left either behind; the next socket may have the same number.
            if self._fd >= 0:
                loop.remove_reader(self._fd)
                loop.remove_writer(self._fd)
        super().close()


class _LoopPool(Pool[_LoopConnection]):
    """The connections of one loop, and the generator that closes them when the loop shuts down."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop, guard: AsyncGenerator[None, None]) -> None:
        super().__init__(settings.max_connections, settings.max_idle)
        self.loop = loop
        self.guard = guard


_Pools = dict[asyncio.AbstractEventLoop | None, _LoopPool]


async def _exchange(
    pool: _LoopPool, connection: _LoopConnection, data: memoryview, deadline: float, timeout: float
) -> HTTPReply:
    try:
        await connection.run(connection.exchange(data), deadline, timeout)
        reply = connection.result()
    except BaseException:
        connection.close()
        raise
    pool.give(connection)
    return reply


async def _closed_with_loop(pools: _Pools, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        pool = pools.pop(loop, None)
        if pool is not None:
            pool.close_all()


def _dismiss(pools: _Pools) -> None:
    for pool in list(pools.values()):
        # The generator awaits nothing, so it can be finished here, even if its loop is already closed.
        with suppress(StopIteration, RuntimeError):
            pool.guard.aclose().__await__().send(None)


def _check_loop(loop: asyncio.AbstractEventLoop) -> None:
    if type(loop).add_reader is asyncio.AbstractEventLoop.add_reader:  # not implemented, as in the default on Windows
        raise UsageError(
            f"{type(loop).__name__} cannot watch sockets: run the program with "
            "asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)"
        )


async def _looked_up(loop: asyncio.AbstractEventLoop, origin: Origin, deadline: float) -> list[tuple[Any, ...]] | None:
    """Return the result of `getaddrinfo` for the host of *origin*; None if it is not known by *deadline*."""
    # Pass bytes: for a str, Python would load the tables for internationalized names.
    host = origin.host.encode("ascii")
    with suppress(RuntimeError):  # no thread can be started: the process has too many, or is shutting down
        if not sys.is_finalizing():  # otherwise Python 3.11 would wait for the thread forever
            found = loop.create_task(_lookup(loop, host, origin.port))
            return found.result() if await within(loop, found, deadline) else None
    return [*socket.getaddrinfo(host, origin.port, type=socket.SOCK_STREAM)]


async def _lookup(loop: asyncio.AbstractEventLoop, host: bytes, port: int) -> list[tuple[Any, ...]]:
    return [*await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _is_current(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
