"""One connection, with the I/O logic shared by the blocking and the asyncio transport.

`Connection.open()` and `Connection.exchange()` are generators that use a non-blocking socket. They yield `READ` or
`WRITE` when they must wait for the socket; the driver waits and resumes them. They raise only errors of this library.
When the deadline has passed, the driver raises `Connection.expired()`.

After any error, of the steps or the driver, the connection must be closed: unread bytes belong to no later request.
"""

import errno
import os
import socket
import ssl
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TypeAlias

from centripetal.errors import ConnectionLostError, Executed, TimeoutError
from centripetal.protocol.http import HTTPReply
from centripetal.protocol.http1 import ResponseParser
from centripetal.protocol.proxies import Proxy
from centripetal.protocol.tunnels import ConnectReply, connect_request, wants_login
from centripetal.transport.addresses import Address, server_name
from centripetal.transport.clock import LONGEST_WAIT
from centripetal.transport.mapping import connection_lost, no_connection, out_of_time
from centripetal.transport.polling import FAILED, READ, WRITE, new_poller
from centripetal.transport.routes import Route
from centripetal.transport.tcp import CAN_PROVE, accepted_nothing, keep_alive

__all__ = ["Connection", "Steps", "on_refusal"]

RECEIVE_BYTES = 65_536
PROXY_LOGIN = 407
_IN_PROGRESS = (errno.EINPROGRESS, getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS))  # the latter on Windows

Steps: TypeAlias = Generator[int, None, None]

on_refusal: list[Callable[[Address], object]] = []
"""Called with each address that refused a connection, before the error is raised: the test kit counts refusals."""


class Connection:
    """A connection for requests to a server.

    Args:
        route: the server, and how to reach it.
        address: address of the server or of the proxy.
        registry: all connections of the owner that hold a socket; this connection adds and removes itself.
        max_response_bytes: maximum size of a reply's body.

    Attributes:
        origin: scheme, host and port of the server.
        closed: whether the connection is closed.
        reusable: whether another request can be sent after the last reply.
        not_yet: exceptions that the socket raises when it would block.
        certain: whether the connection can prove, after a request was written, that the server had closed it before.
        used: time of the monotonic clock when the connection was last given back to the pool.
        uses: how often it was given back.

    Raises:
        ConnectError: the socket could not be created.
    """

    __slots__ = (
        "_address",
        "_broken",
        "_parser",
        "_place",
        "_poll",
        "_poller",
        "_proxy",
        "_ready",
        "_registry",
        "_reply",
        "_route",
        "_sent",
        "_size",
        "_wants_read",
        "_wants_write",
        "certain",
        "closed",
        "generation",
        "not_yet",
        "origin",
        "reusable",
        "sock",
        "used",
        "uses",
    )

    def __init__(self, route: Route, address: Address, registry: "set[Connection]", max_response_bytes: int) -> None:
        self.origin = origin = route.origin
        self._route = route
        self._proxy = None if route.tunnel else route.proxy  # the proxy that replies to requests
        self.closed = False
        self.reusable = False
        self.generation: object = None  # set by the pool
        self.used, self.uses = 0.0, 0  # set by the pool
        # TLS may report a reset as the end. A closed Unix socket accepts no bytes.
        self.certain = not origin.secure and (CAN_PROVE or address.family == getattr(socket, "AF_UNIX", None))
        self._address = address
        self._place = route.hop_place  # of what the connection waits for now
        self._parser = ResponseParser(max_body_bytes=max_response_bytes)
        self._ready = False
        self._sent = self._size = 0  # bytes of the request
        self.not_yet: tuple[type[OSError], ...] = (BlockingIOError,)
        self._wants_read: tuple[
            type[OSError], ...
        ] = ()  # only TLS may need to read while it writes, or write while it reads
        self._wants_write: tuple[type[OSError], ...] = ()
        self._broken: OSError | None = None
        self._reply: HTTPReply | None = None
        self._registry = registry
        try:
            self.sock = socket.socket(address.family, socket.SOCK_STREAM)
            registry.add(self)
            self.sock.setblocking(False)
            self._poller = new_poller()
            self._poller.register(self.sock.fileno(), READ)
        except BaseException as error:
            if hasattr(self, "sock"):
                Connection.close(self)  # a subclass is not complete yet
            if isinstance(error, OSError):
                raise no_connection(error, route.hop_place) from error
            raise
        self._poll = self._poller.poll

    def wait(self, events: int, seconds: float) -> bool:
        """Block until the socket is ready for *events*; return False if it is not ready after about *seconds*."""
        if not seconds > 0:
            return False
        milliseconds = min(seconds, LONGEST_WAIT) * 1000
        if events == READ:
            return bool(self._poll(milliseconds))
        self._poller.modify(self.sock.fileno(), events)
        try:
            return bool(self._poll(milliseconds))
        finally:
            self._poller.modify(self.sock.fileno(), READ)

    def open(self, context: ssl.SSLContext | None) -> Steps:
        """Connect, let a proxy open a tunnel if the route has one, and do the TLS handshake if *context* is given.

        Raises:
            ConnectError: the connection, the tunnel or the handshake failed.
        """
        route = self._route
        try:
            if self._address.family != getattr(socket, "AF_UNIX", None):
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                keep_alive(self.sock)
            problem = self.sock.connect_ex(self._address.sockaddr)
            if problem in _IN_PROGRESS:
                yield WRITE
                problem = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if problem:
                raise OSError(problem, os.strerror(problem))
            self._place = route.place
            if route.tunnel and route.proxy is not None:
                yield from self._tunnel(route.proxy)
            if context is not None:
                yield from self._shake_hands(context)
        except OSError as error:
            if isinstance(error, ConnectionRefusedError):
                for tell in on_refusal:
                    tell(self._address)
            raise no_connection(error, self._place, route.hop_program) from error
        self._ready = True

    def _tunnel(self, proxy: Proxy) -> Steps:
        request, reply = connect_request(self.origin, proxy), ConnectReply(self.origin, proxy)
        try:
            while request:
                try:
                    request = request[self.sock.send(request) :]
                except self.not_yet:
                    yield WRITE
            while True:
                yield READ
                with suppress(*self.not_yet):
                    if reply.feed(self.sock.recv(RECEIVE_BYTES)):
                        return
        except OSError as error:
            raise reply.closed() from error

    def _shake_hands(self, context: ssl.SSLContext) -> Steps:
        self._wants_read, self._wants_write = (ssl.SSLWantReadError,), (ssl.SSLWantWriteError,)
        self.not_yet = (BlockingIOError, *self._wants_read, *self._wants_write)
        name = server_name(self.origin)
        # For a str, Python would load the tables for internationalized names. Subclasses may not accept bytes.
        hostname = name.encode("ascii") if type(context) is ssl.SSLContext else name
        try:
            sock = context.wrap_socket(self.sock, server_hostname=hostname, do_handshake_on_connect=False)
        except OSError as error:
            _close_half_made(error)
            raise
        self.sock = sock
        while True:
            try:
                sock.do_handshake()
            except self.not_yet as error:
                yield WRITE if isinstance(error, self._wants_write) else READ
            else:
                return

    def exchange(self, data: memoryview) -> Steps:
        """Send the request *data* and read the reply; `result()` returns it afterwards.

        Raises:
            ConnectionLostError: the connection broke; `executed` is "no" if the server accepted no byte of the request.
            MalformedResponseError: the reply is not HTTP, or exceeds a limit.
            ConnectError: the proxy wants a login.
        """
        self._begin(data)
        return self.rest(data)

    def at_once(self, data: memoryview, seconds: float) -> HTTPReply | None:
        """Do the usual exchange without a generator: send *data* with one call, and receive the reply with one call.

        Return None if this is not possible or takes more than *seconds*; then continue with `rest()`.
        """
        self._begin(data)
        if self._sent != self._size or self.origin.secure or not seconds > 0:
            return None
        if not self._poll((seconds if seconds < LONGEST_WAIT else LONGEST_WAIT) * 1000):
            return None
        try:
            return self._receive()
        except self.not_yet:
            return None

    def _begin(self, data: memoryview) -> None:
        """Start the exchange: send as much of *data* as the socket accepts at once."""
        self.reusable = False
        self._broken = None
        self._size = len(data)
        self._parser.begin()
        try:
            self._sent = self.sock.send(data)
        except OSError:
            self._sent = 0  # _write_rest() gets the same error and handles it

    def _receive(self) -> HTTPReply | None:
        """Read from the socket once; return the reply if it is complete."""
        try:
            received = self.sock.recv(RECEIVE_BYTES)
        except self.not_yet:
            raise
        except OSError as error:
            if (cut := self._cut_answer()) is not None:
                return cut
            raise connection_lost(self._broken or error, self._place, "unknown") from error
        reply = self._parser.feed(received) if received else self._ended()
        if self._proxy is not None and reply is not None and reply.status == PROXY_LOGIN:
            raise wants_login(self._proxy)
        # After a reply to an incomplete request, the server may still expect the rest of it.
        self.reusable = self._parser.reusable and self._sent == self._size
        return reply

    def rest(self, data: memoryview) -> Steps:
        """Continue after `at_once()` returned None, until the reply is complete; `result()` returns it afterwards."""
        if self._sent != self._size:
            yield from self._write_rest(data)
        # The socket is not reported as readable for bytes that TLS has already decrypted.
        pending = getattr(self.sock, "pending", None)
        while self._reply is None:
            if pending is None or not pending():
                yield READ
            try:
                self._reply = self._receive()
            except self.not_yet as error:
                if isinstance(error, self._wants_write):
                    yield WRITE

    def _write_rest(self, data: memoryview) -> Steps:
        while self._sent < self._size and self._reply is None:
            try:
                self._sent += self.sock.send(data[self._sent :])
            except self.not_yet as error:
                yield READ if isinstance(error, self._wants_read) else READ | WRITE
                # A server that refuses the request (413, 401) may reply and read no further.
                with suppress(*self.not_yet):
                    self._reply = self._receive()
            except OSError as error:
                if not self._sent:
                    raise connection_lost(error, self._place, "no") from error
                # A server that closes the connection early (413 Content Too Large) may have sent a reply: read it.
                self._broken = error
                return

    def _cut_answer(self) -> HTTPReply | None:
        """Return the part of a reply that refuses a request which was not sent completely, or None."""
        return self._parser.partial() if self._sent != self._size else None

    def _ended(self) -> HTTPReply:
        try:
            return self._parser.eof()
        except ConnectionLostError as error:
            if (cut := self._cut_answer()) is not None:
                return cut
            if self._broken is not None:
                raise connection_lost(self._broken, self._place, "unknown") from self._broken
            # After a failed write, `recv` would also report a reset as the end.
            if self.certain and not self.heard and accepted_nothing(self.sock, self._sent):
                error.executed = "no"
            raise

    def result(self) -> HTTPReply:
        """Return the reply of the exchange that has just ended. Can be called once per exchange."""
        reply, self._reply = self._reply, None
        if reply is None:
            raise self.interrupted()
        return reply

    def interrupted(self) -> ConnectionLostError:
        """Return the error for an exchange that ended without a reply, because an interrupt struck in its steps."""
        return ConnectionLostError(f"the request to {self._place} was interrupted before its reply was complete")

    def expired(self, seconds: float) -> TimeoutError:
        """Return the error for a call that exceeded its time limit of *seconds* on this connection."""
        executed: Executed = "unknown" if self._ready and self._sent else "no"
        greeted = bool(self._wants_read)
        return out_of_time(self._place, seconds, connected=self._ready, executed=executed, greeted=greeted)

    @property
    def heard(self) -> bool:
        """Whether the server has sent a byte since the last request."""
        return self._parser.touched

    def lifetime(self, limit: float) -> float:
        """Return for how many seconds this connection can be idle, at most *limit*, before it must not be reused."""
        announced = self._parser.keep_alive
        # The server's timer starts earlier, and the next request needs time to arrive.
        return limit if announced is None else min(limit, max(announced - 1.0, announced / 2))

    def failed(self) -> bool:
        """Return whether the socket has failed, so that every further step ends or fails at once."""
        return any(events & FAILED for _, events in self._poll(0))

    def stale(self) -> bool:
        """Return whether this idle connection was closed or received unexpected data. Does not block."""
        if self.closed:
            return True
        try:
            if not self._poll(0):
                return False
            if self._wants_read:
                self.sock.recv(1)
        except self._wants_read:
            return False  # session tickets: a TLS 1.3 server may send them at any time
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Close the socket. Can be called repeatedly."""
        self.closed = True
        with suppress(OSError):
            self.sock.close()
        self._registry.discard(self)  # last: if this method is interrupted, the owner of the registry closes the socket

    def abandon(self) -> None:
        """Close this copy of the socket in a forked child; the parent's connection stays open."""
        Connection.close(self)


def _close_half_made(error: BaseException) -> None:
    """Close the TLS socket that `wrap_socket` had created when it failed.

    In Python 3.11, `wrap_socket` takes the descriptor from the plain socket before it notices that the peer has reset
    the connection, and leaves the new socket to the garbage collector. Only the traceback still refers to that socket.
    """
    trace = error.__traceback__
    while trace is not None:
        made = trace.tb_frame.f_locals.get("self")
        if isinstance(made, ssl.SSLSocket):
            made.close()
        trace = trace.tb_next
