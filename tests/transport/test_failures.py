"""Tests of connection and reply failures, with the blocking transport, asyncio and uvloop."""

import os
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
from centripetal.transport.addresses import Address
from tests.ports import free_port
from tests.transport.conftest import Caller
from tests.transport.scripted import OK, Peer, ScriptedServer, answers, reads_nothing, reply

PATIENCE = 20.0  # seconds; only a failing test waits this long
SOON = 2.0
"""Most seconds that a call with a time limit of half a second or less may take, however busy the machine is."""

Make = Callable[..., Caller]


def test_refused(caller: Caller) -> None:
    """A refused connection raises a retryable ConnectError that names the address."""
    port = free_port()
    with pytest.raises(ConnectError, match=f"connection refused by 127.0.0.1:{port}") as caught:
        caller.post(f"http://127.0.0.1:{port}/")
    assert (caught.value.executed, caught.value.retryable) == ("no", True)


def test_a_name_without_addresses(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the resolver finds no address, the call raises an error that says that nothing was sent."""
    # uvloop resolves names without this function; it does not find the name either.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with pytest.raises((TimeoutError, ConnectError)) as caught:
        make().post("http://nowhere.invalid/")
    assert caught.value.executed == "no"


def test_ca_file_must_be_a_regular_file(make: Make) -> None:
    """A device as `ca_file` is rejected before it is read."""
    with pytest.raises(UsageError, match="is not a file"):
        make(ca_file=os.devnull)


def test_refusal_hooks(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusal hooks are called for each address that refuses a connection, and for no other failure."""
    refused: list[Address] = []
    monkeypatch.setattr("centripetal.transport.connection.on_refusal", [refused.append])
    port = free_port()
    with pytest.raises(ConnectError):
        caller.post(f"http://127.0.0.1:{port}/")
    assert [address.sockaddr for address in refused] == [("127.0.0.1", port)]
    with ScriptedServer(lambda peer: peer.send(OK[:-1])) as server, pytest.raises(ConnectionLostError):
        caller.post(server.url)
    assert len(refused) == 1


@pytest.mark.parametrize("host", ["nowhere.invalid", "xn--bcher-kva.invalid"])
def test_unknown_host(caller: Caller, host: str) -> None:
    """A host name without addresses raises ConnectError."""
    with pytest.raises(ConnectError, match="name") as caught:
        caller.post(f"http://{host}/", timeout=30)
    assert caught.value.executed == "no"


def test_missing_unix_socket(make: Make, tmp_path: Path) -> None:
    """A missing Unix socket, or a socket without a server, raises a ConnectError with the path."""
    path = tmp_path / "gone"
    with pytest.raises(ConnectError, match=r"gone.* does not exist") as caught:
        make(unix_socket=str(path)).post("http://a/")
    assert caught.value.executed == "no"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    with pytest.raises(ConnectError, match=r"connection refused by .*gone"):
        make(unix_socket=str(path)).post("http://a/")


def test_unix_socket_path_that_is_too_long(make: Make) -> None:
    """A path that is too long for a Unix socket raises ConnectError."""
    with pytest.raises(ConnectError, match="too long"):
        make(unix_socket="/" + "x" * 200).post("http://a/")


def test_silent_server(caller: Caller) -> None:
    """A server that never replies ends the call at its deadline, and the request may have run."""
    with ScriptedServer(lambda peer: peer.wait_for_end()) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            caller.post(server.url, timeout=0.2)
        assert 0.15 <= time.monotonic() - start < SOON
        assert caught.value.executed == "unknown"
        assert isinstance(caught.value, OSError)
        assert server.ended.acquire(timeout=5), "the connection is not kept"


def test_slow_server(caller: Caller) -> None:
    """A server that sends a reply byte by byte cannot extend the deadline."""

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
        assert 0.15 <= time.monotonic() - start < SOON


def test_server_that_does_not_read(caller: Caller) -> None:
    """The deadline also covers writing a request that the server does not read."""
    with ScriptedServer(reads_nothing) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            caller.post(server.url, timeout=0.5, body=b"x" * 20_000_000)
        assert time.monotonic() - start < SOON
        assert caught.value.executed == "unknown"


def test_deadline_of_a_later_call_on_the_same_connection(caller: Caller) -> None:
    """Each call on a kept connection has its own deadline, shorter or longer than the previous call's."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.request()
        time.sleep(0.6)
        peer.send(OK)
        peer.request()
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        assert caller.post(server.url, timeout=0.5).status == 200
        assert caller.post(server.url, timeout=PATIENCE).status == 200
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            caller.post(server.url, timeout=0.2)
        assert time.monotonic() - start < SOON
        assert server.connections == 1


@pytest.mark.parametrize("timeout", [0, -1, 1e-9])
def test_zero_timeout(caller: Caller, timeout: float) -> None:
    """A call with no time left raises TimeoutError at once."""
    with ScriptedServer(lambda peer: peer.wait_for_end()) as server, pytest.raises(TimeoutError):
        caller.post(server.url, timeout=timeout)


def test_infinite_timeout(caller: Caller) -> None:
    """A call with an infinite timeout does not time out."""
    with ScriptedServer(answers(OK)) as server:
        assert caller.post(server.url, timeout=float("inf")).status == 200


@pytest.mark.parametrize("data", [b"", b"HT", b"HTTP/1.1 200 OK\r\nContent-", OK[:-1]])
def test_truncated_reply(caller: Caller, data: bytes) -> None:
    """A connection that closes during a reply raises ConnectionLostError, and the request may have run."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectionLostError, match="closed the connection") as caught:
            caller.post(server.url)
        assert (caught.value.executed, len(server.requests)) == ("unknown", 1)


def test_reset_during_a_reply(caller: Caller) -> None:
    """A reset during a reply raises ConnectionLostError, and the request may have run and is not repeated."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK[:-1])
        peer.reset()

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectionLostError) as caught:
            caller.post(server.url)
        assert (caught.value.executed, len(server.requests)) == ("unknown", 1)


def test_reset_after_a_partial_reply(caller: Caller) -> None:
    """A reset that arrived together with a partial reply is noticed at once, not at the deadline."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(OK)
        peer.request()
        peer.send(OK[:-1])
        peer.reset()

    with ScriptedServer(script) as server:
        caller.post(server.url)
        if caller.runner is not None:
            # Block the loop until the partial reply and the reset have arrived.
            caller.runner.get_loop().call_soon(time.sleep, 0.2)
        with pytest.raises(ConnectionLostError):
            caller.post(server.url)


def _and_ends(peer: Peer) -> None:
    peer.sock.shutdown(socket.SHUT_WR)
    time.sleep(0.2)  # closing with unread bytes resets the connection


def _and_resets(peer: Peer) -> None:
    peer.reset()


def _and_reads_on(peer: Peer) -> None:
    """Read so slowly that the client has to wait while it writes."""
    while not peer.server.over.wait(0.002) and peer.sock.recv(4096):
        pass


@pytest.mark.parametrize("then", [reads_nothing, _and_ends, _and_resets, _and_reads_on])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "cut"])
def test_early_reply_to_a_large_request(caller: Caller, then: Callable[[Peer], None], whole: bool) -> None:
    """A reply to a request that is not written completely is returned at once, and the connection is not reused."""
    data = reply(b"too large", status="413 Content Too Large")
    if not whole and then in (reads_nothing, _and_reads_on):
        pytest.skip("the end of this reply never arrives")

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(data if whole else data[:-4])
        then(peer)

    with ScriptedServer(script) as server:
        for number in range(2):
            answer = caller.post(server.url, body=b"x" * 20_000_000)
            assert (answer.status, answer.body) == (413, b"too large" if whole else b"too l")
            assert server.connections == number + 1


@pytest.mark.parametrize(
    "data", [b"garbage\r\n\r\n", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b"HTTP/2.0 2"]
)
def test_invalid_reply(caller: Caller, data: bytes) -> None:
    """A reply that is not HTTP/1.1 raises MalformedResponseError, and its connection is closed."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        with pytest.raises(MalformedResponseError):
            caller.post(server.url)
        assert server.ended.acquire(timeout=5)


def test_limits(make: Make) -> None:
    """Replies with a head or a body over the limit raise MalformedResponseError, even if they never end."""

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
def test_invalid_url(caller: Caller, url: str) -> None:
    """An invalid URL raises UsageError."""
    with pytest.raises(UsageError):
        caller.post(url)
