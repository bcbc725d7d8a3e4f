"""The official Python client of Centrifugo 3 to 6, unmodified, with the embedded server."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import centrifuge
import pytest

from centripetal.server import EmbeddedServer
from tests.sdk.backend import CONFIG, call, token
from tests.sdk.stage import Line

TEXT = "The quick brown fox jumps over the lazy dog. " * 20


class Events:
    """Events of the client's handlers, in order, that no test has read yet."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._found: list[tuple[str, Any]] = []

    async def tell(self, name: str, context: Any) -> None:
        async with self._changed:
            self._found.append((name, context))
            self._changed.notify_all()

    async def get(self, name: str) -> Any:
        """Return the next event with this name and keep earlier events of other names."""

        def index() -> int | None:
            return next((index for index, (found, _) in enumerate(self._found) if found == name), None)

        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: index() is not None)
            return self._found.pop(index() or 0)[1]


class ClientHandler(centrifuge.ClientEventHandler):
    """Client handler that passes everything to *events*."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def on_connected(self, ctx: centrifuge.ConnectedContext) -> None:
        await self._events.tell("connected", ctx)

    async def on_connecting(self, ctx: centrifuge.ConnectingContext) -> None:
        await self._events.tell("connecting", ctx)

    async def on_disconnected(self, ctx: centrifuge.DisconnectedContext) -> None:
        await self._events.tell("disconnected", ctx)

    async def on_subscribed(self, ctx: centrifuge.ServerSubscribedContext) -> None:
        await self._events.tell("server subscribed", ctx)

    async def on_publication(self, ctx: centrifuge.ServerPublicationContext) -> None:
        await self._events.tell("server publication", ctx)


class SubscriptionHandler(centrifuge.SubscriptionEventHandler):
    """Subscription handler that passes everything to *events*."""

    def __init__(self, events: Events) -> None:
        self._events = events

    async def on_subscribed(self, ctx: centrifuge.SubscribedContext) -> None:
        await self._events.tell("subscribed", ctx)

    async def on_unsubscribed(self, ctx: centrifuge.UnsubscribedContext) -> None:
        await self._events.tell("unsubscribed", ctx)

    async def on_publication(self, ctx: centrifuge.PublicationContext) -> None:
        await self._events.tell("publication", ctx)

    async def on_join(self, ctx: centrifuge.JoinContext) -> None:
        await self._events.tell("join", ctx)


class User:
    """A user of the Python client.

    Args:
        address: address of the server.
        claims: claims of the tokens that the user gets, in order; the last claims are repeated.
    """

    def __init__(self, address: str, *claims: dict[str, Any]) -> None:
        self.events = Events()
        self._tokens = 0
        self._claims = claims
        self.client = centrifuge.Client(
            address,
            events=ClientHandler(self.events),
            get_token=self._token,
            min_reconnect_delay=0.02,
            max_reconnect_delay=0.1,
        )

    async def subscribe(self, channel: str, **options: Any) -> centrifuge.Subscription:
        subscription = self.client.new_subscription(channel, events=SubscriptionHandler(self.events), **options)
        await subscription.subscribe()
        return subscription

    async def _token(self) -> str:
        self._tokens += 1
        await self.events.tell("token", self._tokens)
        return token(**self._claims[min(self._tokens, len(self._claims)) - 1])


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
async def user(line: Line) -> AsyncIterator[User]:
    """Return a user that is connected as 42."""
    user = User(await line.start(), {"sub": "42", "info": {"name": "Zoë"}})
    await user.client.connect()
    await user.events.get("connecting")
    await user.events.get("connected")
    yield user
    await user.client.disconnect()


async def test_a_client_publishes_and_reads_presence_and_history(user: User, server: EmbeddedServer) -> None:
    """A client receives its own publications, API publications, joins, presence and history."""
    subscription = await user.subscribe("news:a", join_leave=True)
    await user.events.get("subscribed")
    assert (await user.events.get("join")).info.conn_info == {"name": "Zoë"}
    await subscription.publish({"text": "é <&> 😀"})
    await call(server, "publish", channel="news:a", data=1)
    first, second = [(await user.events.get("publication")).pub for _ in range(2)]
    assert (first.data, first.info.user, first.offset) == ({"text": "é <&> 😀"}, "42", 1)
    assert (second.data, second.info, second.offset) == (1, None, 2)
    (who,) = (await subscription.presence()).clients.values()
    assert who.user == "42"
    assert (await subscription.presence_stats()).num_users == 1
    assert [each.data for each in (await subscription.history(limit=-1)).publications] == [first.data, 1]


@pytest.mark.parametrize("options", [{}, {"delta": centrifuge.DeltaType.FOSSIL}], ids=["plain", "delta"])
async def test_a_client_recovers_missed_publications(
    user: User, server: EmbeddedServer, line: Line, options: dict[str, Any]
) -> None:
    """After a lost connection the client reconnects and receives the missed publications in order, also as deltas."""
    await user.subscribe("news:a", **options)
    assert not (await user.events.get("subscribed")).was_recovering
    await call(server, "publish", channel="news:a", data=[TEXT, 0])
    await user.events.get("publication")
    line.cut()
    await user.events.get("connecting")
    for number in (1, 2):
        await call(server, "publish", channel="news:a", data=[TEXT, number])
    line.mend()
    assert (await user.events.get("subscribed")).recovered
    await call(server, "publish", channel="news:a", data=[TEXT, 3])
    found = [(await user.events.get("publication")).pub.data for _ in range(3)]
    assert found == [[TEXT, number] for number in (1, 2, 3)]


async def test_a_token_subscribes_the_client(line: Line, server: EmbeddedServer) -> None:
    """A client receives publications in a channel of its connection token."""
    user = User(await line.start(), {"sub": "42", "channels": ["closed:a"]})
    await user.client.connect()
    assert (await user.events.get("server subscribed")).channel == "closed:a"
    await call(server, "publish", channel="closed:a", data=[1])
    assert (await user.events.get("server publication")).pub.data == [1]
    await user.client.disconnect()


async def test_a_client_refreshes_its_token_in_time(line: Line) -> None:
    """The client asks for another token before its token expires, and stays connected."""
    now = int(time.time())
    user = User(await line.start(), {"sub": "42", "exp": now + 2}, {"sub": "42", "exp": now + 3600})
    await user.client.connect()
    connected = await user.events.get("connected")
    assert [await user.events.get("token") for _ in range(2)] == [1, 2]
    subscription = await user.subscribe("news:a")
    assert list((await subscription.presence()).clients) == [connected.client]
    await user.client.disconnect()


async def test_a_client_receives_refusals(user: User) -> None:
    """The client receives the errors of the real server."""
    await user.subscribe("closed:a")
    refused = await user.events.get("unsubscribed")
    assert (refused.code, refused.reason) == (103, "permission denied")
    with pytest.raises(centrifuge.ReplyError) as failure:
        await user.client.publish("nowhere:a", 1)
    assert failure.value.code == 102
    with pytest.raises(centrifuge.ReplyError) as failure:
        await user.client.rpc("pong", {})
    assert failure.value.code == 104


async def test_a_client_follows_disconnects(user: User, server: EmbeddedServer) -> None:
    """The disconnect code determines whether the client reconnects."""
    await call(server, "disconnect", user="42", disconnect={"code": 4001, "reason": "come back"})
    assert (await user.events.get("connecting")).code == 4001
    await user.events.get("connected")
    await call(server, "disconnect", user="42")
    assert (await user.events.get("disconnected")).code == 3503
