"""Tests of the WebSocket connection, against a scripted server."""

import base64
import hashlib
import re
import socket
import threading
import time
from contextlib import suppress

import pytest
from websockets.frames import Close, Frame, Opcode

from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    TimeoutError,
)
from centripetal.transport.settings import Settings
from centripetal.transport.websocket import Closed, WebSocket
from tests.ports import free_port
from tests.transport.certificates import Authority, server_context
from tests.transport.scripted import Peer, Script, ScriptedServer, reads_nothing, reply

PATIENCE = 20.0  # seconds; only a failing test waits this long


def head_of(peer: Peer) -> bytes:
    """Read the request that opens the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.sock.recv(1)
    return head


def accept(peer: Peer) -> bytes:
    """Complete the handshake and return the request."""
    head = head_of(peer)
    (key,) = re.findall(rb"(?i)sec-websocket-key: (\S+)", head)
    token = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    peer.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + token + b"\r\n\r\n"
    )
    return head


def sends(*data: bytes) -> Script:
    """Complete the handshake, send *data*, and wait until the client closes the connection."""

    def script(peer: Peer) -> None:
        accept(peer)
        for each in data:
            peer.send(each)
        peer.wait_for_end()

    return script


def frame(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=False)


def opened(server: ScriptedServer, timeout: float = PATIENCE, settings: Settings | None = None) -> WebSocket:
    return WebSocket(server.url, timeout, settings or Settings())


def test_messages_are_received_unchanged() -> None:
    """Messages can be binary, fragmented, not UTF-8, or share a packet."""
    frames = (
        frame(Opcode.TEXT, b"\xff\xfe"),
        frame(Opcode.TEXT, b"in ", fin=False),
        frame(Opcode.CONT, b"parts"),
        frame(Opcode.BINARY, b"x" * 70_000),
    )
    with ScriptedServer(sends(b"".join(frames))) as server:
        websocket = opened(server)
        assert [websocket.receive(PATIENCE) for _ in range(3)] == [b"\xff\xfe", b"in parts", b"x" * 70_000]
        websocket.close()


def test_the_handshake_has_path_and_user_agent() -> None:
    """The handshake goes to the WebSocket path below the prefix and has the User-Agent of the library."""
    heads: list[bytes] = []

    def script(peer: Peer) -> None:
        heads.append(accept(peer))
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        WebSocket(f"http://127.0.0.1:{server.port}/prefix/api/", PATIENCE, Settings()).close()
    assert heads[0].startswith(b"GET /prefix/connection/websocket HTTP/1.1\r\n")
    assert b"User-Agent: centripetal/" in heads[0]


def test_sent_texts_arrive_and_pings_are_answered() -> None:
    """Texts are sent unchanged, and a ping is answered by a pong with the same payload."""
    seen: list[bytes] = []

    def script(peer: Peer) -> None:
        accept(peer)
        peer.send(frame(Opcode.PING, b"ping"))
        for size in (len(b"ping"), len(b"hello")):
            raw = b""
            while len(raw) < 2 + 4 + size:
                raw += peer.sock.recv(2 + 4 + size - len(raw))
            seen.append(bytes(byte ^ raw[2 + index % 4] for index, byte in enumerate(raw[6:])))
        peer.send(frame(Opcode.TEXT, b"done"))
        peer.wait_for_end()

    with ScriptedServer(script) as server:
        websocket = opened(server)
        while not seen:  # the pong is sent while the client waits for a message
            assert websocket.receive(0.05) is None
        websocket.send(b"hello")
        assert websocket.receive(PATIENCE) == b"done"
        websocket.close()
    assert seen == [b"ping", b"hello"]


@pytest.mark.parametrize(
    ("data", "closed"),
    [
        (frame(Opcode.CLOSE, Close(3000, '{"reason":"x"}').serialize()), Closed(3000, '{"reason":"x"}')),
        (frame(Opcode.CLOSE, b""), Closed(None, "")),
        (b"", Closed(None, "")),
    ],
    ids=["close frame", "empty close frame", "end of stream"],
)
def test_the_close_code_and_reason_are_returned(data: bytes, closed: Closed) -> None:
    """After the last message, the connection ends with the server's close code and reason."""

    def script(peer: Peer) -> None:
        accept(peer)
        peer.send(frame(Opcode.TEXT, b"last") + data)

    with ScriptedServer(script) as server:
        websocket = opened(server)
        assert websocket.receive(PATIENCE) == b"last"
        assert websocket.receive(PATIENCE) == closed
        websocket.send(b"into the void")
        websocket.close()


def test_a_reset_ends_the_connection() -> None:
    """A reset ends the connection without an error."""

    def script(peer: Peer) -> None:
        accept(peer)
        peer.reset()

    with ScriptedServer(script) as server:
        websocket = opened(server)
        assert websocket.receive(PATIENCE) == Closed()
        websocket.close()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x83\x00", "WebSocket protocol"),
        (frame(Opcode.CONT, b"x"), "WebSocket protocol"),
        (frame(Opcode.TEXT, b"x" * 101), "too large"),
        (frame(Opcode.TEXT, b"x" * 60, fin=False) + frame(Opcode.CONT, b"x" * 60), "too large"),
    ],
)
def test_protocol_violations_are_errors(data: bytes, words: str) -> None:
    """Messages before a protocol violation are returned, and the size limit also applies to fragmented messages."""
    with ScriptedServer(sends(frame(Opcode.TEXT, b"fine") + data)) as server:
        websocket = opened(server, settings=Settings(max_response_bytes=100))
        assert websocket.receive(PATIENCE) == b"fine"
        with pytest.raises(MalformedResponseError, match=words):
            websocket.receive(PATIENCE)
        websocket.close()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (reply(b"no", status="404 Not Found"), HTTPStatusError, "404 to GET /connection/websocket"),
        (reply(b"{}"), HTTPStatusError, "replied 200"),
        (reply(b"", status="403 Forbidden"), AuthenticationError, "403"),
        (b"SSH-2.0-OpenSSH_9\r\n", MalformedResponseError, "does not speak WebSocket"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", CentripetalError, "does not speak WebSocket"),
        (b"", ConnectionLostError, "closed the connection"),
        (b"HTTP/1.1 101 Swi", ConnectionLostError, "closed the connection"),
    ],
)
def test_a_server_without_websocket(answer: bytes, kind: type[CentripetalError], words: str) -> None:
    """The error has the status of the handshake's reply, and nothing was executed."""

    def script(peer: Peer) -> None:
        head_of(peer)
        peer.send(answer)

    with ScriptedServer(script) as server, pytest.raises(kind, match=words) as caught:
        opened(server)
    assert caught.value.executed == "no"


def test_refused_connection() -> None:
    """A refused connection raises ConnectError, as in the API's transport."""
    with pytest.raises(ConnectError, match="connection refused"):
        WebSocket(f"http://127.0.0.1:{free_port()}", PATIENCE, Settings())


def test_silence_during_the_handshake() -> None:
    """A handshake that is not answered in time raises TimeoutError."""
    with ScriptedServer(Peer.wait_for_end) as server, pytest.raises(TimeoutError, match=r"within 0\.05 s"):
        opened(server, timeout=0.05)


def test_waiting_ends_at_the_deadline_or_when_woken() -> None:
    """Waiting for a message ends at the deadline, or when another thread wakes it."""
    alarm, waker = socket.socketpair()
    with ScriptedServer(sends()) as server, alarm, waker:
        websocket = WebSocket(server.url, PATIENCE, Settings(), waker)
        assert websocket.receive(0.01) is None
        assert websocket.receive(-1.0) is None
        timer = threading.Timer(0.02, alarm.send, (b"!",))
        timer.start()
        assert websocket.receive(PATIENCE * 10) is None
        timer.join()
        websocket.close()
        websocket.close()


def repeats(data: bytes, *, pause: float = 0.0) -> Script:
    """Complete the handshake, and send *data* again and again until the client closes the connection."""

    def script(peer: Peer) -> None:
        accept(peer)
        with suppress(OSError):
            while True:
                peer.sock.sendall(data)
                time.sleep(pause)

    return script


GIANT = b"\x82\x7f" + (1 << 20).to_bytes(8, "big")  # the header of a message of a mebibyte


def drips(data: bytes) -> Script:
    """Complete the handshake, and send one byte of *data* every 5 ms."""

    def script(peer: Peer) -> None:
        accept(peer)
        with suppress(OSError):
            for byte in data:
                peer.sock.sendall(bytes((byte,)))
                time.sleep(0.005)

    return script


ENDLESS = {
    "pongs": repeats(frame(Opcode.PONG, b"") * 1000),
    "pings that the server does not read the replies of": repeats(frame(Opcode.PING, b"x" * 125) * 100),
    "empty fragments": sends(frame(Opcode.TEXT, b"x", fin=False)),
    "a giant frame in small parts": drips(GIANT + b"x" * 500),
    "a header in small parts": drips(frame(Opcode.PING, b"") * 250),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_bytes_without_a_message_do_not_extend_the_wait(script: Script) -> None:
    """A wait ends at its deadline and when another thread wakes it, whatever the server sends instead of a message."""
    alarm, waker = socket.socketpair()
    with ScriptedServer(script) as server, alarm, waker:
        websocket = WebSocket(server.url, PATIENCE, Settings(), waker)
        began = time.monotonic()
        assert websocket.receive(0.05) is None
        timer = threading.Timer(0.05, alarm.send, (b"!",))
        timer.start()
        assert websocket.receive(PATIENCE * 10) is None
        assert time.monotonic() - began < PATIENCE
        timer.join()
        websocket.close()


def test_endless_fragments_need_no_memory() -> None:
    """Empty fragments take no memory, and fragments with data fail as soon as they exceed the maximum size."""
    fragments = frame(Opcode.TEXT, b"", fin=False) + frame(Opcode.CONT, b"", fin=False) * 1000
    with ScriptedServer(sends(fragments, frame(Opcode.CONT, b"end"))) as server:
        websocket = opened(server)
        assert websocket.receive(PATIENCE) == b"end"
        websocket.close()
    script = repeats(frame(Opcode.CONT, b"x" * 10, fin=False) * 100)
    with ScriptedServer(lambda peer: script(peer)) as server:
        websocket = opened(server, settings=Settings(max_response_bytes=100))
        with pytest.raises(MalformedResponseError):
            websocket.receive(PATIENCE)
        websocket.close()


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 101 Switching Protocols\r\n" + b"X-A: 1\r\n" * 100, b"HTTP/1.1 200 OK\r\n\r\n"]
)
def test_a_handshake_in_small_parts_does_not_extend_the_wait(data: bytes) -> None:
    """A reply to the handshake that never ends fails at the time limit, and can be interrupted."""

    def script(peer: Peer) -> None:
        head_of(peer)
        with suppress(OSError):
            for byte in data + b"x" * 100:
                peer.sock.sendall(bytes((byte,)))
                time.sleep(0.005)
            peer.wait_for_end()

    with ScriptedServer(script) as server, pytest.raises(TimeoutError, match="did not complete its reply"):
        opened(server, timeout=0.1)
    alarm, waker = socket.socketpair()
    with ScriptedServer(script) as server, alarm, waker:
        timer = threading.Timer(0.05, alarm.send, (b"!",))
        timer.start()
        with pytest.raises(ConnectionLostError, match="no longer needed"):
            WebSocket(server.url, PATIENCE, Settings(), waker)
        timer.join()


def test_a_server_that_reads_nothing() -> None:
    """Sending to a server that reads nothing fails at the time limit."""

    def script(peer: Peer) -> None:
        accept(peer)
        reads_nothing(peer)

    with ScriptedServer(script) as server:
        websocket = opened(server, timeout=0.5)
        with pytest.raises(TimeoutError, match="accepted no data"):
            websocket.send(b"x" * 20_000_000)
        websocket.close()


def test_tls(authority: Authority) -> None:
    """TLS uses the settings of the API's transport, and several TLS records are read at once."""
    large = frame(Opcode.TEXT, b"x" * 100_000)
    context = server_context(authority.issue("127.0.0.1"))
    with ScriptedServer(sends(large * 3), context=context) as server:
        websocket = opened(server, settings=Settings(ca_file=authority.ca_file))
        assert [len(websocket.receive(PATIENCE) or b"") for _ in range(3)] == [100_000] * 3
        websocket.close()
        with pytest.raises(ConnectError, match="ca_file"):
            opened(server)
