"""The server kit and the recorder, through the real clients: what was published, waiting for it, failures."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from centripetal.server import UnhonouredConfigWarning
from centripetal.testing import ANYTHING, FOREVER, CentrifugoV1, Failure, RecorderV1, UnusedFailuresWarning
from centripetal.v1 import (
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    ServerError,
    TimeoutError,
)

Bench: TypeAlias = CentrifugoV1 | RecorderV1
Outcome: TypeAlias = tuple[type[CentripetalError], str] | None

FATES: dict[Failure, Outcome] = {
    "timeout": (TimeoutError, "unknown"),
    "refuse": (ConnectError, "no"),
    "error": (HTTPStatusError, "unknown"),
    "lose_reply": (ConnectionLostError, "unknown"),
}
TIMEOUT = 0.1  # only calls that are to time out take so long
PATIENCE = 20.0


def outcome(call: Callable[[], object]) -> Outcome:
    try:
        call()
    except CentripetalError as error:
        return type(error), error.executed
    return None


async def awaited_outcome(call: Callable[[], Awaitable[object]]) -> Outcome:
    try:
        await call()
    except CentripetalError as error:
        return type(error), error.executed
    return None


def seconds(fate: Failure | None) -> float:
    return TIMEOUT if fate == "timeout" else PATIENCE


# ---- what was published


def test_publications_are_there_when_the_call_returns(bench: Bench) -> None:
    """Of every way to publish; a broadcast is one publication a channel."""
    client = bench.client()
    bench.assert_nothing_published()
    client.publish("news", {"text": "hi"}, client="me")
    client.broadcast(["a", "b"], 0.1)
    client.add_publish("news", None)
    client.send()
    with client.batch() as batch:
        batch.publish("news", b'{"n": 1e0}')
    bench.assert_published("news", {"text": "hi"})
    bench.assert_published("news", times=3)
    bench.assert_published_exactly(
        [("news", {"text": "hi"}), ("a", 0.1), ("b", 0.1), ("news", None), ("news", ANYTHING)]
    )
    bench.assert_published_exactly({"news": [{"text": "hi"}, None, {"n": 1}], "a": [0.1], "b": [0.1]})
    bench.assert_nothing_published(to="c")
    assert bench.published[0].client == "me"
    bench.published.clear()
    bench.assert_nothing_published()


@pytest.mark.parametrize(
    ("complain", "text"),
    [
        (lambda bench: bench.assert_published("news", 2), "no publication of 2 to 'news'\n"),
        (lambda bench: bench.assert_published_exactly([]), "not exactly what was expected was published"),
        (lambda bench: bench.assert_nothing_published(), "1 publication, not none\n"),
        (lambda bench: bench.assert_nothing_published(to="news"), "1 publication to 'news', not none\n"),
        (
            lambda bench: bench.wait_until_published("news", 2, timeout=0.01),
            "no publication of 2 to 'news' within 0.01 s\n",
        ),
        (
            lambda bench: bench.wait_until_published("news", times=2, timeout=0.01),
            "1 publication to 'news' within 0.01 s, not 2: 1\n",
        ),
        (
            lambda bench: asyncio.run(bench.until_published("news", 2, timeout=0.01)),
            "no publication of 2 to 'news' within 0.01 s\n",
        ),
    ],
)
def test_assertions_fail_with_what_was_published(bench: Bench, complain: Callable[[Bench], object], text: str) -> None:
    """Each is an AssertionError that begins with what is wrong."""
    bench.client().publish("news", 1)
    with pytest.raises(AssertionError) as caught:
        complain(bench)
    assert str(caught.value).startswith(text)
    assert "1. 'news'  1" in str(caught.value)


def test_waiting_in_a_thread(bench: Bench) -> None:
    """It ends when another thread has published that, so many times; what is there already is not waited for."""
    client = bench.client()
    go = threading.Event()

    def publish() -> None:
        for n in range(3):
            client.publish("news", n)
        go.wait(PATIENCE)
        client.publish("news", "last")

    thread = threading.Thread(target=publish)
    thread.start()
    assert bench.wait_until_published("news", times=3, timeout=PATIENCE).data == 2
    go.set()
    bench.wait_until_published("news", "last", timeout=PATIENCE)
    thread.join()
    assert bench.wait_until_published("news", 0, timeout=0.001).data == 0


async def test_waiting_in_a_task(bench: Bench) -> None:
    """Other tasks go on meanwhile: one of them publishes."""
    client = bench.async_client()

    async def publish() -> None:
        for n in range(3):
            await client.publish("news", n)

    task = asyncio.create_task(publish())
    assert (await bench.until_published("news", times=3, timeout=PATIENCE)).data == 2
    await task
    assert (await bench.until_published("news", 0, timeout=0.001)).data == 0
    await client.close()


def test_a_wait_in_a_loop_that_has_ended_harms_nobody(bench: Bench) -> None:
    """A wait that was cancelled is forgotten; the server goes on."""

    async def give_up() -> None:
        await asyncio.wait_for(bench.until_published("news"), 0.001)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(give_up())
    bench.client().publish("news", 1)
    bench.assert_published("news")


# ---- failures


@pytest.mark.parametrize("later", FATES)
@pytest.mark.parametrize("failure", FATES)
def test_failures_one_after_the_other(bench: Bench, failure: Failure, later: Failure) -> None:
    """Each call fails as planned, in any order of failures, on connections old and new; the next one works."""
    client = bench.client()
    client.publish("before", 1)
    bench.fail_next(failure)
    bench.fail_next(later, times=2)
    plan: tuple[Failure | None, ...] = (failure, later, later, None)

    def attempt(n: int) -> Outcome:
        return outcome(lambda: client.publish("n", n, timeout=seconds(plan[n])))

    outcomes = [attempt(n) for n in range(len(plan))]
    assert outcomes == [FATES[failure], FATES[later], FATES[later], None]
    ran = [n for n, fate in enumerate(plan) if fate in ("lose_reply", None)]
    assert bench.published.to("n") == ran


@pytest.mark.parametrize("later", FATES)
@pytest.mark.parametrize("failure", FATES)
async def test_failures_of_awaited_calls(bench: Bench, failure: Failure, later: Failure) -> None:
    """The same for the awaiting client."""
    client = bench.async_client()
    await client.publish("before", 1)
    bench.fail_next(failure)
    bench.fail_next(later, times=2)
    plan: tuple[Failure | None, ...] = (failure, later, later, None)

    async def attempt(n: int) -> Outcome:
        return await awaited_outcome(lambda: client.publish("n", n, timeout=seconds(plan[n])))

    outcomes = [await attempt(n) for n in range(len(plan))]
    assert outcomes == [FATES[failure], FATES[later], FATES[later], None]
    ran = [n for n, fate in enumerate(plan) if fate in ("lose_reply", None)]
    assert bench.published.to("n") == ran
    await client.close()


def test_a_failed_send_leaves_the_buffer(bench: Bench) -> None:
    """Which is what one wants to test: the buffer is sent again, and what lost its reply ran twice."""
    client = bench.client()
    client.add_publish("news", 1)
    bench.fail_next("refuse")
    bench.fail_next("lose_reply")
    assert outcome(client.send) == FATES["refuse"]
    assert outcome(client.send) == FATES["lose_reply"]
    assert [response.result() for response in client.send()] == [True]
    bench.assert_published_exactly([("news", 1), ("news", 1)])


def test_all_calls_fail_until_failing_stops(bench: Bench) -> None:
    """`FOREVER` has no number; `stop_failing` ends it and whatever was planned besides."""
    client = bench.client()
    bench.fail_next("refuse", FOREVER)
    bench.fail_next("error")
    assert [outcome(lambda: client.publish("n", 1)) for _ in range(5)] == [FATES["refuse"]] * 5
    bench.stop_failing()
    client.publish("n", 2)
    bench.assert_published_exactly([("n", 2)])


def test_down_lasts_as_long_as_its_block(bench: Bench) -> None:
    """Also inside of another, and after an error; what was planned waits."""
    client = bench.client()
    client.publish("n", 0)
    bench.fail_next("error")

    def fail_inside() -> None:
        with bench.down():
            with bench.down():
                assert outcome(lambda: client.publish("n", 1)) == FATES["refuse"]
            assert outcome(lambda: client.publish("n", 2)) == FATES["refuse"]
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert outcome(lambda: client.publish("n", 3)) == FATES["error"]
    client.publish("n", 4)
    bench.assert_published_exactly([("n", 0), ("n", 4)])


def test_calls_of_many_threads_fail_as_often_as_planned(bench: Bench) -> None:
    """Refusals are counted one by one, whoever meets them."""
    clients = [bench.client(group=False) for _ in range(4)]
    bench.fail_next("refuse", 10)
    outcomes: list[Outcome] = []

    def publish(client: Any) -> None:
        outcomes.extend(outcome(lambda: client.publish("n", 1)) for _ in range(25))

    threads = [threading.Thread(target=publish, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 100
    # A thread may find nothing listening just before another one's refusal is the last.
    assert 10 <= sum(each == FATES["refuse"] for each in outcomes) <= 13
    assert outcomes.count(None) == len(bench.published)
    assert set(outcomes) == {None, FATES["refuse"]}


def test_unmet_failures_are_a_warning(bench: Bench) -> None:
    """Its text says which; the fixture's end gives it, unless they are cancelled."""
    bench.fail_next("error", 2)
    bench.fail_next("refuse")
    with pytest.warns(UnusedFailuresWarning) as caught:
        bench.finish()
    text = "failures were planned and not met: 'error' 2 times, 'refuse'; plan fewer, or call stop_failing()"
    assert str(caught[0].message) == text
    bench.stop_failing()
    bench.finish()


# ---- configuration


@pytest.mark.parametrize("kind", [CentrifugoV1, RecorderV1])
def test_configuration(kind: type[CentrifugoV1] | type[RecorderV1]) -> None:
    """Secret, prefix, history and namespaces are a real server's, and so are refusals."""
    config = {"http_prefix": "/push", "history_size": 2, "history_lifetime": 60}
    bench = kind(secret="other", config=config)
    if isinstance(bench, CentrifugoV1):
        bench.start()
    assert bench.secret == "other"
    assert bench.url.endswith("/push")
    client = bench.client()
    client.publish("news", 1)
    assert [message.data for message in client.history("news")] == [1]
    with pytest.raises(ServerError):
        client.publish("no:where", 1)
    bench.fail_next("error")
    assert outcome(lambda: client.publish("news", 2)) == FATES["error"]
    with pytest.raises(AssertionError, match="publish to 'no:where': namespace not found"):
        bench.assert_published("no:where")
    if isinstance(bench, CentrifugoV1):
        bench.stop()


@pytest.mark.parametrize("kind", [CentrifugoV1, RecorderV1])
def test_keys_that_change_nothing_are_a_warning(kind: type[CentrifugoV1] | type[RecorderV1]) -> None:
    """The recorder warns as the embedded server does."""
    with pytest.warns(UnhonouredConfigWarning, match="engine"):
        kind(config={"engine": "redis"})
