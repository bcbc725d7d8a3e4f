"""Tests of TCP options and of the proof that a server accepted no byte of a request."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from centripetal.transport.tcp import CAN_PROVE, accepted_nothing, keep_alive

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A client's and a server's end of a connection on which one request has been answered."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with closing(client), closing(server):
        client.sendall(b"request")
        assert server.recv(100)
        server.sendall(b"reply")
        assert client.recv(100)
        yield client, server


def closes_before(client: socket.socket, server: socket.socket) -> None:
    server.close()
    client.sendall(b"request")


def half_closes_before(client: socket.socket, server: socket.socket) -> None:
    server.shutdown(socket.SHUT_WR)
    client.sendall(b"request")


def half_closes_and_reads(client: socket.socket, server: socket.socket) -> None:
    half_closes_before(client, server)
    assert server.recv(100)
    server.close()


def closes_after(client: socket.socket, server: socket.socket) -> None:
    client.sendall(b"request")
    assert server.recv(100)
    server.close()


def closes_in_between(client: socket.socket, server: socket.socket) -> None:
    client.sendall(b"req")
    assert server.recv(100)
    server.close()
    client.sendall(b"uest")


@pytest.mark.skipif(not CAN_PROVE, reason="only Linux tells what the other side has acknowledged")
@pytest.mark.parametrize(
    ("happens", "proven"),
    [
        (closes_before, True),
        (half_closes_before, False),
        (half_closes_and_reads, False),
        (closes_after, False),
        (closes_in_between, False),
    ],
)
def test_only_an_end_before_the_request_is_a_proof(
    ends: Ends, happens: Callable[[socket.socket, socket.socket], None], proven: bool
) -> None:
    """It is certain that nothing was accepted only if the server had closed the whole connection before the request."""
    client, server = ends
    happens(client, server)
    assert client.recv(100) == b""
    assert accepted_nothing(client, len(b"request")) is proven


def test_other_sockets_prove_nothing() -> None:
    """A Unix socket and a closed socket prove nothing and raise nothing."""
    one, other = socket.socketpair()
    with closing(one), closing(other):
        assert not accepted_nothing(one, 1)
    assert not accepted_nothing(one, 1)


def test_keep_alive(ends: Ends) -> None:
    """The system probes the connection; a socket without these options is left as it is."""
    client, _ = ends
    keep_alive(client)
    assert client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
    with closing(socket.socket(socket.AF_UNIX)) as other:
        keep_alive(other)
