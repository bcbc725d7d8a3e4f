"""The official JavaScript client of Centrifugo 3 to 6, unmodified, with the embedded server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from centripetal.server import EmbeddedServer
from tests.needs import find, needs
from tests.sdk.backend import CONFIG, call, token
from tests.sdk.stage import Line, Program

pytestmark = [needs("node"), needs("centrifuge-js")]

PROGRAM = Path(__file__).parent / "centrifuge5_js.cjs"
TEXT = "The quick brown fox jumps over the lazy dog. " * 20


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer(config=CONFIG) as server:
        yield server


@pytest.fixture
async def line(server: EmbeddedServer) -> AsyncIterator[Line]:
    line = Line(server.websocket_url)
    yield line
    await line.stop()


@pytest.fixture
async def idle(line: Line) -> AsyncIterator[Program]:
    """Return a client that has not connected yet and asks the test for its tokens."""
    node, packages = find("node"), find("centrifuge-js")
    assert node
    assert packages
    process = await asyncio.create_subprocess_exec(
        *(node, str(PROGRAM), packages, await line.start(), json.dumps({"name": "js", "version": "1"})),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    program = Program(process)
    yield program
    await program.stop()


async def connect(client: Program, **claims: Any) -> str:
    """Connect with a token with these claims and return the connection id."""
    client.order("connect")
    await client.event("token wanted")
    client.order("token", token=token(**claims))
    connected = await client.event("connected")
    return str(connected["client"])


@pytest.fixture
async def client(idle: Program) -> Program:
    """Return a client that is connected as user 42."""
    await connect(idle, sub="42", info={"name": "Zoë"})
    return idle


async def subscribe(client: Program, channel: str, **options: object) -> dict[str, Any]:
    client.order("subscribe", channel=channel, options=options)
    return await client.event("subscribed", channel=channel)


async def test_a_subscriber_receives_api_publications(client: Program, server: EmbeddedServer) -> None:
    """A subscriber receives API publications with offset and tags, its own join, and its presence."""
    await subscribe(client, "news:a", joinLeave=True)
    joined = await client.event("join", channel="news:a")
    await call(server, "publish", channel="news:a", data={"text": "é <&> 😀"}, tags={"t": "<"})
    publication = await client.event("publication", channel="news:a")
    assert (publication["data"], publication["offset"], publication["tags"]) == ({"text": "é <&> 😀"}, 1, {"t": "<"})
    client.order("presence", channel="news:a")
    ((id_, present),) = (await client.event("presence"))["result"]["clients"].items()
    for who in (present, joined["info"]):
        assert (who["client"], who["user"], who["connInfo"]) == (id_, "42", {"name": "Zoë"})
    client.order("presenceStats", channel="news:a")
    assert (await client.event("presenceStats"))["result"] == {"numClients": 1, "numUsers": 1}
    assert await call(server, "channels") == {"channels": {"news:a": {"num_clients": 1}}}


async def test_a_client_publication_is_in_the_history(client: Program) -> None:
    """A client's publication is in the history with its author, and the publisher receives it."""
    await subscribe(client, "news:a")
    client.order("publish", channel="news:a", data=[1, {"a": None}])
    assert (await client.event("publication"))["info"]["user"] == "42"
    await client.event("published", result={})
    client.order("history", channel="news:a", limit=10)
    history = (await client.event("history"))["result"]
    assert [each["data"] for each in history["publications"]] == [[1, {"a": None}]]


@pytest.mark.parametrize("options", [{}, {"delta": "fossil"}], ids=["plain", "delta"])
async def test_a_client_recovers_missed_publications(
    client: Program, server: EmbeddedServer, line: Line, options: dict[str, str]
) -> None:
    """After a lost connection the client reconnects and receives the missed publications in order, also as deltas."""
    await subscribe(client, "news:a", **options)
    await call(server, "publish", channel="news:a", data=[TEXT, 0])
    await client.event("publication")
    line.cut()
    await client.event("connecting", code=1)
    for number in (1, 2):
        await call(server, "publish", channel="news:a", data=[TEXT, number])
    line.mend()
    recovered = await client.event("subscribed", wasRecovering=True)
    assert recovered["recovered"] is True
    await call(server, "publish", channel="news:a", data=[TEXT, 3])
    assert [(await client.event("publication"))["data"] for _ in range(3)] == [[TEXT, number] for number in (1, 2, 3)]


async def test_a_client_understands_the_deltas(client: Program, server: EmbeddedServer) -> None:
    """The client applies the server's deltas correctly, even if a change is inside a character."""
    await subscribe(client, "news:a", delta="fossil")
    payloads = [{"text": TEXT, "n": number} for number in range(3)] + ["é" + TEXT, "è" + TEXT, TEXT + "é", None, TEXT]
    for payload in payloads:
        await call(server, "publish", channel="news:a", data=payload)
    assert [(await client.event("publication"))["data"] for _ in payloads] == payloads


async def test_a_client_receives_only_filtered_publications(client: Program, server: EmbeddedServer) -> None:
    """A client with a filter receives only publications with matching tags."""
    await subscribe(client, "news:a", tagsFilter={"key": "n", "cmp": "gte", "val": "2"})
    for number in range(4):
        await call(server, "publish", channel="news:a", data=number, tags={"n": str(number)})
    assert [(await client.event("publication"))["data"] for _ in range(2)] == [2, 3]


async def test_server_side_subscriptions_deliver_and_recover(idle: Program, server: EmbeddedServer, line: Line) -> None:
    """Server-side subscriptions, by token or API, deliver and recover publications."""
    await connect(idle, sub="42", channels=["closed:a", "news:a"])
    assert {(await idle.event("server subscribed"))["channel"] for _ in range(2)} == {"closed:a", "news:a"}
    await call(server, "subscribe", user="42", channel="closed:b", data={"hello": 1})
    assert (await idle.event("server subscribed"))["data"] == {"hello": 1}
    await call(server, "publish", channel="closed:b", data=0)
    assert (await idle.event("server publication"))["data"] == 0
    line.cut()
    await idle.event("connecting", code=1)
    await call(server, "publish", channel="news:a", data=1)
    line.mend()
    assert (await idle.event("server subscribed", channel="news:a"))["recovered"] is True
    assert (await idle.event("server publication"))["data"] == 1
    await call(server, "unsubscribe", user="42", channel="news:a")
    await idle.event("server unsubscribed", channel="news:a")


async def test_a_client_refreshes_its_token_in_time(idle: Program, server: EmbeddedServer) -> None:
    """The client asks for another token before its token expires, and stays connected."""
    id_ = await connect(idle, sub="42", exp=int(time.time()) + 2)
    await idle.event("token wanted")
    idle.order("token", token=token(sub="42", exp=int(time.time()) + 3600))
    await subscribe(idle, "news:a")
    idle.order("presence", channel="news:a")
    assert list((await idle.event("presence"))["result"]["clients"]) == [id_]


async def test_a_client_calls_the_rpc_method(client: Program) -> None:
    """The client can call the server's RPC method, and an unknown method is refused."""
    client.order("rpc", method="ping", data={})
    assert "result" in await client.event("rpc")
    client.order("rpc", method="pong", data={})
    assert (await client.event("rpc"))["code"] == 104


async def test_a_client_receives_refusals(client: Program) -> None:
    """The client receives the errors of the real server."""
    client.order("subscribe", channel="closed:a")
    refused = await client.event("unsubscribed", channel="closed:a")
    assert (refused["code"], refused["reason"]) == (103, "permission denied")
    client.order("publish", channel="nowhere:a", data=1)
    assert (await client.event("published"))["code"] == 102


async def test_a_client_follows_unsubscribes_and_disconnects(client: Program, server: EmbeddedServer) -> None:
    """The client sees a removed subscription, and reconnects or not depending on the disconnect code."""
    await subscribe(client, "news:a")
    await call(server, "unsubscribe", user="42", channel="news:a")
    assert (await client.event("unsubscribed"))["code"] == 2000
    await call(server, "disconnect", user="42", disconnect={"code": 4001, "reason": "come back"})
    await client.event("connecting", code=4001, reason="come back")
    await client.event("connected")
    await call(server, "disconnect", user="42")
    await client.event("disconnected", code=3503, reason="force disconnect")
