"""HTTP connections over a real loopback socket: pipelined requests, upgrades and shutdown."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator

import pytest

from centripetal.server.listening.http1 import MAX_HEAD, Request, Response
from centripetal.server.listening.http_server import HTTPConnection, HTTPServer
from centripetal.server.steps import Steps

GET = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


def answer(request: Request) -> Response:
    if request.target == "/fail":
        raise ValueError("on purpose")
    if request.target == "/large":
        return Response(200, (), b"a" * 5_000_000)
    return Response(200, (), f"{request.method} {request.target}".encode() + request.body, note="noted")


class Echo(asyncio.Protocol):
    """A protocol to upgrade to; it sends back the bytes that it receives."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"taken over;")

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)
        if data.endswith(b"end"):
            self.transport.close()


class Server(HTTPServer):
    """A server that remembers its address."""

    async def start(self, *listeners: socket.socket) -> None:
        self.address: tuple[str, int] = listeners[0].getsockname()
        await super().start(*listeners)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server(answer, lambda request: Echo() if request.target == "/echo" else None)
    await server.start(socket.create_server(("127.0.0.1", 0)))
    yield server
    await server.stop()


async def connect(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*server.address)


async def talk(server: Server, data: bytes) -> bytes:
    """Return everything that the server sends for *data* before the connection ends."""
    reader, writer = await connect(server)
    writer.write(data)
    received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return received


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


async def test_a_connection_carries_several_requests(server: Server) -> None:
    """A connection is reused for the next request."""
    reader, writer = await connect(server)
    for name in (b"a", b"b"):
        writer.write(GET % name)
        assert await read_answer(reader) == b"GET /" + name
    writer.close()
    await writer.wait_closed()


async def test_requests_sent_ahead_are_answered_in_order(server: Server) -> None:
    """Pipelined requests are answered in order until a request closes the connection."""
    last = (GET % b"c").replace(b"Host", b"Connection: close\r\nHost")
    received = await talk(server, GET % b"a" + GET % b"b" + last + GET % b"never")
    assert [received.index(b"GET /" + name) for name in (b"a", b"b", b"c")] == sorted(
        received.index(b"GET /" + name) for name in (b"a", b"b", b"c")
    )
    assert b"never" not in received
    assert received.count(b"Connection: close\r\n") == 1


async def test_expect_continue_is_answered_before_the_body(server: Server) -> None:
    """A request with `Expect: 100-continue` gets the 100 response before its body is sent."""
    reader, writer = await connect(server)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"!")
    assert await read_answer(reader) == b"POST /!"
    writer.close()
    await writer.wait_closed()


async def test_an_invalid_request_is_answered_and_closed(server: Server) -> None:
    """An invalid request gets a 4xx response that the client can read even if it has sent much more data."""
    assert (await talk(server, b"garbage\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    assert (await talk(server, b"a" * (2 * MAX_HEAD))).startswith(b"HTTP/1.1 431 ")


async def test_a_failing_handler_is_answered_and_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """An exception in the handler is logged and answered with 500, and the connection stays open."""
    reader, writer = await connect(server)
    writer.write(GET % b"fail" + GET % b"a")
    assert await read_answer(reader) == b"Internal Server Error\n"
    assert await read_answer(reader) == b"GET /a"
    assert "failed to answer GET /fail" in caplog.text
    writer.close()
    await writer.wait_closed()


async def test_notes_go_to_the_log(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """The note of a response is logged and not sent to the client."""
    with caplog.at_level(logging.INFO, "centripetal.server"):
        received = await talk(server, (GET % b"a").replace(b"1.1", b"1.0"))
    assert "200: noted" in caplog.text
    assert b"noted" not in received


async def test_another_protocol_takes_over(server: Server) -> None:
    """After an upgrade, the new protocol receives the bytes that followed the request."""
    assert await talk(server, GET % b"echo" + b"first end") == b"taken over;first end"
    assert not server.connections


async def test_a_client_that_does_not_read_pauses_its_requests(server: Server) -> None:
    """A client that does not read pauses the requests that it pipelined; all responses arrive once it reads."""
    reader, writer = await connect(server)
    writer.write(GET % b"large" * 4 + GET % b"a")
    sizes = []
    for _ in range(4):
        await reader.readuntil(b"\r\n\r\n")
        size = int(await reader.readline(), 16)
        sizes.append(len(await reader.readexactly(size)))
        await reader.readexactly(len("\r\n0\r\n\r\n"))
    assert sizes == [5_000_000] * 4
    assert await read_answer(reader) == b"GET /a"
    writer.close()
    await writer.wait_closed()


async def test_stopping_closes_idle_connections_and_the_listener(server: Server) -> None:
    """Stopping closes idle connections and the listening socket."""
    reader, writer = await connect(server)
    writer.write(GET % b"a")
    await read_answer(reader)
    address = server.address
    await server.stop()
    assert await reader.read() == b""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)
    writer.close()
    await writer.wait_closed()


async def test_stopping_cuts_off_a_slow_reader(server: Server) -> None:
    """Stopping cuts off a client that does not read its response before the timeout."""
    reader, writer = await connect(server)
    writer.write(GET % b"large" * 10)
    await reader.readuntil(b"\r\n\r\n")
    await server.stop(timeout=0.01)
    await asyncio.sleep(0)
    assert not server.connections
    writer.transport.abort()


async def test_a_pause_refuses_connections(server: Server) -> None:
    """A pause closes the listener and all connections but the spared one; resuming listens on the same address."""
    reader, writer = await connect(server)
    writer.write(GET % b"a")
    assert await read_answer(reader) == b"GET /a"
    (spared,) = server.connections
    idle, other_writer = await connect(server)
    await server.pause(spared)
    assert await idle.read() == b""
    with pytest.raises(ConnectionRefusedError):
        await connect(server)
    writer.write(GET % b"b")
    assert await read_answer(reader) == b"GET /b"
    await server.resume()
    assert (await talk(server, (GET % b"c").replace(b"Host", b"Connection: close\r\nHost"))).endswith(b"GET /c")
    for each in (writer, other_writer):
        each.close()


class Cut(asyncio.Transport):
    """A transport that records whether it was aborted."""

    cut = False

    def abort(self) -> None:
        self.cut = True


async def test_a_connection_accepted_during_a_pause_is_cut(server: Server) -> None:
    """A connection whose transport is not ready when the pause begins is cut as soon as the transport exists."""
    connection, transport = HTTPConnection(server), Cut()
    await server.pause()
    connection.connection_made(transport)
    assert transport.cut
    connection.connection_lost(None)
    assert len(server.connections) == 0


async def test_stopping_in_a_pause(server: Server) -> None:
    """Stopping a paused server frees its address."""
    address = server.address
    await server.pause()
    await server.stop()
    socket.create_server(address).close()


async def test_an_interceptor_answers_its_request(server: Server) -> None:
    """An intercepted request is answered only by its interceptor, and later requests on the connection are not read."""
    taken: list[tuple[Request, HTTPConnection]] = []

    def intercept(request: Request, connection: HTTPConnection) -> bool:
        if request.target == "/mine":
            taken.append((request, connection))
        return request.target == "/mine"

    server.intercept = intercept
    reader, writer = await connect(server)
    writer.write(GET % b"a" + GET % b"mine" + GET % b"never")
    assert await read_answer(reader) == b"GET /a"
    assert len(taken) == 1
    request, connection = taken[0]
    connection.end_with(Response(200, (), b"said"), request)
    assert (await reader.read()).endswith(b"said")
    writer.close()


def long_answer(request: Request) -> Steps[Response]:
    for _ in range(int(request.target[1:])):
        time.sleep(0.001)
        yield
    if request.target == "/7":
        raise ValueError("on purpose")
    return Response(200, (), request.target.encode())


async def test_long_answers_do_not_hold_up_others() -> None:
    """While a long answer is made, other connections are answered; each connection keeps the order of its requests."""
    server = Server(lambda request: long_answer(request) if request.target != "/" else Response(200, (), b"short"))
    await server.start(socket.create_server(("127.0.0.1", 0)))
    reader, writer = await connect(server)
    writer.write(GET % b"300" + GET % b"2" + GET % b"7" + GET % b"")
    await asyncio.sleep(0.02)
    assert b"short" in await talk(server, b"GET / HTTP/1.0\r\n\r\n")
    assert not reader._buffer  # type: ignore[attr-defined]
    received = b""
    while b"short" not in received:
        received += await reader.read(1000)
    assert received.count(b"200 OK") == 3
    assert received.index(b"/300") < received.index(b"/2") < received.index(b"500 Internal") < received.index(b"short")
    writer.close()
    await server.stop()


async def test_a_stop_waits_for_a_long_answer() -> None:
    """An answer that is being made is finished and sent before the server stops; a client may leave meanwhile."""
    server = Server(long_answer)
    await server.start(socket.create_server(("127.0.0.1", 0)))
    reader, writer = await connect(server)
    _, leaving = await connect(server)
    for each in (writer, leaving):
        each.write(GET % b"100")
    await asyncio.sleep(0.02)
    leaving.transport.abort()
    await server.stop()
    assert b"/100" in await reader.read()
    writer.close()
