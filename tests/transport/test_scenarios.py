"""One list of what can happen between a client and a server, run with both transports, and with uvloop."""

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from centripetal.errors import (
    ConnectError,
    ConnectionLostError,
    MalformedResponseError,
    TimeoutError,
    TransportError,
    UsageError,
)
from centripetal.transport.settings import Address, resolved
from tests.transport.certificates import Authority, server_context
from tests.transport.conftest import Caller
from tests.transport.scripted import OK, Peer, ScriptedServer, answers, reply

Make = Callable[..., Caller]


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


# -- what works --


def test_request_and_reply(caller: Caller) -> None:
    """The request arrives as it was given, and the reply comes back whole: status, headers, body."""
    with ScriptedServer(answers(reply(b"no", "X-Y: z", status="418 Teapot"))) as server:
        answer = caller.post(server.url, body=b"[1]")
        assert (answer.status, answer.body, answer.header("x-y")) == (418, b"no", "z")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert body == b"[1]"
        assert head.startswith(b"POST /api/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port)


def test_keep_alive(caller: Caller) -> None:
    """Calls one after the other share a connection, and each gets its own answer."""
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
def test_shapes_of_replies(caller: Caller, data: bytes) -> None:
    """Chunked replies and those announced by others leave the connection fit for the next call."""
    with ScriptedServer(answers(data, data)) as server:
        for _ in range(2):
            assert caller.post(server.url).body == b"{}"
        assert server.connections == 1


def test_byte_by_byte(caller: Caller) -> None:
    """A reply that comes in single bytes is the same reply."""

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
    """After a reply that ends with its connection, or forbids its reuse, the next call opens another."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)

    with ScriptedServer(script) as server:
        for _ in range(2):
            assert caller.post(server.url).body == b"{}"
        assert server.connections == 2


def test_large_bodies(caller: Caller) -> None:
    """Bodies of several megabytes go out and come back whole, on one connection."""
    large = bytes(range(256)) * 20_000

    def script(peer: Peer) -> None:
        while request := peer.request():
            peer.send(reply(request.partition(b"\r\n\r\n")[2]))

    with ScriptedServer(script) as server:
        for _ in range(2):
            assert caller.post(server.url, body=large, timeout=30).body == large
        assert server.connections == 1


def test_close_and_use_again(caller: Caller) -> None:
    """close() ends the idle connection, and the next call opens another."""
    with ScriptedServer(answers(OK, OK)) as server:
        for _ in range(2):
            caller.post(server.url)
            caller.close()
            assert server.ended.acquire(timeout=5)
        assert server.connections == 2


def test_no_idle_connections_kept(make: Make) -> None:
    """With max_connections=0, each call has its own connection."""
    caller = make(max_connections=0)
    with ScriptedServer(answers(OK, OK)) as server:
        for _ in range(2):
            caller.post(server.url)
            assert server.ended.acquire(timeout=5)
        assert server.connections == 2


def test_ipv6(caller: Caller) -> None:
    """An IPv6 address in the URL is connected to."""
    try:
        server = ScriptedServer(answers(OK), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        assert caller.post(f"http://[::1]:{server.port}/").status == 200
        assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("first", ["refuses", "does not exist"])
def test_all_addresses_are_tried(caller: Caller, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """A host with several addresses is reached if one of them answers."""
    bad = Address(socket.AF_INET, ("127.0.0.1", closed_port()))
    if first == "does not exist":
        bad = Address(12345, ())

    def several(found: list[tuple[object, ...]]) -> list[Address]:
        return [bad, *resolved(found)]

    monkeypatch.setattr("centripetal.transport.blocking.resolved", several)
    monkeypatch.setattr("centripetal.transport.awaiting.resolved", several)
    with ScriptedServer(answers(OK)) as server:
        assert caller.post(f"http://localhost:{server.port}/").status == 200


def test_address_that_swallows_packets(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that never answers uses up its share of the time only, and the next is tried."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # once its queue is full, it lets further connections wait
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())

        def several(found: list[tuple[object, ...]]) -> list[Address]:
            return [Address(socket.AF_INET, full.getsockname()), *resolved(found)]

        monkeypatch.setattr("centripetal.transport.blocking.resolved", several)
        monkeypatch.setattr("centripetal.transport.awaiting.resolved", several)
        with ScriptedServer(answers(OK)) as server:
            assert caller.post(f"http://localhost:{server.port}/", timeout=1).status == 200
        with pytest.raises(TimeoutError, match="no connection") as caught:
            caller.post(f"http://127.0.0.1:{full.getsockname()[1]}/", timeout=0.2)
        assert caught.value.executed == "no"
        for filler in fillers:
            filler.close()


def test_name_is_looked_up(caller: Caller) -> None:
    """A host name leads to its addresses."""
    with ScriptedServer(answers(OK)) as server:
        assert caller.post(f"http://localhost:{server.port}/").status == 200


def test_unix_socket(make: Make, tmp_path: Path) -> None:
    """Over a Unix socket the URL gives the Host header and the path, and connections are kept."""
    path = str(tmp_path / "s")
    caller = make(unix_socket=tmp_path / "s")
    with ScriptedServer(answers(OK, OK), family=socket.AF_UNIX, path=path) as server:
        for _ in range(2):
            assert caller.post("http://centrifugo/api").status == 200
        assert server.requests[0].startswith(b"POST /api HTTP/1.1\r\nHost: centrifugo\r\n")
        assert server.connections == 1


# -- idle connections --


def test_server_closes_while_idle(caller: Caller) -> None:
    """A connection that the server has closed in the meantime is noticed: the call goes to a new one."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_end()  # so the client has seen the end when it ends the connection itself

    with ScriptedServer(script) as server:
        for number in range(1, 4):
            assert caller.post(server.url).status == 200
            caller.wait_until_readable()
            assert server.connections == number


def test_reply_nobody_asked_for(caller: Caller) -> None:
    """A second reply to one request never answers the next: not at once, and not while the connection is idle."""
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
    """A kept connection that breaks before it takes a byte is replaced, and the server sees the request once."""
    from centripetal.transport.connection import Connection

    with ScriptedServer(answers(OK, OK)) as server:
        caller.post(server.url)
        monkeypatch.setattr(Connection, "stale", lambda self: self.sock.shutdown(socket.SHUT_WR))
        assert caller.post(server.url).status == 200
        assert (server.connections, len(server.requests)) == (2, 2)


# -- what goes wrong --


def test_refused(caller: Caller) -> None:
    """Where nothing listens, a ConnectError names the place; nothing has run, and a retry makes sense."""
    port = closed_port()
    with pytest.raises(ConnectError, match=f"nothing listens on 127.0.0.1:{port}") as caught:
        caller.post(f"http://127.0.0.1:{port}/")
    assert (caught.value.executed, caught.value.retryable) == ("no", True)


@pytest.mark.parametrize("host", ["nowhere.invalid", "bücher.invalid"])
def test_unknown_host(caller: Caller, host: str) -> None:
    """A name without addresses is a ConnectError that says so."""
    with pytest.raises(ConnectError, match="name") as caught:
        caller.post(f"http://{host}/", timeout=30)
    assert caught.value.executed == "no"


def test_no_such_unix_socket(make: Make, tmp_path: Path) -> None:
    """A path without a socket, or whose server is gone, is a ConnectError with that path."""
    path = tmp_path / "gone"
    with pytest.raises(ConnectError, match=r"there is no .*gone") as caught:
        make(unix_socket=str(path)).post("http://a/")
    assert caught.value.executed == "no"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    with pytest.raises(ConnectError, match=r"nothing listens .*gone"):
        make(unix_socket=str(path)).post("http://a/")


def test_unix_socket_path_too_long(make: Make) -> None:
    """A path that is too long for a socket is a ConnectError."""
    with pytest.raises(ConnectError, match="too long"):
        make(unix_socket="/" + "x" * 200).post("http://a/")


def test_silent_server(caller: Caller) -> None:
    """A server that never answers ends the call at its deadline; the request may have run."""
    with ScriptedServer(lambda peer: peer.wait_for_end()) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            caller.post(server.url, timeout=0.2)
        assert 0.15 <= time.monotonic() - start < 0.7
        assert caught.value.executed == "unknown"
        assert isinstance(caught.value, OSError)
        assert server.ended.acquire(timeout=5), "the connection is not kept"


def test_trickling_server(caller: Caller) -> None:
    """A server that always sends a little more cannot stretch the deadline."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            peer.send(b"x")
            time.sleep(0.01)

    with ScriptedServer(script) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            caller.post(server.url, timeout=0.2)
        assert 0.15 <= time.monotonic() - start < 0.7


def test_server_that_does_not_read(caller: Caller) -> None:
    """The deadline covers writing: a request that the server does not take in ends there."""
    with ScriptedServer(lambda peer: time.sleep(2)) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            caller.post(server.url, timeout=0.5, body=b"x" * 20_000_000)
        assert time.monotonic() - start < 1
        assert caught.value.executed == "unknown"


def test_deadline_of_a_later_call_on_the_same_connection(caller: Caller) -> None:
    """A kept connection obeys each call's own deadline, shorter or longer than the one before."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.request()
        time.sleep(0.3)
        peer.send(OK)
        peer.request()
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        assert caller.post(server.url, timeout=0.2).status == 200
        assert caller.post(server.url, timeout=5).status == 200
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            caller.post(server.url, timeout=0.2)
        assert time.monotonic() - start < 0.7
        assert server.connections == 1


@pytest.mark.parametrize("timeout", [0, -1, 1e-9])
def test_no_time_at_all(caller: Caller, timeout: float) -> None:
    """A call without time left is a TimeoutError at once."""
    with ScriptedServer(lambda peer: peer.wait_for_end()) as server, pytest.raises(TimeoutError):
        caller.post(server.url, timeout=timeout)


def test_endless_time(caller: Caller) -> None:
    """An infinite timeout is one that never runs out."""
    with ScriptedServer(answers(OK)) as server:
        assert caller.post(server.url, timeout=float("inf")).status == 200


@pytest.mark.parametrize("data", [b"", b"HT", b"HTTP/1.1 200 OK\r\nContent-", OK[:-1]])
def test_truncated(caller: Caller, data: bytes) -> None:
    """An end of the connection before the whole reply is a ConnectionLostError; the request may have run."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectionLostError, match="closed the connection") as caught:
            caller.post(server.url)
        assert (caught.value.executed, len(server.requests)) == ("unknown", 1)


def test_reset(caller: Caller) -> None:
    """A reset in the middle of a reply is a ConnectionLostError; the request may have run, and is not repeated."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK[:-1])
        peer.reset()

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectionLostError) as caught:
            caller.post(server.url)
        assert (caught.value.executed, len(server.requests)) == ("unknown", 1)


def test_reset_behind_a_part(caller: Caller) -> None:
    """A reset that has arrived together with the beginning of a reply is noticed, long before the deadline."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.request()
        peer.send(OK[:-1])
        peer.reset()

    with ScriptedServer(script) as server:
        caller.post(server.url)
        if caller.runner is not None:
            # The loop does not look before all of it is there.
            caller.runner.get_loop().call_soon(time.sleep, 0.2)
        with pytest.raises(ConnectionLostError):
            caller.post(server.url)


def test_refusal_of_a_large_request(caller: Caller) -> None:
    """A server that hangs up on a large request but says why is heard, and the connection is not used again."""

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(reply(b"too large", status="413 Content Too Large"))
        peer.sock.shutdown(socket.SHUT_WR)
        time.sleep(0.2)  # then it closes with unread bytes, which resets the connection

    with ScriptedServer(script) as server:
        assert caller.post(server.url, body=b"x" * 50_000_000).status == 413
        assert server.connections == 1


@pytest.mark.parametrize(
    "data", [b"garbage\r\n\r\n", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b"HTTP/2.0 2"]
)
def test_garbage(caller: Caller, data: bytes) -> None:
    """An answer that is no HTTP/1.1 is a MalformedResponseError, and its connection is not kept."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        with pytest.raises(MalformedResponseError):
            caller.post(server.url)
        assert server.ended.acquire(timeout=5)


def test_limits(make: Make) -> None:
    """Heads and bodies beyond their limits are MalformedResponseErrors, however long they go on."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(starts[peer.number])
        while True:
            peer.send(b"x" * 10_000)

    starts = [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"]
    caller = make(max_response_bytes=1000)
    with ScriptedServer(script) as server:
        for words in ("head", "max_response_bytes", "max_response_bytes"):
            with pytest.raises(MalformedResponseError, match=words):
                caller.post(server.url)


@pytest.mark.parametrize("url", ["localhost", "ftp://a", "http://a\nb"])
def test_bad_url(caller: Caller, url: str) -> None:
    """A URL that cannot be posted to is a UsageError."""
    with pytest.raises(UsageError):
        caller.post(url)


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
def test_bad_options(make: Make, options: dict[str, object]) -> None:
    """An option that cannot be is a UsageError when the transport is made."""
    with pytest.raises(UsageError):
        make(**options)


def test_unknown_option(make: Make) -> None:
    """An option that does not exist is a TypeError, as for any function."""
    with pytest.raises(TypeError):
        make(max_conections=1)


# -- TLS --


def tls_server(file: Path, *replies: bytes) -> ScriptedServer:
    return ScriptedServer(answers(*replies), context=server_context(file))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_tls(make: Make, authority: Authority, host: str) -> None:
    """With the authority's file TLS works, for names and addresses, large and small, and connections are kept."""
    large = reply(b"x" * 5_000_000)
    caller = make(ca_file=authority.ca_file)
    with tls_server(authority.issue("localhost", "127.0.0.1"), OK, large, OK) as server:
        url = f"https://{host}:{server.port}/api/"
        assert caller.post(url).body == b"{}"
        assert len(caller.post(url, body=b"y" * 3_000_000, timeout=30).body) == 5_000_000
        assert caller.post(url).body == b"{}"
        assert server.connections == 1


def test_tls_context(make: Make, authority: Authority) -> None:
    """An SSLContext of the caller's own is used as it is."""
    context = ssl.create_default_context(cafile=authority.ca_file)
    with tls_server(authority.issue("127.0.0.1"), OK) as server:
        assert make(ssl_context=context).post(server.url).status == 200


def test_tls_closed_while_idle(make: Make, authority: Authority) -> None:
    """A TLS connection that the server has ended is noticed, though session tickets also arrive when idle."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_end()

    caller = make(ca_file=authority.ca_file)
    with ScriptedServer(script, context=server_context(authority.issue("127.0.0.1"))) as server:
        for number in range(1, 4):
            assert caller.post(server.url).status == 200
            caller.wait_until_readable()
            assert server.connections == number


def test_certificate_of_an_unknown_authority(make: Make, authority: Authority, tmp_path: Path) -> None:
    """A certificate that nobody known has signed is refused with the advice to give ca_file; a retry is no use."""
    other = Authority(tmp_path, "Other Authority")
    files = [authority.issue("127.0.0.1"), authority.self_signed("127.0.0.1")]
    for file, options in [(files[0], {}), (files[1], {}), (files[0], {"ca_file": other.ca_file})]:
        with tls_server(file) as server:
            with pytest.raises(ConnectError, match="ca_file") as caught:
                make(**options).post(server.url)
            assert (caught.value.executed, caught.value.retryable) == ("no", False)
            assert not server.requests


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_certificate_of_another_host(make: Make, authority: Authority, host: str) -> None:
    """A certificate for another name is refused with the advice to use that name."""
    with tls_server(authority.issue("example.org")) as server:
        with pytest.raises(ConnectError, match="connect by a name") as caught:
            make(ca_file=authority.ca_file).post(f"https://{host}:{server.port}/")
        assert (caught.value.executed, caught.value.retryable) == ("no", False)


def test_tls_to_a_plain_port(make: Make, authority: Authority) -> None:
    """A server that answers TLS with plain HTTP leads to the advice to write http://."""

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(reply(b"", status="400 Bad Request"))
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectError, match="http://") as caught:
            make(ca_file=authority.ca_file).post(f"https://127.0.0.1:{server.port}/")
        assert (caught.value.executed, caught.value.retryable) == ("no", False)


def test_hang_up_instead_of_tls(make: Make, authority: Authority) -> None:
    """A server that hangs up on the handshake is a ConnectError that wonders whether it speaks TLS."""

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectError, match="TLS") as caught:
            make(ca_file=authority.ca_file).post(f"https://127.0.0.1:{server.port}/")
        assert caught.value.executed == "no"


def test_silence_instead_of_tls(make: Make, authority: Authority) -> None:
    """The deadline covers the handshake, and then nothing has run."""
    with ScriptedServer(lambda peer: peer.wait_for_end()) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError, match="no connection") as caught:
            make(ca_file=authority.ca_file).post(f"https://127.0.0.1:{server.port}/", timeout=0.2)
        assert time.monotonic() - start < 0.7
        assert caught.value.executed == "no"


def test_plain_to_a_tls_port(make: Make, authority: Authority) -> None:
    """Plain HTTP to a TLS server fails with one of our errors."""
    with (
        tls_server(authority.issue("127.0.0.1")) as server,
        pytest.raises((TransportError, MalformedResponseError)),
    ):
        make().post(server.url.replace("https", "http"))


def test_client_certificate_missing(make: Make, authority: Authority) -> None:
    """A server that wants a certificate of ours leads to the advice to give one."""
    context = server_context(authority.issue("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with ScriptedServer(answers(OK), context=context) as server, pytest.raises(TransportError, match="ssl_context"):
        make(ca_file=authority.ca_file).post(server.url)


def test_ca_file_without_certificates(make: Make, tmp_path: Path) -> None:
    """A ca_file that holds no certificates is a UsageError."""
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(UsageError, match=r"empty\.pem"):
        make(ca_file=tmp_path / "empty.pem").post("https://127.0.0.1:1/")
