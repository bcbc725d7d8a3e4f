"""The built-in blocking transport: keep-alive sockets, safe to share between threads and across a fork.

One deadline covers a whole call, with one exception: the system's name lookup cannot be interrupted, so a name server
that does not answer can prolong a call by the system's own timeout. An IP address in the URL avoids the lookup.
"""

import socket
from time import monotonic
from typing import Unpack

from centripetal.errors import ConnectionLostError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http1 import Origin, RequestWriter
from centripetal.transport.addresses import Address, lookup_error, resolved
from centripetal.transport.base import TransportOptions
from centripetal.transport.connection import Connection, Steps
from centripetal.transport.polling import wait_ready
from centripetal.transport.pool import Pool
from centripetal.transport.race import Race, race
from centripetal.transport.settings import Settings

__all__ = ["BlockingTransport", "open_connection"]


class BlockingTransport:
    """Transport over blocking sockets; implements `centripetal.transport.base.Transport`.

    The number of open connections is not limited: a call that finds no idle connection opens another.

    Args:
        options: see `centripetal.transport.base.TransportOptions`.

    Raises:
        UsageError: invalid option.
    """

    def __init__(self, **options: Unpack[TransportOptions]) -> None:
        self._settings = Settings(**options)
        self._writer = RequestWriter()
        self._pool: Pool[Connection] = Pool(self._settings.max_connections)

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Send *request* and return the complete reply."""
        deadline = monotonic() + timeout
        origin, data = self._writer.write(request)
        connection = self._pool.take(origin)
        if connection is not None:
            try:
                return self._exchange(connection, data, timeout, deadline, timeout)
            except ConnectionLostError as error:
                # The idle connection broke before it accepted any data, so the server has not seen the request.
                if error.executed != "no":
                    raise
        connection = open_connection(self._settings, origin, self._pool.registry, deadline, timeout)
        self._pool.admit(connection)
        return self._exchange(connection, data, deadline - monotonic(), deadline, timeout)

    def close(self) -> None:
        """Close idle connections now, and busy connections when their calls end. Later requests open new ones."""
        self._pool.close_idle()

    def _exchange(
        self, connection: Connection, data: bytes, seconds: float, deadline: float, timeout: float
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
    settings: Settings, origin: Origin, registry: set[Connection], deadline: float, timeout: float
) -> Connection:
    """Open a connection to *origin* and add it to *registry*.

    Raises:
        ConnectError: the connection could not be opened.
        TimeoutError: it could not be opened before *deadline*; *timeout* is the number of seconds in the message.
    """
    context, place = settings.context(origin), settings.place(origin)
    addresses = _addresses(settings, origin, place)
    if len(addresses) == 1:  # the usual case: a race would cost more than it gains
        connection = Connection(origin, addresses[0], place, registry, settings.max_response_bytes)
        try:
            for events in connection.open(context):
                _wait(connection, events, deadline, timeout)
        except BaseException:
            connection.close()
            raise
        return connection

    def connect(address: Address) -> Connection:
        return Connection(origin, address, place, registry, settings.max_response_bytes)

    return _first(race(addresses, connect, context, place=place, deadline=deadline, timeout=timeout))


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


def _addresses(settings: Settings, origin: Origin, place: str) -> list[Address]:
    known = settings.known_address(origin)
    if known is not None:
        return [known]
    try:
        # Pass bytes: for a str, Python would load the tables for internationalized names.
        return resolved(socket.getaddrinfo(origin.host.encode("ascii"), origin.port, type=socket.SOCK_STREAM), origin)
    except OSError as error:
        raise lookup_error(error, origin, place) from error


def _drive(connection: Connection, steps: Steps, deadline: float, timeout: float) -> None:
    for events in steps:
        _wait(connection, events, deadline, timeout)


def _wait(connection: Connection, events: int, deadline: float, timeout: float) -> None:
    while not connection.wait(events, deadline - monotonic()):
        if not monotonic() < deadline:
            raise connection.expired(timeout)
