"""HTTP/1.1 as a server reads and writes it: bytes to requests, responses to bytes. PURE.

    reader.feed(data)
    while (event := reader.next_event()) is not None: ...     Request, CONTINUE, or RequestError raised
    reader.rest                                               what was not read, for who takes the connection over

One request is parsed at a time, by a parser of its own: what follows it stays untouched until `next_event` is called
again, so requests that were sent ahead wait for their turn, and a connection can change to WebSocket after any of them.
The parser is llhttp (by httptools). It knows a fixed list of methods where the server of 1.x takes any (spec v1 §5.1),
so it is shown POST always; that also keeps it from giving CONNECT a meaning of its own.
"""

import re
from http import HTTPStatus
from typing import Final

import httptools
import msgspec

__all__ = ["CONTINUE", "MAX_HEAD", "Request", "RequestError", "RequestReader", "Response", "encode_error"]
__all__ += ["encode_response"]

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What to send to a client that waits for it before it sends its body."""

MAX_HEAD: Final = 1 << 20
"""Bytes of a request line with its headers; bodies have no limit (spec v1 §5.2)."""

_BUFFERED = 2048  # a longer body is sent in chunks, as the real server does (spec v1 §5.3)
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^ \r\n]+) HTTP/([0-9])\.([0-9])\r?\n")
# Shown an Upgrade header, the parser takes the body for another protocol. Whether there is one we decide, later.
_UPGRADE = re.compile(rb"^upgrade:", re.IGNORECASE | re.MULTILINE)
_HIDDEN_UPGRADE = b"-upgrade"
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Request(msgspec.Struct, frozen=True):
    """A request, whole.

    Attributes:
        method: as sent, in whatever case.
        target: the path with the query, or the whole URL if one was sent.
        headers: names in lower case and values, in order.
        body: without transfer encoding.
        version: minor version of HTTP/1: 0 or 1.
        keep_alive: whether the client wants to use the connection again.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    version: int = 1
    keep_alive: bool = True

    def header(self, name: str) -> str:
        """The value of the first header called *name* (lower case); empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")


class Response(msgspec.Struct, frozen=True):
    """An answer; *note* says why in the server's log and is never sent."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    note: str = ""


class RequestError(Exception):
    """What came is no request that can be answered otherwise: answer with *status* and close the connection."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class RequestReader:
    """Turns the bytes of one connection into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._message: _Message | None = None

    @property
    def rest(self) -> bytes:
        """What was received and not yet read."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take in what was received."""
        self._buffer += data

    def next_event(self) -> Request | bytes | None:
        """The next whole request; or CONTINUE, which is to be sent; or None: feed more.

        Raises:
            RequestError: the connection cannot be used any more.
        """
        if self._message is None:
            end = self._end_of_head()
            if end is None:
                return None
            self._message = _Message(self._take(end))
            if self._message.expects_continue and not self._message.complete:
                return CONTINUE
        message = self._message
        while self._buffer and not message.complete:
            message.feed(self._take(message.appetite(self._buffer)))
        if not message.complete:
            return None
        self._message = None
        return message.request()

    def _end_of_head(self) -> int | None:
        found = _END_OF_HEAD.search(self._buffer, max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if (len(self._buffer) if found is None else found.end()) > MAX_HEAD:
            raise RequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if found is None:
            # What does not begin like a request never becomes one: who speaks TLS here shall not wait for an answer.
            if b"\n" in self._buffer and not _REQUEST_LINE.match(self._buffer):
                raise RequestError(HTTPStatus.BAD_REQUEST)
            return None
        self._searched = 0
        return found.end()

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


class _Message:
    """One request while it comes in."""

    def __init__(self, head: bytes) -> None:
        line = _REQUEST_LINE.match(head)
        if line is None:
            raise RequestError(HTTPStatus.BAD_REQUEST)
        if line[3] != b"1":
            raise RequestError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "unsupported protocol version")
        self.method = line[1].decode("ascii")
        self.target = line[2].decode("latin-1")
        self.headers: list[tuple[str, str]] = []
        self.complete = False
        self._keep_alive = False
        self._body: list[bytes] = []
        self._parser = httptools.HttpRequestParser(self)
        self.feed(b"POST" + _UPGRADE.sub(_HIDDEN_UPGRADE + b":", head[line.end(1) :]))
        self.version = int(line[4])
        hosts = [value for name, value in self.headers if name == "host"]
        if self.version and not hosts:
            raise RequestError(HTTPStatus.BAD_REQUEST, "missing required Host header")
        length = next((value for name, value in self.headers if name == "content-length"), "0")
        chunked = any(name == "transfer-encoding" for name, _ in self.headers)
        self._missing = None if chunked else int(length)
        expected = next((value for name, value in self.headers if name == "expect"), "")
        if expected and expected.lower() != "100-continue":
            raise RequestError(HTTPStatus.EXPECTATION_FAILED)
        self.expects_continue = bool(expected) and self.version > 0

    def feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            raise RequestError(HTTPStatus.BAD_REQUEST) from None

    def appetite(self, buffer: bytearray) -> int:
        """How many bytes can be fed so that nothing of a following request is among them."""
        if self._missing is not None:
            size = min(self._missing, len(buffer))
            self._missing -= size
            return size
        # A chunked body ends with a line, so line by line cannot go too far.
        return buffer.find(b"\n") + 1 or len(buffer)

    def request(self) -> Request:
        return Request(
            self.method,
            self.target,
            tuple(self.headers),
            b"".join(self._body),
            self.version,
            self._keep_alive,
        )

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        key = "upgrade" if name == _HIDDEN_UPGRADE else name.decode("latin-1").lower()
        self.headers.append((key, value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        self._keep_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self.complete = True


def encode_response(response: Response, request: Request, date: str, *, close: bool = False) -> bytes:
    """The bytes that answer *request*.

    Args:
        response: what to say.
        request: what was asked: its method and version shape the answer.
        date: the value of the `Date` header.
        close: the connection ends with this answer.
    """
    headers = [*response.headers, ("Date", date)]
    body = response.body
    if request.method == "HEAD":
        # The length is what it would be, if the real server would have known it.
        if 0 < len(body) <= _BUFFERED:
            headers.append(("Content-Length", str(len(body))))
        body = b""
    elif len(body) <= _BUFFERED or request.version == 0:
        headers.append(("Content-Length", str(len(body))))
    else:
        headers.append(("Transfer-Encoding", "chunked"))
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    if close and request.version:
        headers.append(("Connection", "close"))
    elif not close and not request.version:
        headers.append(("Connection", "keep-alive"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    status = HTTPStatus(response.status)
    return f"HTTP/1.{request.version} {status} {status.phrase}\r\n{lines}\r\n".encode("latin-1") + body


def encode_error(error: RequestError) -> bytes:
    """The bytes that answer what is no request; the connection ends with them."""
    status = HTTPStatus(error.status)
    text = f"{status} {status.phrase}" + (f": {error.detail}" if error.detail else "")
    return f"HTTP/1.1 {text}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{text}".encode()
