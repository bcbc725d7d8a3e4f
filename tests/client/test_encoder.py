"""The option `encoder` of every client: calls, batches, the buffer, `publish_many`, and the test kit's assertions."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import centripetal
from centripetal import UsageError, v1
from centripetal.testing import ANYTHING, Centrifugo, CentrifugoV1, Recorder, RecorderV1

RECORDERS = pytest.mark.parametrize("recorder", [Recorder, RecorderV1], ids=["6", "1"])


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __repr__(self) -> str:
        return f"Money({self.cents})"


class Counter:
    """An encoder that counts its calls."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, value: object) -> Any:
        self.count += 1
        return f"{value.cents / 100:.2f}" if isinstance(value, Money) else NotImplemented


@pytest.fixture
def encoder() -> Counter:
    return Counter()


PRICE = {"price": Money(990)}


@RECORDERS
def test_a_blocking_client_uses_the_encoder_once_everywhere(recorder: Callable[[], Any], encoder: Counter) -> None:
    """Calls, commands, batches, the buffer and `publish_many` ask the encoder once for each value."""
    kit = recorder()
    client = kit.client(encoder=encoder)
    publish = v1.Publish if recorder is RecorderV1 else centripetal.Publish
    client.publish("a", PRICE)
    client.broadcast(["a", "b"], PRICE)
    client.call(publish("a", PRICE), timeout=3)
    with client.batch() as batch:
        batch.publish("a", PRICE)
        batch.publish("a", [PRICE])
    assert client.publish_many([("a", PRICE), publish("a", PRICE)]).failed == 0
    if recorder is RecorderV1:
        client.add_publish("a", PRICE)
        client.send()
    else:
        client.call("publish", {"channel": "a", "data": PRICE})
    assert encoder.count == 8
    assert [each.data for each in kit.published].count({"price": "9.90"}) == 8  # two of the broadcast, not of the list
    assert [{"price": "9.90"}] in kit.published.to("a")


@RECORDERS
def test_an_asyncio_client_uses_the_encoder_once_everywhere(recorder: Callable[[], Any], encoder: Counter) -> None:
    """Calls, batches and `publish_many` of an asyncio client ask the encoder once for each value."""
    kit = recorder()

    async def use() -> None:
        async with kit.async_client(encoder=encoder) as client:
            await client.publish("a", PRICE)
            async with client.batch() as batch:
                batch.publish("a", PRICE)
            await client.publish_many([("a", PRICE)])

    asyncio.run(use())
    assert encoder.count == 3
    assert kit.published.to("a") == [{"price": "9.90"}] * 3


CLIENTS: list[Callable[..., Any]] = [
    lambda **options: centripetal.Client("http://localhost", "key", **options),
    lambda **options: centripetal.Client(["http://a:1", "http://b:1"], "key", **options),
    lambda **options: centripetal.AsyncClient("http://localhost", "key", **options),
    lambda **options: centripetal.Client.from_env(environment={"CENTRIFUGO_API_URL": "http://a"}, **options),
    lambda **options: v1.Client("http://localhost", "key", **options),
    lambda **options: v1.AsyncClient("http://localhost", "key", **options),
    lambda **options: v1.Client.insecure("http://localhost", **options),
    lambda **options: v1.Client(["http://a:1", "http://b:1"], "key", **options),
]


@pytest.mark.parametrize("make", CLIENTS, ids=range(len(CLIENTS)))
def test_every_client_has_the_option(make: Callable[..., Any], encoder: Counter) -> None:
    """Each way to create a client takes the option, and checks it."""
    with pytest.raises(UsageError, match=r"^encoder must be a function that takes a value, not str"):
        make(encoder="text")

    async def prepared(**options: Any) -> Any:
        client = make(**options)
        try:
            return client._dialect.prepare(client._publish("a", PRICE)).text
        finally:
            if asyncio.iscoroutinefunction(client.close):
                await client.close()
            else:
                client.close()

    assert b'"data":{"price":"9.90"}' in asyncio.run(prepared(encoder=encoder))
    with pytest.raises(UsageError, match=r"^data\.price is of type Money, .* or pass encoder= to the"):
        asyncio.run(prepared(encoder=None))


def test_the_size_of_encoded_data_is_checked_without_another_call(encoder: Counter) -> None:
    """The check of `max_payload_bytes` measures what the encoder returned."""
    client = Recorder().client(encoder=lambda value: encoder(value) * 100, max_payload_bytes=300)
    with pytest.raises(UsageError, match="data has 412 bytes, more than max_payload_bytes"):
        client.publish("a", PRICE)
    assert encoder.count == 1


@RECORDERS
def test_a_failing_encoder_fails_only_its_item(recorder: Callable[[], Any]) -> None:
    """`publish_many` counts an item whose value the encoder does not know, and goes on."""
    kit = recorder()
    summary = kit.client(encoder=Counter()).publish_many([("a", PRICE), ("a", {"x": object()}), ("a", 2)])
    assert (summary.sent, summary.failed) == (2, 1)
    assert summary.errors[0].index == 1
    assert "data.x is of type object, which has no JSON form: convert it first" in str(summary.errors[0])


def test_a_retrying_client_uses_the_encoder_once(encoder: Counter) -> None:
    """A call that is repeated sends the same bytes again."""
    kit = Recorder()
    kit.fail_next("error", 2)
    kit.client(encoder=encoder, retry=centripetal.Retry(base=0.001)).publish("a", PRICE)
    assert encoder.count == 1


@pytest.fixture(params=[Recorder, RecorderV1, Centrifugo, CentrifugoV1])
def kit(request: pytest.FixtureRequest) -> Iterator[Any]:
    made = request.param()
    if request.param in (Recorder, RecorderV1):
        yield made
    else:
        with made:
            yield made


def test_assertions_know_the_encoder(kit: Any, encoder: Counter) -> None:
    """Expected data can be written as it was published, also next to objects that compare."""
    client = kit.client(encoder=encoder)
    client.publish("a", {"price": Money(990), "id": 5})
    client.publish("a", Money(1))
    kit.assert_published("a", {"price": Money(990), "id": ANYTHING})
    kit.assert_published("a", Money(1))
    kit.assert_published("a", times=2)
    kit.assert_published("a", ANYTHING, times=2)
    kit.assert_published_exactly([("a", {"price": Money(990), "id": 5}), ("a", Money(1))])
    kit.assert_published_exactly({"a": [{"price": Money(990), "id": 5}, Money(1)]})
    assert kit.wait_until_published("a", Money(1)).data == "0.01"
    with pytest.raises(AssertionError, match=r"no publication of \{'price': Money\(1\), 'id': 5\} to 'a'"):
        kit.assert_published("a", {"price": Money(1), "id": 5})
    with pytest.raises(AssertionError, match=r"- data\['price'\] = Money\(1\)\n.*\+ data\['price'\] = '9.90'"):
        kit.assert_published("a", {"price": Money(1), "id": 5})


def test_assertions_compare_before_they_encode() -> None:
    """An encoder that accepts everything does not change what `ANYTHING` and `approx` mean."""
    kit = Recorder()
    kit.client(encoder=str).publish("a", {"x": 0.1 + 0.2, "y": 1})
    kit.assert_published("a", {"x": pytest.approx(0.3), "y": ANYTHING})
    with pytest.raises(AssertionError):
        kit.assert_published("a", {"x": pytest.approx(0.4), "y": ANYTHING})


def test_asyncio_assertions_know_the_encoder(encoder: Counter) -> None:
    """`until_published` of an asyncio test takes such data too."""
    kit = Recorder()

    async def use() -> Any:
        await kit.async_client(encoder=encoder).publish("a", [Money(1)])
        return await kit.until_published("a", [Money(1)])

    assert asyncio.run(use()).data == ["0.01"]
