"""Our transport for blocking callers: sockets, kept alive, safe to share between threads and across a fork.

One deadline covers a whole call, with one exception: the system's name lookup cannot be interrupted, so a name server
that does not answer may make a call longer by what the system allows it. An address in the URL needs no lookup.
"""

import socket
from time import monotonic
from typing import Unpack

from centripetal.errors import ConnectionLostError, TransportError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http1 import Origin, RequestWriter
from centripetal.transport.base import TransportOptions
from centripetal.transport.connection import Connection, Steps
from centripetal.transport.mapping import out_of_time, unknown_host
from centripetal.transport.pool import Pool
from centripetal.transport.settings import Address, Settings, attempts, resolved

__all__ = ["BlockingTransport", "open_connection"]


class BlockingTransport:
    """Carries requests over sockets; see `centripetal.transport.base.Transport` for the contract.

    There is no limit on how many connections are at work: each call that finds none idle opens one.

    Args:
        options: see `centripetal.transport.base.TransportOptions`.

    Raises:
        UsageError: an option that cannot be.
    """

    def __init__(self, **options: Unpack[TransportOptions]) -> None:
        self._settings = Settings(**options)
        self._writer = RequestWriter()
        self._pool: Pool[Connection] = Pool(self._settings.max_connections)

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        """Make *request* and return the whole reply."""
        deadline = monotonic() + timeout
        origin, data = self._writer.write(request)
        connection = self._pool.take(origin)
        if connection is not None:
            try:
                return self._exchange(connection, data, deadline, timeout)
            except ConnectionLostError as error:
                # It broke before it took a byte, as idle connections do. Nobody has seen the request: send it anew.
                if error.executed != "no":
                    raise
        return self._exchange(self._open(origin, deadline, timeout), data, deadline, timeout)

    def close(self) -> None:
        """Close idle connections now, and those at work when their call ends. What is sent later opens new ones."""
        self._pool.close_idle()

    def _exchange(self, connection: Connection, data: bytes, deadline: float, timeout: float) -> HTTPReply:
        try:
            reply = connection.at_once(data, deadline - monotonic())
            if reply is None:
                _drive(connection, connection.rest(data), deadline, timeout)
                reply = connection.result()
        except BaseException:
            connection.close()
            raise
        self._pool.give(connection)
        return reply

    def _open(self, origin: Origin, deadline: float, timeout: float) -> Connection:
        return self._pool.admit(open_connection(self._settings, origin, self._pool.registry, deadline, timeout))


def open_connection(
    settings: Settings, origin: Origin, registry: set[Connection], deadline: float, timeout: float
) -> Connection:
    """A new connection to *origin*, ready to be used, which is in *registry*.

    Raises:
        ConnectError, TimeoutError: there is none to be had, or none before *deadline* (*timeout* in the error's text).
    """
    context, place = settings.context(origin), settings.place(origin)
    failure: TransportError = out_of_time(place, timeout, connected=False, executed="no")
    for address, until in attempts(_addresses(settings, origin), deadline):
        connection = None
        try:
            connection = Connection(origin, address, place, registry, settings.max_response_bytes)
            _drive(connection, connection.open(context), until, timeout)
            return connection
        except BaseException as error:
            if connection is not None:
                connection.close()
            if not isinstance(error, TransportError) or not error.retryable:
                raise
            failure = error
    raise failure


def _addresses(settings: Settings, origin: Origin) -> list[Address]:
    known = settings.known_address(origin)
    if known is not None:
        return [known]
    try:
        # As bytes, because Python would load its tables for international names to look at a text.
        return resolved(socket.getaddrinfo(origin.host.encode("ascii"), origin.port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise unknown_host(error, origin.host) from error


def _drive(connection: Connection, steps: Steps, deadline: float, timeout: float) -> None:
    for events in steps:
        while not connection.wait(events, deadline - monotonic()):
            if not monotonic() < deadline:
                raise connection.expired(timeout)
