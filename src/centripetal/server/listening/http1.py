"""The server's side of HTTP/1.1: parsing requests and encoding responses. PURE.

    reader.feed(data)
    while (event := reader.next_event()) is not None: ...     Request, CONTINUE, or RequestError raised
    reader.rest                                               unread bytes, for a protocol that takes over

Each request gets a separate parser. The bytes after it are not parsed until `next_event` is called again, so pipelined
requests are handled in order, and a connection can switch to WebSocket after any request. The parser is llhttp (by
httptools). It accepts a fixed list of methods, but a 1.x server accepts any method (protocol 1: http-request), so the
parser always gets POST instead. This also avoids its special handling of CONNECT.
"""

import re
from http import HTTPStatus
from typing import Final

import httptools
import msgspec

__all__ = ["CONTINUE", "MAX_HEAD", "Request", "RequestError", "RequestReader", "Response", "encode_error"]
__all__ += ["encode_response"]

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The interim response for a client that waits for it before it sends the body."""

MAX_HEAD: Final = 1 << 20
"""Maximum size of the request line and headers in bytes; bodies are not limited (protocol 1: request-modes)."""

_BUFFERED = 2048  # a longer body is sent in chunks, as the real server does (protocol 1: decision-order)
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^ \r\n]+) HTTP/([0-9])\.([0-9])\r?\n")
# After an Upgrade header, the parser would treat the body as another protocol; the server decides later whether to
# upgrade. So the header is renamed for the parser.
_UPGRADE = re.compile(rb"^upgrade:", re.IGNORECASE | re.MULTILINE)
_HIDDEN_UPGRADE = b"-upgrade"
_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")
_MAX_LINE = 4096  # bytes of a chunk's size and extensions, or of a trailer, as in the real server
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Request(msgspec.Struct, frozen=True):
    """A complete request.

    Attributes:
        method: the method in the case in which it was sent.
        target: the path with the query, or the whole URL if the client sent one.
        headers: pairs of lower-case name and value, in order.
        body: the body without transfer encoding.
        version: minor version of HTTP/1: 0 or 1.
        keep_alive: whether the client wants to reuse the connection.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    version: int = 1
    keep_alive: bool = True

    def header(self, name: str) -> str:
        """Return the value of the first header called *name* (lower case), or an empty string."""
        return next((value for key, value in self.headers if key == name), "")


class Response(msgspec.Struct, frozen=True):
    """An answer; *note* is the reason for the server's log and is never sent."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    note: str = ""


class RequestError(Exception):
    """Invalid request: answer with *status* and close the connection."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class RequestReader:
    """Parses the requests of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._has_line = False
        self._message: _Message | None = None

    @property
    def rest(self) -> bytes:
        """The bytes that were received but not parsed yet."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add received bytes to the buffer."""
        self._buffer += data

    def next_event(self) -> Request | bytes | None:
        """Return the next complete request, CONTINUE if it must be sent now, or None if more bytes are needed.

        Raises:
            RequestError: the request is invalid; the connection cannot be used any longer.
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
            size = message.appetite(self._buffer)
            if not size:
                break
            message.feed(self._take(size))
        if not message.complete:
            return None
        self._message = None
        return message.request()

    def _end_of_head(self) -> int | None:
        # Search only the new bytes: a head may arrive byte by byte.
        start, self._searched = self._searched, len(self._buffer)
        found = _END_OF_HEAD.search(self._buffer, max(0, start - 3))
        if (len(self._buffer) if found is None else found.end()) > MAX_HEAD:
            raise RequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if found is None:
            # If the first line is not a request line, answer at once: a TLS client would otherwise wait forever.
            if not self._has_line and self._buffer.find(b"\n", start) >= 0:
                self._has_line = True
                if not _REQUEST_LINE.match(self._buffer):
                    raise RequestError(HTTPStatus.BAD_REQUEST)
            return None
        self._searched, self._has_line = 0, False
        return found.end()

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


class _Message:
    """A request that is being received."""

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
        self._body = bytearray()
        self._chunk_left = 0  # bytes of the current chunk, with its line break
        self._trailers: int | None = None  # bytes after the last chunk
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
        """Return how many bytes of *buffer* can be fed without reaching into the next request; 0 to wait for more.

        Raises:
            RequestError: the framing of a chunked body is invalid.
        """
        if self._missing is not None:
            size = min(self._missing, len(buffer))
            self._missing -= size
            return size
        if self._chunk_left:
            size = min(self._chunk_left, len(buffer))
            self._chunk_left -= size
            return size
        # A chunked body ends with a line, so feeding it line by line cannot reach into the next request.
        size = buffer.find(b"\n", 0, _MAX_LINE) + 1
        if not size and len(buffer) >= _MAX_LINE:
            raise RequestError(HTTPStatus.BAD_REQUEST, "a line of the body is too long")
        if self._trailers is not None:
            self._trailers += size
            if self._trailers > MAX_HEAD:
                raise RequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif size:
            digits = _CHUNK_SIZE.match(buffer)
            if digits is None:
                raise RequestError(HTTPStatus.BAD_REQUEST, "invalid chunk size")
            chunk = int(digits[0], 16)
            self._chunk_left = chunk + 2 if chunk else 0
            self._trailers = None if chunk else 0
        return size

    def request(self) -> Request:
        return Request(
            self.method,
            self.target,
            tuple(self.headers),
            bytes(self._body),
            self.version,
            self._keep_alive,
        )

    # ---- callbacks of the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        key = "upgrade" if name == _HIDDEN_UPGRADE else name.decode("latin-1").lower()
        self.headers.append((key, value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        self._keep_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.complete = True


def encode_response(response: Response, request: Request, date: str, *, close: bool = False) -> bytes:
    """Encode the answer to *request*.

    Args:
        response: the answer.
        request: the request; its method and HTTP version determine the form of the answer.
        date: the value of the `Date` header.
        close: whether the server closes the connection after this answer.
    """
    headers = [*response.headers, ("Date", date)]
    body = response.body
    if request.method == "HEAD":
        # The length of the body for GET, unless the real server would have sent that body in chunks.
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
    """Encode the answer to an invalid request; the server closes the connection after it."""
    status = HTTPStatus(error.status)
    text = f"{status} {status.phrase}" + (f": {error.detail}" if error.detail else "")
    return f"HTTP/1.1 {text}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{text}".encode()
