"""The official JavaScript client of Centrifugo 1.x, unmodified, with the embedded server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from centripetal import v1
from centripetal.server import EmbeddedServer
from tests.needs import find, needs
from tests.sdk.stage import Line, Program

pytestmark = [needs("node"), needs("centrifuge-js")]

SECRET = "secret"
INFO = '{"name":"Zoë"}'
CONFIG = {
    "secret": SECRET,
    "namespaces": [
        {
            "name": "public",
            "publish": True,
            "presence": True,
            "join_leave": True,
            "recover": True,
            "history_size": 10,
            "history_lifetime": 60,
        },
        {"name": "private"},
    ],
}
PROGRAM = Path(__file__).parent / "centrifuge_js.cjs"


class Application(BaseHTTPRequestHandler):
    """The application's endpoint for private channels, which signs all channels except secret channels."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {
            channel: {"sign": v1.generate_channel_sign(SECRET, asked["client"], channel, INFO), "info": INFO}
            for channel in asked["channels"]
            if "secret" not in channel
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(config=CONFIG) as server:
        yield server


@pytest.fixture
def application() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Application) as listener:
        thread = Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{listener.server_port}/auth"
        listener.shutdown()
        thread.join()


@pytest.fixture
async def line(server: EmbeddedServer) -> AsyncIterator[Line]:
    line = Line(server.websocket_url)
    yield line
    await line.stop()


@pytest.fixture
async def browser(line: Line, application: str) -> AsyncIterator[Program]:
    node, packages = find("node"), find("centrifuge-js")
    assert node
    assert packages
    now = str(int(time.time()))
    options = {
        "url": await line.start(),
        "user": "42",
        "timestamp": now,
        "info": INFO,
        "token": v1.generate_client_token(SECRET, "42", now, INFO),
        "retry": 20,
        "maxRetry": 100,
    }
    process = await asyncio.create_subprocess_exec(
        *(node, str(PROGRAM), packages, json.dumps(options), application),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    browser = Program(process)
    browser.order("connect")
    await browser.event("connect")
    yield browser
    await browser.stop()


async def test_a_subscriber_receives_published_messages(browser: Program, server: EmbeddedServer) -> None:
    """A client receives messages in public and private channels, its own join, and its presence."""
    client = v1.Client(server.url, SECRET)
    for channel in ("public:news", "$private:mine"):
        browser.order("subscribe", channel=channel)
        await browser.event("subscribe", channel=channel)
        client.publish(channel, {"text": "é <&> 😀"})
        await browser.event("message", channel=channel, data={"text": "é <&> 😀"})
    (who,) = client.presence("public:news").values()
    joined = await browser.event("join", channel="public:news")
    assert joined["data"] == {"user": "42", "client": who.client, "default_info": {"name": "Zoë"}}
    browser.order("presence", channel="public:news")
    assert (await browser.event("presence"))["data"] == {who.client: joined["data"]}
    assert sorted(client.channels()) == ["$private:mine", "public:news"]


async def test_a_client_message_is_in_the_history(browser: Program, server: EmbeddedServer) -> None:
    """A client's message is in the history with its author, and the publisher receives it."""
    browser.order("subscribe", channel="public:news")
    await browser.event("subscribe")
    browser.order("publish", channel="public:news", data=[1, {"a": None}])
    await browser.event("message", data=[1, {"a": None}])
    await browser.event("published")
    (message,) = v1.Client(server.url, SECRET).history("public:news")
    assert message.data == [1, {"a": None}]
    assert message.info is not None
    assert (message.info.user, message.info.default_info) == ("42", {"name": "Zoë"})


async def test_a_client_recovers_missed_messages(browser: Program, server: EmbeddedServer, line: Line) -> None:
    """After a lost connection the client reconnects and receives the missed messages in order."""
    client = v1.Client(server.url, SECRET)
    browser.order("subscribe", channel="public:news")
    await browser.event("subscribe", isResubscribe=False)
    client.publish("public:news", 0)
    await browser.event("message", data=0)
    line.cut()
    await browser.event("disconnect")
    for number in (1, 2):
        client.publish("public:news", number)
    line.mend()
    await browser.event("subscribe", isResubscribe=True, recovered=True)
    client.publish("public:news", 3)
    assert [(await browser.event("message"))["data"] for _ in range(3)] == [1, 2, 3]


async def test_a_client_follows_unsubscribes_and_disconnects(browser: Program, server: EmbeddedServer) -> None:
    """The client sees the end of a subscription and of the connection, and does not reconnect."""
    client = v1.Client(server.url, SECRET)
    browser.order("subscribe", channel="public:news")
    await browser.event("subscribe")
    client.unsubscribe("public:news", "42")
    await browser.event("unsubscribe", channel="public:news")
    client.disconnect("42")
    assert (await browser.event("disconnect"))["details"] == {"reason": "disconnect", "reconnect": False}


async def test_a_client_receives_refusals(browser: Program) -> None:
    """The server refuses a channel without configuration, and the application a secret channel."""
    browser.order("subscribe", channel="nowhere:x")
    assert (await browser.event("refused", channel="nowhere:x"))["error"] == "namespace not found"
    browser.order("subscribe", channel="$private:secret")
    refused = await browser.event("refused", channel="$private:secret")
    assert refused["error"] == "channel not found in authorization response"
