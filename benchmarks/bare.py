"""The lower bound for Python: one `send` and, in the best case, one `recv`, without checks or a deadline."""

import socket
from urllib.parse import urlsplit

from benchmarks.measure import Turn
from benchmarks.timing import timed, timed_in_threads
from benchmarks.work import Generation, Kind, work_for

__all__ = ["BareSocket", "ReadyMade"]


class BareSocket:
    """Sends over sockets that are kept open, one per thread.

    Args:
        decode: whether to decode and check the replies.
    """

    def __init__(
        self,
        generation: Generation,
        url: str,
        credential: str,
        kind: Kind = "publish",
        workers: int = 1,
        decode: bool = True,
    ) -> None:
        self.work = work_for(generation, url, credential, kind)
        self._parts = urlsplit(url)
        self._head = self.head(self.work.url)
        self._workers = workers
        self._decode = decode
        self._idle: list[socket.socket] = []

    def head(self, url: str) -> bytes:
        """Return the first lines of requests to *url*."""
        lines = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: {self._parts.netloc}\r\n"
        return f"{lines}Content-Type: application/json\r\n".encode()

    def request(self, head: bytes, body: bytes) -> bytes:
        """Return the bytes of a request."""
        name, value = self.work.header(body)
        return b"%b%b: %b\r\nContent-Length: %d\r\n\r\n%b" % (head, name.encode(), value.encode(), len(body), body)

    def post(self, request: bytes) -> bytes:
        """Send *request* and return the body of the reply."""
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
        body = self.post(self.request(self._head, self.work.encode()))
        if self._decode:
            self.work.check(body)

    def turn(self, times: int) -> Turn:
        return timed_in_threads(times, self._once, self._workers)

    def close(self) -> None:
        for sock in self._idle:
            sock.close()


class ReadyMade(BareSocket):
    """Sends a prepared request of a thousand publishes, including its signature, and decodes the reply."""

    def __init__(self, generation: Generation, url: str, credential: str, size: int = 1000) -> None:
        super().__init__(generation, url, credential)
        self._size = size
        address, body = self.work.many(size)
        self._request = self.request(self.head(address), body)

    def turn(self, times: int) -> Turn:
        return timed(times, lambda: self.work.check_many(self.post(self._request), self._size))


def _receive(sock: socket.socket) -> bytes:
    if not (received := sock.recv(65_536)):
        raise RuntimeError("the server closed the connection")
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
