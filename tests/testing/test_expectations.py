"""Tests of the test server and the recorder with real clients: assertions, waiting and planned failures."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from centripetal import Client
from centripetal.server import UnhonouredConfigWarning
from centripetal.testing import (
    ANYTHING,
    FOREVER,
    Centrifugo,
    CentrifugoV1,
    Failure,
    Recorder,
    RecorderV1,
    UnusedFailuresWarning,
)
from centripetal.testing.server import BaseServer
from centripetal.v1 import (
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    ServerError,
    TimeoutError,
)

Kit: TypeAlias = Centrifugo | CentrifugoV1 | Recorder | RecorderV1
KitV1: TypeAlias = CentrifugoV1 | RecorderV1
KitCurrent: TypeAlias = Centrifugo | Recorder
Outcome: TypeAlias = tuple[type[CentripetalError], str] | None

FATES: dict[Failure, Outcome] = {
    "timeout": (TimeoutError, "unknown"),
    "refuse": (ConnectError, "no"),
    "error": (HTTPStatusError, "unknown"),
    "lose_reply": (ConnectionLostError, "unknown"),
}
TIMEOUT = 0.1  # only calls that are expected to time out wait this long
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


# ---- publications


def test_publications_are_recorded_when_the_call_returns(kit: Kit) -> None:
    """Every kind of publish is recorded when its call returns, and a broadcast is one publication per channel."""
    client = kit.client()
    kit.assert_nothing_published()
    client.publish("news", {"text": "hi"})
    client.broadcast(["a", "b"], 0.1)
    client.publish("news", None)
    with client.batch() as batch:
        batch.publish("news", b'{"n": 1e0}')
    kit.assert_published("news", {"text": "hi"})
    kit.assert_published("news", times=3)
    kit.assert_published_exactly([("news", {"text": "hi"}), ("a", 0.1), ("b", 0.1), ("news", None), ("news", ANYTHING)])
    kit.assert_published_exactly({"news": [{"text": "hi"}, None, {"n": 1}], "a": [0.1], "b": [0.1]})
    kit.assert_nothing_published(to="c")
    kit.published.clear()
    kit.assert_nothing_published()


def test_buffered_commands_are_published_when_sent(kit_v1: KitV1) -> None:
    """Buffered commands are published when they are sent, and a publication has the client id it was published with."""
    client = kit_v1.client()
    client.publish("news", 1, client="me")
    client.add_publish("news", 2)
    kit_v1.assert_published_exactly([("news", 1)])
    client.send()
    kit_v1.assert_published_exactly([("news", 1), ("news", 2)])
    assert [each.client for each in kit_v1.published] == ["me", ""]


def test_tags_can_be_expected(kit_current: KitCurrent) -> None:
    """Expected tags must be equal, including their number, and without `tags` any tags match."""
    kit_current.client().publish("news", 1, tags={"kind": "a", "to": "b"})
    kit_current.assert_published("news", 1)
    kit_current.assert_published("news", tags={"kind": "a", "to": ANYTHING}, times=1)
    with pytest.raises(AssertionError) as caught:
        kit_current.assert_published("news", 1, tags={"kind": "a"})
    assert str(caught.value).splitlines() == [
        "no publication of 1 to 'news' with tags {'kind': 'a'}",
        "",
        "published:",
        "  1. 'news'  1  tags {'kind': 'a', 'to': 'b'}",
        "",
        "closest is 1 (- expected, + published):",
        "  + tags['to'] = 'b'",
    ]


@pytest.mark.parametrize(
    ("complain", "text"),
    [
        (lambda kit: kit.assert_published("news", 2), "no publication of 2 to 'news'\n"),
        (lambda kit: kit.assert_published_exactly([]), "the publications differ from the expected publications"),
        (lambda kit: kit.assert_nothing_published(), "1 publication, expected none\n"),
        (lambda kit: kit.assert_nothing_published(to="news"), "1 publication to 'news', expected none\n"),
        (
            lambda kit: kit.wait_until_published("news", 2, timeout=0.01),
            "no publication of 2 to 'news' within 0.01 s\n",
        ),
        (
            lambda kit: kit.wait_until_published("news", times=2, timeout=0.01),
            "1 publication to 'news' within 0.01 s, expected 2: 1\n",
        ),
        (
            lambda kit: asyncio.run(kit.until_published("news", 2, timeout=0.01)),
            "no publication of 2 to 'news' within 0.01 s\n",
        ),
    ],
)
def test_assertions_fail_with_the_publications(kit: Kit, complain: Callable[[Kit], object], text: str) -> None:
    """Each assertion raises AssertionError with a summary and the list of publications."""
    kit.client().publish("news", 1)
    with pytest.raises(AssertionError) as caught:
        complain(kit)
    assert str(caught.value).startswith(text)
    assert "1. 'news'  1" in str(caught.value)


def test_waiting_in_a_thread(kit: Kit) -> None:
    """Waiting in a thread ends when the publications exist, at once if they already do."""
    client = kit.client()
    go = threading.Event()

    def publish() -> None:
        for n in range(3):
            client.publish("news", n)
        go.wait(PATIENCE)
        client.publish("news", "last")

    thread = threading.Thread(target=publish)
    thread.start()
    assert kit.wait_until_published("news", times=3, timeout=PATIENCE).data == 2
    go.set()
    kit.wait_until_published("news", "last", timeout=PATIENCE)
    thread.join()
    assert kit.wait_until_published("news", 0, timeout=0.001).data == 0


async def test_waiting_in_a_task(kit: Kit) -> None:
    """Waiting in a task lets other tasks publish in the meantime."""
    client = kit.async_client()

    async def publish() -> None:
        for n in range(3):
            await client.publish("news", n)

    task = asyncio.create_task(publish())
    assert (await kit.until_published("news", times=3, timeout=PATIENCE)).data == 2
    await task
    assert (await kit.until_published("news", 0, timeout=0.001)).data == 0
    await client.close()


def test_a_cancelled_wait_does_not_affect_the_server(kit: Kit) -> None:
    """After a cancelled wait in a closed event loop, the server continues to work."""

    async def give_up() -> None:
        await asyncio.wait_for(kit.until_published("news"), 0.001)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(give_up())
    kit.client().publish("news", 1)
    kit.assert_published("news")


# ---- failures


@pytest.mark.parametrize("later", FATES)
@pytest.mark.parametrize("failure", FATES)
def test_consecutive_failures(kit: Kit, failure: Failure, later: Failure) -> None:
    """Calls fail as planned in any order of failures, on new and on kept connections, and the next call succeeds."""
    client = kit.client()
    client.publish("before", 1)
    kit.fail_next(failure)
    kit.fail_next(later, times=2)
    plan: tuple[Failure | None, ...] = (failure, later, later, None)

    def attempt(n: int) -> Outcome:
        return outcome(lambda: client.publish("n", n, timeout=seconds(plan[n])))

    outcomes = [attempt(n) for n in range(len(plan))]
    assert outcomes == [FATES[failure], FATES[later], FATES[later], None]
    ran = [n for n, fate in enumerate(plan) if fate in ("lose_reply", None)]
    assert kit.published.to("n") == ran


@pytest.mark.parametrize("later", FATES)
@pytest.mark.parametrize("failure", FATES)
async def test_consecutive_failures_of_async_calls(kit: Kit, failure: Failure, later: Failure) -> None:
    """The asyncio client raises the same error for each failure."""
    client = kit.async_client()
    await client.publish("before", 1)
    kit.fail_next(failure)
    kit.fail_next(later, times=2)
    plan: tuple[Failure | None, ...] = (failure, later, later, None)

    async def attempt(n: int) -> Outcome:
        return await awaited_outcome(lambda: client.publish("n", n, timeout=seconds(plan[n])))

    outcomes = [await attempt(n) for n in range(len(plan))]
    assert outcomes == [FATES[failure], FATES[later], FATES[later], None]
    ran = [n for n, fate in enumerate(plan) if fate in ("lose_reply", None)]
    assert kit.published.to("n") == ran
    await client.close()


def test_a_failed_send_keeps_the_buffer(kit_v1: KitV1) -> None:
    """After a failed `send`, the buffer is sent again, and commands whose reply was lost run twice."""
    client = kit_v1.client()
    client.add_publish("news", 1)
    kit_v1.fail_next("refuse")
    kit_v1.fail_next("lose_reply")
    assert outcome(client.send) == FATES["refuse"]
    assert outcome(client.send) == FATES["lose_reply"]
    assert [response.result() for response in client.send()] == [True]
    kit_v1.assert_published_exactly([("news", 1), ("news", 1)])


def test_all_calls_fail_until_failing_stops(kit: Kit) -> None:
    """`FOREVER` lasts until `stop_failing`, which also removes the failures planned after it."""
    client = kit.client()
    kit.fail_next("refuse", FOREVER)
    kit.fail_next("error")
    assert [outcome(lambda: client.publish("n", 1)) for _ in range(5)] == [FATES["refuse"]] * 5
    kit.stop_failing()
    client.publish("n", 2)
    kit.assert_published_exactly([("n", 2)])


def test_down_lasts_as_long_as_its_block(kit: Kit) -> None:
    """An outage ends with the outermost block, also after an exception, and planned failures remain."""
    client = kit.client()
    client.publish("n", 0)
    kit.fail_next("error")

    def fail_inside() -> None:
        with kit.down():
            with kit.down():
                assert outcome(lambda: client.publish("n", 1)) == FATES["refuse"]
            assert outcome(lambda: client.publish("n", 2)) == FATES["refuse"]
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert outcome(lambda: client.publish("n", 3)) == FATES["error"]
    client.publish("n", 4)
    kit.assert_published_exactly([("n", 0), ("n", 4)])


def test_calls_of_many_threads_fail_as_often_as_planned(kit: Kit) -> None:
    """Each planned refusal is used by one call, regardless of the thread."""
    clients = [kit.client(group=False) for _ in range(4)]
    kit.fail_next("refuse", 10)
    outcomes: list[Outcome] = []

    def publish(client: Any) -> None:
        outcomes.extend(outcome(lambda: client.publish("n", 1)) for _ in range(25))

    threads = [threading.Thread(target=publish, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 100
    # A thread may be refused shortly before another thread uses the last refusal.
    assert 10 <= sum(each == FATES["refuse"] for each in outcomes) <= 13
    assert outcomes.count(None) == len(kit.published)
    assert set(outcomes) == {None, FATES["refuse"]}


def test_unused_failures_are_a_warning(kit: Kit) -> None:
    """The warning at the end of the fixture lists unused failures, unless `stop_failing` removed them."""
    kit.fail_next("error", 2)
    kit.fail_next("refuse")
    with pytest.warns(UnusedFailuresWarning) as caught:
        kit.finish()
    text = "planned failures were not used: 'error' 2 times, 'refuse'. Plan fewer failures, or call stop_failing()"
    assert str(caught[0].message) == text
    kit.stop_failing()
    kit.finish()


# ---- configuration


NOT_FOUND = [  # the reply of each server for a channel in an unknown namespace
    pytest.param(CentrifugoV1, "namespace not found", id="server 1.x"),
    pytest.param(RecorderV1, "namespace not found", id="recorder 1.x"),
    pytest.param(Centrifugo, "unknown channel", id="server 6"),
    pytest.param(Recorder, "unknown channel", id="recorder 6"),
]


def configured(kind: type[Kit]) -> Kit:
    """Return a server or recorder with other keys, a prefix and history."""
    if kind is CentrifugoV1 or kind is RecorderV1:
        config: dict[str, Any] = {"http_prefix": "/push", "history_size": 2, "history_lifetime": 60}
        return kind(secret="other", config=config)
    config = {
        "http_api": {"handler_prefix": "/push/api"},
        "channel": {"without_namespace": {"history_size": 2, "history_ttl": "60s"}},
    }
    assert kind is Centrifugo or kind is Recorder
    return kind(api_key="other", token_secret="another", config=config)


@pytest.mark.parametrize(("kind", "refusal"), NOT_FOUND)
def test_configuration_is_applied(kind: type[Kit], refusal: str) -> None:
    """Keys, prefix, history and namespaces are applied as on a real server, and invalid requests are rejected."""
    kit = configured(kind)
    if isinstance(kit, BaseServer):
        kit.start()
    if isinstance(kit, Centrifugo | Recorder):
        assert (kit.api_key, kit.token_secret) == ("other", "another")
    else:
        assert kit.secret == "other"
    assert kit.url.endswith("/push")
    client = kit.client()
    client.publish("news", 1)
    if isinstance(client, Client):
        # Without a limit, the result has the position only.
        assert [message.data for message in client.history("news").publications] == []
        assert [message.data for message in client.history("news", limit=-1).publications] == [1]
    else:
        assert [message.data for message in client.history("news")] == [1]
    with pytest.raises(ServerError):
        client.publish("no:where", 1)
    kit.fail_next("error")
    assert outcome(lambda: client.publish("news", 2)) == FATES["error"]
    with pytest.raises(AssertionError, match=f"publish to 'no:where': {refusal}"):
        kit.assert_published("no:where")
    if isinstance(kit, BaseServer):
        kit.stop()


@pytest.mark.parametrize("prefix", ["/api", "/push/api", "/push", "/", "/push/"])
@pytest.mark.parametrize("kind", [Centrifugo, Recorder])
def test_clients_use_any_api_prefix(kind: type[KitCurrent], prefix: str) -> None:
    """Clients use the configured prefix, and only API calls fail as planned."""
    kit = kind(config={"http_api": {"handler_prefix": prefix}})
    if isinstance(kit, Centrifugo):
        kit.start()
    client = kit.client()
    client.publish("news", 1)
    kit.fail_next("error", 2)
    assert outcome(lambda: client.publish("news", 2)) == FATES["error"]
    assert asyncio.run(awaited_outcome(lambda: kit.async_client().publish("news", 3))) == FATES["error"]
    client.publish("news", 4)
    kit.assert_published_exactly([("news", 1), ("news", 4)])
    if isinstance(kit, Centrifugo):
        kit.stop()


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (CentrifugoV1, {"engine": "redis"}),
        (RecorderV1, {"engine": "redis"}),
        (Centrifugo, {"engine": {"type": "redis"}}),
        (Recorder, {"engine": {"type": "redis"}}),
    ],
)
def test_ignored_keys_cause_a_warning(kind: type[Kit], config: dict[str, Any]) -> None:
    """A configuration key without effect causes a warning at the line that creates the server or recorder."""
    with pytest.warns(UnhonouredConfigWarning, match="engine") as caught:
        kind(config=config)
    if issubclass(kind, Recorder | RecorderV1):
        assert caught[0].filename == __file__
