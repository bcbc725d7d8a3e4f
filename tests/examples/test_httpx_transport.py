"""Tests of the custom transport example against the transport contract."""

import asyncio
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from centripetal.errors import (
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    MalformedResponseError,
    TimeoutError,
    UsageError,
)
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.transport.base import AsyncTransport, Transport
from examples.httpx_transport import AsyncHttpxTransport, HttpxTransport
from tests.transport.scripted import OK, Peer, Script, ScriptedServer, answers, reply

Send = Callable[[HTTPRequest, float], HTTPReply]


@pytest.fixture(params=["blocking", "awaiting"])
def send(request: pytest.FixtureRequest) -> Iterator[Send]:
    """Return a blocking `send` of either transport that ignores proxies in the environment."""
    if request.param == "blocking":
        transport: Transport = HttpxTransport(httpx.Client(trust_env=False))
        yield transport.send
        transport.close()
        return

    with asyncio.Runner() as runner:
        awaiting: AsyncTransport = AsyncHttpxTransport(httpx.AsyncClient(trust_env=False))
        yield lambda request, timeout: runner.run(awaiting.send(request, timeout))
        runner.run(awaiting.close())


def test_replies(send: Send) -> None:
    """Status, headers and body are returned, redirects are not followed, and the connection is reused."""
    with ScriptedServer(answers(OK, reply(b"", "Location: /", status="302 Found"))) as server:
        request = HTTPRequest(server.url, (("X-API-Sign", "ab"),), b"[]")
        answer = send(request, 5)
        assert (answer.status, answer.body, answer.header("content-length")) == (200, b"{}", "2")
        assert b"\r\nX-API-Sign: ab\r\n" in server.requests[0]
        assert server.requests[0].endswith(b"\r\n\r\n[]")
        assert send(request, 5).status == 302
        assert server.connections == 1


def test_no_connection(send: Send) -> None:
    """A refused connection raises ConnectError, and the request did not run."""
    with ScriptedServer(answers()) as server:
        url = server.url
    with pytest.raises(ConnectError) as caught:
        send(HTTPRequest(url, (), b""), 5)
    assert caught.value.executed == "no"


def trickle(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    while True:
        peer.send(b"x")
        time.sleep(0.01)


@pytest.mark.parametrize("script", [lambda peer: peer.wait_for_end(), trickle], ids=["silent", "trickle"])
def test_time_runs_out(send: Send, script: Script) -> None:
    """A silent or slow server ends the call at its deadline, and the request may have run."""
    with ScriptedServer(script) as server:
        start = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            send(HTTPRequest(server.url, (), b""), 0.2)
        assert time.monotonic() - start < 2
        assert caught.value.executed == "unknown"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", ConnectionLostError),
        (OK[:-1], ConnectionLostError),
        (b"garbage\r\n\r\n", ConnectionLostError),  # httpx does not distinguish this from a broken connection
        (reply(b"junk", "Content-Encoding: gzip"), MalformedResponseError),
    ],
)
def test_invalid_replies(send: Send, data: bytes, kind: type[CentripetalError]) -> None:
    """An incomplete or invalid reply raises one of the library's errors, and the request may have run."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)

    with ScriptedServer(script) as server:
        with pytest.raises(kind) as caught:
            send(HTTPRequest(server.url, (), b""), 5)
        assert caught.value.executed == "unknown"


@pytest.mark.parametrize(
    ("url", "headers"), [("ftp://a/", ()), ("http://[/", ()), ("http://127.0.0.1:1/", (("a b", "c"),))]
)
def test_invalid_requests(send: Send, url: str, headers: tuple[tuple[str, str], ...]) -> None:
    """An invalid request raises one of the library's errors, and the request did not run."""
    with pytest.raises((UsageError, ConnectError)) as caught:
        send(HTTPRequest(url, headers, b""), 5)
    assert caught.value.executed == "no"
