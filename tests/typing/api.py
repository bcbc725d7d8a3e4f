"""Correct uses of the 1.x API that mypy and basedpyright must accept, with the types that users see. Never executed."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, assert_type

from centripetal import CentripetalError, HTTPStatusError, ServerError, TimeoutError, UsageError
from centripetal.testing import ANYTHING, CentrifugoV1, Publication, RecorderV1
from centripetal.tokens import (
    ConnectionClaims,
    Explanation,
    Override,
    SigningKey,
    SubscribeClaims,
    SubscribeOptions,
    TokenKeys,
    connection_token,
    explain,
    subscription_token,
    verify_connection,
    verify_subscription,
)
from centripetal.v1 import (
    AsyncClient,
    AsyncTransport,
    Broadcast,
    Channels,
    Client,
    ClientInfo,
    Command,
    History,
    HTTPReply,
    HTTPRequest,
    Message,
    Node,
    NodeInfo,
    Presence,
    Publish,
    Response,
    Result,
    Stats,
    StatsCommand,
    Transport,
    decode_history,
    decode_publish,
    decode_stats,
    generate_client_token,
)


@dataclass
class News:
    text: str


class MyTransport:
    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return HTTPReply(200, request.body)

    def close(self) -> None: ...


class MyAsyncTransport:
    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        return HTTPReply(200, request.body)

    async def close(self) -> None: ...


def clients() -> None:
    client = Client("http://localhost:8000", "secret")
    assert_type(client, Client)
    assert_type(Client.insecure("http://localhost:8000", timeout=1), Client)
    assert_type(Client.insecure(["http://a", "http://b"]), Client)
    AsyncClient(["http://a", "http://b"], "s", max_idle=20.5)
    assert_type(AsyncClient.insecure("http://localhost:8000"), AsyncClient)
    assert_type(client.endpoint, str)
    assert_type(client.secret, str | None)
    assert_type(client.timeout, float)
    assert_type(client.pending, int)
    Client("http://h", "s", timeout=2.5, transport=MyTransport())
    Client(
        "http://h", "s", max_response_bytes=1_000_000, max_connections=4, unix_socket="/run/x.sock", ca_file="ca.pem"
    )
    AsyncClient("http://h", "s", timeout=3, transport=MyAsyncTransport())
    transport: Transport = MyTransport()
    async_transport: AsyncTransport = MyAsyncTransport()
    del transport, async_transport


class Publisher(Protocol):
    def publish(self, channel: str, data: Any) -> Any: ...


class AsyncPublisher(Protocol):
    async def publish(self, channel: str, data: Any) -> Any: ...


def protocols(client: Client, async_client: AsyncClient) -> None:
    publisher: Publisher = client
    async_publisher: AsyncPublisher = async_client
    del publisher, async_publisher


def blocking(client: Client, data: object) -> None:
    assert_type(client.publish("news", {"text": "hello"}), bool)
    client.publish("news", News("hello"))
    client.publish("news", data, client="id", uid="u", timeout=1)
    client.publish(channel="news", data=None)
    assert_type(client.broadcast(["a", "b"], b"[1]", client="id"), bool)
    client.broadcast(("a", "b"), 1)
    assert_type(client.unsubscribe("news", "42"), bool)
    assert_type(client.disconnect("42"), bool)
    assert_type(client.presence("news"), dict[str, ClientInfo])
    assert_type(client.history("news", timeout=2), list[Message])
    assert_type(client.channels(), list[str])
    assert_type(client.stats(), Stats)
    assert_type(client.node(), NodeInfo)
    with client as same:
        assert_type(same, Client)


async def awaited(client: AsyncClient) -> None:
    assert_type(await client.publish("news", {"text": "hello"}, timeout=1), bool)
    assert_type(await client.broadcast(["a"], 1), bool)
    assert_type(await client.unsubscribe("news", "42"), bool)
    assert_type(await client.disconnect("42"), bool)
    assert_type(await client.presence("news"), dict[str, ClientInfo])
    assert_type(await client.history("news"), list[Message])
    assert_type(await client.channels(), list[str])
    assert_type(await client.stats(), Stats)
    assert_type(await client.node(), NodeInfo)
    async with client as same:
        assert_type(same, AsyncClient)


def buffered(client: Client) -> None:
    client.add_publish("news", 1, client="id")
    client.add_broadcast(["a"], 1)
    client.add_unsubscribe("news", "42")
    client.add_disconnect("42")
    client.add_presence("news")
    client.add_history("news")
    client.add_channels()
    client.add_stats()
    client.add_node()
    client.add(Publish("news", 1))
    responses = client.send(timeout=3)
    assert_type(responses, list[Response])
    result: Result = responses
    assert_type(result[0].method, str)
    assert_type(result[0].error, str | None)
    assert_type(result[0].body, bytes)
    client.reset()


async def buffered_and_awaited(client: AsyncClient) -> None:
    client.add_publish("news", 1)
    assert_type(await client.send(timeout=3), list[Response])


def batches(client: Client) -> None:
    with client.batch(timeout=3) as batch:
        published = batch.publish("news", 1)
        history = batch.history("news")
        stats = batch.call(StatsCommand())
    assert_type(published.result(), bool)
    assert_type(history.result(), list[Message])
    assert_type(stats.result(), Stats)
    assert_type(len(batch), int)


async def awaited_batches(client: AsyncClient) -> None:
    async with client.batch() as batch:
        presence = batch.presence("news")
        channels = batch.channels()
    assert_type(presence.result(), dict[str, ClientInfo])
    assert_type(channels.result(), list[str])


async def commands(client: Client, async_client: AsyncClient) -> None:
    assert_type(client.call(Publish("news", 1)), bool)
    assert_type(client.call(Broadcast(["news"], 1), timeout=2), bool)
    assert_type(client.call(History("news", timeout=2)), list[Message])
    assert_type(await async_client.call(Presence("news")), dict[str, ClientInfo])
    assert_type(await async_client.call(Node()), NodeInfo)
    waiting: Sequence[Command[list[str]]] = [Channels(), Channels(timeout=1)]
    assert_type([client.call(command) for command in waiting], list[list[str]])
    make: Callable[[str], Command[list[Message]]] = History
    assert_type(client.call(make("news")), list[Message])


def values(info: ClientInfo, message: Message, node: NodeInfo, stats: Stats) -> None:
    assert_type(info.user, str)
    assert_type(info.default_info_json, bytes | None)
    assert_type(message.uid, str)
    assert_type(message.data_json, bytes)
    assert_type(message.info, ClientInfo | None)
    assert_type(node.metrics, dict[str, int])
    assert_type(stats.nodes, list[NodeInfo])
    assert_type(decode_publish(b"null"), bool)
    assert_type(decode_history(b"{}"), list[Message])
    assert_type(decode_stats(b"{}"), Stats)
    assert_type(generate_client_token("secret", "42", 1500000000, '{"a":1}'), str)


def errors(client: Client) -> None:
    try:
        client.publish("news", 1)
    except ServerError as error:
        assert_type(error.code, int | None)
        assert_type(error.message, str)
        assert_type(error.advice, str)
    except HTTPStatusError as error:
        assert_type(error.status, int)
        assert_type(error.body, bytes)
    except (TimeoutError, UsageError) as error:
        assert_type(error.retryable, bool)
    except CentripetalError as error:
        assert_type(error.index, int | None)
        if error.executed == "no" and error.command is not None:
            assert_type(error.command.name, str)


async def tests(server: CentrifugoV1, recorder: RecorderV1) -> None:
    assert_type(server.client(timeout=1, group=False), Client)
    assert_type(recorder.async_client(), AsyncClient)
    server.fail_next("timeout", times=2)
    with recorder.down():
        pass
    server.assert_published("news", {"n": ANYTHING})
    server.assert_published_exactly([("news", 1), ("chat", None)])
    server.assert_published_exactly({"news": [1, 2]})
    assert_type(server.wait_until_published("news"), Publication)
    assert_type(await recorder.until_published("news", timeout=1), Publication)
    assert_type(server.published[0], Publication)
    assert_type(server.published[1:], list[Publication])


def tokens() -> None:
    key = SigningKey("pem", algorithm="ES256", kid="k", password=b"x")
    assert_type(connection_token("secret", 42), str)
    assert_type(connection_token(key, uuid.uuid4(), expires_in=timedelta(days=1), expire_at=0, info=News("hi")), str)
    assert_type(connection_token(b"secret", "42", expires_in=None, channels=["a"], meta=None, now=1.5), str)
    subs = {"news": SubscribeOptions(info=1, b64data=b"x", override=Override(presence=True))}
    assert_type(connection_token(key, "42", subs=subs, not_before=datetime.now(), audience=["a"], claims={"x": 1}), str)
    assert_type(subscription_token(key, "news", 42, data={"a": 1}, client="c", override=Override()), str)
    explanation = explain("token", key, channel="news", user=42, kind="subscription")
    assert_type(explanation, Explanation)
    assert_type(explanation.accepted, bool)
    assert_type(explanation.reasons, tuple[str, ...])
    assert_type(explain("token", {"keys": [key.jwk()]}), Explanation)
    keys = TokenKeys(rsa_public_key=key.public_key(), issuer="i")
    assert_type(verify_connection("token", keys, 1.0), ConnectionClaims)
    assert_type(verify_connection("token", keys, 1.0).subs, dict[str, SubscribeClaims])
    assert_type(verify_subscription("token", keys, 1.0).expire_at, int)
