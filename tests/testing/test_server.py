"""What only the server kit has: an address, and failures for whoever comes."""

import http.client
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from centripetal.errors import ConnectError
from centripetal.server.events import CommandRun, Event
from centripetal.testing import CentrifugoV1
from centripetal.transport.connection import on_refusal
from centripetal.v1 import Client


@pytest.fixture
def server() -> Iterator[CentrifugoV1]:
    with CentrifugoV1() as server:
        yield server


def status(server: CentrifugoV1, method: str, path: str) -> int:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=20)) as connection:
        connection.request(method, path)
        return connection.getresponse().status


def test_it_has_addresses_and_events(server: CentrifugoV1) -> None:
    """Any client can use it, and its events can be listened to."""
    heard = list[Event]()
    server.events.listen(heard.append)
    Client(server.url, server.secret).publish("news", 1)
    assert any(isinstance(event, CommandRun) for event in heard)
    assert server.websocket_url == server.url.replace("http:", "ws:") + "/connection/websocket"
    assert repr(server) == f"<CentrifugoV1, <EmbeddedServer 1.x, at {server.url}>, 1 publications>"


def test_only_requests_to_the_api_fail(server: CentrifugoV1) -> None:
    """Others are answered and use nothing up."""
    server.fail_next("error")
    assert status(server, "GET", "/other") == 404
    assert status(server, "POST", "/api/") == 500
    assert status(server, "POST", "/api/") == 400


def test_nothing_listens_while_it_is_down(server: CentrifugoV1) -> None:
    """Whoever comes is turned away by the operating system, and the address stays the server's."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)))) as idle:
        with server.down():
            assert idle.recv(1) == b""
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, int(port)))
        socket.create_connection((host, int(port))).close()


def test_it_can_stop_while_it_is_down_or_keeps_a_caller_waiting() -> None:
    """And it takes no notice of refusals afterwards."""
    with CentrifugoV1() as server:
        url = server.url
        server.fail_next("timeout")
        host, _, port = url.removeprefix("http://").partition(":")
        waiting = socket.create_connection((host, int(port)))
        waiting.sendall(b"POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        while server._plan.unused():
            time.sleep(0.001)
        with server.down():
            server.stop()
    assert waiting.recv(1) == b""
    waiting.close()
    with pytest.raises(ConnectError):
        Client(url, "secret").publish("news", 1)
    assert on_refusal == []


def test_it_can_be_started_again(server: CentrifugoV1) -> None:
    """At a new address; what was planned meanwhile holds from then on."""
    server.client().publish("news", 1)
    server.stop()
    server.fail_next("refuse")
    server.start()
    with pytest.raises(ConnectError):
        server.client().publish("news", 2)
    server.client().publish("news", 3)
    server.assert_published_exactly([("news", 1), ("news", 3)])


def test_two_servers_count_their_own_refusals(server: CentrifugoV1) -> None:
    """A call to one that is down does not use up what is planned at the other."""
    with CentrifugoV1() as other:
        other.fail_next("refuse")
        with server.down(), pytest.raises(ConnectError):
            server.client().publish("news", 1)
        with pytest.raises(ConnectError):
            other.client().publish("news", 1)
        other.client().publish("news", 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_meets_the_refusal_and_counts_nothing(server: CentrifugoV1) -> None:
    """The server's thread is the parent's; a child that asked it to count would wait forever."""
    server.fail_next("refuse")
    child = os.fork()
    if child == 0:
        try:
            Client(server.url, server.secret).publish("news", 1)
        except ConnectError:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    with pytest.raises(ConnectError):
        server.client().publish("news", 1)
    server.client().publish("news", 2)
