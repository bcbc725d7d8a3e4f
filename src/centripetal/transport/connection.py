"""One connection, and all that happens on it, told once for blocking and awaiting callers alike.

`Connection.open()` and `Connection.exchange()` are generators. They use a socket that never blocks, and yield what has
to happen first, `READ` or `WRITE`; the driver waits for that and resumes them. They raise only errors of this library.
A driver whose time is over raises `Connection.expired()`.

After any error, of the steps or the driver, the connection is to be closed: what is left on it belongs to nobody.
"""

import errno
import os
import select
import socket
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from centripetal.errors import ConnectionLostError, Executed, TimeoutError
from centripetal.protocol.http import HTTPReply
from centripetal.protocol.http1 import Origin, ResponseParser
from centripetal.transport.mapping import connection_lost, no_connection, out_of_time
from centripetal.transport.settings import Address, server_name

if TYPE_CHECKING:
    # Importing ssl takes long; who uses TLS pays for it, once, and nobody else does.
    import ssl

__all__ = ["LONGEST_WAIT", "READ", "WRITE", "Connection", "Steps", "on_refusal"]

READ = select.POLLIN
WRITE = select.POLLOUT
RECEIVE_BYTES = 65_536
LONGEST_WAIT = 86_400.0  # what the system's timers take is limited

Steps: TypeAlias = Generator[int, None, None]

on_refusal: list[Callable[[Address], object]] = []
"""Called with each address at which nothing listens, before the caller gets the error: the test kit counts these."""


class Connection:
    """A socket to *origin*, from its making to its end.

    Args:
        origin: whom it leads to.
        address: where that is.
        place: what errors call it.
        registry: all connections of the owner; this one is in there while it holds a socket.
        max_response_bytes: the limit for bodies.

    Attributes:
        closed: whether it is.
        reusable: whether another exchange may follow the last one.
        not_yet: what its socket raises where it would have to wait.

    Raises:
        ConnectError: there is no socket to be had.
    """

    __slots__ = (
        "_address",
        "_broken",
        "_parser",
        "_place",
        "_poll",
        "_poller",
        "_ready",
        "_registry",
        "_reply",
        "_sent",
        "_wants_read",
        "_wants_write",
        "closed",
        "generation",
        "not_yet",
        "origin",
        "reusable",
        "sock",
    )

    def __init__(
        self, origin: Origin, address: Address, place: str, registry: "set[Connection]", max_response_bytes: int
    ) -> None:
        self.origin = origin
        self.closed = False
        self.reusable = False
        self.generation: object = None  # its pool's mark
        self._address = address
        self._place = place
        self._parser = ResponseParser(max_body_bytes=max_response_bytes)
        self._ready = False
        self._sent = 0
        self.not_yet: tuple[type[OSError], ...] = (BlockingIOError,)
        self._wants_read: tuple[type[OSError], ...] = ()  # only TLS has wishes of its own
        self._wants_write: tuple[type[OSError], ...] = ()
        self._broken: OSError | None = None
        self._reply: HTTPReply | None = None
        try:
            self.sock = socket.socket(address.family, socket.SOCK_STREAM)
        except OSError as error:
            raise no_connection(error, place) from error
        self._registry = registry
        registry.add(self)
        self.sock.setblocking(False)
        self._poller = select.poll()
        self._poller.register(self.sock.fileno(), READ)
        self._poll = self._poller.poll

    def wait(self, events: int, seconds: float) -> bool:
        """Block until *events* can happen; false if they cannot yet, after about *seconds* or sooner."""
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

    def open(self, context: "ssl.SSLContext | None") -> Steps:
        """Connect, and set up TLS if there is a *context*.

        Raises:
            ConnectError: that cannot be.
        """
        try:
            if self._address.family != socket.AF_UNIX:
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            problem = self.sock.connect_ex(self._address.sockaddr)
            if problem == errno.EINPROGRESS:
                yield WRITE
                problem = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if problem:
                raise OSError(problem, os.strerror(problem))
            if context is not None:
                yield from self._shake_hands(context)
        except OSError as error:
            if isinstance(error, ConnectionRefusedError):
                for tell in on_refusal:
                    tell(self._address)
            raise no_connection(error, self._place) from error
        self._ready = True

    def _shake_hands(self, context: "ssl.SSLContext") -> Steps:
        import ssl

        self._wants_read, self._wants_write = (ssl.SSLWantReadError,), (ssl.SSLWantWriteError,)
        self.not_yet = (BlockingIOError, *self._wants_read, *self._wants_write)
        try:
            sock = context.wrap_socket(
                self.sock, server_hostname=server_name(self.origin), do_handshake_on_connect=False
            )
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

    def exchange(self, data: bytes) -> Steps:
        """Write the request *data* and read the reply, which is `result()` afterwards.

        Raises:
            ConnectionLostError: the connection broke; `executed` is "no" if it took no byte of the request.
            MalformedResponseError: the answer is not HTTP, or over a limit.
        """
        self._begin(data)
        return self.rest(data)

    def at_once(self, data: bytes, seconds: float) -> HTTPReply | None:
        """The usual exchange, straight on: all of *data* is written at once, and the reply comes in one piece.

        None if it does not go like that, or takes more than *seconds*: then `rest()` goes on.
        """
        self._begin(data)
        if self._sent != len(data) or self.origin.secure or not seconds > 0:
            return None
        if not self._poll(min(seconds, LONGEST_WAIT) * 1000):
            return None
        try:
            return self._receive()
        except self.not_yet:
            return None

    def _begin(self, data: bytes) -> None:
        """Write what the socket takes at once."""
        self.reusable = False
        self._broken = None
        self._parser.begin()
        try:
            self._sent = self.sock.send(data)
        except OSError:
            self._sent = 0  # _write_rest() meets it again, and deals with it

    def _receive(self) -> HTTPReply | None:
        """Take what has arrived, where something has; the reply, if it is whole by that."""
        try:
            received = self.sock.recv(RECEIVE_BYTES)
        except self.not_yet:
            raise
        except OSError as error:
            raise connection_lost(self._broken or error, self._place, "unknown") from error
        reply = self._parser.feed(received) if received else self._ended()
        # A reply to half a request leaves both ends with different ideas of what comes next.
        self.reusable = self._parser.reusable and self._broken is None
        return reply

    def rest(self, data: bytes) -> Steps:
        """What follows `at_once()` that has returned None: on to the reply, which is `result()` afterwards."""
        if self._sent != len(data):
            yield from self._write_rest(data)
        # What TLS has decrypted already, the socket does not announce.
        pending = getattr(self.sock, "pending", None)
        while self._reply is None:
            if pending is None or not pending():
                yield READ
            try:
                self._reply = self._receive()
            except self.not_yet as error:
                if isinstance(error, self._wants_write):
                    yield WRITE

    def _write_rest(self, data: bytes) -> Steps:
        view = memoryview(data)
        while self._sent < len(data):
            try:
                self._sent += self.sock.send(view[self._sent :])
            except self.not_yet as error:
                yield READ if isinstance(error, self._wants_read) else WRITE
            except OSError as error:
                if not self._sent:
                    raise connection_lost(error, self._place, "no") from error
                # Whoever hangs up on a request (413 Content Too Large) may have said why: that can be read still.
                self._broken = error
                return

    def _ended(self) -> HTTPReply:
        try:
            return self._parser.eof()
        except ConnectionLostError:
            if self._broken is None:
                raise
            raise connection_lost(self._broken, self._place, "unknown") from self._broken

    def result(self) -> HTTPReply:
        """The reply of the steps that have just ended; asked for once."""
        reply, self._reply = self._reply, None
        assert reply is not None, "the steps have not been run to their end"
        return reply

    def expired(self, seconds: float) -> TimeoutError:
        """The error for a call that was given *seconds* and has used them up on this connection."""
        executed: Executed = "unknown" if self._ready and self._sent else "no"
        greeted = bool(self._wants_read)
        return out_of_time(self._place, seconds, connected=self._ready, executed=executed, greeted=greeted)

    def failed(self) -> bool:
        """Whether the socket has failed, so that every further step ends or fails at once."""
        return any(events & (select.POLLERR | select.POLLHUP) for _, events in self._poll(0))

    def stale(self) -> bool:
        """Whether this idle connection has ended, or holds what nobody asked for; it answers at once."""
        if self.closed:
            return True
        try:
            if not self._poll(0):
                return False
            if self._wants_read:
                self.sock.recv(1)
        except self._wants_read:
            return False  # session tickets: TLS 1.3 sends them whenever it likes
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Give the socket back. Harmless when repeated."""
        self.closed = True
        self._registry.discard(self)
        with suppress(OSError):
            self.sock.close()

    def abandon(self) -> None:
        """In a forked child: close this copy of the socket; the parent's connection goes on."""
        Connection.close(self)


def _close_half_made(error: BaseException) -> None:
    """Close the TLS socket that `wrap_socket` was making when it failed.

    It takes the descriptor away from the plain socket before it finds that the peer has reset the connection, and then
    leaves it to the garbage collector (Python 3.11); only the traceback still knows it.
    """
    import ssl

    trace = error.__traceback__
    while trace is not None:
        made = trace.tb_frame.f_locals.get("self")
        if isinstance(made, ssl.SSLSocket):
            made.close()
        trace = trace.tb_next
