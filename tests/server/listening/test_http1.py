"""Parsing HTTP requests and serializing responses, without a socket."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.server.listening.http1 import (
    CONTINUE,
    MAX_HEAD,
    Request,
    RequestError,
    RequestReader,
    Response,
    encode_error,
    encode_response,
)

POST = b"POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
CHUNKED = (
    b"PUT /a?b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\nb\r\n2;x=y\r\ncd\r\n0\r\nT: v\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def read_all(*pieces: bytes) -> list[Request | bytes]:
    reader, events = RequestReader(), []
    for piece in pieces:
        reader.feed(piece)
        while (event := reader.next_event()) is not None:
            events.append(event)
    return events


def read_one(data: bytes) -> Request:
    (event,) = read_all(data)
    assert isinstance(event, Request)
    return event


def test_a_request_is_parsed_completely() -> None:
    """A parsed request has its method, target, headers in lower case, and body."""
    request = read_one(POST)
    assert (request.method, request.target, request.body, request.version) == ("POST", "/api/", b"[]", 1)
    assert request.header("content-type") == "application/json"
    assert request.header("x-api-sign") == ""
    assert request.keep_alive


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), max_size=30))
def test_the_split_of_the_bytes_does_not_matter(sizes: list[int]) -> None:
    """Pipelined requests are parsed one by one, wherever the bytes are split."""
    data, pieces = POST + CHUNKED + GET + POST, []
    whole = read_all(data)
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    assert read_all(*pieces, data) == whole
    assert [event.body for event in whole if isinstance(event, Request)] == [b"[]", b"a\nbcd", b"", b"[]"]


def test_bytes_after_a_request_stay_unread() -> None:
    """Bytes after a request stay unread until the next read, so another protocol can take over the connection."""
    reader = RequestReader()
    reader.feed(b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00")
    request = reader.next_event()
    assert isinstance(request, Request)
    assert request.header("upgrade") == "websocket"
    assert reader.rest == b"\x81\x00"


@pytest.mark.parametrize("method", ["DELETE", "FOO", "get", "CONNECT", "PRI", "a.b~c"])
def test_any_method_is_accepted(method: str) -> None:
    """Any method is accepted, not only those in the parser's list."""
    assert read_one(f"{method} /api/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()).method == method


def test_an_unsupported_upgrade_is_an_ordinary_request() -> None:
    """An `Upgrade` header for an unsupported protocol is ignored; some clients offer HTTP/2 in requests with a body."""
    head = b"POST /api/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    first, second = read_all(head + b"Content-Length: 2\r\n\r\n[]" + POST)
    assert isinstance(first, Request)
    assert (first.body, second) == (b"[]", read_one(POST))


def test_expect_continue_is_reported_once() -> None:
    """The callback for `Expect: 100-continue` runs once, before the body has arrived."""
    head, body = POST[:-2].replace(b"Host", b"Expect: 100-continue\r\nHost"), b"[]"
    reader = RequestReader()
    reader.feed(head)
    assert (reader.next_event(), reader.next_event()) == (CONTINUE, None)
    reader.feed(body)
    request = reader.next_event()
    assert isinstance(request, Request)
    assert request.body == body


@pytest.mark.parametrize(
    ("line", "headers", "kept"),
    [
        ("HTTP/1.1", "", True),
        ("HTTP/1.1", "Connection: close\r\n", False),
        ("HTTP/1.0", "", False),
        ("HTTP/1.0", "Connection: keep-alive\r\n", True),
    ],
)
def test_whether_the_connection_is_kept(line: str, headers: str, kept: bool) -> None:
    """The connection is kept as the `Connection` header says, or as the HTTP version implies without it."""
    request = read_one(f"GET / {line}\r\nHost: x\r\n{headers}\r\n".encode())
    assert (request.keep_alive, request.version) == (kept, int(line[-1]))


def test_an_empty_header_is_kept() -> None:
    """An empty header value is kept and does not merge with the next header."""
    request = read_one(b"GET / HTTP/1.1\r\nX-API-Sign:\r\nHost: x\r\n\r\n")
    assert request.headers == (("x-api-sign", ""), ("host", "x"))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\n\x00", 400),  # a TLS handshake is refused at once
        (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET ?x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n", 417),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * MAX_HEAD + b"\r\n\r\n", 431),
        (b"a" * (MAX_HEAD + 1), 431),
    ],
)
def test_an_invalid_request_is_refused(data: bytes, status: int) -> None:
    """An invalid request raises an error with the status of the real server, if the parser can tell the cause."""
    with pytest.raises(RequestError) as caught:
        read_all(data)
    assert caught.value.status == status


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60), max_size=4), st.sampled_from([b"", POST, CHUNKED, GET, POST[:30], CHUNKED[:90]])
)
def test_any_bytes_are_requests_or_one_error(pieces: list[bytes], start: bytes) -> None:
    """Arbitrary bytes result in requests or one `RequestError`, and no other exception."""
    with contextlib.suppress(RequestError):
        read_all(start, *pieces)


REQUEST = Request("POST", "/")


@pytest.mark.parametrize(
    ("response", "request_", "close", "expected"),
    [
        (Response(200, (("A", "b"),), b"xy"), REQUEST, False, "1.1 200 OK|A: b|Date: D|Content-Length: 2||xy"),
        (Response(503), REQUEST, True, "1.1 503 Service Unavailable|Date: D|Content-Length: 0|Connection: close||"),
        (Response(200, (), b"xy"), Request("HEAD", "/"), False, "1.1 200 OK|Date: D|Content-Length: 2||"),
        (Response(301), Request("HEAD", "/"), False, "1.1 301 Moved Permanently|Date: D||"),
        (Response(200), Request("GET", "/", version=0), True, "1.0 200 OK|Date: D|Content-Length: 0||"),
        (
            Response(200),
            Request("GET", "/", version=0),
            False,
            "1.0 200 OK|Date: D|Content-Length: 0|Connection: keep-alive||",
        ),
    ],
)
def test_responses_are_framed_as_the_real_server_does(
    response: Response, request_: Request, close: bool, expected: str
) -> None:
    """The framing depends on the request's method and version and on whether the connection stays open."""
    assert encode_response(response, request_, "D", close=close).decode() == f"HTTP/{expected}".replace("|", "\r\n")


def test_longer_bodies_are_chunked() -> None:
    """Bodies over 2048 bytes are chunked, except for HTTP/1.0 clients."""
    short, long = Response(200, (), b"a" * 2048), Response(200, (), b"a" * 2049)
    assert b"Content-Length: 2048\r\n" in encode_response(short, REQUEST, "D")
    assert encode_response(long, REQUEST, "D").endswith(b"chunked\r\n\r\n801\r\n" + long.body + b"\r\n0\r\n\r\n")
    assert b"Content-Length: 2049\r\n" in encode_response(long, Request("GET", "/", version=0), "D")
    assert b"Length" not in encode_response(long, Request("HEAD", "/"), "D")


def test_error_responses_close_the_connection() -> None:
    """An error response closes the connection and has its reason in the status line."""
    text = encode_error(RequestError(400, "missing required Host header"))
    assert text.startswith(b"HTTP/1.1 400 Bad Request: missing required Host header\r\n")
    assert b"Connection: close\r\n" in text


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 900_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 450_000 + b" HTTP/1.1\r\nHost: x\r\nX: " + b"b" * 450_000 + b"\r\n\r\n",
    ],
)
def test_a_head_in_small_pieces_takes_a_moment(request_: bytes) -> None:
    """The time for a head does not depend on the number of its pieces: each byte is looked at once."""
    reader, started = RequestReader(), time.perf_counter()
    for start in range(0, len(request_), 16):
        assert reader.next_event() is None
        reader.feed(request_[start : start + 16])
    assert isinstance(reader.next_event(), Request)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("piece", [1, 7, 100_000])
@pytest.mark.parametrize("body", [b"\n" * 50_000, b"\r\n" * 20, b"a", b""])
def test_a_chunked_body_is_read_by_chunks(body: bytes, piece: int) -> None:
    """Line breaks in a body cost no more than other bytes, and the next request is not touched."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    half = len(body) // 2
    chunks = b"".join(b"%X;x=y\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part)
    data = head + chunks + b"0\r\nTrailer: v\r\n\r\n"
    reader = RequestReader()
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
        event = reader.next_event()
    assert isinstance(event, Request)
    assert event.body == body
    reader.feed(b"GET")
    assert reader.rest == b"GET"


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        (b"1;" + b"x" * 5_000, 400),
        (b"0\r\nT: " + b"x" * 5_000, 400),
        (b"0\r\n" + b"T: v\r\n" * 200_000, 431),
        (b"g\r\n", 400),
        (b"1" * 17 + b"\r\n", 400),
        (b"1\r\nab", 400),
    ],
)
def test_an_invalid_chunked_body_is_refused(rest: bytes, status: int) -> None:
    """Lines and trailers have a maximum size, and chunks must have the size that they state."""
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
    with pytest.raises(RequestError) as caught:
        reader.next_event()
    assert caught.value.status == status
