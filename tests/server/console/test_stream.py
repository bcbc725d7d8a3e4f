"""The console on a running server: event streams over real sockets, without effects on other paths."""

import asyncio
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer
from centripetal.server.console.stream import Console
from centripetal.server.engine.events import Events
from centripetal.server.listening.http_server import HTTPServer
from centripetal.server.v1.config import read_config
from centripetal.server.v1.service import start
from centripetal.v1 import Client
from tests.server.environment import fixed_environment

SECRET = "secret"


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(secret=SECRET) as server:
        yield server


@contextlib.contextmanager
def get(server: EmbeddedServer, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    port = urlsplit(server.url).port
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as response:
            yield response


def ask(server: EmbeddedServer, path: str, **headers: str) -> tuple[int, bytes]:
    """Return the status and body of a response that ends."""
    with get(server, path, **headers) as response:
        return response.status, response.read()


def frame(response: http.client.HTTPResponse) -> dict[str, str]:
    """Return the next frame of an event stream that is not just a comment."""
    fields: dict[str, str] = {}
    while True:
        line = response.readline().decode()
        assert line, "the stream has ended"
        if line == "\n":
            if "data" in fields:
                return fields
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value


def events(response: http.client.HTTPResponse, count: int) -> tuple[list[dict[str, Any]], str]:
    """Return the next *count* events and the id of the last frame."""
    found: list[dict[str, Any]] = []
    last = ""
    while len(found) < count:
        fields = frame(response)
        body = json.loads(fields["data"])
        assert body["missed"] == 0
        found += body["events"]
        last = fields["id"]
    assert len(found) == count
    return found, last


def test_events_are_streamed(server: EmbeddedServer) -> None:
    """A page receives earlier and new events; after a reconnect it receives only events that are new to it."""
    client = Client(server.url, SECRET)
    client.publish("news", "before")
    with get(server, "/console/events") as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert "Access-Control-Allow-Origin" not in response.headers
        (before, call), _ = events(response, 2)
        assert (before["kind"], before["text"], call["kind"], call["method"]) == (
            "published",
            '"before"',
            "command",
            "publish",
        )
        client.publish("news", "after")
        (after, _), last = events(response, 2)
        assert after["text"] == '"after"'
    client.publish("news", "meanwhile")
    with get(server, "/console/events", **{"Last-Event-ID": last}) as response:
        assert events(response, 2)[0][0]["text"] == '"meanwhile"'


def test_a_page_that_does_not_read_uses_no_memory(server: EmbeddedServer) -> None:
    """The stream of a page that does not read is paused, and later reports the number of missed events."""
    client = Client(server.url, SECRET)
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(b"GET /console/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = connection.recv(1 << 16)
        assert b"text/event-stream" in received
        # Far more than the socket buffers hold: about 40 MB.
        for number in range(100):
            with client.batch() as batch:
                for _ in range(100):
                    batch.publish("news", f"{number} " + "x" * 4000)
        client.publish("news", "the last one")
        while b"the last one" not in received[-10000:]:
            received += connection.recv(1 << 20)
    bodies = [json.loads(line[6:]) for line in received.decode().split("\n") if line.startswith("data: ")]
    missed = sum(body["missed"] for body in bodies)
    told = sum(len(body["events"]) for body in bodies)
    assert missed > 0
    assert missed + told >= 2 * 100 * 100 + 1
    assert len(received) < 40_000_000


def test_streams_end_with_the_server() -> None:
    """Stopping ends the streams and does not wait for pages that do not read."""
    server = EmbeddedServer(secret=SECRET).start()
    threads = threading.active_count()
    with get(server, "/console/events") as response:
        server.stop()
        assert frame(response)["event"] == "bye"
        assert response.read() == b""
    assert threading.active_count() == threads - 1


async def test_an_idle_stream_sends_comments() -> None:
    """A stream without events sends comments, which keep it open and are invisible to pages."""
    service = start(read_config({"secret": SECRET})[0], fixed_environment(), Events(), "node")
    console = Console(service, host="127.0.0.1", password="", keep_alive=0.01)
    server = HTTPServer(*console.before(service.http.answer, lambda _: None))
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    await server.start(listener)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /console/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(20):
        for _ in range(2):
            await reader.readuntil(b": still here\n\n")
    writer.close()
    await console.stop()
    await server.stop()


@pytest.mark.parametrize("path", ["/console/", "/console/events", "/console/state", "/console/console.js"])
def test_a_refusal_is_an_ordinary_response(server: EmbeddedServer, path: str) -> None:
    """A refused request gets an ordinary response, for the stream too, and the connection stays usable."""
    status, body = ask(server, path, Origin="http://example.com")
    assert status == 403
    assert b"own page only" in body


def test_a_password_guards_the_stream() -> None:
    """With a password, the stream requires it even on a loopback address."""
    with EmbeddedServer(secret=SECRET, console_password="password") as server:
        assert ask(server, "/console/events")[0] == 401
        right = {"Authorization": "Basic bWU6cGFzc3dvcmQ="}
        with get(server, "/console/events", **right) as response:
            assert response.status == 200


def test_a_server_without_a_console_has_no_trace_of_it() -> None:
    """Without a console its paths are 404, no event listener is registered, and its URL raises an error."""
    with EmbeddedServer(secret=SECRET, console=False) as server:
        assert ask(server, "/console/")[0] == 404
        assert not server.events
        with pytest.raises(UsageError, match="console=True"):
            _ = server.console_url


@pytest.mark.parametrize("path", ["/", "/console", "/console/x", "/consoles/", "/x/console/"])
def test_other_paths_are_as_in_the_real_server(server: EmbeddedServer, path: str) -> None:
    """Other paths get the real server's 404 and its text."""
    assert ask(server, path) == (404, b"404 page not found\n")


@pytest.mark.parametrize("prefix", ["", "/rt", "/console"])
def test_the_path_is_independent_of_the_prefix(prefix: str) -> None:
    """The console has the same path with any prefix and takes no path from the API."""
    with EmbeddedServer(secret=SECRET, config={"http_prefix": prefix}) as server:
        assert ask(server, "/console/")[0] == 200
        assert Client(server.url, SECRET).channels() == []
        assert server.console_url == server.url.removesuffix(prefix) + "/console/"


@pytest.mark.parametrize(
    ("host", "shown", "asks"),
    [("127.0.0.1", "127.0.0.1", False), ("localhost", "localhost", False), ("0.0.0.0", "localhost", True)],
)
def test_a_password_is_required_beyond_loopback(host: str, shown: str, asks: bool) -> None:
    """Beyond loopback a password is required and generated if not given; the URL is usable in a browser."""
    server = EmbeddedServer(secret=SECRET, host=host)
    assert bool(server.console_password) is asks
    with server:
        assert server.console_url.startswith(f"http://{shown}:")
        assert ask(server, "/console/")[0] == (401 if asks else 200)
    assert not asks or server.console_password != EmbeddedServer(secret=SECRET, host=host).console_password


@pytest.mark.parametrize("arguments", [{"console_password": ""}, {"console_password": 5}, {"console": False}])
def test_invalid_arguments_are_refused(arguments: dict[str, Any]) -> None:
    """An empty password, or a password without a console, is an error."""
    with pytest.raises(UsageError, match="console_password"):
        EmbeddedServer(secret=SECRET, **{"console_password": "x", **arguments})
