"""Starting and stopping the embedded server."""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer, UnhonouredConfigWarning, embedded
from centripetal.server.listening.http_server import HTTPServer
from tests.ports import free_port

OPEN = {"insecure_api": True, "history_size": 5, "history_lifetime": 60}


def ask(url: str, body: object) -> list[dict[str, object]]:
    request = urllib.request.Request(f"{url}/api/", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        replies: list[dict[str, object]] = json.load(response)
    return replies


def test_with_starts_and_stops() -> None:
    """The server answers requests inside the `with` block and does not listen after it."""
    with EmbeddedServer(config=OPEN) as server:
        assert ask(server.url, {"method": "channels"})[0]["error"] is None
        assert server.websocket_url == server.url.replace("http", "ws") + "/connection/websocket"
        port = int(server.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_async_with_does_the_same() -> None:
    """`async with` works from an event loop other than the server's loop."""
    async with EmbeddedServer(secret="s") as server:
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))).close()


def test_each_start_is_a_fresh_server() -> None:
    """A server can be stopped and started again, and then has no state of the first run."""
    server = EmbeddedServer(config=OPEN)
    server.stop()
    for _ in range(2):
        server.start()
        (_, history) = ask(
            server.url,
            [
                {"method": "publish", "params": {"channel": "c", "data": 1}},
                {"method": "history", "params": {"channel": "c"}},
            ],
        )
        assert len(history["body"]["data"]) == 1  # type: ignore[index]
        server.stop()
    server.stop()


def test_a_server_that_cannot_start_raises_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in the server's thread is raised by `start`, which can then be called again."""

    async def fail(server: HTTPServer, listener: socket.socket) -> None:
        listener.close()
        raise RuntimeError("on purpose")

    server = EmbeddedServer(secret="s")
    with monkeypatch.context() as patch:
        patch.setattr(HTTPServer, "start", fail)
        with pytest.raises(RuntimeError, match="on purpose"):
            server.start()
    with server:
        assert server.url


def test_a_server_that_could_not_start_leaves_its_port_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed start frees the port, even while a reference to the exception and its traceback exists."""

    def fail(_ask: object) -> None:
        raise RuntimeError("on purpose")

    port = free_port()
    server = EmbeddedServer(secret="s", port=port)
    with monkeypatch.context() as patch:
        patch.setattr(embedded, "system_environment", fail)
        with pytest.raises(RuntimeError, match="on purpose") as caught:
            server.start()
    with server:
        assert server.url.endswith(f":{port}")
    assert caught.value.__traceback__ is not None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems let connections wait in another way")
def test_many_clients_can_connect_at_once() -> None:
    """Many clients can connect at once, because the backlog holds them while the server is busy."""
    busy, done = threading.Event(), threading.Event()

    async def be_busy(_: HTTPServer) -> None:
        busy.set()
        done.wait(60)

    most = min(300, int(Path("/proc/sys/net/core/somaxconn").read_text()))
    with EmbeddedServer(secret="s") as server, contextlib.ExitStack() as stack:
        thread = threading.Thread(target=server.in_loop, args=(be_busy,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(done.set)
        assert busy.wait(60)
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        for _ in range(most):
            stack.enter_context(socket.create_connection(address, timeout=10))


def test_every_address_has_a_url() -> None:
    """Every address that a socket accepts, even an empty host, results in a usable URL."""
    with EmbeddedServer(secret="s", host="") as server:
        assert server.url.startswith("http://0.0.0.0:")
        assert server.console_url.startswith("http://localhost:")
        assert server.console_password


def test_it_cannot_be_started_twice() -> None:
    """A second start raises `UsageError` instead of losing the first thread."""
    with EmbeddedServer(secret="s") as server, pytest.raises(UsageError, match="already running"):
        server.start()


def test_it_has_no_address_before_it_is_started() -> None:
    """The address of a server with port 0 is unknown until it is started."""
    server = EmbeddedServer(secret="s")
    with pytest.raises(UsageError, match="has no address yet"):
        _ = server.url


def test_a_port_in_use_is_named() -> None:
    """The error for a port in use names the port and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is in use"):
            EmbeddedServer(secret="s", port=port).start()


def test_a_foreign_address_is_named() -> None:
    """The error for a foreign address names it, whatever the operating system reports."""
    with pytest.raises(UsageError, match=r"cannot listen on port \d+ of 192.0.2.1"):
        EmbeddedServer(secret="s", host="192.0.2.1").start()


def test_the_secret_is_the_argument_or_the_configuration() -> None:
    """The secret argument overrides the configuration, and the repr does not contain it."""
    assert EmbeddedServer(config={"secret": "configured"}).secret == "configured"
    server = EmbeddedServer(secret="hush", config={"secret": "configured"})
    assert server.secret == "hush"
    with server:
        assert "hush" not in repr(server)
        assert server.url in repr(server)
    assert "stopped" in repr(server)


def test_a_configuration_comes_from_a_file(tmp_path: Path) -> None:
    """A configuration file can be given as a path or text and may start with a byte order mark."""
    file = tmp_path / "config.json"
    file.write_text('{"secret": "s", "http_prefix": "/rt"}', encoding="utf-8-sig")
    for source in (file, str(file)):
        with EmbeddedServer(config=source) as server:
            assert server.secret == "s"
            assert server.url.endswith("/rt")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.json", None, "cannot read the configuration"),
        ("a.json", "{", "is not JSON: "),
        ("a.toml", 'secret = "s"', "the embedded server reads only JSON"),
        ("a.json", "[]", "must be a JSON object"),
    ],
)
def test_an_invalid_configuration_file_is_named(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    """The error for an invalid configuration file names the file and the cause."""
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        EmbeddedServer(config=file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"secret": ""},
        {"secret": 5},
        {"config": 5},
        {"secret": "s", "port": -1},
        {"secret": "s", "port": "1"},
        {"secret": "s", "host": None},
        {"api_key": "k", "config": {"client": {"allowed_origins": ["[x"]}}},
        {"api_key": "k", "config": {"client": {"token": {"issuer_regex": "("}}}},
    ],
)
def test_invalid_arguments_are_refused(arguments: dict[str, object]) -> None:
    """Invalid arguments are refused before anything is started."""
    with pytest.raises(UsageError):
        EmbeddedServer(**arguments)  # type: ignore[arg-type]


def test_keys_without_effect_give_warnings() -> None:
    """Each key without effect gives a warning that points to the caller's code."""
    with pytest.warns(UnhonouredConfigWarning) as caught:
        EmbeddedServer(config={"secret": "s", "engine": "redis", "wrong": 1})
    assert [str(warning.message).split()[0] for warning in caught] == ["'engine'", "'wrong'"]
    assert {warning.filename for warning in caught} == {__file__}


def test_start_and_stop_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Start and stop are logged, with a note that the server is not for production."""
    with caplog.at_level(logging.INFO, "centripetal.server"), EmbeddedServer(secret="hush"):
        pass
    assert "for development and tests" in caplog.text
    assert "stopped serving" in caplog.text
    assert "hush" not in caplog.text


def test_the_default_name_is_host_and_port() -> None:
    """The node name consists of host and port unless a name is configured."""
    with EmbeddedServer(config=OPEN) as server:
        node = ask(server.url, {"method": "node"})[0]["body"]["data"]  # type: ignore[index]
        assert node["name"] == f"{socket.gethostname()}_{server.url.rpartition(':')[2]}"


def test_connections_during_the_stop_are_closed() -> None:
    """A client that connects while the server stops is disconnected, and the server does not hang."""
    for count in range(20):
        server = EmbeddedServer(secret="s").start()
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        clients = [socket.create_connection(address, timeout=10) for _ in range(count % 4)]
        server.stop()
        for client in clients:
            with client, contextlib.suppress(ConnectionResetError):  # the connection was not accepted yet
                assert client.recv(1) == b""


def test_no_thread_is_left_behind() -> None:
    """Stopping waits for the server's thread to end."""
    before = threading.active_count()
    with EmbeddedServer(secret="s"):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_process_that_does_not_stop_the_server_exits() -> None:
    """The server's thread does not keep the interpreter alive."""
    code = "from centripetal.server import EmbeddedServer; EmbeddedServer(secret='s').start()"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_in_loop_runs_a_coroutine_in_the_server() -> None:
    """`in_loop` runs a coroutine with the HTTP server in its loop and returns the result; it needs a running server."""

    async def count(http: HTTPServer) -> int:
        return len(http.connections)

    server = EmbeddedServer(secret="secret")
    with pytest.raises(UsageError, match="is not running"):
        server.in_loop(count)
    with server:
        assert server.in_loop(count) == 0


@pytest.fixture
def left_threads() -> Callable[[], list[threading.Thread]]:
    """Return a function that returns the threads of servers that the test has started and that do not end."""
    before = threading.enumerate()

    def left() -> list[threading.Thread]:
        after = [each for each in threading.enumerate() if each.name == "centripetal-server" and each not in before]
        for thread in after:
            # A thread whose start was interrupted may only begin, and end, now.
            with contextlib.suppress(RuntimeError):
                thread.join(5)
        return [each for each in after if each.is_alive()]

    return left


def test_methods_in_the_own_thread_do_not_deadlock(left_threads: Callable[[], list[threading.Thread]]) -> None:
    """A listener of events can ask the server to stop; a method that waits for the server is refused there."""
    server = EmbeddedServer(config=OPEN).start()
    errors: list[object] = []

    async def nothing(_: HTTPServer) -> None:
        """Do nothing."""

    def listen(_: object) -> None:
        try:
            server.in_loop(nothing)
        except UsageError as error:
            errors.append(str(error))
        server.stop()

    server.events.listen(listen)
    ask(server.url, {"method": "publish", "params": {"channel": "c", "data": 1}})
    server.stop()
    assert errors
    assert "server's own thread" in str(errors[0])
    assert not left_threads()


def by_signal(act: Callable[[], object], during: Callable[[], object]) -> list[object]:
    """Call *during*, and *act* in a signal handler meanwhile; return the errors of *act*."""
    errors: list[object] = []
    acting = False

    def handle(*_: object) -> None:
        nonlocal acting
        if not acting:
            acting = True
            try:
                act()
            except UsageError as error:
                errors.append(error)
            acting = False

    previous = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.003)
    try:
        during()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    return errors


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers with signals")
def test_methods_can_be_called_by_a_signal_handler(left_threads: Callable[[], list[threading.Thread]]) -> None:
    """A handler that interrupts a method and calls the same or another method gets a result or a UsageError."""
    server = EmbeddedServer(config=OPEN)

    async def short(_: HTTPServer) -> str:
        await asyncio.sleep(0.02)
        return "done"

    errors = by_signal(server.start, server.start)
    assert all("already running" in str(error) for error in errors)
    by_signal(lambda: server.in_loop(short), lambda: server.in_loop(short))
    by_signal(server.stop, server.stop)
    for _ in range(3):
        with contextlib.suppress(UsageError):
            by_signal(server.stop, server.start)
        server.stop()
    with server:
        assert ask(server.url, {"method": "node"})
    assert not left_threads()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers with signals")
@pytest.mark.parametrize("delay", [0.001, 0.002, 0.004, 0.008, 0.016])
def test_an_interrupted_start_or_stop_leaves_nothing_behind(
    delay: float, left_threads: Callable[[], list[threading.Thread]]
) -> None:
    """After Ctrl-C in `start`, no thread runs and no port is in use; after one in `stop`, `stop` works again."""
    port = free_port()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    server = EmbeddedServer(secret="s", port=port)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, delay)
            server.start()
            server.stop()
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, previous)
    server.stop()
    assert not left_threads()
    with server:
        assert str(port) in server.url


def test_a_system_without_threads_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no thread can be started, the error says so, and the port is free again."""

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    server = EmbeddedServer(secret="s")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        with pytest.raises(UsageError, match="cannot start the server's thread: can't start new thread"):
            server.start()
    with server:
        assert server.url
