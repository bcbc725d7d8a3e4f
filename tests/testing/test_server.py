"""Tests of the test server only: its addresses, and failures for any HTTP client."""

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
    """The test server of each generation."""
    kind: type[Server] = request.param
    return kind


@pytest.fixture
def server(kind: type[Server]) -> Iterator[Server]:
    with kind() as server:
        yield server


def wait_until_met(server: Server) -> None:
    """Wait until every planned failure has been used."""
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
    """Any client can use the addresses, and listeners receive the server's events."""
    heard = list[Event]()
    server.events.listen(heard.append)
    if isinstance(server, Centrifugo):
        centripetal.Client(server.url, server.api_key).publish("news", 1)
        assert len(server.token_secret) >= 32
    else:
        v1.Client(server.url, server.secret).publish("news", 1)
    assert any(isinstance(event, CommandRun) for event in heard)
    assert server.websocket_url == server.url.replace("http:", "ws:") + "/connection/websocket"
    assert re.fullmatch(
        rf"<{type(server).__name__}, <EmbeddedServer .+, at {server.url}>, 1 publications>", repr(server)
    )


def test_only_api_requests_fail(server: Server) -> None:
    """Requests to other paths are answered and use up no planned failure."""
    server.fail_next("error")
    assert status(server, "GET", "/other") == 404
    assert status(server, "POST", "/apis") == 404
    assert status(server, "POST", "/api") == 500
    # An unauthenticated request gets 400 from the 1.x server and 401 from the current server.
    assert status(server, "POST", "/api/publish") in (400, 401)


def test_connections_are_refused_during_an_outage(server: Server) -> None:
    """During an outage the operating system refuses connections, and the server keeps its port."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)))) as idle:
        with server.down():
            assert idle.recv(1) == b""
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, int(port)))
        socket.create_connection((host, int(port))).close()


def test_it_can_stop_during_an_outage_or_a_planned_timeout(kind: type[Server]) -> None:
    """A server can stop during an outage while a call waits, and a stopped server has no refusal hook."""
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


def test_it_can_be_restarted(server: Server) -> None:
    """A restarted server has a new address, and failures that were planned in between apply."""
    server.client().publish("news", 1)
    server.stop()
    server.fail_next("refuse")
    server.start()
    with pytest.raises(ConnectError):
        server.client().publish("news", 2)
    server.client().publish("news", 3)
    server.assert_published_exactly([("news", 1), ("news", 3)])


def test_two_servers_count_refusals_separately(server: Server) -> None:
    """A call to a server during its outage does not use up a refusal planned on another server."""
    with Centrifugo() as other:
        other.fail_next("refuse")
        with server.down(), pytest.raises(ConnectError):
            server.client().publish("news", 1)
        with pytest.raises(ConnectError):
            other.client().publish("news", 1)
        other.client().publish("news", 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_count_refusals(server: Server) -> None:
    """A forked child is refused but does not count it, because the server's thread runs in the parent only."""
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
