"""WebSocket connections below the message content, over real sockets and with a fake transport."""

import asyncio
import http.client
import itertools
import json
import socket
from typing import Any

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode

from centripetal import v1
from centripetal.dialects.v1.disconnects import Disconnect
from centripetal.server import EmbeddedServer, system
from centripetal.server.listening.http1 import Request
from centripetal.server.listening.websocket import WebSockets
from centripetal.server.v1.client_endpoint import WebSocketEndpoint
from centripetal.server.v1.config import read_config
from centripetal.server.v1.node import Node
from tests.server.environment import fixed_environment
from tests.server.listening.test_handshake import GOOD
from tests.wire.websocket import Client

Sockets = WebSockets[Disconnect]

OPEN = {"secret": "s", "insecure": True}
CONNECT = b'{"uid":"1","method":"connect","params":{}}'
SUBSCRIBE = b'{"uid":"2","method":"subscribe","params":{"channel":"c"}}'
PING = b'{"method":"ping"}'


def connected(server: EmbeddedServer, **options: Any) -> Client:
    """Return a client that has authenticated and subscribed."""
    client = Client(server.websocket_url, **options)
    client.send(CONNECT)
    client.receive_text()
    client.send(SUBSCRIBE)
    client.receive_text()
    return client


@pytest.mark.parametrize(
    ("method", "status", "text"), [("GET", 400, b"Bad Request\n"), ("PUT", 405, b"Method Not Allowed\n")]
)
def test_an_invalid_handshake_is_refused(method: str, status: int, text: bytes) -> None:
    """A request that is not a valid handshake gets an error that names the supported version.

    See protocol 1: client-transport.
    """
    with EmbeddedServer(config=OPEN) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.request(method, "/connection/websocket", headers=GOOD | {"sec-websocket-version": "8"})
        response = connection.getresponse()
        assert (response.status, response.read()) == (status, text)
        assert response.getheader("Sec-Websocket-Version") == "13"
        assert response.getheader("X-Content-Type-Options") == "nosniff"
        connection.close()


def test_without_the_package_the_refusal_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the websockets package a handshake gets 501 with an install command, and the HTTP API works."""
    monkeypatch.setattr(system, "CAN_WEBSOCKET", False)
    with EmbeddedServer(config=OPEN) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/connection/websocket", headers=GOOD)
        response = connection.getresponse()
        assert (response.status, b"pip install 'centripetal[server]'" in response.read()) == (501, True)
        connection.close()
        assert v1.Client(server.url, "s").channels() == []


def test_a_frame_may_be_as_large_as_configured_and_no_larger() -> None:
    """A message above the configured size, fragmented or not, closes the connection with code 1009.

    See protocol 1: client-transport.
    """
    with EmbeddedServer(config=OPEN | {"client_request_max_size": 100}) as server:
        largest = CONNECT + b" " * (100 - len(CONNECT))
        with Client(server.websocket_url) as client:
            client.send(largest, fragments=(1, 99))
            assert json.loads(client.receive_text())["method"] == "connect"
        for fragments in ((), (50,)):
            with Client(server.websocket_url) as client:
                client.send(largest + b" ", fragments=fragments)
                assert client.receive_close() == (1009, "")
                client.receive_end()


def test_replies_come_in_the_order_of_the_frames() -> None:
    """Replies and pongs come in the order of their frames, even if all frames arrive at once."""
    with EmbeddedServer(config=OPEN) as server, connected(server) as client:
        frames = [Frame(Opcode.TEXT, PING), Frame(Opcode.PING, b"1"), Frame(Opcode.TEXT, PING)]
        client.socket.sendall(b"".join(frame.serialize(mask=True) for frame in frames))
        received = [client.receive() for _ in frames]
        assert [each.opcode for each in received if isinstance(each, Frame)] == [Opcode.TEXT, Opcode.PONG, Opcode.TEXT]


def test_text_is_not_validated() -> None:
    """Published data reaches subscribers unchanged, even if it is not valid UTF-8."""
    with EmbeddedServer(config=OPEN | {"insecure_api": True}) as server, connected(server) as client:
        client.send(b'{"method":"publish","params":{"channel":"c","data":"\xff"}}')
        assert client.receive_text().endswith(b'"data":"\xff"}}')


@pytest.mark.parametrize("compression", [False, True])
def test_compression_is_used_if_it_is_configured_and_offered(compression: bool) -> None:
    """Compression is negotiated only if both sides want it, and clients with and without it get the same messages."""
    with EmbeddedServer(config=OPEN | {"websocket_compression": compression}) as server:
        offering = connected(server, extensions=[ClientPerMessageDeflateFactory()])
        plain = connected(server)
        with offering, plain:
            assert ("Sec-WebSocket-Extensions" in offering.response.headers) is compression
            assert "Sec-WebSocket-Extensions" not in plain.response.headers
            for number in range(3):
                v1.Client(server.url, "s").publish("c", [number, "x" * 1000])
                bodies = [json.loads(client.receive_text())["body"]["data"] for client in (plain, offering)]
                assert bodies == [[number, "x" * 1000]] * 2


def test_a_client_without_pongs_is_cut_off() -> None:
    """A client that does not answer a ping is cut off without a close frame, even if it sends data.

    See protocol 1: client-transport.
    """
    with EmbeddedServer(config=OPEN | {"ping_interval": 1}) as server, Client(server.websocket_url) as client:
        client.send_frame(Frame(Opcode.TEXT, CONNECT))
        client.receive_text()
        received = b""
        while data := client.socket.recv(1000):
            received += data
        assert received == b"\x89\x04ping"


def test_every_client_gets_all_messages_in_order() -> None:
    """Each of 50 clients receives all 100 messages in order, and the metrics count them."""
    with EmbeddedServer(config=OPEN) as server:
        clients = [connected(server) for _ in range(50)]
        api = v1.Client(server.url, "s")
        for number in range(100):
            api.publish("c", number)
        for client in clients:
            assert [json.loads(client.receive_text())["body"]["data"] for _ in range(100)] == list(range(100))
        metrics = api.node().metrics
        assert metrics["client_num_msg_queued"] == metrics["client_num_msg_sent"] == 50 * 102
        assert metrics["http_raw_ws_num_requests"] == 50
        assert metrics["client_bytes_out"] > 50 * 100 * 60
        for client in clients:
            client.drop()


def test_a_stopping_server_ends_connections_that_are_not_read() -> None:
    """A stopping server closes connections without waiting for clients that do not read."""
    server = EmbeddedServer(config=OPEN).start()
    clients = [connected(server), Client(server.websocket_url)]
    server.stop()
    assert clients[0].receive_close() == (3000, '{"reason":"shutting down","reconnect":true}')
    for client in clients:
        client.receive_end()
        client.drop()


class FakeTransport(asyncio.Transport):
    """A transport that records the data written to it and how it was ended."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.writes: list[object] = []
        self.ended = ""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.ended
        self.written += data
        self.writes.append(data)

    def write_eof(self) -> None:
        self.ended = "eof"

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


def accept(websockets: Sockets) -> tuple[asyncio.Protocol, FakeTransport]:
    connection = websockets.upgrade(Request("GET", "/", tuple(GOOD.items())))
    assert connection is not None
    transport = FakeTransport()
    connection.connection_made(transport)
    transport.written.clear()
    return connection, transport


@pytest.fixture
def node() -> Node:
    config, _ = read_config(OPEN | {"client_queue_max_size": 1000, "publish": True})
    ids = map(str, itertools.count())
    return Node(config, fixed_environment(new_uuid=lambda: next(ids)))


@pytest.fixture
async def websockets(node: Node) -> Sockets:
    return WebSockets(WebSocketEndpoint(node), lambda _: True)


def feed(connection: asyncio.Protocol, *frames: bytes) -> None:
    connection.data_received(b"".join(Frame(Opcode.TEXT, frame).serialize(mask=True) for frame in frames))


async def test_a_slow_reader_is_cut_off_when_its_queue_is_full(websockets: Sockets, node: Node) -> None:
    """A full queue is dropped, the close reason is the last frame sent, and the client's subscriptions end."""
    connection, transport = accept(websockets)
    feed(connection, CONNECT, SUBSCRIBE)
    await asyncio.sleep(0)
    transport.written.clear()
    connection.pause_writing()
    publish = b'{"method":"publish","params":{"channel":"c","data":"%b"}}' % (b"x" * 200)
    feed(connection, publish, publish)
    await asyncio.sleep(0)
    assert (bytes(transport.written), transport.ended) == (b"", "")
    feed(connection, publish)
    await asyncio.sleep(0)
    close = Frame(Opcode.CLOSE, b'\x0b\xb8{"reason":"slow","reconnect":false}').serialize(mask=False)
    assert (bytes(transport.written), transport.ended) == (close, "eof")
    connection.resume_writing()
    assert bytes(transport.written) == close
    assert node.engine.channels() == []
    connection.connection_lost(None)


async def test_queued_messages_are_sent_when_there_is_room(websockets: Sockets) -> None:
    """Queued messages are sent in order and in one write when the socket is writable again."""
    connection, transport = accept(websockets)
    connection.pause_writing()
    feed(connection, CONNECT, PING, PING)
    await asyncio.sleep(0)
    assert not transport.written
    connection.resume_writing()
    assert transport.written.count(b'{"method":"ping"}') == 2
    assert transport.written.index(b"connect") < transport.written.index(b"ping")
    connection.connection_lost(None)


async def test_a_client_that_pings_without_reading_gets_no_pongs(websockets: Sockets) -> None:
    """A client that sends pings but does not read gets no pongs, because they would fill the memory."""
    connection, transport = accept(websockets)
    connection.pause_writing()
    connection.data_received(Frame(Opcode.PING, b"x").serialize(mask=True) * 1000)
    assert not transport.written
    connection.connection_lost(None)


async def test_a_payload_is_framed_once_for_all_connections(websockets: Sockets, node: Node) -> None:
    """A payload is framed once, and all connections write the same bytes object."""
    connections, transports = zip(*(accept(websockets) for _ in range(3)), strict=True)
    for connection in connections:
        feed(connection, CONNECT, SUBSCRIBE)
    await asyncio.sleep(0)
    node.hub.send(b"x" * 200, node.engine.subscribers("c"))
    await asyncio.sleep(0)
    frames = [transport.writes[-1] for transport in transports]
    assert frames[0] == b"\x81\x7e\x00\xc8" + b"x" * 200
    assert frames[0] is frames[1] is frames[2]
    for connection in connections:
        connection.connection_lost(None)


@pytest.mark.parametrize(
    ("size", "head"), [(125, b"\x81\x7d"), (126, b"\x81\x7e\0\x7e"), (65536, b"\x81\x7f\0\0\0\0\0\1\0\0")]
)
async def test_the_length_field_is_as_short_as_possible(websockets: Sockets, size: int, head: bytes) -> None:
    """A frame has the shortest length field that can hold its size (RFC 6455, section 5.2)."""
    assert websockets.outgoing(b"x" * size, deflate=False) == (head + b"x" * size, size)


def test_a_client_that_disconnects_is_removed() -> None:
    """The subscriptions of a client end when it closes the connection or just drops it."""
    with EmbeddedServer(config=OPEN | {"presence": True}) as server:
        api = v1.Client(server.url, "s")
        polite, rude = connected(server), connected(server)
        assert len(api.presence("c")) == 2
        polite.close(1000, "bye")
        assert polite.receive_close() == (1000, "")
        polite.receive_end()
        assert len(api.presence("c")) == 1
        rude.socket.shutdown(socket.SHUT_WR)
        rude.receive_end()
        assert api.channels() == []
        polite.drop()
        rude.drop()
