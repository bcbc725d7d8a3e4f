"""Bytes to requests and responses to bytes, without a socket."""

import contextlib

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


def test_a_request_is_read_whole() -> None:
    """Method, target, headers in lower case, body."""
    request = read_one(POST)
    assert (request.method, request.target, request.body, request.version) == ("POST", "/api/", b"[]", 1)
    assert request.header("content-type") == "application/json"
    assert request.header("x-api-sign") == ""
    assert request.keep_alive


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), max_size=30))
def test_it_does_not_matter_how_the_bytes_are_cut(sizes: list[int]) -> None:
    """Requests that were sent ahead come out one by one, whatever pieces they arrive in."""
    data, pieces = POST + CHUNKED + GET + POST, []
    whole = read_all(data)
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    assert read_all(*pieces, data) == whole
    assert [event.body for event in whole if isinstance(event, Request)] == [b"[]", b"a\nbcd", b"", b"[]"]


def test_what_follows_a_request_stays_unread() -> None:
    """Until it is asked for, so that another protocol can take over."""
    reader = RequestReader()
    reader.feed(b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00")
    request = reader.next_event()
    assert isinstance(request, Request)
    assert request.header("upgrade") == "websocket"
    assert reader.rest == b"\x81\x00"


@pytest.mark.parametrize("method", ["DELETE", "FOO", "get", "CONNECT", "PRI", "a.b~c"])
def test_any_method_is_read(method: str) -> None:
    """The parser's own list of methods does not count."""
    assert read_one(f"{method} /api/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()).method == method


def test_an_upgrade_that_nobody_asked_us_for_is_an_ordinary_request() -> None:
    """Also with a body, as some clients offer HTTP/2 so."""
    head = b"POST /api/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    first, second = read_all(head + b"Content-Length: 2\r\n\r\n[]" + POST)
    assert isinstance(first, Request)
    assert (first.body, second) == (b"[]", read_one(POST))


def test_a_client_that_waits_for_a_word_gets_it() -> None:
    """Before its body has come, once."""
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
    """As the client says, or its version if it does not."""
    request = read_one(f"GET / {line}\r\nHost: x\r\n{headers}\r\n".encode())
    assert (request.keep_alive, request.version) == (kept, int(line[-1]))


def test_an_empty_header_is_there() -> None:
    """It does not run into the next one."""
    request = read_one(b"GET / HTTP/1.1\r\nX-API-Sign:\r\nHost: x\r\n\r\n")
    assert request.headers == (("x-api-sign", ""), ("host", "x"))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\n\x00", 400),  # TLS is not waited for
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
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    """With the status that the real server answers, as far as it is told apart."""
    with pytest.raises(RequestError) as caught:
        read_all(data)
    assert caught.value.status == status


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60), max_size=4), st.sampled_from([b"", POST, CHUNKED, GET, POST[:30], CHUNKED[:90]])
)
def test_any_bytes_are_requests_or_one_error(pieces: list[bytes], start: bytes) -> None:
    """A reader raises nothing else."""
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
    """By the request's method and version and by what becomes of the connection."""
    assert encode_response(response, request_, "D", close=close).decode() == f"HTTP/{expected}".replace("|", "\r\n")


def test_longer_bodies_are_chunked() -> None:
    """Over 2048 bytes; HTTP/1.0 does not know chunks."""
    short, long = Response(200, (), b"a" * 2048), Response(200, (), b"a" * 2049)
    assert b"Content-Length: 2048\r\n" in encode_response(short, REQUEST, "D")
    assert encode_response(long, REQUEST, "D").endswith(b"chunked\r\n\r\n801\r\n" + long.body + b"\r\n0\r\n\r\n")
    assert b"Content-Length: 2049\r\n" in encode_response(long, Request("GET", "/", version=0), "D")
    assert b"Length" not in encode_response(long, Request("HEAD", "/"), "D")


def test_errors_end_the_connection() -> None:
    """And say in the status line what was wrong."""
    text = encode_error(RequestError(400, "missing required Host header"))
    assert text.startswith(b"HTTP/1.1 400 Bad Request: missing required Host header\r\n")
    assert b"Connection: close\r\n" in text
