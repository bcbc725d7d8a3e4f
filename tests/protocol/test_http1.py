"""HTTP/1.1 at byte level: encoding of requests, replies in arbitrary pieces, and refused input."""

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import CentripetalError, ConnectionLostError, MalformedResponseError, UsageError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http1 import Origin, RequestWriter, ResponseParser, target_of
from centripetal.version import __version__


def encoded(url: str, *headers: tuple[str, str], body: bytes = b"{}") -> bytes:
    return RequestWriter().write(HTTPRequest(url, headers, body))[1]


def parsed(*pieces: bytes, **limits: int) -> tuple[HTTPReply | None, bool]:
    """Return the first reply that a new parser finds in *pieces*, and whether the connection is then reusable."""
    parser = ResponseParser(**limits)
    for piece in pieces:
        reply = parser.feed(piece)
        if reply is not None:
            return reply, parser.reusable
    return None, parser.reusable


def fields(reply: HTTPReply | None) -> tuple[int, bytes, tuple[tuple[str, str], ...]] | None:
    return None if reply is None else (reply.status, reply.body, reply.headers)


def test_a_request_is_encoded_exactly() -> None:
    """A request consists of its line, our three headers around the given headers, and the unchanged body."""
    assert encoded("http://localhost:8000/api/", ("X-API-Sign", "ab"), body=b'{"a":1}') == (
        b"POST /api/ HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: centripetal/"
        + __version__.encode()
        + b'\r\nX-API-Sign: ab\r\nContent-Length: 7\r\n\r\n{"a":1}'
    )


def test_a_request_does_not_depend_on_earlier_requests() -> None:
    """A request does not depend on the requests that the writer has written or refused before."""
    urls = ["http://a/x", "http://a/y"]
    headers = [(("X-Key", "1"),), (("X-Key", "2"),), ()]
    requests = [HTTPRequest(url, one, b"%d" % n) for url in urls for one in headers for n in (1, 22)]
    writer = RequestWriter()
    for request in [*requests, *requests, *reversed(requests)]:
        assert writer.write(request) == RequestWriter().write(request)
        with pytest.raises(UsageError):
            writer.write(HTTPRequest(request.url, (("Host", "x"),), b""))
        assert writer.write(request) == RequestWriter().write(request)


@pytest.mark.parametrize(
    ("url", "origin", "host", "path"),
    [
        ("http://localhost", Origin(False, "localhost", 80), "localhost", "/"),
        ("http://localhost:80/a", Origin(False, "localhost", 80), "localhost", "/a"),
        ("https://LocalHost/a", Origin(True, "localhost", 443), "localhost", "/a"),
        ("https://localhost:80", Origin(True, "localhost", 80), "localhost:80", "/"),
        ("http://[::1]:8000/x", Origin(False, "::1", 8000), "[::1]:8000", "/x"),
        ("http://[fe80::1%eth0]/", Origin(False, "fe80::1%eth0", 80), "[fe80::1]", "/"),
        ("http://xn--bcher-kva.example/ä_b", Origin(False, "xn--bcher-kva.example", 80), "xn--bcher-kva.example",
         "/%C3%A4_b"),
        ("http://a_b.internal.:1/%41/it's", Origin(False, "a_b.internal.", 1), "a_b.internal.:1", "/%41/it's"),
    ],
)  # fmt: skip
def test_a_url_gives_a_target(url: str, origin: Origin, host: str, path: str) -> None:
    """A URL gives the origin to connect to, the Host header, and a path in ASCII."""
    target = target_of(url)
    assert target.origin == origin
    assert target.head.startswith(f"POST {path} HTTP/1.1\r\nHost: {host}\r\n")


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://u:p@a", "http://a/?q",
        "http://a..b/", "http://.a/", f"http://{'a' * 64}/", f"http://{'a.' * 127}a/", "http://a\r\nX:1/",
        "http://a\\b/", "http://[::1/", "http://[v1.x]/", "http://[::g]/", "http://a\u2028b/", 'http://a"b/',
        "http://bücher.example/",
    ],
)  # fmt: skip
def test_a_bad_url_raises_usage_error(url: str) -> None:
    """A URL that cannot be requested raises UsageError and no other exception."""
    with pytest.raises(UsageError):
        target_of(url)


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\nX-Evil: 1", "a\0b", "a\x7fb", "ключ", "€"])
def test_header_value_injection(value: str) -> None:
    """A value that would end its header early, or is not Latin-1, is refused and not shown, as it may be a key."""
    with pytest.raises(UsageError) as caught:
        encoded("http://a", ("X-Key", value))
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é", "Host", "content-length", "Transfer-Encoding"])
def test_header_name_injection(name: str) -> None:
    """A name that is not a token, or that the transport sets itself, is refused."""
    with pytest.raises(UsageError):
        encoded("http://a", (name, "x"))


def test_unusual_header_values() -> None:
    """Tabs and Latin-1 are allowed in values and are sent unchanged."""
    assert b"\r\nX: a\tb\xe9\xa0\r\n" in encoded("http://a", ("X", "a\tbé\xa0"))


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=4), st.binary())
def test_any_headers(headers: list[tuple[str, str]], body: bytes) -> None:
    """Any headers give a request with exactly as many more lines, or raise UsageError."""
    try:
        data = encoded("http://a", *headers, body=body)
    except UsageError:
        return
    head, _, rest = data.partition(b"\r\n\r\n")
    assert rest == body
    assert len(head.splitlines()) == head.count(b"\n") + 1 == 4 + len(headers)


PACKED = gzip.compress(b"abc", mtime=0)

# name -> bytes received, (status, body), reusable afterwards
WHOLE: dict[str, tuple[bytes, tuple[int, bytes], bool]] = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", (200, b"abc"), True),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (200, b""), True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", (200, b"a"), True),
    "error": (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 1\r\n\r\na", (502, b"a"), True),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", (200, b"a"), False),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", (200, b"a"), False),
    "1.0 keep-alive": (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", (200, b"a"), True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b""), True),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", (304, b""), True),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
        (200, b"abcde"),
        True,
    ),
    "chunked, empty": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (200, b""), True),
    "gzip": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(PACKED), PACKED),
        (200, b"abc"),
        True,
    ),
    "gzip, chunked": (
        b"HTTP/1.1 502 No\r\nTransfer-Encoding: chunked\r\nContent-Encoding: X-GZip\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        % (len(PACKED), PACKED),
        (502, b"abc"),
        True,
    ),
    "br": (b"HTTP/1.1 502 No\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", (502, b""), True),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", (200, b"a"), True),
    "early hints": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 2\r\n"
        b"\r\nno",
        (403, b"no"),
        True,
    ),
}

# name -> bytes received before the end of the connection, (status, body)
UNTIL_CLOSE: dict[str, tuple[bytes, tuple[int, bytes]]] = {
    "1.1": (b"HTTP/1.1 200 OK\r\n\r\nabc", (200, b"abc")),
    "1.0": (b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nabc\r\n\r\n", (200, b"abc\r\n\r\n")),
    "empty": (b"HTTP/1.0 500 Oh\r\n\r\n", (500, b"")),
    "other coding": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nabc", (200, b"abc")),
}


@pytest.mark.parametrize("name", WHOLE)
def test_reply_cut_anywhere(name: str) -> None:
    """A reply is the same for each cut in two, in single bytes, and the second time on the same connection."""
    data, expected, reusable = WHOLE[name]
    whole = fields(parsed(data)[0])
    assert whole is not None
    assert whole[:2] == expected
    for cut in range(1, len(data)):
        reply, again = parsed(data[:cut], data[cut:])
        assert (fields(reply), again) == (whole, reusable), cut
    reply, again = parsed(*(data[i:j] for i, j in pairwise(range(len(data) + 1))))
    assert (fields(reply), again) == (whole, reusable)
    if reusable:
        parser = ResponseParser()
        for _ in range(3):
            parser.begin()
            assert (fields(parser.feed(data)), parser.reusable) == (whole, True)


@pytest.mark.parametrize("name", UNTIL_CLOSE)
def test_reply_ended_by_the_connection(name: str) -> None:
    """A reply without a length ends with the connection, at any cut, and the connection is not reusable."""
    data, expected = UNTIL_CLOSE[name]
    for cut in range(len(data)):
        parser = ResponseParser()
        for piece in filter(None, (data[:cut], data[cut:])):
            assert parser.feed(piece) is None
        reply = parser.eof()
        assert ((reply.status, reply.body), parser.reusable) == (expected, False)


@pytest.mark.parametrize("name", WHOLE)
def test_connection_lost_anywhere(name: str) -> None:
    """A reply with a length that the end of the connection cuts short raises ConnectionLostError, at any position."""
    data, _, _ = WHOLE[name]
    for cut in range(len(data)):
        parser = ResponseParser()
        if cut:
            assert parser.feed(data[:cut]) is None
        with pytest.raises(ConnectionLostError) as caught:
            parser.eof()
        assert caught.value.executed == "unknown"


def test_header_values() -> None:
    """Header names are in lower case and values are stripped, in the order received, including repeated headers."""
    reply, _ = parsed(
        b"HTTP/1.1 200 OK\r\nSet-Cookie:a\r\nX-Y: \t b\xe9 \t\r\nset-cookie: c\r\nContent-Length: 0\r\n\r\n"
    )
    assert reply is not None
    assert reply.headers == (("set-cookie", "a"), ("x-y", "bé"), ("set-cookie", "c"), ("content-length", "0"))
    assert reply.header("set-cookie") == "a"


@pytest.mark.parametrize("extra", [b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nXYZ", b"\0", b"HTT"])
def test_surplus_after_a_reply(extra: bytes) -> None:
    """Bytes after a reply make the connection unusable, so that they cannot answer the next request."""
    data = WHOLE["length"][0]
    for pieces in ((data + extra,), (data[:-1], data[-1:] + extra)):
        reply, reusable = parsed(*pieces)
        assert reply is not None
        assert (reply.body, reusable) == (b"abc", False)


def test_surplus_after_a_known_head() -> None:
    """The cache of known heads does not hide a surplus reply."""
    data = WHOLE["length"][0]
    parser = ResponseParser()
    parser.feed(data)
    parser.begin()
    reply = parser.feed(data + data)
    assert reply is not None
    assert (reply.body, parser.reusable) == (b"abc", False)


def test_known_head_needs_its_start() -> None:
    """The rest of a head that arrived in two pieces is not taken for the head of a later reply."""
    parser = ResponseParser()
    parser.feed(b"HTTP/1.1 200 OK\r\n")
    assert parser.feed(b"Content-Length: 1\r\n\r\na") is not None
    parser.begin()
    with pytest.raises(MalformedResponseError):
        parser.feed(b"Content-Length: 1\r\n\r\na")


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n", b"\0\0\0", b"<html>", b"\r\nHTTP/1.1 200 OK\r\n\r\n", b"RTSP/1.0 200 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/1.7 200 OK\r\n\r\n", b"HTTP/1.1 99 Low\r\n\r\n", b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 600 High\r\n\r\n", b"HTTP/1.1 999 High\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
        b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/2.0 200 OK\r\n\r\n",
    ],
)  # fmt: skip
def test_an_invalid_reply_is_malformed(data: bytes) -> None:
    """A reply that is not an HTTP/1.x reply to a POST raises MalformedResponseError, whole or byte by byte."""
    for pieces in ((data,), tuple(data[i : i + 1] for i in range(len(data)))):
        with pytest.raises(MalformedResponseError):
            parsed(*pieces)


def test_tls_where_http_was_expected() -> None:
    """A reply that is a TLS alert leads to the advice to use https."""
    with pytest.raises(MalformedResponseError, match="https://"):
        parsed(b"\x15\x03\x01\x00\x02\x02\x46")


ENDLESS: dict[str, tuple[bytes, bytes]] = {  # name -> start, repeated part
    "status line": (b"HTTP/1.1 200 ", b"x"),
    "header name": (b"HTTP/1.1 200 OK\r\n", b"x"),
    "header value": (b"HTTP/1.1 200 OK\r\nx: ", b"x"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
    "interim replies": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim headers": (b"HTTP/1.1 103 Early Hints\r\n", b"x: y\r\n"),
    "chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "chunk extension": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "chunk extensions": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;xxxxxxxxxxxxxxxx\r\na\r\n"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
    "trailer": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: ", b"x"),
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
@pytest.mark.parametrize("block", [1, 700, 100_000])
def test_an_endless_reply_is_refused(name: str, block: int) -> None:
    """Each part of a reply that could be endless is refused at its limit, in small and in large pieces."""
    start, repeated = ENDLESS[name]
    data = start + repeated * (20_000 // len(repeated))
    with pytest.raises(MalformedResponseError):
        parsed(*(data[i : i + block] for i in range(0, len(data), block)), max_header_bytes=1000, max_body_bytes=3000)


@pytest.mark.parametrize("block", [1, 7, 10_000])
def test_head_limit_is_exact(block: int) -> None:
    """A head of exactly the limit is accepted, and a head of one byte more is refused, at any cut."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: "
    head += b"x" * (196 - len(head)) + b"\r\n\r\n"
    pieces = [(head + b"abc")[i : i + block] for i in range(0, len(head) + 3, block)]
    reply, reusable = parsed(*pieces, max_header_bytes=200)
    assert reply is not None
    assert (reply.body, reusable) == (b"abc", True)
    with pytest.raises(MalformedResponseError, match="longer than 199"):
        parsed(*pieces, max_header_bytes=199)


def test_body_limit_is_exact() -> None:
    """A body of exactly the limit is accepted; a larger body is refused with the option that raises the limit."""
    data = WHOLE["length"][0]
    assert parsed(data, max_body_bytes=3)[0] is not None
    with pytest.raises(MalformedResponseError, match="max_response_bytes"):
        parsed(data, max_body_bytes=2)


def test_a_decoded_reply_does_not_claim_a_coding() -> None:
    """The header of a decoded reply is left out, so that no caller decodes it twice; an unknown coding is refused."""
    reply, _ = parsed(WHOLE["gzip"][0])
    assert reply is not None
    assert reply.header("content-encoding") is None
    with pytest.raises(MalformedResponseError, match="Content-Encoding: br"):
        parsed(WHOLE["br"][0].replace(b"502 No", b"200 OK"))


def test_the_parser_does_not_keep_the_last_reply() -> None:
    """An idle connection keeps no body: the next reply may be much smaller."""
    parser = ResponseParser()
    parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    assert (parser._reply, parser._body, parser._piece) == (None, None, b"")


@pytest.mark.parametrize("name", WHOLE)
def test_part_of_a_refusal_can_be_reported(name: str) -> None:
    """Once the head of an error is complete, the part of its body that has arrived can be reported; before, nothing."""
    data, (status, body), _ = WHOLE[name]
    for cut in range(1, len(data)):
        parser = ResponseParser()
        parser.feed(data[:cut])
        partial = parser.partial()
        whole_head = status >= 400 and cut >= data.rindex(b"\r\n\r\n", 0, len(data) - len(body)) + 4
        if partial is None:
            assert not whole_head or "chunked" in name
        else:
            assert partial.status == status
            assert body.startswith(partial.body)


def test_small_chunks_pass() -> None:
    """A long body in chunks of one byte is within the limits, because some servers send such replies."""
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n"
    for block in (1000, 65_536, len(data)):
        reply, _ = parsed(*(data[i : i + block] for i in range(0, len(data), block)), max_header_bytes=1000)
        assert reply is not None
        assert reply.body == b"a" * 50_000


def test_interrupt_inside_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A KeyboardInterrupt during a callback of llhttp is raised unchanged."""

    def interrupt(self: ResponseParser, body: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ResponseParser, "on_body", interrupt)
    with pytest.raises(KeyboardInterrupt):
        parsed(WHOLE["length"][0])


def fragments() -> st.SearchStrategy[bytes]:
    """Return bytes that get far into the parser: parts of real replies with noise in between."""
    parts = [data for data, *_ in WHOLE.values()] + [data for data, _ in UNTIL_CLOSE.values()]
    parts += [b"HTTP/1.1 ", b"200 OK", b"\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n", b"5\r\n", b": "]
    return st.lists(st.one_of(st.sampled_from(parts), st.binary(max_size=5)), max_size=8).map(b"".join)


@given(st.one_of(st.binary(max_size=200), fragments()), st.lists(st.integers(1, 40), max_size=12))
def test_any_bytes(data: bytes, cuts: list[int]) -> None:
    """Any bytes, cut at any positions, give replies or our errors, and the same first reply as uncut."""

    def outcome(pieces: list[bytes]) -> object:
        parser = ResponseParser(max_header_bytes=300, max_body_bytes=300)
        try:
            for piece in pieces:
                reply = parser.feed(piece)
                if reply is not None:
                    return fields(reply)
            return fields(parser.eof())
        except CentripetalError as error:
            return type(error)

    pieces, rest = [], data
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert outcome([piece for piece in (*pieces, rest) if piece]) == outcome([data] if data else [])
