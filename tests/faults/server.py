"""A server that works, then misbehaves according to a fault, then works again.

It records each request that it has received completely. It cannot have run any other request.
"""

import contextlib
import enum
import json
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from centripetal.errors import CentripetalError
from tests.ports import kept_port
from tests.transport.scripted import Peer, ScriptedServer, reply

__all__ = ["Fault", "FaultyServer", "Misbehaviour", "Then", "body_of", "good", "head_of", "numbers_in", "replies_to"]


class Then(enum.Enum):
    """State of a connection after the misbehaviour."""

    ENDS = "the server closes it"
    GOES_ON = "the server serves the next request on it"
    LINGERS = "the server leaves it to the client"


Misbehaviour = Callable[[Peer], Then]


class Fault(NamedTuple):
    """A way in which the server misbehaves.

    Attributes:
        name: name of the fault.
        does: function that misbehaves on a connection.
        comes: possible outcomes of a call: exact error classes, or None for success.
        executed: possible values of `executed` of the error.
        why: short reason for `executed`.
        begins: start of the fault: the next request on a connection; the next connection, after all others were closed;
            or "never", if the server stops listening.
        refuses: whether the reply proves that nothing has run: "always", or "alone" for a request of one command.
        together: additional outcomes if several calls are made at once.
        large: bytes of payload, for faults that strike while the request is sent.
        tls: name of the TLS context during the fault, or "" for plain TCP.
        secure: whether the client's URL is https:// and the working server uses TLS.
    """

    name: str
    does: Misbehaviour
    comes: frozenset[type[CentripetalError] | None]
    executed: frozenset[str]
    why: str
    begins: Literal["request", "connection", "never"] = "request"
    refuses: Literal["", "always", "alone"] = ""
    together: frozenset[type[CentripetalError] | None] = frozenset()
    large: int = 0
    tls: str = ""
    secure: bool = False


def body_of(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


def replies_to(request: bytes) -> list[dict[str, Any]]:
    """Return a working server's replies to the commands of *request*; a history contains its channel's name."""
    replies = []
    for command in json.loads(body_of(request)):
        body = None
        if command["method"] == "history":
            channel = command["params"]["channel"]
            body = {"channel": channel, "data": [{"uid": "m", "channel": channel, "data": channel}]}
        replies.append({"uid": command["uid"], "method": command["method"], "error": None, "body": body})
    return replies


def good(request: bytes) -> bytes:
    """Return the bytes of a working server's response to *request*."""
    return reply(json.dumps(replies_to(request)).encode(), "Content-Type: application/json")


def numbers_in(request: bytes) -> list[int]:
    """Return the numbers that *request* publishes, in order."""
    commands = json.loads(body_of(request))
    return [command["params"]["data"][0] for command in commands if command["method"] == "publish"]


class FaultyServer(ScriptedServer):
    """Server that works until a fault starts.

    Args:
        contexts: TLS contexts by name; "good" is used while the server works.
        secure: whether the working server uses TLS.
    """

    def __init__(self, contexts: dict[str, ssl.SSLContext] | None = None, secure: bool = False) -> None:
        self._contexts = contexts or {}
        self._usual = self._contexts["good"] if secure else None
        super().__init__(self._serve_connection, context=self._usual)
        # A reserved port, so that the server can listen on it again after a time without a listener.
        self._listener.close()
        self._kept = contextlib.ExitStack()
        self.port = self._kept.enter_context(kept_port())
        self._listener = self._bound()
        self._scheme = "https" if secure else "http"
        self._fault: Fault | None = None
        self._misbehaving = 0
        self._ending: list[threading.Thread] = []  # threads whose connections the server closes
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __exit__(self, *failure: Any) -> None:
        with self._kept:
            super().__exit__(*failure)

    def start_fault(self, fault: Fault) -> None:
        """Start to misbehave."""
        self._fault = fault
        if fault.begins == "never":
            self.stop_listening()
        if fault.begins != "request":
            self._context = self._contexts[fault.tls] if fault.tls else None
            self.end_connections()

    def recover(self) -> None:
        """Work again, after the client has given up the connections on which the server misbehaved."""
        with self._changed:
            given_up = self._changed.wait_for(lambda: not self._misbehaving, 3)
        assert given_up, "the client keeps a connection that is of no more use"
        # A request that crosses the end of its connection is lost, which would be a separate fault.
        for thread in self._ending:
            thread.join(3)
        fault, self._fault = self._fault, None
        self._context = self._usual
        if fault is not None and fault.begins == "never":
            self.listen_again()

    def stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(10)
        self._listener.close()

    def listen_again(self) -> None:
        self._listener = self._bound()
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    def end_connections(self) -> None:
        for sock in list(self._peers):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def all_ended(self) -> bool:
        """Return whether every connection ends within 3 seconds."""
        for thread in list(self._threads):
            thread.join(3)
        return not any(thread.is_alive() for thread in self._threads)

    def published(self, first: int = 0) -> list[list[int]]:
        """Return the numbers in each completely received request, starting with request *first*."""
        return [numbers_in(request) for request in self.requests[first:]]

    def _bound(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A small buffer, so that unread large requests get stuck on the way.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        return listener

    def _serve_connection(self, peer: Peer) -> None:
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # send each piece without delay
        fault = self._fault
        if fault is not None and fault.begins == "connection" and not self._misbehave(fault, peer):
            return
        while peer._receive():
            fault = self._fault
            if fault is not None:
                if not self._misbehave(fault, peer):
                    return
            elif request := peer.request():
                peer.send(good(request))

    def _misbehave(self, fault: Fault, peer: Peer) -> bool:
        with self._changed:
            self._misbehaving += 1
        try:
            then = fault.does(peer)
            if then is Then.ENDS:
                self._ending.append(threading.current_thread())
        finally:
            with self._changed:
                self._misbehaving -= 1
                self._changed.notify_all()
        if then is Then.LINGERS:
            peer.wait_for_end()
        return then is Then.GOES_ON


def head_of(peer: Peer) -> None:
    """Read the head of a request, and any body bytes that arrived with it."""
    while b"\r\n\r\n" not in peer._unread:
        if not peer._receive():
            return
