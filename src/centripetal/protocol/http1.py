"""HTTP/1.1 encoder and parser: turns a request into bytes, and received bytes into a reply. No sockets, no clock.

For each request, `RequestWriter.write()` returns the origin to connect to and the bytes to send. Then call
`ResponseParser.begin()`, and `feed()` with all received bytes until it returns the reply, or `eof()` if the connection
closes first. One parser serves one connection, reply after reply, as long as `reusable` is true; after an error,
discard the parser and close the connection.

llhttp parses the bytes (through httptools). This module adds limits for sizes, checks of statuses and interim replies,
the handling of bytes after a reply, and of replies that end when the connection closes.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import msgspec
from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from centripetal.errors import ConnectionLostError, MalformedResponseError, UsageError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.reply_body import Body, body_of, check_size
from centripetal.protocol.targets import Origin, Target, target_of

__all__ = ["HEADER_NAME", "MAX_HEADER_BYTES", "MAX_RESPONSE_BYTES", "TLS_ALERT"]
__all__ += ["RequestWriter", "ResponseParser", "check_header_value"]

MAX_HEADER_BYTES = 65_536
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
MAX_INTERIM_REPLIES = 16

# A reply in chunks of one byte has five bytes of framing per byte; no legitimate reply needs more than this.
FRAMING_PER_BODY_BYTE = 8

PREFIX = b"HTTP/1."
TLS_ALERT = b"\x15\x03"
OWN_HEADERS = ("host", "user-agent", "content-length", "transfer-encoding")
# Rarely used patterns are strings: compiling them at import would take longer than they save.
HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
NOT_IN_VALUE = "[^\t\x20-\x7e\x80-\xff]"
KEEP_ALIVE = r"(?i)\btimeout\s*=\s*([0-9]{1,9})"


def _head(headers: tuple[tuple[str, str], ...], head: str) -> bytes:
    for name, value in headers:
        if not (value.isascii() and value.isprintable()):
            check_header_value(name, value)
        head += f"{_checked_name(name)}: {value}\r\n"
    return head.encode("latin-1")


class RequestWriter:
    """Encoder of requests. Can be shared by threads.

    The writer caches the last request head and reuses it if the next request has the same URL and headers (the same
    objects): with an API key, the headers never change.

    Args:
        target: returns the target of a URL, with the first header lines of every request to it.
    """

    __slots__ = ("_last", "_target")

    def __init__(self, target: Callable[[str], Target] = target_of) -> None:
        self._target = target
        self._last: _Head | None = None  # one object, so that threads see either all or none of a change

    def write(self, request: HTTPRequest) -> tuple[Origin, memoryview]:
        """Return the origin that *request* must be sent to, and its bytes.

        The bytes contain a key, and callers keep them in variables. Their repr must not show it, because tools show the
        variables of a traceback; the repr of a memoryview does not.

        Raises:
            UsageError: invalid URL, invalid header, or a header that the transport writes. The message does not contain
                the header's value, because it may be a key.
        """
        last = self._last
        if last is None or request.url is not last.url or request.headers is not last.headers:
            target = self._target(request.url)
            try:
                last = _Head(request.url, request.headers, target.origin, _head(request.headers, target.head))
            except BaseException as error:
                # Tools that show the variables of a traceback must not show the headers.
                raise error.with_traceback(None)  # noqa: B904 - the same error: its cause stays as it is
            self._last = last
        body = request.body
        return last.origin, memoryview(b"%bContent-Length: %d\r\n\r\n%b" % (last.text, len(body), body))


class _Head(msgspec.Struct, eq=False):
    """The head of a request without its last line, and what it was made of."""

    url: str
    headers: tuple[tuple[str, str], ...]
    origin: Origin
    text: bytes

    def __repr__(self) -> str:
        return f"<head for {self.origin}>"  # without the headers, which may contain a key


@lru_cache(maxsize=256)
def _checked_name(name: str) -> str:
    if not re.fullmatch(HEADER_NAME, name):
        raise UsageError(f"{name!r} is not a valid header name")
    if name.lower() in OWN_HEADERS:
        raise UsageError(f"the transport sets the header {name!r} itself: do not pass it")
    return name


def check_header_value(name: str, value: str) -> None:
    """Check that *value*, of the header *name*, can be sent; the message does not contain it.

    Raises:
        UsageError: it contains a line break, another control character, or a character that is not Latin-1.
    """
    bad = re.search(NOT_IN_VALUE, value)
    if bad is not None:
        kind = "a line break" if bad[0] in "\r\n" else "a character"
        raise UsageError(
            f"the value of the header {name!r} contains {kind} that is not allowed, at position {bad.start()}"
        )


@lru_cache(maxsize=128)
def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()


class _SurplusError(Exception):
    """Raised in a callback to stop llhttp when more bytes follow a complete reply."""


class _Known(NamedTuple):
    """A reply head that was parsed before, and the length of its reply including the body."""

    head: bytes
    length: int
    status: int
    headers: tuple[tuple[str, str], ...]
    keep_alive: float | None


class ResponseParser:
    """Parser of replies; the module's docstring describes the order of calls.

    Args:
        max_header_bytes: maximum size of a reply head, including interim replies; also limits how many bytes of framing
            (chunk extensions, trailers) a chunked body may have in addition to the framing that its content needs.
        max_body_bytes: maximum size of a body.

    Attributes:
        reusable: whether the connection can be used for another request; false until a reply is complete.
        keep_alive: seconds after which the server closes the idle connection, according to the last complete reply;
            None if the server does not say.
    """

    __slots__ = (
        "_allowance",
        "_begun",
        "_body",
        "_headers",
        "_held",
        "_interim",
        "_known",
        "_max_body",
        "_max_header",
        "_parser",
        "_piece",
        "_reply",
        "_size",
        "_status",
        "_touched",
        "keep_alive",
        "reusable",
    )

    def __init__(self, *, max_header_bytes: int = MAX_HEADER_BYTES, max_body_bytes: int = MAX_RESPONSE_BYTES) -> None:
        self._max_header = max_header_bytes
        self._max_body = max_body_bytes
        self._parser = HttpResponseParser(self)
        self._known: _Known | None = None
        self.reusable = False
        self.keep_alive: float | None = None
        self._reset()

    @property
    def touched(self) -> bool:
        """Whether a byte of the reply has been received."""
        return self._touched

    def begin(self) -> None:
        """Start a new reply."""
        self.reusable = False
        if self._touched:
            self._reset()

    def _reset(self) -> None:
        self._touched = False
        self._begun = False
        self._held = b""
        self._interim = 0
        self._status = 0  # 0 until the head of the final reply is complete
        self._headers: list[tuple[bytes, bytes]] = []
        self._piece = b""
        self._body: Body | None = None  # for a body in several pieces, or compressed
        self._size = 0
        self._allowance = self._max_header
        self._reply: HTTPReply | None = None

    def feed(self, data: bytes) -> HTTPReply | None:
        """Parse received bytes (at least one); return the reply once it is complete.

        Raises:
            MalformedResponseError: the bytes are not an HTTP/1.x reply to a POST, or exceed a limit.
        """
        if self._begun:
            return self._feed_within_limits(data)
        known = self._known
        if known is not None and len(data) == known.length and data.startswith(known.head):
            self.reusable = True
            self.keep_alive = known.keep_alive
            return HTTPReply(known.status, data[len(known.head) :], known.headers)
        self._touched = True
        if not data.startswith(PREFIX):
            data = self._checked_start(data)
            if not data:
                return None
        self._begun = True
        reply = self._feed_within_limits(data)
        if reply is not None and self.reusable:
            self._remember(data, reply)
        return reply

    def _remember(self, data: bytes, reply: HTTPReply) -> None:
        """Cache the head of *reply* if *data* is exactly its head and body: no chunks, no interim reply.

        Replies to repeated calls of one kind often have identical heads and bodies of the same length. Comparing such a
        head with the cached one instead of parsing it halves the time.
        """
        head = data[: len(data) - len(reply.body)]
        if head.find(b"\r\n\r\n") == len(head) - 4:
            self._known = _Known(head, len(data), reply.status, reply.headers, self.keep_alive)

    def _feed_within_limits(self, data: bytes) -> HTTPReply | None:
        if not self._status and len(data) > self._allowance:
            # Check at the limit: the result must not depend on how the bytes are split into packets.
            limit = self._allowance
            self._feed_head(data[:limit])
            self._allowance = self._max_header
            data = data[limit:]
        size = self._size
        self._execute(data)
        if self._reply is None:
            earned = (self._size - size) * (FRAMING_PER_BODY_BYTE + 1)
            self._allowance = min(self._max_header, self._allowance + earned - len(data))
            if self._allowance < 0:
                raise MalformedResponseError("the chunks of the reply have more framing than content: stopped reading")
        reply, self._reply = self._reply, None  # an idle connection must not keep the last reply
        return reply

    def _feed_head(self, data: bytes) -> None:
        self._execute(data)
        if not self._status:
            raise MalformedResponseError(f"the head of the reply is longer than {self._max_header} bytes")

    def eof(self) -> HTTPReply:
        """Handle the end of the connection: return the reply if this completes it.

        Raises:
            ConnectionLostError: the connection closed before or within a reply.
        """
        if self._status and self._ends_with_connection():
            return self._finish()
        if self._begun or self._held:
            raise ConnectionLostError("the server closed the connection before the reply was complete")
        raise ConnectionLostError("the server closed the connection without a reply")

    def _checked_start(self, data: bytes) -> bytes:
        """Return all bytes so far if they start with HTTP/1., or b"" if they still can; llhttp would accept RTSP."""
        data = self._held + data
        if data.startswith(PREFIX):
            return data
        if PREFIX.startswith(data):
            self._held = data
            return b""
        if data.startswith(TLS_ALERT):
            raise MalformedResponseError("the server uses TLS on this port: should the URL begin with https://?")
        raise MalformedResponseError("the reply is not HTTP/1.1: is this the port of Centrifugo's HTTP API?")

    def _execute(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserCallbackError as error:
            # Errors raised in our callbacks arrive here, and so does a KeyboardInterrupt inside a callback.
            cause = error.__context__
            if cause is not None and not isinstance(cause, _SurplusError):
                raise cause from None
            self._refuse_unless_whole(error)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._refuse_unless_whole(error)

    def _refuse_unless_whole(self, error: Exception) -> None:
        if self._reply is None:
            raise MalformedResponseError(f"the reply is not HTTP/1.1: {error}") from error
        # The reply is complete and valid. The bytes after it belong to no request, so the connection cannot be reused.
        self.reusable = False

    def _ends_with_connection(self) -> bool:
        headers = self._decoded_headers()
        codings = ",".join(value for name, value in headers if name == "transfer-encoding")
        if codings:
            return codings.rpartition(",")[2].strip().lower() != "chunked"
        return all(name != "content-length" for name, _ in headers)

    def _decoded_headers(self) -> tuple[tuple[str, str], ...]:
        return tuple([(_lower(name), value.decode("latin-1").rstrip(" \t")) for name, value in self._headers])

    def _finish(self) -> HTTPReply:
        headers, body = self._decoded_headers(), self._body
        if body is not None and body.decodes:
            headers = tuple([header for header in headers if header[0] != "content-encoding"])
        whole = self._piece if body is None else body.whole()
        self._piece, self._body = b"", None
        self._reply = reply = HTTPReply(self._status, whole, headers)
        return reply

    def partial(self) -> HTTPReply | None:
        """Return a reply that reports an error, with the part of its body that has arrived; None if its head has not.

        For a request that the server refused before it had read all of it: the server may reset the connection then.
        """
        return self._finish() if self._status >= 400 else None

    # Callbacks of httptools, in the order of the calls.

    def on_message_begin(self) -> None:
        if self._reply is not None:
            raise _SurplusError

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._status:  # otherwise it is a trailer, which is ignored
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if 200 <= status <= 599:
            if self._interim and not self._parser.get_http_version().startswith("1."):
                raise MalformedResponseError("the reply is not HTTP/1.1")
            self._status = status
            for name, _ in self._headers:
                if len(name) == 16 and _lower(name) == "content-encoding":  # the length first, which is faster
                    self._body = body_of(self._decoded_headers(), status, self._max_body)
                    break
        elif status == 101 or not 100 <= status <= 199:
            raise MalformedResponseError(f"the server replied with status {status}, which is invalid for a POST")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._max_body:
            check_size(self._size, self._max_body)
        if self._body is None:
            if not self._piece:
                self._piece = body
                return
            self._body = Body(self._max_body)
            self._body.add(self._piece)
        self._body.add(body)

    def on_message_complete(self) -> None:
        if self._status:
            self.reusable = self._parser.should_keep_alive()
            self.keep_alive = None
            for name, value in self._finish().headers:
                if name == "keep-alive" and (found := re.search(KEEP_ALIVE, value)) is not None:
                    self.keep_alive = float(found[1])
                    self.reusable = self.reusable and self.keep_alive > 0
            return
        self._interim += 1
        self._headers = []
        if self._interim > MAX_INTERIM_REPLIES:
            raise MalformedResponseError("the server sent too many interim replies (status 1xx) without a final reply")
