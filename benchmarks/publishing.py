"""One signed publish after another to a Centrifugo 1.x server, over a connection that stays open.

All encode the command, sign it, send it, read the whole reply and look at whether it says what it should.
"""

import asyncio
import hmac
import http.client
import socket
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import requests

from benchmarks.measure import Turn, timed, timed_awaiting
from centripetal import v1

__all__ = [
    "CHANNEL",
    "DATA",
    "HTTPX",
    "Async",
    "BareSocket",
    "HTTPClient",
    "Ours",
    "Requests",
    "api",
    "async_httpx",
    "async_ours",
    "check",
]

CHANNEL = "news"
DATA = {"text": "hello", "number": 42}


def api(url: str) -> str:
    return f"{url.rstrip('/')}/api/"


class _Reply(msgspec.Struct):
    method: str
    error: str | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Body(msgspec.Struct):
    method: str
    params: dict[str, Any]
    uid: str = "0"


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[_Reply]).decode


def encode() -> bytes:
    """The request for one publish, as fast as Python can."""
    return _encode([_Body("publish", {"channel": CHANNEL, "data": DATA})])


def check(body: bytes, count: int = 1) -> None:
    """The reply must be to so many publishes, and each must have worked."""
    replies = _decode(body)
    if len(replies) != count or any(reply.method != "publish" or reply.error is not None for reply in replies):
        raise RuntimeError(f"the server answered {body[:200]!r}")


def headers(secret: str, body: bytes) -> dict[str, str]:
    sign = hmac.digest(secret.encode(), body, "sha256").hex()
    return {"Content-Type": "application/json", "X-API-Sign": sign}


class BareSocket:
    """The least that Python can do: one `send`, one `recv` in the best case, no checks, no deadline."""

    name = "bare socket"

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(api(url))
        self._key = secret.encode()
        self._sock = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=None)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n".encode()
        )

    def request(self, body: bytes) -> bytes:
        """The bytes of a signed request."""
        sign = hmac.digest(self._key, body, "sha256").hex().encode()
        return b"%bX-API-Sign: %b\r\nContent-Length: %d\r\n\r\n%b" % (self._head, sign, len(body), body)

    def post(self, request: bytes) -> bytes:
        """Send *request* and read the reply's body."""
        self._sock.sendall(request)
        received = self._sock.recv(65_536)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head, body = received[:end].lower(), received[end + 4 :]
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"the server answered {received!r:.200}")
        place = head.find(b"content-length:")
        if place < 0:
            return self._chunks(body)
        size = int(head[place + 15 :].split(b"\r\n", 1)[0])
        while len(body) < size:
            body += self._receive()
        return body

    def _chunks(self, rest: bytes) -> bytes:
        pieces: list[bytes] = []
        while True:
            while (end := rest.find(b"\r\n")) < 0:
                rest += self._receive()
            size = int(rest[:end], 16)
            while len(rest) < end + size + 4:
                rest += self._receive()
            if not size:
                return b"".join(pieces)
            pieces.append(rest[end + 2 : end + 2 + size])
            rest = rest[end + size + 4 :]

    def _receive(self) -> bytes:
        if not (received := self._sock.recv(65_536)):
            raise RuntimeError("the server hung up")
        return received

    def turn(self, times: int) -> Turn:
        return timed(times, lambda: check(self.post(self.request(encode()))))

    def close(self) -> None:
        self._sock.close()


class Ours:
    """`Client.publish`."""

    name = "Client"

    def __init__(self, url: str, secret: str) -> None:
        self._client = v1.Client(url, secret)

    def turn(self, times: int) -> Turn:
        return timed(times, lambda: self._client.publish(CHANNEL, DATA))

    def close(self) -> None:
        self._client.close()


class Async:
    """Somebody who has to be awaited: turns run in an event loop that stays."""

    def __init__(
        self,
        name: str,
        publish: Callable[[], Coroutine[Any, Any, object]],
        stop: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self.name = name
        self._publish = publish
        self._stop = stop
        self._runner = asyncio.Runner()

    def turn(self, times: int) -> Turn:
        return self._runner.run(timed_awaiting(times, self._publish))

    def close(self) -> None:
        self._runner.run(self._stop())
        self._runner.close()


def async_ours(url: str, secret: str) -> Async:
    """`AsyncClient.publish`."""
    client = v1.AsyncClient(url, secret)
    return Async("AsyncClient", lambda: client.publish(CHANNEL, DATA), client.close)


def async_httpx(url: str, secret: str) -> Async:
    """httpx, awaited."""
    client = httpx.AsyncClient()
    address = api(url)

    async def publish() -> None:
        body = encode()
        response = await client.post(address, content=body, headers=headers(secret, body))
        check(response.raise_for_status().content)

    return Async("httpx async", publish, client.aclose)


class HTTPX:
    """httpx."""

    name = "httpx"

    def __init__(self, url: str, secret: str) -> None:
        self._client = httpx.Client()
        self._url, self._secret = api(url), secret

    def _publish(self) -> None:
        body = encode()
        check(
            self._client.post(self._url, content=body, headers=headers(self._secret, body)).raise_for_status().content
        )

    def turn(self, times: int) -> Turn:
        return timed(times, self._publish)

    def close(self) -> None:
        self._client.close()


class Requests:
    """requests, with a session."""

    name = "requests"

    def __init__(self, url: str, secret: str) -> None:
        self._session = requests.Session()
        self._url, self._secret = api(url), secret

    def _publish(self) -> None:
        body = encode()
        response = self._session.post(self._url, data=body, headers=headers(self._secret, body), timeout=5)
        response.raise_for_status()
        check(response.content)

    def turn(self, times: int) -> Turn:
        return timed(times, self._publish)

    def close(self) -> None:
        self._session.close()


class HTTPClient:
    """http.client of the standard library."""

    name = "http.client"

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(api(url))
        self._path, self._secret = parts.path, secret
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)

    def _publish(self) -> None:
        body = encode()
        self._connection.request("POST", self._path, body, headers(self._secret, body))
        response = self._connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"the server answered {response.status}")
        check(response.read())

    def turn(self, times: int) -> Turn:
        return timed(times, self._publish)

    def close(self) -> None:
        self._connection.close()
