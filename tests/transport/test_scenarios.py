"""Tests of normal requests, with the blocking transport, asyncio and uvloop.

Failures are in test_failures.py, TLS is in test_tls.py.
"""

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from centripetal.errors import (
    TimeoutError,
    UsageError,
)
from centripetal.protocol.http1 import Origin
from centripetal.transport.addresses import Address, resolved
from tests.ports import free_port
from tests.transport.conftest import Caller
from tests.transport.scripted import OK, Peer, ScriptedServer, answers, reply

Make = Callable[..., Caller]


def test_request_and_reply(caller: Caller) -> None:
    """The request arrives unchanged, and the reply is returned with its status, headers and body."""
    with ScriptedServer(answers(reply(b"no", "X-Y: z", status="418 Teapot"))) as server:
        answer = caller.post(server.url, body=b"[1]")
        assert (answer.status, answer.body, answer.header("x-y")) == (418, b"no", "z")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert body == b"[1]"
        assert head.startswith(b"POST /api/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port)


def test_keep_alive(caller: Caller) -> None:
    """Consecutive calls share a connection, and each receives its own reply."""
    bodies = [b"%d" % number for number in range(20)]
    with ScriptedServer(answers(*map(reply, bodies))) as server:
        assert [caller.post(server.url).body for _ in bodies] == bodies
        assert server.connections == 1


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
    ],
    ids=["chunked", "continue", "early hints"],
)
def test_forms_of_replies(caller: Caller, data: bytes) -> None:
    """Chunked replies and replies after 1xx responses leave the connection usable for the next call."""
    with ScriptedServer(answers(data, data)) as server:
        for _ in range(2):
            assert caller.post(server.url).body == b"{}"
        assert server.connections == 1


def test_byte_by_byte(caller: Caller) -> None:
    """A reply that arrives in single bytes is returned like any other."""

    def script(peer: Peer) -> None:
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while peer.request():
            for byte in OK:
                peer.send(bytes([byte]))

    with ScriptedServer(script) as server:
        for _ in range(2):
            assert caller.post(server.url).body == b"{}"
        assert server.connections == 1


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\n\r\n{}", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"])
def test_reply_that_ends_the_connection(caller: Caller, data: bytes) -> None:
    """After a reply that closes its connection or forbids its reuse, the next call opens a new connection."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)

    with ScriptedServer(script) as server:
        for _ in range(2):
            assert caller.post(server.url).body == b"{}"
        assert server.connections == 2


def test_large_bodies(caller: Caller) -> None:
    """Bodies of several megabytes are sent and received completely, on one connection."""
    large = bytes(range(256)) * 20_000

    def script(peer: Peer) -> None:
        while request := peer.request():
            peer.send(reply(request.partition(b"\r\n\r\n")[2]))

    with ScriptedServer(script) as server:
        for _ in range(2):
            assert caller.post(server.url, body=large, timeout=30).body == large
        assert server.connections == 1


def test_close_and_use_again(caller: Caller) -> None:
    """close() closes the idle connection, and the next call opens a new connection."""
    with ScriptedServer(answers(OK, OK)) as server:
        for _ in range(2):
            caller.post(server.url)
            caller.close()
            assert server.ended.acquire(timeout=5)
        assert server.connections == 2


def test_no_idle_connections_kept(make: Make) -> None:
    """With max_connections=0, each call opens a new connection."""
    caller = make(max_connections=0)
    with ScriptedServer(answers(OK, OK)) as server:
        for _ in range(2):
            caller.post(server.url)
            assert server.ended.acquire(timeout=5)
        assert server.connections == 2


def test_ipv6(caller: Caller) -> None:
    """A URL can contain an IPv6 address."""
    try:
        server = ScriptedServer(answers(OK), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert caller.post(f"http://[::1]:{server.port}/").status == 200
        assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("first", ["refuses", "does not exist"])
def test_all_addresses_are_tried(caller: Caller, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """A host with several addresses is reached if one of them accepts the connection."""
    bad = Address(socket.AF_INET, ("127.0.0.1", free_port()))
    if first == "does not exist":
        bad = Address(12345, ())

    def several(found: list[tuple[object, ...]], origin: Origin) -> list[Address]:
        return [bad, *resolved(found, origin)]

    monkeypatch.setattr("centripetal.transport.blocking.resolved", several)
    monkeypatch.setattr("centripetal.transport.awaiting.resolved", several)
    with ScriptedServer(answers(OK)) as server:
        assert caller.post(f"http://localhost:{server.port}/").status == 200


def test_unresponsive_address(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that never answers delays the call little, because the next address is tried meanwhile."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # with a full queue, the system leaves further connections unanswered
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())

        def several(found: list[tuple[object, ...]], origin: Origin) -> list[Address]:
            return [Address(socket.AF_INET, full.getsockname()), *resolved(found, origin)]

        monkeypatch.setattr("centripetal.transport.blocking.resolved", several)
        monkeypatch.setattr("centripetal.transport.awaiting.resolved", several)
        with ScriptedServer(answers(OK)) as server:
            start = time.monotonic()
            assert caller.post(f"http://localhost:{server.port}/", timeout=20).status == 200
            assert time.monotonic() - start < 5
            caller.close()  # so that another connection is opened, with less time
            assert caller.post(f"http://localhost:{server.port}/", timeout=0.4).status == 200
        with pytest.raises(TimeoutError, match="no connection") as caught:
            caller.post(f"http://127.0.0.1:{full.getsockname()[1]}/", timeout=0.2)
        assert caught.value.executed == "no"
        for filler in fillers:
            filler.close()


def test_name_is_looked_up(caller: Caller) -> None:
    """A host name is resolved to its addresses."""
    with ScriptedServer(answers(OK)) as server:
        assert caller.post(f"http://localhost:{server.port}/").status == 200


def test_unix_socket(make: Make, tmp_path: Path) -> None:
    """Over a Unix socket the URL provides the Host header and the path, and connections are kept."""
    path = str(tmp_path / "s")
    caller = make(unix_socket=tmp_path / "s")
    with ScriptedServer(answers(OK, OK), family=socket.AF_UNIX, path=path) as server:
        for _ in range(2):
            assert caller.post("http://centrifugo/api").status == 200
        assert server.requests[0].startswith(b"POST /api HTTP/1.1\r\nHost: centrifugo\r\n")
        assert server.connections == 1


# -- idle connections --


def test_server_closes_while_idle(caller: Caller) -> None:
    """A call notices that the server has closed the kept connection and opens a new connection."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_end()  # so that the client has seen the end before it closes the connection itself

    with ScriptedServer(script) as server:
        for number in range(1, 4):
            assert caller.post(server.url).status == 200
            caller.wait_until_readable()
            assert server.connections == number


def test_unexpected_second_reply(caller: Caller) -> None:
    """A second reply to one request is never returned for the next request, even if it arrives later."""
    for pieces in ((OK + reply(b"wrong"),), (OK, reply(b"wrong"))):

        def script(peer: Peer, pieces: tuple[bytes, ...] = pieces) -> None:
            peer.request()
            for piece in pieces:
                peer.send(piece)
            peer.wait_for_end()

        with ScriptedServer(script) as server:
            for _ in range(3):
                assert caller.post(server.url).body == b"{}"
                caller.wait_until_readable()


def test_send_fails_on_a_kept_connection(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kept connection that breaks before it accepts data is replaced, and the server receives the request once."""
    from centripetal.transport.connection import Connection

    with ScriptedServer(answers(OK, OK)) as server:
        caller.post(server.url)
        monkeypatch.setattr(Connection, "stale", lambda self: self.sock.shutdown(socket.SHUT_WR))
        assert caller.post(server.url).status == 200
        assert (server.connections, len(server.requests)) == (2, 2)


# -- options --


@pytest.mark.parametrize(
    "options",
    [
        {"ca_file": "/no/such/file"},
        {"ca_file": "/"},
        {"ca_file": ""},
        {"ca_file": 1},
        {"ca_file": __file__, "ssl_context": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)},
        {"ssl_context": "tls"},
        {"unix_socket": ""},
        {"unix_socket": "a\0b"},
        {"max_connections": -1},
        {"max_connections": "many"},
        {"max_response_bytes": 0},
        {"max_response_bytes": True},
    ],
)
def test_invalid_options(make: Make, options: dict[str, object]) -> None:
    """An invalid option raises UsageError when the transport is created."""
    with pytest.raises(UsageError):
        make(**options)


def test_unknown_option(make: Make) -> None:
    """An unknown option raises TypeError."""
    with pytest.raises(TypeError):
        make(max_conections=1)
