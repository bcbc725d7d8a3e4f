"""Tests of watching across lost connections."""

import errno
import fcntl
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.frames import Opcode

from centripetal.client.watching import Watching, backoff
from centripetal.dialects.current.watcher import Watcher as CurrentWatcher
from centripetal.dialects.v1.watcher import Watcher
from centripetal.errors import ConnectError, HTTPStatusError, ServerError, TimeoutError, UsageError
from centripetal.protocol.watching import Connected, Event, Gap, Joined, Lost, Published, Subscribed, Unsubscribed
from centripetal.server import EmbeddedServer
from centripetal.v1 import Client
from tests.faults.proxy import CuttingProxy
from tests.ports import free_port
from tests.transport.scripted import Peer, Script, ScriptedServer
from tests.transport.test_websocket import accept, frame

CONFIG = {"recover": True, "join_leave": True, "history_size": 10, "history_lifetime": 60}


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A server whose channels support recovery."""
    with EmbeddedServer(secret="s", config=CONFIG) as server:
        yield server


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Client]:
    """A client that publishes."""
    with Client(server.url, "s") as client:
        yield client


@pytest.fixture
def proxy(server: EmbeddedServer) -> Iterator[CuttingProxy]:
    """A proxy whose connections to the server can be cut."""
    with CuttingProxy(int(server.url.rpartition(":")[2]), seed=1) as proxy:
        proxy.calm = True
        yield proxy


def watch(
    url: str | list[str], *channels: str, pauses: Callable[[int], float] = lambda _: 0.0, **options: Any
) -> Watching:
    return Watching(Watcher(channels or ["c"], secret="s", user="42"), url, timeout=20, pauses=pauses, **options)


def take(events: Iterator[Event], kind: type[Event]) -> list[Event]:
    """Return the events up to and including the first event of this kind."""
    taken: list[Event] = []
    for event in events:
        taken.append(event)
        if isinstance(event, kind):
            return taken
    raise AssertionError(f"no {kind.__name__}, but {taken}")


def test_events_until_stopped(server: EmbeddedServer, client: Client) -> None:
    """A watcher yields events from the connection to the publication, and stopping it closes the connection."""
    watching = watch(server.url)
    events = iter(watching)
    assert [type(event) for event in take(events, Joined)] == [Connected, Subscribed, Joined]
    client.publish("c", {"n": 1})
    (event,) = take(events, Published)
    assert isinstance(event, Published)
    assert (event.data, event.recovered) == (b'{"n":1}', False)
    watching.stop()
    assert list(events) == []
    client.publish("c", 2)
    watching.stop()


def test_several_servers(server: EmbeddedServer, proxy: CuttingProxy) -> None:
    """The watch starts with the first server that works, and goes on with the next after a lost connection."""
    unused = f"http://127.0.0.1:{free_port()}"
    events = iter(watch([unused, proxy.url, server.url]))
    assert [type(event) for event in take(events, Joined)] == [Connected, Subscribed, Joined]
    proxy.cut_all()
    kinds = {type(event) for event in take(events, Joined)}
    assert {Lost, Connected} <= kinds
    with pytest.raises(ConnectError):
        next(iter(watch([unused, unused])))


def test_stopping_wakes_a_waiting_iteration(server: EmbeddedServer) -> None:
    """`stop` in another thread ends an iteration that waits for an event."""
    watching = watch(server.url)
    events = iter(watching)
    take(events, Joined)
    timer = threading.Timer(0.02, watching.stop)
    timer.start()
    assert list(events) == []
    timer.join()


def test_a_watcher_stopped_before_its_start(server: EmbeddedServer) -> None:
    """A watcher that was stopped before its start does not connect."""
    watching = watch(server.url)
    watching.stop()
    assert list(watching) == []


def test_a_lost_connection_is_recovered(proxy: CuttingProxy, client: Client) -> None:
    """Publications made during an outage are yielded after it and marked as recovered."""

    def meanwhile(attempt: int) -> float:
        client.publish("c", "missed")
        return 0.0

    events = iter(watch(proxy.url, pauses=meanwhile))
    take(events, Subscribed)
    client.publish("c", "seen")
    take(events, Published)
    proxy.cut_all()
    told = [event for event in take(events, Published) if not isinstance(event, Joined)]
    assert [type(event) for event in told] == [Lost, Connected, Subscribed, Published]
    assert told[2] == Subscribed("c", recovered=True)
    assert isinstance(told[3], Published)
    assert (told[3].data, told[3].recovered) == (b'"missed"', True)


def test_a_server_that_lost_its_history_causes_a_gap() -> None:
    """Attempts are counted during an outage, and the count starts again after a successful connection."""
    server = EmbeddedServer(secret="s", config={**CONFIG, "join_leave": False}, port=free_port()).start()
    with Client(server.url, "s") as publisher:
        publisher.publish("c", "seen")
    attempts: list[int] = []

    def restart_at_the_third(attempt: int) -> float:
        attempts.append(attempt)
        if attempt == 3:
            server.start()
        return 0.0

    try:
        events = iter(watch(server.url, pauses=restart_at_the_third))
        take(events, Subscribed)
        for _ in range(2):
            server.stop()
            told = take(events, Gap)
            assert [type(event) for event in told] == [Lost, Lost, Lost, Connected, Subscribed, Gap]
            assert isinstance(told[1], Lost)
            assert isinstance(told[1].error, ConnectError)
    finally:
        server.stop()
    assert attempts == [1, 2, 3] * 2


def test_a_pause_can_be_interrupted(proxy: CuttingProxy) -> None:
    """`Lost` tells the length of the pause, and `stop` ends the pause."""
    watching = watch(proxy.url, pauses=lambda attempt: 1000.0 * attempt)
    events = iter(watching)
    take(events, Joined)
    proxy.cut_all()
    (lost,) = take(events, Lost)
    assert isinstance(lost, Lost)
    assert lost.pause == 1000.0
    timer = threading.Timer(0.02, watching.stop)
    timer.start()
    assert list(events) == []
    timer.join()


@pytest.fixture
def large_descriptors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Return pairs of sockets whose descriptors are as large as in a process with many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    pair = socket.socketpair

    def renumbered(sock: socket.socket) -> socket.socket:
        with sock:
            return socket.socket(fileno=fcntl.fcntl(sock, fcntl.F_DUPFD, 1100))

    monkeypatch.setattr("centripetal.client.watching.socket.socketpair", lambda: tuple(map(renumbered, pair())))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("large_descriptors")
def test_a_process_with_many_open_files_reconnects(proxy: CuttingProxy) -> None:
    """The pause after a lost connection works with descriptors of any size."""
    watching = watch(proxy.url, pauses=lambda _: 0.001)
    events = iter(watching)
    take(events, Joined)
    proxy.cut_all()
    take(events, Lost)
    take(events, Connected)
    watching.stop()
    assert not any(isinstance(event, Lost) for event in events)


def floods(first: bytes, then: bytes) -> Script:
    """Complete the handshake, send *first*, and then *then* until the client closes the connection."""

    def script(peer: Peer) -> None:
        accept(peer)
        with suppress(OSError):
            peer.sock.sendall(first)
            while True:
                peer.sock.sendall(then)

    return script


CONNECTED = frame(Opcode.TEXT, b'{"id":1,"connect":{"client":"x","version":"6","ping":0}}')
FLOODS = {
    "control frames": (b"", frame(Opcode.PONG, b"") * 1000),
    "fragments": (frame(Opcode.TEXT, b"", fin=False), frame(Opcode.CONT, b"", fin=False) * 1000),
    "no reply to connect": (b"", frame(Opcode.TEXT, b'{"push":{"channel":"c","pub":{"data":1}}}') * 100),
    "no reply to subscribe": (CONNECTED, frame(Opcode.TEXT, b'{"push":{"channel":"d"}}') * 100),
}


def until_lost(watching: Watching) -> list[Event]:
    """Return the events before the connection is lost or watching fails."""
    events: list[Event] = []
    with suppress(TimeoutError):
        for event in watching:
            if isinstance(event, Lost):
                assert isinstance(event.error, TimeoutError)
                break
            events.append(event)
        else:
            raise AssertionError("the watcher ended without an error")
    return events


@pytest.mark.parametrize(("first", "then"), FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_does_not_extend_the_time_limit(first: bytes, then: bytes) -> None:
    """A server that sends without end, but not the reply, is given up at the time limit, and `stop` works meanwhile."""
    connections = int(first == CONNECTED)
    with ScriptedServer(floods(first, then)) as server:
        began = time.monotonic()
        events = until_lost(Watching(CurrentWatcher(["c"], patience=0.05), server.url, timeout=20))
        assert sum(isinstance(event, Connected) for event in events) == connections
        assert time.monotonic() - began < 15
        watching = Watching(CurrentWatcher(["c"], patience=1000), server.url, timeout=20)
        timer = threading.Timer(0.1, watching.stop)
        timer.start()
        assert sum(isinstance(event, Connected) for event in watching) <= connections
        timer.join()


def test_time_of_the_caller_is_not_time_of_the_server(server: EmbeddedServer) -> None:
    """A caller that takes longer to handle an event than the server may take to reply does not lose the connection."""
    watcher = Watcher(["c"], secret="s", user="42", patience=0.5)
    events = iter(Watching(watcher, server.url))
    assert isinstance(next(events), Connected)
    time.sleep(0.6)
    assert isinstance(next(events), Subscribed)
    events.close()


def test_without_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the process has too many open files, watching raises an error that says so."""

    def fail() -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("centripetal.client.watching.socket.socketpair", fail)
    with pytest.raises(ConnectError, match="too many open files"):
        list(watch("http://127.0.0.1:1"))


def test_the_first_connection_must_succeed(server: EmbeddedServer) -> None:
    """The first connection raises its error: a refused connection, a path without WebSocket, or an invalid token."""
    with pytest.raises(ConnectError, match="connection refused"):
        list(watch(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(HTTPStatusError, match="404"):
        list(watch(f"{server.url}/elsewhere"))
    with pytest.raises(ServerError, match="invalid token"):
        list(Watching(Watcher(["c"], secret="other", user="42"), server.url))


def test_the_server_ends_watching(server: EmbeddedServer, client: Client) -> None:
    """A watcher that was disconnected or has no channel left does not reconnect."""
    events = iter(watch(server.url, "c", "d"))
    for _ in range(2):
        take(events, Subscribed)
    client.unsubscribe("c", "42")
    take(events, Unsubscribed)
    client.disconnect("42")
    with pytest.raises(ServerError, match="disconnect"):
        list(events)
    events = iter(watch(server.url))
    take(events, Subscribed)
    client.unsubscribe("c", "42")
    with pytest.raises(ServerError, match="unsubscribed"):
        list(events)


@pytest.mark.parametrize("options", [{"timeout": 0}, {"max_response_bytes": 0}, {"ca_file": "no-such-file"}])
def test_invalid_options_are_rejected(options: dict[str, Any]) -> None:
    """An invalid option raises UsageError when the watcher is created."""
    with pytest.raises(UsageError):
        Watching(Watcher(["c"], secret="s"), "http://localhost:1", **options)


@pytest.mark.parametrize(("attempt", "longest"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 20), (10_000, 20)])
def test_pauses_double_up_to_a_limit(attempt: int, longest: float) -> None:
    """Pauses double up to the limit, and jitter shortens them by up to half."""
    pauses = {backoff(attempt) for _ in range(100)}
    assert all(longest / 2 <= pause <= longest for pause in pauses)
    assert len(pauses) > 1
