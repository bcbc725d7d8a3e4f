"""A server that can fall ill: it answers well, then misbehaves in one way of the table, then is well again.

It notes which requests it has received whole. What it has not received whole, it cannot have run.
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

__all__ = ["Fault", "Misbehaviour", "Patient", "Then", "body_of", "good", "head_of", "numbers_in", "replies_to"]


class Then(enum.Enum):
    """How a connection goes on after the misbehaviour."""

    ENDS = "the server closes it"
    GOES_ON = "the server serves the next request on it"
    LINGERS = "the server leaves it to the client"


Misbehaviour = Callable[[Peer], Then]


class Fault(NamedTuple):
    """One way to misbehave.

    Attributes:
        name: what it is called.
        does: what the server does on a connection.
        comes: what may come out of a call: the very classes of errors, None for success.
        executed: what an error may say.
        why: the reason for `executed`, in a phrase.
        begins: with the next request on a connection; with the next connection, after the end of all others; or with
            the end of everything: nothing listens.
        refuses: when the answer itself says that nothing has run: always, or to a request of one command.
        together: what may come out besides, of one of several calls at once.
        large: bytes of payload, for faults that strike before the request has left the client.
        tls: how the server speaks TLS while it is ill: the name of a context, "" for not at all.
        secure: whether the client's URL is https://, and the server speaks TLS well while it is well.
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
    """What a well server replies to each command of *request*; a history holds the name of its channel."""
    replies = []
    for command in json.loads(body_of(request)):
        body = None
        if command["method"] == "history":
            channel = command["params"]["channel"]
            body = {"channel": channel, "data": [{"uid": "m", "channel": channel, "data": channel}]}
        replies.append({"uid": command["uid"], "method": command["method"], "error": None, "body": body})
    return replies


def good(request: bytes) -> bytes:
    """The bytes of a well server's answer to *request*."""
    return reply(json.dumps(replies_to(request)).encode(), "Content-Type: application/json")


def numbers_in(request: bytes) -> list[int]:
    """The numbers that *request* publishes, in order."""
    commands = json.loads(body_of(request))
    return [command["params"]["data"][0] for command in commands if command["method"] == "publish"]


class Patient(ScriptedServer):
    """Well at first.

    Args:
        contexts: how to speak TLS, by name; "good" while the server is well.
        secure: whether it speaks TLS while it is well.
    """

    def __init__(self, contexts: dict[str, ssl.SSLContext] | None = None, secure: bool = False) -> None:
        self._contexts = contexts or {}
        self._usual = self._contexts["good"] if secure else None
        super().__init__(self._serve_patiently, context=self._usual)
        # Not just any port: it shall still be ours after some time without a listener.
        self._listener.close()
        self._kept = contextlib.ExitStack()
        self.port = self._kept.enter_context(kept_port())
        self._listener = self._bound()
        self._scheme = "https" if secure else "http"
        self._fault: Fault | None = None
        self._misbehaving = 0
        self._ending: list[threading.Thread] = []  # those whose connections are being closed by the server
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def __exit__(self, *failure: Any) -> None:
        with self._kept:
            super().__exit__(*failure)

    def fall_ill(self, fault: Fault) -> None:
        """Misbehave from now on."""
        self._fault = fault
        if fault.begins == "never":
            self.stop_listening()
        if fault.begins != "request":
            self._context = self._contexts[fault.tls] if fault.tls else None
            self.end_connections()

    def recover(self) -> None:
        """Be well, once the client has given up the connections on which the server has misbehaved."""
        with self._changed:
            given_up = self._changed.wait_for(lambda: not self._misbehaving, 3)
        assert given_up, "the client keeps a connection that is of no more use"
        # A request that crosses the end of its connection is lost, whoever sends it: that is a fault of its own.
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
        """Whether every connection has come to its end, after at most some seconds."""
        for thread in list(self._threads):
            thread.join(3)
        return not any(thread.is_alive() for thread in self._threads)

    def published(self, first: int = 0) -> list[list[int]]:
        """The numbers in each request that is here whole, from the *first* on."""
        return [numbers_in(request) for request in self.requests[first:]]

    def _bound(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What is not read shall not fit into buffers, so that large requests get stuck under way.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        return listener

    def _serve_patiently(self, peer: Peer) -> None:
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # nothing shall arrive later than it is sent
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
    """Read the head of a request, and what has come with it."""
    while b"\r\n\r\n" not in peer._unread:
        if not peer._receive():
            return
