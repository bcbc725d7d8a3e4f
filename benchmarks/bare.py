"""The least that Python can do: one `send`, one `recv` in the best case, no checks, no deadline."""

import socket
from urllib.parse import urlsplit

from benchmarks.measure import Turn
from benchmarks.timing import timed, timed_in_threads
from benchmarks.work import CHANNEL, DATA, Kind, Work, api

__all__ = ["BareSocket", "ReadyMade"]


class BareSocket:
    """One socket a thread, kept open."""

    def __init__(self, url: str, secret: str, kind: Kind = "publish", workers: int = 1) -> None:
        self.work = Work(kind, secret)
        self._parts = urlsplit(api(url))
        self._workers = workers
        self._head = (
            f"POST {self._parts.path} HTTP/1.1\r\nHost: {self._parts.netloc}\r\nContent-Type: application/json\r\n"
        ).encode()
        self._idle: list[socket.socket] = []

    def request(self, body: bytes) -> bytes:
        """The bytes of a signed request."""
        sign = self.work.sign(body).encode()
        return b"%bX-API-Sign: %b\r\nContent-Length: %d\r\n\r\n%b" % (self._head, sign, len(body), body)

    def post(self, request: bytes) -> bytes:
        """Send *request* and read the reply's body."""
        sock = self._take()
        sock.sendall(request)
        received = sock.recv(65_536)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += _receive(sock)
        head, body = received[:end].lower(), received[end + 4 :]
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"the server answered {received!r:.200}")
        place = head.find(b"content-length:")
        if place < 0:
            body = _chunks(sock, body)
        else:
            size = int(head[place + 15 :].split(b"\r\n", 1)[0])
            while len(body) < size:
                body += _receive(sock)
        self._idle.append(sock)
        return body

    def _take(self) -> socket.socket:
        try:
            return self._idle.pop()
        except IndexError:
            sock = socket.create_connection((self._parts.hostname or "", self._parts.port or 80), timeout=None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock

    def _once(self) -> None:
        self.work.check(self.post(self.request(self.work.encode())))

    def turn(self, times: int) -> Turn:
        return timed_in_threads(times, self._once, self._workers)

    def close(self) -> None:
        for sock in self._idle:
            sock.close()


class ReadyMade(BareSocket):
    """Sends a request of a thousand publishes made before, signature included, and decodes the reply."""

    def __init__(self, url: str, secret: str, size: int = 1000) -> None:
        from centripetal.dialects.v1.codec import Codec
        from centripetal.dialects.v1.commands import Publish

        super().__init__(url, secret)
        codec = Codec(url, secret)
        self._size = size
        self._request = self.request(codec.request([codec.prepare(Publish(CHANNEL, DATA))] * size).body)

    def turn(self, times: int) -> Turn:
        return timed(times, lambda: self.work.check(self.post(self._request), self._size))


def _receive(sock: socket.socket) -> bytes:
    if not (received := sock.recv(65_536)):
        raise RuntimeError("the server hung up")
    return received


def _chunks(sock: socket.socket, rest: bytes) -> bytes:
    body = b""
    while True:
        while (end := rest.find(b"\r\n")) < 0:
            rest += _receive(sock)
        size, rest = int(rest[:end], 16), rest[end + 2 :]
        while len(rest) < size + 2:
            rest += _receive(sock)
        body, rest = body + rest[:size], rest[size + 2 :]
        if not size:
            return body
