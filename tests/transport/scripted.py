"""A loopback server that a test scripts byte by byte and that records the received requests."""

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

__all__ = ["OK", "Peer", "Script", "ScriptedServer", "answers", "reads_nothing", "reply"]


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return the bytes of a normal reply."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


OK = reply(b"{}")


class Peer:
    """The server's side of one connection.

    Attributes:
        server: the server.
        number: zero-based number of the connection.
    """

    def __init__(self, server: "ScriptedServer", sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.server = server
        self._unread = b""

    def request(self) -> bytes:
        """Return the next complete request, or b"" if the client closed the connection."""
        while b"\r\n\r\n" not in self._unread:
            if not self._receive():
                return b""
        head, _, _ = self._unread.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        whole = len(head) + 4 + length
        while len(self._unread) < whole:
            if not self._receive():
                return b""
        request, self._unread = self._unread[:whole], self._unread[whole:]
        self.server.requests.append(request)
        return request

    def _receive(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.server.ended.release()
        self._unread += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def wait_for_end(self) -> None:
        """Return when the client has closed the connection."""
        while self._receive():
            pass

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Script = Callable[[Peer], None]


def reads_nothing(peer: Peer) -> None:
    """Neither read nor close the connection until the end of the test."""
    peer.server.over.wait(20)


def answers(*replies: bytes) -> Script:
    """Return a script that answers each request with the next of *replies* and then waits for the end."""

    def script(peer: Peer) -> None:
        for data in replies:
            if not peer.request():
                return
            peer.send(data)
        peer.wait_for_end()

    return script


class ScriptedServer:
    """Server that runs *script* in a new thread for each connection and then closes the connection.

    Attributes:
        requests: the requests read so far.
        ended: released whenever a script notices that the client closed its connection.
        over: set when the test has ended.
    """

    def __init__(
        self,
        script: Script,
        *,
        context: ssl.SSLContext | None = None,
        family: int = socket.AF_INET,
        path: str = "",
    ) -> None:
        self.requests: list[bytes] = []
        self.ended = threading.Semaphore(0)
        self.over = threading.Event()
        self.connections = 0
        self._script = script
        self._context = context
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._peers: list[socket.socket] = []
        self._listener = socket.socket(family)
        self._listener.bind(path or ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self._listener.listen(128)
        self.port = 0 if path else self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/api/"

    def __enter__(self) -> Self:
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.over.set()
        # close() alone would not wake a blocked accept() or recv().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(10)
        self._listener.close()
        for sock in self._peers:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        if error is None and self._errors:
            raise self._errors[0]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._peers.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, self.connections))
            self.connections += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self._context is not None:
                sock = secure = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                self._peers.append(sock)
                _shake_hands(secure)
            self._script(Peer(self, sock, number))
        except OSError:
            pass  # the client closed the connection, as many tests intend
        except BaseException as error:
            self._errors.append(error)
        finally:
            sock.close()


def _shake_hands(sock: ssl.SSLSocket) -> None:
    try:
        sock.do_handshake()
    except ssl.SSLError:
        # Read the rest: closing with unread data resets the connection, and the reset may overtake the alert.
        sock.shutdown(socket.SHUT_WR)
        while os.read(sock.fileno(), 65536):
            pass
        raise
