"""The embedded server as users start and stop it."""

import contextlib
import json
import logging
import socket
import subprocess
import sys
import threading
import urllib.request
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
    """Inside, requests are answered; afterwards nobody listens."""
    with EmbeddedServer(config=OPEN) as server:
        assert ask(server.url, {"method": "channels"})[0]["error"] is None
        assert server.websocket_url == server.url.replace("http", "ws") + "/connection/websocket"
        port = int(server.url.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_async_with_does_the_same() -> None:
    """From within an event loop that is not the server's."""
    async with EmbeddedServer(secret="s") as server:
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))).close()


def test_each_start_is_a_fresh_server() -> None:
    """Nothing is remembered, and start and stop may be called again."""
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


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure of its thread comes out of `start`, which may then be called again."""

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
    """Also while somebody still holds the error, which holds everything that led to it."""

    def fail() -> None:
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
def test_many_clients_may_come_at_once() -> None:
    """They wait to be accepted while the server is busy; nobody has to try again a second later."""
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
    """An empty host is one that sockets take; a URL needs something to name."""
    with EmbeddedServer(secret="s", host="") as server:
        assert server.url.startswith("http://0.0.0.0:")
        assert server.console_url.startswith("http://localhost:")
        assert server.console_password


def test_it_cannot_be_started_twice() -> None:
    """It says so instead of losing the first thread."""
    with EmbeddedServer(secret="s") as server, pytest.raises(UsageError, match="runs already"):
        server.start()


def test_it_has_no_address_before_it_is_started() -> None:
    """Port 0 is no address."""
    server = EmbeddedServer(secret="s")
    with pytest.raises(UsageError, match="before it is started"):
        _ = server.url


def test_a_port_in_use_is_named() -> None:
    """With what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is in use"):
            EmbeddedServer(secret="s", port=port).start()


def test_an_address_that_is_not_ours_is_named() -> None:
    """Whatever the system says about it."""
    with pytest.raises(UsageError, match=r"cannot listen on port \d+ of 192.0.2.1"):
        EmbeddedServer(secret="s", host="192.0.2.1").start()


def test_the_secret_is_the_argument_or_the_configuration() -> None:
    """The argument wins; neither is in the repr."""
    assert EmbeddedServer(config={"secret": "configured"}).secret == "configured"
    server = EmbeddedServer(secret="hush", config={"secret": "configured"})
    assert server.secret == "hush"
    with server:
        assert "hush" not in repr(server)
        assert server.url in repr(server)
    assert "stopped" in repr(server)


def test_a_configuration_comes_from_a_file(tmp_path: Path) -> None:
    """Given as path or text, with a byte order mark or not."""
    file = tmp_path / "config.json"
    file.write_text('{"secret": "s", "http_prefix": "/rt"}', encoding="utf-8-sig")
    for source in (file, str(file)):
        with EmbeddedServer(config=source) as server:
            assert server.secret == "s"
            assert server.url.endswith("/rt")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.json", None, "cannot be read"),
        ("a.json", "{", "is not JSON: "),
        ("a.toml", 'secret = "s"', "JSON is the one here"),
        ("a.json", "[]", "must be a JSON object"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    """With what is wrong about it."""
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        EmbeddedServer(config=file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
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
def test_wrong_arguments_are_refused(arguments: dict[str, object]) -> None:
    """Before anything is started."""
    with pytest.raises(UsageError):
        EmbeddedServer(**arguments)  # type: ignore[arg-type]


def test_keys_without_effect_give_warnings() -> None:
    """One each, that point to whoever wrote the configuration."""
    with pytest.warns(UnhonouredConfigWarning) as caught:
        EmbeddedServer(config={"secret": "s", "engine": "redis", "wrong": 1})
    assert [str(warning.message).split()[0] for warning in caught] == ["'engine'", "'wrong'"]
    assert {warning.filename for warning in caught} == {__file__}


def test_start_and_stop_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With the remark that this is no production server."""
    with caplog.at_level(logging.INFO, "centripetal.server"), EmbeddedServer(secret="hush"):
        pass
    assert "for development and tests" in caplog.text
    assert "stopped serving" in caplog.text
    assert "hush" not in caplog.text


def test_a_name_is_made_of_host_and_port() -> None:
    """Unless one is configured."""
    with EmbeddedServer(config=OPEN) as server:
        node = ask(server.url, {"method": "node"})[0]["body"]["data"]  # type: ignore[index]
        assert node["name"] == f"{socket.gethostname()}_{server.url.rpartition(':')[2]}"


def test_connections_of_the_last_moment_are_ended_too() -> None:
    """A client that connects while the server stops sees the end of its stream, not a server that hangs."""
    for count in range(20):
        server = EmbeddedServer(secret="s").start()
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        clients = [socket.create_connection(address, timeout=10) for _ in range(count % 4)]
        server.stop()
        for client in clients:
            with client, contextlib.suppress(ConnectionResetError):  # nobody had accepted it yet
                assert client.recv(1) == b""


def test_no_thread_is_left_behind() -> None:
    """Stopping waits for the server's thread."""
    before = threading.active_count()
    with EmbeddedServer(secret="s"):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_process_that_forgets_to_stop_ends_all_the_same() -> None:
    """The server's thread does not keep an interpreter alive."""
    code = "from centripetal.server import EmbeddedServer; EmbeddedServer(secret='s').start()"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_tools_run_what_they_like_in_the_loop_of_the_server() -> None:
    """With its HTTP server, and wait for the result; there is no loop before the start."""

    async def count(http: HTTPServer) -> int:
        return len(http.connections)

    server = EmbeddedServer(secret="secret")
    with pytest.raises(UsageError, match="does not run"):
        server.in_loop(count)
    with server:
        assert server.in_loop(count) == 0
