"""The built-in blocking transport: keep-alive sockets, safe to share between threads and across a fork.

One deadline covers a whole call, with one exception: the system's name lookup cannot be interrupted, so a name server
that does not answer can prolong a call by the system's own timeout. An IP address in the URL avoids the lookup.
"""

import socket
from typing import Unpack

from centripetal.errors import ConnectionLostError
from centripetal.protocol.discreet import discreet
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http1 import RequestWriter
from centripetal.transport.addresses import Address, lookup_error, resolved
from centripetal.transport.base import TransportOptions
from centripetal.transport.clock import monotonic
from centripetal.transport.connection import Connection, Steps
from centripetal.transport.polling import wait_ready
from centripetal.transport.pool import Pool
from centripetal.transport.race import Race, race
from centripetal.transport.routes import Route
from centripetal.transport.settings import Settings, connect_limit

__all__ = ["BlockingTransport", "open_connection"]


class BlockingTransport:
    """Transport over blocking sockets; implements `centripetal.transport.base.Transport`.

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
        self._pool: Pool[Connection] = Pool(self._settings.max_connections, self._settings.max_idle)

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Send *request* and return the complete reply."""
        now = monotonic()
        deadline = now + timeout
        origin, data = self._writer.write(request)
        connection = self._pool.take(origin, now)
        if connection is not None:
            try:
                return self._exchange(connection, data, timeout, deadline, timeout)
            except ConnectionLostError as error:
                if not self._pool.lost(connection, error, now):
                    raise
        until = connect_limit(request, deadline)
        route = self._settings.route(origin)
        connection = open_connection(self._settings, route, self._pool.registry, until, timeout)
        self._pool.admit(connection)
        return self._exchange(connection, data, deadline - monotonic(), deadline, timeout)

    def close(self) -> None:
        """Close idle connections now, and busy connections when their calls end. Later requests open new ones."""
        self._pool.close_idle()

    def _exchange(
        self, connection: Connection, data: memoryview, seconds: float, deadline: float, timeout: float
    ) -> HTTPReply:
        try:
            reply = connection.at_once(data, seconds)
            if reply is None:
                _drive(connection, connection.rest(data), deadline, timeout)
                reply = connection.result()
        except BaseException:
            connection.close()
            raise
        self._pool.give(connection)
        return reply


def open_connection(
    settings: Settings, route: Route, registry: set[Connection], deadline: float, timeout: float
) -> Connection:
    """Open a connection on *route* and add it to *registry*.

    Raises:
        ConnectError: the connection could not be opened.
        TimeoutError: it could not be opened before *deadline*; *timeout* is the number of seconds in the message.
    """
    addresses = _addresses(settings, route)
    if len(addresses) == 1:  # the usual case: a race would cost more than it gains
        connection = Connection(route, addresses[0], registry, settings.max_response_bytes)
        try:
            for events in connection.open(route.context):
                _wait(connection, events, deadline, timeout)
        except BaseException:
            connection.close()
            raise
        return connection

    def connect(address: Address) -> Connection:
        return Connection(route, address, registry, settings.max_response_bytes)

    attempts = race(addresses, connect, route.context, place=route.hop_place, deadline=deadline, timeout=timeout)
    return _first(attempts)


def _first(attempts: Race[Connection]) -> Connection:
    """Return the connection that wins the race of *attempts*."""
    try:
        waiting, seconds = next(attempts)
        while True:
            ready = wait_ready({connection.sock.fileno(): events for connection, events in waiting.items()}, seconds)
            waiting, seconds = attempts.send([each for each in waiting if each.sock.fileno() in ready])
    except StopIteration as success:
        connection: Connection = success.value
        return connection
    finally:
        attempts.close()


def _addresses(settings: Settings, route: Route) -> list[Address]:
    known, hop = settings.known_address(route), route.hop
    if known is not None:
        return [known]
    try:
        # Pass bytes: for a str, Python would load the tables for internationalized names.
        return resolved(socket.getaddrinfo(hop.host.encode("ascii"), hop.port, type=socket.SOCK_STREAM), hop)
    except OSError as error:
        raise lookup_error(error, hop, route.hop_place, route.hop_source) from error


def _drive(connection: Connection, steps: Steps, deadline: float, timeout: float) -> None:
    for events in steps:
        _wait(connection, events, deadline, timeout)


def _wait(connection: Connection, events: int, deadline: float, timeout: float) -> None:
    while not connection.wait(events, deadline - monotonic()):
        if not monotonic() < deadline:
            raise connection.expired(timeout)
