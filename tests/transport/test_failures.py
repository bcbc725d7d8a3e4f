"""What goes wrong between a client and a server, run with both transports, and with uvloop."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from centripetal.errors import (
    ConnectError,
    ConnectionLostError,
    MalformedResponseError,
    TimeoutError,
    UsageError,
)
from centripetal.transport.settings import Address
from tests.ports import free_port
from tests.transport.conftest import Caller
from tests.transport.scripted import OK, Peer, ScriptedServer, answers, reply

Make = Callable[..., Caller]


def test_refused(caller: Caller) -> None:
    """Where nothing listens, a ConnectError names the place; nothing has run, and a retry makes sense."""
    port = free_port()
    with pytest.raises(ConnectError, match=f"nothing listens on 127.0.0.1:{port}") as caught:
        caller.post(f"http://127.0.0.1:{port}/")
    assert (caught.value.executed, caught.value.retryable) == ("no", True)


def test_refusals_are_told(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for it learns of each address at which nothing listens, before the caller does; of no other failure."""
    refused: list[Address] = []
    monkeypatch.setattr("centripetal.transport.connection.on_refusal", [refused.append])
    port = free_port()
    with pytest.raises(ConnectError):
        caller.post(f"http://127.0.0.1:{port}/")
    assert [address.sockaddr for address in refused] == [("127.0.0.1", port)]
    with ScriptedServer(lambda peer: peer.send(OK[:-1])) as server, pytest.raises(ConnectionLostError):
        caller.post(server.url)
    assert len(refused) == 1


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
