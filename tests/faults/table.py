"""The table of faults: what a server, or a network in between, can do to a client, with the possible outcomes.

Outcomes are the exact classes of errors, not their bases; FINE means success.
"""

import gzip
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
)
from tests.faults.server import Fault, FaultyServer, Misbehaviour, Then, body_of, good, head_of, replies_to
from tests.transport.scripted import Peer, reply

__all__ = ["FAULTS", "LIMIT", "serves"]

LIMIT = 65_536
"""`max_response_bytes` of the clients in the fault tests."""

LARGE = 1_200_000
"""Size of a request that does not fit into the buffers between a client and a server that does not read."""

FINE = None
REFUSED = ConnectError
LOST = ConnectionLostError
LATE = TimeoutError
STATUS = HTTPStatusError
AUTH = AuthenticationError
BAD = MalformedResponseError
SERVER = ServerError

Answer = bytes | Callable[[bytes], bytes]

# ---- misbehaviour of the server


def says(*pieces: Answer | float, then: Then | Literal["reset", "silence"] = Then.ENDS) -> Misbehaviour:
    """Return a misbehaviour that reads a request and sends *pieces*; numbers are pauses in seconds."""

    def does(peer: Peer) -> Then:
        request = peer.request()
        for piece in pieces:
            if isinstance(piece, float):
                time.sleep(piece)
            else:
                peer.send(piece if isinstance(piece, bytes) else piece(request))
        return _end(peer, then)

    return does


def _end(peer: Peer, then: Then | Literal["reset", "silence"]) -> Then:
    if then == "reset":
        peer.reset()
    elif then == "silence":
        peer.wait_for_end()
    else:
        return then
    return Then.ENDS


def trickles(start: bytes, piece: bytes = b"x", pause: float = 0.02) -> Misbehaviour:
    """Return a misbehaviour that reads a request, sends *start*, and repeats *piece* until the client closes."""

    def does(peer: Peer) -> Then:
        peer.request()
        peer.send(start)
        while True:
            time.sleep(pause)
            peer.send(piece)

    return does


def floods(start: bytes, piece: bytes) -> Misbehaviour:
    """Like `trickles()`, without pauses."""
    return trickles(start, piece * (65_536 // len(piece)), 0)


def after(stage: Callable[[Peer], object], then: Literal["closed", "reset", "silence"]) -> Misbehaviour:
    """Return a misbehaviour that reads as much as *stage* reads, and no more."""

    def does(peer: Peer) -> Then:
        stage(peer)
        return _end(peer, {"closed": Then.ENDS, "reset": "reset", "silence": "silence"}[then])  # type: ignore[arg-type]

    return does


def nothing(peer: Peer) -> None:
    pass


def some_of_it(peer: Peer) -> None:
    while len(peer._unread) < 10_000 and peer._receive():
        pass


def not_reading(peer: Peer) -> None:
    """Wait without reading; the client's close becomes visible as a reset."""
    head_of(peer)
    time.sleep(2)  # longer than any time limit of a call


def byte_by_byte(peer: Peer) -> Then:
    peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in good(peer.request()):
        peer.send(bytes([byte]))
    return Then.GOES_ON


def restarts(peer: Peer) -> Then:
    """Restart the server: all connections are lost, and it works again after a moment."""
    peer.request()
    server = peer.server
    assert isinstance(server, FaultyServer)
    server._fault = None
    server.stop_listening()
    server.end_connections()
    time.sleep(0.02)
    server.listen_again()
    return Then.ENDS


def serves(peer: Peer) -> Then:
    if request := peer.request():
        peer.send(good(request))
    return Then.GOES_ON


def half_closes_while_idle(peer: Peer) -> Then:
    peer.send(good(peer.request()))
    time.sleep(0.02)
    peer.sock.shutdown(socket.SHUT_WR)
    return Then.LINGERS


def resets_while_idle(peer: Peer) -> Then:
    peer.send(good(peer.request()))
    time.sleep(0.02)
    peer.reset()
    return Then.ENDS


def speaks_plainly(data: bytes) -> Misbehaviour:
    """Return a misbehaviour that answers the first bytes, which are not HTTP, with *data* and closes."""

    def does(peer: Peer) -> Then:
        peer._receive()
        peer.send(data)
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_end()
        return Then.ENDS

    return does


def breaks_tls(peer: Peer) -> Then:
    """Write to the socket without the TLS of the connection."""
    peer.request()
    os.write(peer.sock.fileno(), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    peer.wait_for_end()
    return Then.ENDS


# ---- responses as functions of the request


def part(until: Callable[[bytes], int]) -> Callable[[bytes], bytes]:
    """Return a function that cuts the good response at *until*."""

    def cut(request: bytes) -> bytes:
        whole = good(request)
        return whole[: until(whole)]

    return cut


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunks(request: bytes) -> list[bytes]:
    body = body_of(good(request))
    return [CHUNKED, chunk(body[:5]), chunk(body[5:]), b"0\r\n", b"\r\n"]


def some_chunks(count: int, more: bytes = b"") -> Callable[[bytes], bytes]:
    return lambda request: b"".join(chunks(request)[:count]) + more


def lengths(*lines: str, surplus: bytes = b"") -> Callable[[bytes], bytes]:
    """Return a function that gives a good body with header *lines*, in which N is the length of the body."""

    def answer(request: bytes) -> bytes:
        body = body_of(good(request))
        head = "".join(f"{line.replace('N', str(len(body)))}\r\n" for line in lines).encode()
        return HEAD + head + b"\r\n" + body + surplus

    return answer


def chunked(size: str, end: bytes = b"\r\n0\r\n\r\n", line: bytes = b"\r\n") -> Callable[[bytes], bytes]:
    """Return a function that gives a good body as one chunk; N in *size* is its length in hexadecimal."""

    def answer(request: bytes) -> bytes:
        body = body_of(good(request))
        return CHUNKED + size.replace("N", f"{len(body):x}").encode() + line + body + end

    return answer


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return a function that changes the head of the good response."""
    return lambda request: good(request).replace(old, new, 1)


def headed(*headers: str) -> Callable[[bytes], bytes]:
    return lambda request: reply(body_of(good(request)), *headers)


def body(make: Callable[[list[dict[str, Any]]], Any], *headers: str) -> Callable[[bytes], bytes]:
    """Return a function that gives another body: bytes, or a value that is encoded as JSON."""

    def answer(request: bytes) -> bytes:
        made = make(replies_to(request))
        return reply(made if isinstance(made, bytes) else json.dumps(made).encode(), *headers)

    return answer


def each(**members: Any) -> Callable[[list[dict[str, Any]]], Any]:
    """Return a function that changes members of good replies: a callable gets the old value, ... removes it."""

    def make(replies: list[dict[str, Any]]) -> Any:
        changed = []
        for one in replies:
            new = {name: value(one[name]) if callable(value) else value for name, value in members.items()}
            changed.append({name: value for name, value in (one | new).items() if value is not ...})
        return changed

    return make


def text(replies: list[dict[str, Any]]) -> bytes:
    return json.dumps(replies).encode()


def nested(replies: list[dict[str, Any]]) -> bytes:
    deep = b"[" * 20_000 + b"]" * 20_000
    return text(replies).replace(b'"body": null', b'"body": ' + deep)


def padded(surplus: int) -> Callable[[list[dict[str, Any]]], bytes]:
    return lambda replies: text(replies).ljust(LIMIT + surplus)


# ---- the table

NEVER_SENT = "no byte of the request was sent"
PERHAPS = "part of the request was sent, and the rest is unknown"
RECEIVED = "the server has received the request"
STATED = "the status shows that the request was refused"
SHOWN = "the reply shows that the command ran"


def fault(
    name: str,
    does: Misbehaviour,
    *comes: type[CentripetalError] | None,
    executed: str = "unknown",
    why: str = RECEIVED,
    together: tuple[type[CentripetalError] | None, ...] = (),
    **more: Any,
) -> Fault:
    return Fault(name, does, frozenset(comes), frozenset(executed.split()), why, together=frozenset(together), **more)


ENDINGS: dict[Literal["closed", "reset", "silence"], type[CentripetalError]] = {
    "closed": LOST,
    "reset": LOST,
    "silence": LATE,
}

STAGES: dict[str, Answer] = {
    "after the request": b"",
    "in the protocol's name": part(lambda whole: 3),
    "in the status line": part(lambda whole: 10),
    "after the status line": part(lambda whole: whole.index(b"\n") + 1),
    "in a header": part(lambda whole: whole.index(b"ength")),
    "after the head": part(lambda whole: whole.index(b"\r\n\r\n") + 4),
    "in the body": part(lambda whole: len(whole) - 9),
    "before the last byte": part(lambda whole: len(whole) - 1),
    "before the first chunk": some_chunks(1),
    "in a chunk's size": some_chunks(1, b"5"),
    "in a chunk": some_chunks(1, b"5\r\nab"),
    "between chunks": some_chunks(2),
    "before the last chunk": some_chunks(3),
    "in a trailer": some_chunks(4, b"X-Trailer: a"),
    "after 100 Continue": b"HTTP/1.1 100 Continue\r\n\r\n",
}


def stages() -> Iterator[Fault]:
    may_be = "no unknown"
    for how, error in ENDINGS.items():
        # The reset may arrive before the client knows that it is connected.
        many = {"closed": (LOST,), "reset": (LOST, REFUSED), "silence": (LATE,)}[how]
        yield fault(
            f"{how} on accept",
            after(nothing, how),
            *many,
            executed=may_be if how != "silence" else "unknown",
            why=PERHAPS,
            begins="connection",
        )
        yield fault(f"{how} after the request's head", after(head_of, how), error, why=PERHAPS)
        yield fault(f"{how} in the request", after(some_of_it, how), error, LATE, why=PERHAPS, large=LARGE)
        for stage, pieces in STAGES.items():
            end = {"closed": Then.ENDS, "reset": "reset", "silence": "silence"}[how]
            yield fault(f"{how} {stage}", says(pieces, then=end), error)  # type: ignore[arg-type]


ON = Then.GOES_ON

TRICKLES = [
    fault("the status line trickles", trickles(b"", b"H"), BAD, LATE),
    fault("the reason trickles", trickles(b"HTTP/1.1 200 "), LATE),
    fault("headers trickle", trickles(HEAD, b"X: y\r\n"), LATE),
    fault("one header trickles", trickles(HEAD + b"X: "), LATE),
    fault("the body trickles", trickles(HEAD + b"Content-Length: 5000\r\n\r\n", b" "), LATE),
    fault("a body without length trickles", trickles(HEAD + b"\r\n", b" "), LATE),
    fault("chunks trickle", trickles(CHUNKED, b"1\r\n \r\n"), LATE),
    fault("trailers trickle", trickles(CHUNKED + b"0\r\n", b"X: y\r\n"), LATE),
    fault("interim replies trickle", trickles(b"", b"HTTP/1.1 102 Processing\r\n\r\n", 0.1), LATE),
    fault("single bytes, in time", byte_by_byte, FINE, LATE),  # can be late on a busy machine
    fault("slow, in time", says(part(lambda whole: 30), 0.05, lambda request: good(request)[30:], then=ON), FINE, LATE),
    fault("the request is not read", after(not_reading, "closed"), LATE, why=PERHAPS, large=LARGE),
]

ENDLESS = [
    fault("endless headers", floods(HEAD, b"X: y\r\n"), BAD),
    fault("one endless header", floods(HEAD + b"X: ", b"y"), BAD),
    fault("an endless header name", floods(HEAD, b"y"), BAD),
    fault("an endless reason", floods(b"HTTP/1.1 200 ", b"y"), BAD),
    fault("endless blank lines", floods(b"", b"\r\n"), BAD),
    fault("endless zeros", floods(b"", b"\0"), BAD),
    fault("an endless body", floods(HEAD + b"\r\n", b" "), BAD),
    fault("a body of a petabyte", floods(HEAD + b"Content-Length: 1000000000000000\r\n\r\n", b" "), BAD),
    fault("endless chunks", floods(CHUNKED, chunk(b" " * 1000)), BAD),
    fault("endless chunks of one byte", floods(CHUNKED, chunk(b" ")), BAD, LATE),
    fault("endless chunk extensions", floods(CHUNKED + b"1;", b"a=b;"), BAD),
    fault("an endless chunk size", floods(CHUNKED, b"0"), BAD),
    fault("endless trailers", floods(CHUNKED + b"0\r\n", b"X: y\r\n"), BAD),
    fault("endless interim replies", floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), BAD),
    fault("endless replies", floods(b"", reply(b"[]")), BAD),
    fault("many headers", says(headed(*["X: y"] * 5000), then=ON), FINE),
    fault("too many headers", says(headed(*["X: y"] * 20_000), then="silence"), BAD),
    fault("a body at the limit", says(body(padded(0)), then=ON), FINE),
    fault("a body over the limit", says(body(padded(1)), then="silence"), BAD),
]

LENGTHS = [
    fault("no length, then the end", says(lengths()), FINE, together=(LOST,)),
    fault("no length and no end", says(lengths(), then="silence"), LATE),
    fault("negative length", says(lengths("Content-Length: -1"), then="silence"), BAD),
    fault("length in words", says(lengths("Content-Length: many"), then="silence"), BAD),
    fault("length with a plus", says(lengths("Content-Length: +N"), then="silence"), BAD),
    fault("length in hexadecimal", says(lengths("Content-Length: 0xff"), then="silence"), BAD),
    fault("length over 64 bits", says(lengths("Content-Length: 18446744073709551617"), then="silence"), BAD),
    fault("length left empty", says(lengths("Content-Length: "), then="silence"), BAD),
    fault("length too small", says(lengths("Content-Length: 5"), then="silence"), BAD),
    fault("length 0", says(lengths("Content-Length: 0"), then="silence"), BAD),
    fault("length too large", says(lengths("Content-Length: 9999"), then="silence"), LATE),
    fault("length too large, then the end", says(lengths("Content-Length: 9999")), LOST),
    fault("length twice, equal", says(lengths("Content-Length: N", "Content-Length: N"), then="silence"), BAD),
    fault("length twice, not equal", says(lengths("Content-Length: N", "Content-Length: 5"), then="silence"), BAD),
    fault("a list of lengths", says(lengths("Content-Length: N, N"), then="silence"), BAD),
    fault("length and chunks", says(lengths("Content-Length: N", "Transfer-Encoding: chunked"), then="silence"), BAD),
    fault("gzip as transfer coding", says(lengths("Transfer-Encoding: gzip")), FINE, BAD, together=(LOST,)),
    fault("chunks announced, none sent", says(lengths("Transfer-Encoding: chunked"), then="silence"), BAD),
    fault("chunk size negative", says(chunked("-N"), then="silence"), BAD),
    fault("chunk size in words", says(chunked("many"), then="silence"), BAD),
    fault("chunk size with 0x", says(chunked("0xN"), then="silence"), BAD),
    fault("chunk size over 64 bits", says(chunked("fffffffffffffffff"), then="silence"), BAD),
    fault("chunk size left empty", says(chunked(""), then="silence"), BAD),
    fault("chunk size too small", says(chunked("5"), then="silence"), BAD),
    fault("chunk size too large", says(chunked("fff"), then="silence"), LATE),
    fault("chunk without line break", says(chunked("N", b"0\r\n\r\n"), then="silence"), BAD),
    fault("chunk lines end in LF", says(chunked("N", b"\n0\n\n", b"\n"), then="silence"), BAD),
    fault("surplus after the body", says(lengths("Content-Length: N", surplus=b"xyz"), then="silence"), FINE),
    fault("surplus after the last chunk", says(chunked("N", b"\r\n0\r\n\r\nxyz"), then="silence"), FINE),
    fault("chunked from HTTP/1.0", says(lambda request: some_chunks(5)(request).replace(b"1.1", b"1.0", 1)), FINE),
]

GREETINGS: dict[str, bytes] = {
    "random bytes": bytes(range(255, -1, -1)),
    "zeros": bytes(100),
    "an HTTP/0.9 body": b"[]\n",
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2 settings": b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80",
    "HTTP/2 in words": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    "HTTP/2 without reason": b"HTTP/2 200\r\ncontent-length: 2\r\n\r\n[]",
    "a TLS alert": b"\x15\x03\x03\x00\x02\x02\x46",
    "an SSH banner": b"SSH-2.0-OpenSSH_9.6\r\n",
    "an SMTP banner": b"220 mail.example.com ESMTP\r\n",
    "a Redis error": b"-ERR unknown command 'POST'\r\n",
    "a Shoutcast reply": b"ICY 200 OK\r\n\r\n",
    "an RTSP reply": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
    "a lower case protocol": b"http/1.1 200 ok\r\ncontent-length: 2\r\n\r\n[]",
    "a reply after a blank line": b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    "a request": b"POST /api/ HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "a WebSocket frame": b"\x81\x02[]",
}

HEADS: dict[str, bytes] = {
    "no status": b"HTTP/1.1 \r\n\r\n",
    "a status in words": b"HTTP/1.1 fine OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a header without colon": HEAD + b"nonsense\r\n\r\n",
    "a header without name": HEAD + b": x\r\n\r\n",
    "a space before the colon": HEAD + b"Content-Length : 2\r\n\r\n[]",
    "NUL in a header": HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n[]",
    "CR in a header": HEAD + b"X: a\rb\r\nContent-Length: 2\r\n\r\n[]",
    "a folded header": HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n[]",
}


def garbage() -> Iterator[Fault]:
    for name, data in GREETINGS.items():
        yield fault(f"garbage: {name}", says(data, then="silence"), BAD)
    for name, data in HEADS.items():
        yield fault(f"head: {name}", says(data, then="silence"), BAD)
    yield fault("a greeting before the request", says(b""), BAD, LOST, why=PERHAPS)._replace(
        does=greets, begins="connection", executed=frozenset({"no", "unknown"})
    )
    yield fault("an echo of the request", says(lambda request: request, then="silence"), BAD)
    yield fault("HTTP/1.9", says(replaced(b"HTTP/1.1", b"HTTP/1.9"), then="silence"), FINE, BAD)


def greets(peer: Peer) -> Then:
    peer.send(b"220 mail.example.com ESMTP\r\n")
    peer.wait_for_end()
    return Then.ENDS


REFUSING = [
    400,
    401,
    402,
    403,
    404,
    405,
    407,
    409,
    410,
    411,
    413,
    414,
    415,
    417,
    421,
    422,
    425,
    426,
    428,
    429,
    431,
    451,
]
SURE = [300, 301, 302, 303, 304, 305, 307, 308, *REFUSING]
UNSURE = [201, 202, 203, 204, 205, 206, 226, 299, 408, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599]
IMPOSSIBLE = ["000", "099", "101", "600", "999"]


def statuses() -> Iterator[Fault]:
    for status in SURE:
        data = reply(b"" if status == 304 else b"sorry", "Location: http://example.com/", status=f"{status} Sorry")
        yield fault(
            f"status {status}",
            says(data, then=ON),
            AUTH if status in (401, 403) else STATUS,
            executed="no unknown" if status == 400 else "no",
            why="a request of one command was refused" if status == 400 else STATED,
            refuses="alone" if status == 400 else "always",
        )
    for status in UNSURE:
        data = reply(b"" if status in (204, 205) else b"sorry", status=f"{status} Sorry")
        yield fault(f"status {status}", says(data, then=ON), STATUS)
    for text_ in IMPOSSIBLE:
        yield fault(f"status {text_}", says(reply(b"sorry", status=f"{text_} Sorry"), then="silence"), BAD)
    yield fault("status 204 with a body", says(reply(b"sorry", status="204 No Content"), then="silence"), STATUS)
    yield fault(
        "status 304 with a body",
        says(reply(b"sorry", status="304 Not Modified"), then="silence"),
        STATUS,
        executed="no",
        why=STATED,
        refuses="always",
    )
    yield fault(
        "status 413 before the request is here",
        too_large,
        STATUS,
        LOST,
        LATE,
        executed="no unknown",
        why="the status shows it, if the client receives the status",
        large=LARGE,
    )
    yield fault("status 503 and the end", says(reply(b"", "Connection: close", status="503 Busy")), STATUS)
    yield fault("status 500 with endless body", floods(b"HTTP/1.1 500 Oops\r\n\r\n", b" "), BAD)
    yield fault("only 103 and the end", says(b"HTTP/1.1 103 Early Hints\r\n\r\n"), LOST)
    yield fault("100 before 200", says(b"HTTP/1.1 100 Continue\r\n\r\n", good, then=ON), FINE)


def too_large(peer: Peer) -> Then:
    some_of_it(peer)
    peer.send(reply(b"too large", "Connection: close", status="413 Content Too Large"))
    return Then.ENDS


BODIES: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "nothing": lambda replies: b"",
    "white space": lambda replies: b" \n",
    "a web page": lambda replies: b"<!DOCTYPE html><title>Welcome</title>",
    "cut JSON": lambda replies: text(replies)[:-1],
    "JSON and more": lambda replies: text(replies) + b"x",
    "two arrays": lambda replies: text(replies) * 2,
    "a line per reply": lambda replies: b"".join(json.dumps(one).encode() + b"\n" for one in replies),
    "single quotes": lambda replies: text(replies).replace(b'"', b"'"),
    "a trailing comma": lambda replies: text(replies)[:-1] + b",]",
    "a byte order mark": lambda replies: b"\xef\xbb\xbf" + text(replies),
    "UTF-16": lambda replies: json.dumps(replies).encode("utf-16"),
    "an object": lambda replies: {},
    "null": lambda replies: b"null",
    "no replies": lambda replies: [],
    "text": lambda replies: "ok",
    "true": lambda replies: True,
    "a number": lambda replies: 7,
    "the first reply without its array": lambda replies: replies[0],
    "a reply of a later version": lambda replies: {"result": {}},
    "an error of a later version": lambda replies: {"error": {"code": 100, "message": "internal server error"}},
    "nulls": lambda replies: [None] * len(replies),
    "arrays": lambda replies: [[]] * len(replies),
    "empty objects": lambda replies: [{}] * len(replies),
    "one reply missing": lambda replies: replies[1:],
    "one reply too many": lambda replies: [*replies, replies[-1]],
    "each reply twice": lambda replies: [one for one in replies for _ in range(2)],
    "the first reply for all and one more": lambda replies: [replies[0]] * (len(replies) + 1),
    "another method": each(method="presence"),
    "an unknown method": each(method="explode"),
    "no method": each(method=...),
    "a number as method": each(method=5),
    "methods in capitals": each(method=str.upper),
    "another uid": each(uid=lambda uid: str(int(uid) + 1)),
    "no uid": each(uid=...),
    "an empty uid": each(uid=""),
    "a number as uid": each(uid=int),
    "a number as error": each(error=100),
    "an object as error": each(error={"code": 100}),
    "deep nesting, unclosed": lambda replies: b"[" * 60_000,
    "deep nesting": lambda replies: b"[" * 30_000 + b"]" * 30_000,
    "garbage": lambda replies: bytes(range(256)),
    "gzip": lambda replies: gzip.compress(text(replies)),
}


def shapes() -> Iterator[Fault]:
    for name, make in BODIES.items():
        yield fault(f"body: {name}", says(body(make), then=ON), BAD)
    yield fault("body: replies in reverse", says(body(lambda replies: replies[::-1]), then=ON), BAD, FINE)
    yield fault("body: gzip, as announced", says(body(BODIES["gzip"], "Content-Encoding: gzip"), then=ON), FINE)
    yield fault("body: gzip announced, none", says(headed("Content-Encoding: gzip"), then=ON), FINE)
    yield fault("body: said to be HTML", says(headed("Content-Type: text/html"), then=ON), FINE)
    yield fault("body: unknown members", says(body(each(future=[1, {}])), then=ON), FINE)
    yield fault("body: no body in the replies", says(body(each(body=...)), then=ON), FINE)
    yield fault("body: an empty error", says(body(each(error="")), then=ON), FINE)
    yield fault(
        "body: an error",
        says(body(each(error="internal server error")), then=ON),
        SERVER,
        why="the command failed at an unknown step",
    )
    yield fault(
        "body: an error that is not UTF-8",
        says(body(lambda replies: text(replies).replace(b"null", b'"\xff\xfe"')), then=ON),
        SERVER,
        why="the command failed at an unknown step",
    )
    yield fault(
        "body: a refusal",
        says(body(each(error="namespace not found", advice="fix")), then=ON),
        SERVER,
        executed="no",
        why="refused before it ran",
        refuses="always",
    )
    yield fault("body: a number in the reply", says(body(each(body=1)), then=ON), BAD, executed="yes", why=SHOWN)
    yield fault("body: deep in the reply", says(body(nested), then=ON), BAD, executed="yes unknown", why=SHOWN)


STALE = reply(b'[{"uid":"0","method":"history","error":null,"body":{"channel":"","data":[]}}]')

MORE_THAN_ONE = [
    fault("answers out of step", says(STALE, then="silence"), BAD),
    fault("two replies in one packet", says(lambda request: good(request) + STALE, then="silence"), FINE),
    fault("two replies, the second while idle", says(good, 0.02, STALE, then=ON), FINE, together=(LOST, BAD)),
    fault("half a reply while idle", says(good, 0.02, STALE[:20], then=ON), FINE, together=(LOST, BAD)),
    fault(
        "a late 408 while idle",
        says(good, 0.02, reply(b"", "Connection: close", status="408 Idle")),
        FINE,
        together=(LOST, STATUS),
    ),
    fault("the end after the reply, announced", says(headed("Connection: close")), FINE),
    fault("the end after the reply, not announced", says(good), FINE, together=(LOST,)),
    fault("the end announced but not made", says(headed("Connection: close"), then="silence"), FINE),
    fault("a reset after the reply", says(good, then="reset"), FINE, LOST),
    fault("the end while idle", half_closes_while_idle, FINE, together=(LOST,)),
    fault("a reset while idle", resets_while_idle, FINE, together=(LOST,)),
    fault("HTTP/1.0 without keep-alive", says(replaced(b"HTTP/1.1", b"HTTP/1.0"), then="silence"), FINE),
    fault(
        "HTTP/1.0 with keep-alive",
        says(lambda request: headed("Connection: keep-alive")(request).replace(b"1.1", b"1.0", 1), then=ON),
        FINE,
    ),
    fault("a restart before the request", serves, FINE, begins="connection"),
    fault("a restart during the request", restarts, LOST, together=(FINE, REFUSED)),
    fault("refused", serves, REFUSED, executed="no", why=NEVER_SENT, begins="never"),
]


def tls(name: str, *comes: type[CentripetalError] | None, context: str = "", **more: Any) -> Fault:
    """Return a fault of a server with TLS that starts with the next connection."""
    does = more.pop("does", serves)
    known: dict[str, Any] = {"executed": "no", "why": NEVER_SENT, "begins": "connection", "secure": True} | more
    return fault(f"TLS: {name}", does, *comes, tls=context, **known)


TLS = [
    tls("self-signed", REFUSED, context="self-signed"),
    tls("unknown authority", REFUSED, context="stranger"),
    tls("wrong host", REFUSED, context="wrong host"),
    tls("expired", REFUSED, context="expired"),
    tls("not yet valid", REFUSED, context="future"),
    tls("old protocol", REFUSED, context="old"),
    tls("not spoken", REFUSED, does=speaks_plainly(reply(b"", status="400 Bad Request"))),
    tls("silence", REFUSED, LATE, does=after(nothing, "silence")),
    tls("closed on accept", REFUSED, does=after(nothing, "closed")),
    tls("reset on accept", REFUSED, does=after(nothing, "reset")),
    tls("alert in the handshake", REFUSED, does=speaks_plainly(b"\x15\x03\x01\x00\x02\x02\x46")),
    tls("garbage in the handshake", REFUSED, does=speaks_plainly(bytes(range(255, -1, -1)))),
    tls("closed in the handshake", REFUSED, does=speaks_plainly(b"")),
    tls("wants a certificate", LOST, context="demanding", executed="unknown", why=PERHAPS),
    tls(
        "spoken where none is expected",
        BAD,
        LOST,
        context="good",
        secure=False,
        executed="unknown",
        why=PERHAPS,
    ),
    tls("restart", FINE, context="good", executed="unknown", why=RECEIVED),
    *(
        tls(name, *comes, does=does, begins="request", executed="unknown", why=RECEIVED)
        for name, does, *comes in (
            ("closed after the request", says(b""), LOST),
            ("reset after the request", says(b"", then="reset"), LOST),
            ("silence after the request", says(b"", then="silence"), LATE),
            ("closed in the body", says(part(lambda whole: len(whole) - 9)), LOST),
            ("closed after a body without length", says(lengths()), FINE),
            ("broken after the request", breaks_tls, LOST),
            ("the body trickles", trickles(HEAD + b"Content-Length: 5000\r\n\r\n", b" "), LATE),
            ("two replies in one packet", says(lambda request: good(request) + STALE, then="silence"), FINE),
        )
    ),
]

FAULTS: tuple[Fault, ...] = (
    *stages(),
    *TRICKLES,
    *ENDLESS,
    *LENGTHS,
    *garbage(),
    *statuses(),
    *shapes(),
    *MORE_THAN_ONE,
    *TLS,
)
