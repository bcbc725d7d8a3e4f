"""Misuses of the current API that a type checker must reject; see `misuse.py`."""

from centripetal import AsyncClient, Channels, Client, Publish, PublishResult, StreamPosition
from centripetal.testing import Centrifugo, Recorder


def clients() -> None:
    Client()  # type: ignore[call-arg]
    Client(["http://a", 5], "k")  # type: ignore[list-item]
    Client("http://h", 5)  # type: ignore[arg-type]
    Client("http://h", "k", 5.0)  # type: ignore[call-arg]
    Client("http://h", "k", retry=3)  # type: ignore[arg-type]
    Client("http://h", "k", max_payload_bytes="1 MB")  # type: ignore[arg-type]
    Client("http://h", "k", verify=False)  # type: ignore[call-arg]
    Client.from_env("http://h")  # type: ignore[arg-type, call-arg]
    Client.insecure("http://h")  # type: ignore[attr-defined]


def arguments(client: Client) -> None:
    client.publish()  # type: ignore[call-arg]
    client.publish(5, 1)  # type: ignore[arg-type]
    client.publish("news", 1, True)  # type: ignore[arg-type, call-arg]
    client.publish("news", 1, tags={"a": 1})  # type: ignore[dict-item]
    client.publish("news", 1, skip_history="yes")  # type: ignore[arg-type]
    client.publish("news", 1, colour="red")  # type: ignore[call-arg]
    client.publish("news", b64data=5)  # type: ignore[arg-type]
    client.broadcast("news", 5, tags="x")  # type: ignore[arg-type]
    client.unsubscribe("news")  # type: ignore[call-arg]
    client.disconnect(None)  # type: ignore[arg-type]
    client.disconnect("42", disconnect={"code": 4000})  # type: ignore[arg-type]
    client.history("news", 5)  # type: ignore[call-arg]
    client.history("news", since=5)  # type: ignore[arg-type]
    client.channels("pattern")  # type: ignore[call-arg]
    client.publsh("news", 1)  # type: ignore[attr-defined]
    client.history_pages("news", 5)  # type: ignore[call-arg]
    StreamPosition("5")  # type: ignore[arg-type]


def results(client: Client) -> None:
    flag: bool = client.publish("news", 1)  # type: ignore[assignment]
    client.history("news").messages  # type: ignore[attr-defined]  # noqa: B018
    names: list[str] = client.channels().channels  # type: ignore[assignment]
    client.call(Publish)  # type: ignore[call-overload]
    client.call(5)  # type: ignore[call-overload]
    wrong: PublishResult = client.call(Channels())  # type: ignore[assignment]
    Publish("news", 1).channel = "other"  # type: ignore[misc]
    del flag, names, wrong


def batches(client: Client) -> None:
    with client.batch() as batch:
        slot = batch.publish("news", 1)
        batch.publish(5, 1)  # type: ignore[arg-type]
        batch.history_pages("news")  # type: ignore[attr-defined]
    with client.batch(True):  # type: ignore[call-arg]
        pass
    flag: bool = slot.result()  # type: ignore[assignment]
    del flag


async def awaited(client: AsyncClient) -> None:
    flag: PublishResult = client.publish("news", 1)  # type: ignore[assignment]
    await client.publish()  # type: ignore[call-arg]
    for _ in client.history_pages("news"):  # type: ignore[attr-defined]
        pass
    del flag


def tests(server: Centrifugo, recorder: Recorder) -> None:
    Centrifugo("key")  # type: ignore[call-arg]
    Recorder(secret="s")  # type: ignore[call-arg]
    server.client(secret="s")  # type: ignore[call-arg]
    server.fail_next("explode")  # type: ignore[arg-type]
    server.assert_published()  # type: ignore[call-arg]
    server.assert_nothing_published("news")  # type: ignore[call-arg]
    server.assert_published_exactly(["news"])  # type: ignore[list-item]
    recorder.async_client().publish("news", 1).epoch  # type: ignore[attr-defined]  # noqa: B018
