"""Misuses that a type checker must reject. The file is only read by mypy and basedpyright and never executed.

The comments suppress the expected errors; an error that is not reported makes its comment an error.
`test_typing.py` removes the comments and checks that exactly these lines are reported.
"""

from centripetal.testing import CentrifugoV1, RecorderV1
from centripetal.tokens import Override, SigningKey, connection_token, explain, subscription_token
from centripetal.v1 import AsyncClient, Channels, Client, ClientInfo, HTTPReply, HTTPRequest, Publish


class NoTransport:
    def post(self, request: HTTPRequest) -> HTTPReply:
        return HTTPReply(200, request.body)


class WrongTransport:
    def send(self, request: HTTPRequest, timeout: float) -> bytes:
        return request.body

    def close(self) -> None: ...


def clients() -> None:
    Client("http://h")  # type: ignore[call-arg]
    Client("http://h", None)  # type: ignore[arg-type]
    Client("http://h", "s", 5.0)  # type: ignore[call-arg]
    Client("http://h", "s", timeout="5")  # type: ignore[arg-type]
    Client("http://h", "s", time_out=5)  # type: ignore[call-arg]
    Client("http://h", "s", max_response_bytes="1 MB")  # type: ignore[arg-type]
    Client("http://h", "s", transport=NoTransport())  # type: ignore[arg-type]
    Client("http://h", "s", transport=WrongTransport())  # type: ignore[arg-type]
    AsyncClient("http://h", "s", transport=WrongTransport())  # type: ignore[arg-type]
    Client.insecure("http://h", "s")  # type: ignore[arg-type, call-arg]


def arguments(client: Client) -> None:
    client.publish("news")  # type: ignore[call-arg]
    client.publish(5, 1)  # type: ignore[arg-type]
    client.publish("news", 1, "client")  # type: ignore[call-arg]
    client.publish("news", 1, client=5)  # type: ignore[arg-type]
    client.publish("news", 1, colour="red")  # type: ignore[call-arg]
    client.publish("news", 1, timeout="5")  # type: ignore[arg-type]
    client.broadcast(5, 1)  # type: ignore[arg-type]
    client.broadcast([5], 1)  # type: ignore[list-item]
    client.unsubscribe("news")  # type: ignore[call-arg]
    client.unsubscribe("news", 42)  # type: ignore[arg-type]
    client.disconnect(42)  # type: ignore[arg-type]
    client.presence()  # type: ignore[call-arg]
    client.history("news", limit=5)  # type: ignore[call-arg]
    client.channels("pattern")  # type: ignore[arg-type, call-arg]
    client.publsh("news", 1)  # type: ignore[attr-defined]


def results(client: Client) -> None:
    text: str = client.publish("news", 1)  # type: ignore[assignment]
    names: dict[str, str] = client.presence("news")  # type: ignore[assignment]
    people: list[ClientInfo] = client.history("news")  # type: ignore[assignment]
    client.history("news")[0].daat  # type: ignore[attr-defined]  # noqa: B018
    client.channels().sent  # type: ignore[attr-defined]  # noqa: B018
    del text, names, people


def values(client: Client) -> None:
    client.call("publish")  # type: ignore[arg-type]
    client.call(Publish)  # type: ignore[arg-type]
    client.add(client.publish("news", 1))  # type: ignore[arg-type]
    names: list[int] = client.call(Channels())  # type: ignore[arg-type]
    Publish("news", 1).channel = "other"  # type: ignore[misc]
    client.endpoint = "http://other/api/"  # type: ignore[misc]
    del names


def buffers(client: Client) -> None:
    client.add_publish("news")  # type: ignore[call-arg]
    client.add_history(5)  # type: ignore[arg-type]
    client.send(5)  # type: ignore[call-arg]


def batches(client: Client) -> None:
    with client.batch() as batch:
        slot = batch.publish("news", 1)
        batch.publish(5, 1)  # type: ignore[arg-type]
        batch.call(Channels(), timeout=5)  # type: ignore[call-arg]
        batch.send()  # type: ignore[attr-defined]
    number: int = batch.history("news").result()  # type: ignore[assignment]
    flag: bool = slot  # type: ignore[assignment]
    with client.batch(5):  # type: ignore[call-arg]
        pass
    del number, flag


async def awaited(client: AsyncClient) -> None:
    flag: bool = client.publish("news", 1)  # type: ignore[assignment]
    await client.publish("news")  # type: ignore[call-arg]
    await client.add_publish("news", 1)  # type: ignore[func-returns-value, misc]
    with client.batch():  # type: ignore[attr-defined]
        pass
    del flag


def tests(server: CentrifugoV1, recorder: RecorderV1) -> None:
    server.fail_next("explode")  # type: ignore[arg-type]
    server.assert_published()  # type: ignore[call-arg]
    server.assert_nothing_published("news")  # type: ignore[call-arg]
    server.assert_published_exactly(["news"])  # type: ignore[list-item]
    recorder.async_client().publish("news", 1).result()  # type: ignore[attr-defined]


def tokens() -> None:
    connection_token("secret")  # type: ignore[call-arg]
    connection_token("secret", None)  # type: ignore[arg-type]
    connection_token("secret", 42, 60)  # type: ignore[call-arg]
    connection_token("secret", 42, expires_in="60")  # type: ignore[arg-type]
    connection_token("secret", 42, exp=60)  # type: ignore[call-arg]
    connection_token("secret", 42, data=1)  # type: ignore[call-arg]
    connection_token("secret", 42, subs={"a": {"info": 1}})  # type: ignore[dict-item]
    subscription_token("secret", "news")  # type: ignore[call-arg]
    subscription_token("secret", "news", 42, override={"presence": True})  # type: ignore[arg-type]
    SigningKey("secret", algorithm="PS256")  # type: ignore[arg-type]
    Override(presence=1, unknown=True)  # type: ignore[arg-type, call-arg]
    explain("token", 5)  # type: ignore[arg-type]
