"""What only the server kit has: an address, and failures for whoever comes."""

import asyncio
import http.client
import os
import re
import socket
import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import TypeAlias

import pytest

import centripetal
from centripetal import v1
from centripetal.errors import ConnectError
from centripetal.server.engine.events import CommandRun, Event
from centripetal.testing import Centrifugo, CentrifugoV1
from centripetal.transport.connection import on_refusal

Server: TypeAlias = Centrifugo | CentrifugoV1


@pytest.fixture(params=[Centrifugo, CentrifugoV1])
def kind(request: pytest.FixtureRequest) -> type[Server]:
    """Of either generation."""
    kind: type[Server] = request.param
    return kind


@pytest.fixture
def server(kind: type[Server]) -> Iterator[Server]:
    with kind() as server:
        yield server


def wait_until_met(server: Server) -> None:
    """Wait until a call has met each failure that was planned."""
    unused = True
    while unused:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            server.finish()
        unused = bool(caught)


def status(server: Server, method: str, path: str) -> int:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=20)) as connection:
        connection.request(method, path)
        return connection.getresponse().status


def test_it_has_addresses_and_events(server: Server) -> None:
    """Any client can use it, and its events can be listened to."""
    heard = list[Event]()
    server.events.listen(heard.append)
    if isinstance(server, Centrifugo):
        centripetal.Client(server.url, server.api_key).publish("news", 1)
        assert server.token_secret == "secret"
    else:
        v1.Client(server.url, server.secret).publish("news", 1)
    assert any(isinstance(event, CommandRun) for event in heard)
    assert server.websocket_url == server.url.replace("http:", "ws:") + "/connection/websocket"
    assert re.fullmatch(
        rf"<{type(server).__name__}, <EmbeddedServer .+, at {server.url}>, 1 publications>", repr(server)
    )


def test_only_requests_to_the_api_fail(server: Server) -> None:
    """Requests to other paths are answered and use nothing up."""
    server.fail_next("error")
    assert status(server, "GET", "/other") == 404
    assert status(server, "POST", "/apis") == 404
    assert status(server, "POST", "/api") == 500
    assert status(server, "POST", "/api/publish") in (400, 401)  # what each says of a request that proves nothing


def test_nothing_listens_while_it_is_down(server: Server) -> None:
    """Whoever comes is turned away by the operating system, and the address stays the server's."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)))) as idle:
        with server.down():
            assert idle.recv(1) == b""
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, int(port)))
        socket.create_connection((host, int(port))).close()


def test_it_can_stop_while_it_is_down_or_keeps_a_caller_waiting(kind: type[Server]) -> None:
    """A stopped server takes no notice of refusals any more."""
    with kind() as server:
        client = server.async_client()
        url = server.url
        server.fail_next("timeout")
        host, _, port = url.removeprefix("http://").partition(":")
        waiting = socket.create_connection((host, int(port)))
        waiting.sendall(b"POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        wait_until_met(server)
        with server.down():
            server.stop()
    assert waiting.recv(1) == b""
    waiting.close()
    with pytest.raises(ConnectError):
        asyncio.run(client.publish("news", 1))
    assert on_refusal == []


def test_it_can_be_started_again(server: Server) -> None:
    """It gets a new address, and what was planned meanwhile holds from then on."""
    server.client().publish("news", 1)
    server.stop()
    server.fail_next("refuse")
    server.start()
    with pytest.raises(ConnectError):
        server.client().publish("news", 2)
    server.client().publish("news", 3)
    server.assert_published_exactly([("news", 1), ("news", 3)])


def test_two_servers_count_their_own_refusals(server: Server) -> None:
    """A call to one that is down does not use up what is planned at the other."""
    with Centrifugo() as other:
        other.fail_next("refuse")
        with server.down(), pytest.raises(ConnectError):
            server.client().publish("news", 1)
        with pytest.raises(ConnectError):
            other.client().publish("news", 1)
        other.client().publish("news", 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_meets_the_refusal_and_counts_nothing(server: Server) -> None:
    """The server's thread is the parent's; a child that asked it to count would wait forever."""
    server.fail_next("refuse")
    child = os.fork()
    if child == 0:
        try:
            server.client().publish("news", 1)
        except ConnectError:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    with pytest.raises(ConnectError):
        server.client().publish("news", 1)
    server.client().publish("news", 2)
