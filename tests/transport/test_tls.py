"""Tests of TLS and its failures, with the blocking transport, asyncio and uvloop."""

import gc
import socket
import ssl
import struct
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from centripetal.errors import (
    ConnectError,
    MalformedResponseError,
    TimeoutError,
    TransportError,
    UsageError,
)
from tests.transport.certificates import Authority, server_context
from tests.transport.conftest import Caller
from tests.transport.scripted import OK, Peer, ScriptedServer, answers, reply

Make = Callable[..., Caller]


def tls_server(file: Path, *replies: bytes) -> ScriptedServer:
    return ScriptedServer(answers(*replies), context=server_context(file))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_tls(make: Make, authority: Authority, host: str) -> None:
    """With `ca_file`, TLS works for host names and IP addresses, small and large bodies, and kept connections."""
    large = reply(b"x" * 5_000_000)
    caller = make(ca_file=authority.ca_file)
    with tls_server(authority.issue("localhost", "127.0.0.1"), OK, large, OK) as server:
        url = f"https://{host}:{server.port}/api/"
        assert caller.post(url).body == b"{}"
        assert len(caller.post(url, body=b"y" * 3_000_000, timeout=30).body) == 5_000_000
        assert caller.post(url).body == b"{}"
        assert server.connections == 1


def test_early_reply_to_a_large_request(make: Make, authority: Authority) -> None:
    """A reply to a request that is not written completely is returned although the server reads no further."""

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(reply(b"no", status="401 Unauthorized"))
        done.wait(5)

    done = threading.Event()
    with ScriptedServer(script, context=server_context(authority.issue("127.0.0.1"))) as server:
        answer = make(ca_file=authority.ca_file).post(server.url, body=b"x" * 20_000_000)
        assert (answer.status, answer.body) == (401, b"no")
        done.set()


def test_tls_context(make: Make, authority: Authority) -> None:
    """A custom SSLContext is used unchanged."""
    context = ssl.create_default_context(cafile=authority.ca_file)
    with tls_server(authority.issue("127.0.0.1"), OK) as server:
        assert make(ssl_context=context).post(server.url).status == 200


def test_tls_closed_while_idle(make: Make, authority: Authority) -> None:
    """The end of an idle TLS connection is noticed, although session tickets also arrive on idle connections."""

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
    """A certificate of an unknown authority raises an error that recommends `ca_file` and is not retryable."""
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
    """A certificate for another host raises an error that recommends the name in the certificate."""
    with tls_server(authority.issue("example.org")) as server:
        with pytest.raises(ConnectError, match="connect with a name") as caught:
            make(ca_file=authority.ca_file).post(f"https://{host}:{server.port}/")
        assert (caught.value.executed, caught.value.retryable) == ("no", False)


def test_tls_to_a_plain_server(make: Make, authority: Authority) -> None:
    """A server that answers the TLS handshake with plain HTTP raises an error that recommends http://."""

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(reply(b"", status="400 Bad Request"))
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectError, match="http://") as caught:
            make(ca_file=authority.ca_file).post(f"https://127.0.0.1:{server.port}/")
        assert (caught.value.executed, caught.value.retryable) == ("no", False)


def test_connection_closed_during_the_handshake(make: Make, authority: Authority) -> None:
    """A server that closes the connection during the handshake raises an error that asks whether it uses TLS."""

    def script(peer: Peer) -> None:
        peer.sock.recv(1000)

    with ScriptedServer(script) as server:
        with pytest.raises(ConnectError, match="TLS") as caught:
            make(ca_file=authority.ca_file).post(f"https://127.0.0.1:{server.port}/")
        assert caught.value.executed == "no"


class DetachingContext(ssl.SSLContext):
    """SSLContext that detaches the socket's descriptor and fails, as Python does after a reset by the peer."""

    def wrap_socket(self, sock: socket.socket, *_: object, **__: object) -> ssl.SSLSocket:
        socket.socket(fileno=sock.detach()).close()
        raise ConnectionResetError(104, "Connection reset by peer")


def test_reset_before_the_handshake(make: Make) -> None:
    """A TLS setup that fails halfway raises ConnectError, although the socket has lost its descriptor."""
    with ScriptedServer(lambda peer: peer.wait_for_end()) as server:
        with pytest.raises(ConnectError, match="closed the connection") as caught:
            make(ssl_context=DetachingContext(ssl.PROTOCOL_TLS_CLIENT)).post(f"https://127.0.0.1:{server.port}/")
        assert caught.value.executed == "no"


def test_a_reset_before_the_handshake_closes_the_socket(make: Make) -> None:
    """A connection that was reset before TLS starts raises ConnectError and leaves no socket open."""

    def hang_up(peer: Peer) -> None:
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    context = ssl.create_default_context()
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        for _ in range(20):
            with ScriptedServer(hang_up) as server, pytest.raises(ConnectError) as caught:
                make(ssl_context=context).post(f"https://127.0.0.1:{server.port}/")
            del caught
        gc.collect()
    assert not [str(complaint.message) for complaint in complaints if "unclosed" in str(complaint.message)]


def test_silence_during_the_handshake(make: Make, authority: Authority) -> None:
    """The deadline covers the handshake, and the request did not run."""
    with ScriptedServer(lambda peer: peer.wait_for_end()) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError, match=r"no TLS handshake with .* begin with http://") as caught:
            make(ca_file=authority.ca_file).post(f"https://127.0.0.1:{server.port}/", timeout=0.2)
        assert time.monotonic() - start < 2
        assert caught.value.executed == "no"


def test_plain_to_a_tls_server(make: Make, authority: Authority) -> None:
    """Plain HTTP to a TLS server raises one of the library's errors."""
    with (
        tls_server(authority.issue("127.0.0.1")) as server,
        pytest.raises((TransportError, MalformedResponseError)),
    ):
        make().post(server.url.replace("https", "http"))


def test_missing_client_certificate(make: Make, authority: Authority) -> None:
    """A server that requires a client certificate causes an error that recommends to set one."""
    context = server_context(authority.issue("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with ScriptedServer(answers(OK), context=context) as server, pytest.raises(TransportError, match="ssl_context"):
        make(ca_file=authority.ca_file).post(server.url)


def test_ca_file_without_certificates(make: Make, tmp_path: Path) -> None:
    """A `ca_file` without certificates raises UsageError."""
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(UsageError, match=r"empty\.pem"):
        make(ca_file=tmp_path / "empty.pem").post("https://127.0.0.1:1/")
