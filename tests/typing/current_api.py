"""Correct uses of the current API that a type checker must accept, with the types that users see. Never executed."""

import datetime
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, assert_type

import centripetal
from centripetal import (
    RPC,
    AsyncClient,
    BlockUserResult,
    Broadcast,
    BroadcastResult,
    Channels,
    ChannelsResult,
    Client,
    ClientInfo,
    Command,
    ConnectionsResult,
    DeviceFilter,
    DeviceListResult,
    DisconnectReason,
    DisconnectResult,
    FcmPushNotification,
    FilterNode,
    History,
    HistoryGapError,
    HistoryRemoveResult,
    HistoryResult,
    HTTPReply,
    HTTPRequest,
    InfoResult,
    Limits,
    MapPublishResult,
    MapReadStateResult,
    MapStatsResult,
    PresenceResult,
    PresenceStatsResult,
    Publication,
    Publish,
    PublishResult,
    PushNotification,
    PushRecipient,
    RefreshResult,
    ReplyError,
    Retry,
    RPCResult,
    SendPushNotificationResult,
    SharedPollPublishResult,
    StreamPosition,
    SubscribeOptionOverride,
    SubscribeResult,
    UnsubscribeResult,
)
from centripetal.testing import ANYTHING, Centrifugo, Publications, Recorder
from centripetal.testing import Publication as Published


@dataclass
class News:
    text: str


class MyTransport:
    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return HTTPReply(200, request.body)

    def close(self) -> None: ...


def clients() -> None:
    client = Client("http://localhost:8000", "key")
    assert_type(client, Client)
    assert_type(Client.from_env(timeout=1), Client)
    assert_type(AsyncClient.from_env(retry=Retry()), AsyncClient)
    assert_type(client.endpoint, str)
    assert_type(client.timeout, float)
    Client("http://h")
    Client(["http://a", "http://b"], "k", max_idle=None)
    AsyncClient(("http://a", "http://b"), "k", max_idle=20)
    Client("http://h", None, timeout=2.5, transport=MyTransport(), group=Limits(commands=10), on_request=print)
    Client("http://h", "k", retry=Retry(attempts=3, base=0.1, cap=1), check_channels=False, max_payload_bytes=None)
    AsyncClient("http://h", "k", handler_prefix="/push", max_connections=4, retry=None)


def publishing(client: Client, data: object) -> None:
    assert_type(client.publish("news", {"text": "hello"}), PublishResult)
    client.publish("news", News("hello"), skip_history=True, tags={"a": "b"}, idempotency_key="k", timeout=1)
    client.publish("news", data, delta=True, version=3, version_epoch="e")
    client.publish(channel="news", data=None)
    client.publish("news", b64data=b"\x00")
    client.publish("news", b64data="AA==")
    assert_type(client.broadcast(["a", "b"], b"[1]"), BroadcastResult)
    client.broadcast(("a", "b"), 1, tags={})
    assert_type(client.broadcast(["a"], 1).responses[0].value(), PublishResult)
    assert_type(client.broadcast(["a"], 1).failed, dict[int, ReplyError])


def blocking(client: Client) -> None:
    assert_type(client.subscribe("news", 42, info=1, expire_at=5), SubscribeResult)
    client.subscribe("news", "42", override=SubscribeOptionOverride(presence=True), recover_since=StreamPosition(1))
    client.subscribe("news", "42", expire_at=datetime.datetime.now(datetime.UTC), label_filter=FilterNode(key="a"))
    assert_type(client.unsubscribe("news", "", anonymous=True), UnsubscribeResult)
    assert_type(client.disconnect(42, disconnect=DisconnectReason(4500, "x"), whitelist=["c"]), DisconnectResult)
    assert_type(client.refresh("42", expired=True), RefreshResult)
    assert_type(client.presence("news"), PresenceResult)
    assert_type(client.presence("news").presence, dict[str, ClientInfo])
    assert_type(client.presence_stats("news"), PresenceStatsResult)
    assert_type(client.history("news", limit=-1, since=StreamPosition(3, "e"), reverse=True), HistoryResult)
    assert_type(client.history("news").publications, list[Publication])
    assert_type(client.history_remove("news"), HistoryRemoveResult)
    assert_type(client.channels(pattern="a*"), ChannelsResult)
    assert_type(client.info(timeout=2), InfoResult)
    assert_type(client.rpc("m", params={"a": 1}), RPCResult)
    assert_type(client.map_publish("m", "k", 1, key_mode="if_new"), MapPublishResult)
    assert_type(client.map_read_state("m", limit=5), MapReadStateResult)
    assert_type(client.map_stats("m"), MapStatsResult)
    assert_type(client.shared_poll_publish("m", "k", 1, {"a": 1}), SharedPollPublishResult)
    assert_type(client.connections(user=42), ConnectionsResult)
    assert_type(client.block_user(42, expire_at=5), BlockUserResult)
    assert_type(client.device_list(filter=DeviceFilter(users=[42]), limit=5), DeviceListResult)
    recipient, push = PushRecipient(fcm_tokens=["t"]), PushNotification(fcm=FcmPushNotification({"a": 1}))
    assert_type(client.send_push_notification(recipient, push), SendPushNotificationResult)
    with client as same:
        assert_type(same, Client)


async def awaited(client: AsyncClient) -> None:
    assert_type(await client.publish("news", {"text": "hello"}, timeout=1), PublishResult)
    assert_type(await client.history("news"), HistoryResult)
    assert_type(await client.map_stats("m"), MapStatsResult)
    assert_type(await client.block_user("42"), BlockUserResult)
    async with client as same:
        assert_type(same, AsyncClient)


async def pages(client: Client, async_client: AsyncClient) -> None:
    assert_type(client.history_pages("news", limit=10), Iterator[HistoryResult])
    assert_type(async_client.history_pages("news", since=StreamPosition(1)), AsyncIterator[HistoryResult])
    try:
        for page in client.history_pages("news", reverse=True, timeout=1):
            assert_type(page, HistoryResult)
        async for page in async_client.history_pages("news"):
            assert_type(page, HistoryResult)
    except HistoryGapError as error:
        assert_type(error.found, int)
        assert_type(error.expected, int | None)


def batches(client: Client) -> None:
    with client.batch(parallel=True, timeout=3) as batch:
        published = batch.publish("news", 1)
        info = batch.call(RPC("m"))
        other = batch.call("new_method", {"a": 1})
    assert_type(published.result(), PublishResult)
    assert_type(info.result(), RPCResult)
    assert_type(other.result(), Any)
    assert_type(len(batch), int)


async def awaited_batches(client: AsyncClient) -> None:
    async with client.batch() as batch:
        presence = batch.presence("news")
        channels = batch.call(Channels())
    assert_type(presence.result(), PresenceResult)
    assert_type(channels.result(), ChannelsResult)


class Publisher(Protocol):
    def publish(self, channel: str, data: Any) -> Any: ...


class AsyncPublisher(Protocol):
    async def publish(self, channel: str, data: Any) -> Any: ...


def protocols(client: Client, async_client: AsyncClient) -> None:
    publisher: Publisher = client
    async_publisher: AsyncPublisher = async_client
    del publisher, async_publisher


def modules() -> None:
    assert_type(centripetal.v1.Client("http://h", "s").publish("news", 1), bool)
    assert_type(centripetal.tokens.connection_token("secret", "42"), str)
    assert_type(centripetal.errors.UsageError("no").retryable, bool)
    assert_type(centripetal.testing.Recorder().client(), centripetal.Client)


async def commands(client: Client, async_client: AsyncClient) -> None:
    assert_type(client.call(Publish("news", 1)), PublishResult)
    assert_type(client.call(Broadcast(["news"], 1), timeout=2), BroadcastResult)
    assert_type(await async_client.call(History("news")), HistoryResult)
    assert_type(client.call("new_method", {"a": 1}, timeout=2), Any)
    assert_type(await async_client.call("new_method"), Any)
    waiting: Sequence[Command[ChannelsResult]] = [Channels(), Channels(timeout=1)]
    assert_type([client.call(command) for command in waiting], list[ChannelsResult])
    make: Callable[[str], Command[HistoryResult]] = History
    assert_type(client.call(make("news")), HistoryResult)


def values(publication: Publication, info: ClientInfo) -> None:
    assert_type(publication.data_json, bytes | None)
    assert_type(publication.info, ClientInfo | None)
    assert_type(publication.tags, dict[str, str])
    assert_type(info.conn_info_json, bytes | None)


async def tests(server: Centrifugo, recorder: Recorder) -> None:
    config = {"channel": {"namespaces": [{"name": "chat"}]}}
    assert_type(Centrifugo(api_key="k", token_secret="s", config=config), Centrifugo)
    assert_type(Recorder(config=config, now=lambda: 1.5), Recorder)
    for kit in (server, recorder):
        assert_type(kit.client(timeout=1, group=False), Client)
        assert_type(kit.async_client(retry=Retry()), AsyncClient)
        assert_type((kit.url, kit.api_key, kit.token_secret), tuple[str, str, str])
        assert_type(kit.published, Publications)
    recorder.fail_next("timeout", times=2)
    with server.down():
        pass
    server.assert_published("news", {"n": ANYTHING}, tags={"lang": "de"}, times=1)
    server.assert_published_exactly([("news", 1), ("chat", None)])
    server.assert_published_exactly({"news": [1, 2]})
    server.assert_nothing_published(to="chat")
    assert_type(server.wait_until_published("news"), Published)
    assert_type(await recorder.until_published("news", timeout=1), Published)
    assert_type(server.published[0], Published)
    assert_type(server.published[1:], list[Published])
    assert_type(server.published[0].tags, dict[str, str])
