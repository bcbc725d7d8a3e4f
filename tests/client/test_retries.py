"""Retries, and the time limit that their messages name."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from centripetal import AsyncClient, Client, Info, Retry
from centripetal.errors import ConnectionLostError, TimeoutError, UsageError
from centripetal.protocol.http import HTTPReply
from centripetal.transport.mapping import out_of_time
from tests.client.facades import API_KEY, LOST, QUICK, Facades, good, kinds
from tests.dialects.current.conversations import URL, reply
from tests.stubs import AsyncStub, Reaction, Stub


def info(version: str) -> HTTPReply:
    return reply({"result": {"nodes": [{"version": version}]}})


@pytest.mark.filterwarnings("ignore::centripetal.testing.UnreadErrorWarning")  # the broadcasts fail on purpose
async def test_a_lost_publication_is_retried_with_its_key() -> None:
    """If the server supports idempotency keys, which the client asks once, a lost publication is retried."""
    facades = Facades(LOST, info("6.9.1"), good, LOST, good, retry=QUICK)
    assert (await facades.both_with_keys(lambda client: client.publish("a", 1))) == ["publish", "info", "publish"]
    assert (await facades.both_with_keys(lambda client: client.broadcast(["a"], 1))) == ["broadcast", "broadcast"]


async def test_no_retry_by_default() -> None:
    """By default, a call has one attempt and no idempotency key."""
    facades = Facades(LOST)
    with pytest.raises(ConnectionLostError) as caught:
        await facades.both(lambda client: client.publish("a", 1))
    assert caught.value.executed == "unknown"
    assert facades.bodies == [{"channel": "a", "data": 1}]


async def test_unsafe_retries_raise_with_unknown_outcome() -> None:
    """Without support for idempotency keys, and for unknown methods and RPC, a lost call is not retried."""
    cases: list[tuple[Callable[[Any], Any], tuple[Reaction, ...]]] = [
        (lambda client: client.publish("a", 1, timeout=3), (LOST, info("5.1.0"))),
        (lambda client: client.call("new"), (LOST,)),
        (lambda client: client.rpc("m"), (LOST,)),
    ]
    for call, answers in cases:
        facades = Facades(*answers, retry=QUICK)
        with pytest.raises(ConnectionLostError) as caught:
            call(facades.blocking)
        with pytest.raises(ConnectionLostError) as other:
            await call(facades.awaiting)
        assert caught.value.executed == other.value.executed == "unknown"
        assert len(facades.stubs[0].requests) == len(facades.stubs[1].requests) == len(answers)


async def test_reads_and_repeatable_commands_are_retried() -> None:
    """Reads and repeatable commands are retried without a key and without asking the server about keys."""
    for call in (
        lambda client: client.presence("a"),
        lambda client: client.disconnect("u"),
        lambda client: client.unsubscribe("a", "u"),
        lambda client: client.history_remove("a"),
    ):
        facades = Facades(LOST, HTTPReply(503, b""), retry=QUICK)
        await facades.both(call)
        assert len(facades.paths) == 3


async def test_a_patient_call_uses_its_whole_time_limit() -> None:
    """Without a number of attempts, pauses become shorter near the time limit, so that attempts go on until its end."""
    facades = Facades(retry=Retry(base=1000, cap=1000), timeout=0.4)
    for stub in facades.stubs:
        stub.usual = lost

    async def presence(client: Any) -> None:
        came = client.presence("a")
        if inspect.isawaitable(came):
            await came

    for client in (facades.blocking, facades.awaiting):
        with pytest.raises(ConnectionLostError, match=r"gone \(tried \d+ times in \S+ s\)") as caught:
            await presence(client)
        assert caught.value.attempts > 1
    for stub in facades.stubs:
        assert stub.timeouts[0] == 0.4
        assert stub.timeouts[1] < 0.21


def lost(_: object) -> HTTPReply:
    raise ConnectionLostError("gone")


async def test_no_retry_after_the_deadline() -> None:
    """If the pause is longer than the remaining time, the error is raised at once."""
    facades = Facades(LOST, retry=Retry(attempts=9, base=1000, cap=1000))
    for client in (facades.blocking, facades.awaiting):
        client._sources = client._sources._replace(chance=lambda: 0.9)
    with pytest.raises(ConnectionLostError):
        await facades.both(lambda client: client.presence("a"))


@kinds
def test_retry_stays_within_the_lifetime_of_keys(kind: Any) -> None:
    """A server forgets a key after five minutes, so a longer time limit is rejected, per client and per call."""
    with pytest.raises(UsageError, match="with retry, the timeout can be at most 240 seconds"):
        kind(URL, API_KEY, retry=Retry(), timeout=300)
    client = Client(URL, API_KEY, retry=Retry(), timeout=240, transport=Stub())
    with pytest.raises(UsageError, match="with retry, the timeout"):
        client.publish("a", 1, timeout=float("inf"))
    assert kind(URL, API_KEY, timeout=300).timeout == 300
    with pytest.raises(UsageError, match=r"retry must be a Retry\(…\) or None"):
        kind(URL, API_KEY, retry=3)


def left(*_: object) -> HTTPReply:
    """Fail like a transport that had 0.1234 s left for its step."""
    raise out_of_time("h:1", 0.1234, connected=True, executed="unknown")


def batch_within(client: Any) -> None:
    with client.batch(timeout=7) as batch:
        batch.info()


async def async_batch_within(client: Any) -> None:
    async with client.batch(timeout=7) as batch:
        batch.info()


@pytest.mark.parametrize("options", [{}, {"group": False}, {"retry": Retry(attempts=2, base=0)}])
async def test_a_time_out_names_the_limit_of_the_caller(options: dict[str, Any]) -> None:
    """The message contains the limit of the client, the call or the batch, and not what was left of it."""
    cases: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = [
        ("9 s", lambda client: client.info(), lambda client: client.info()),
        ("7 s", lambda client: client.info(timeout=7), lambda client: client.info(timeout=7)),
        ("8 s", lambda client: client.call(Info(), timeout=8), lambda client: client.call(Info(), timeout=8)),
        ("7 s", batch_within, async_batch_within),
        ("7 s", lambda client: next(client.history_pages("a", timeout=7)),
         lambda client: anext(client.history_pages("a", timeout=7))),
    ]  # fmt: skip
    stub, other = Stub(), AsyncStub()
    stub.usual = other.usual = left
    blocking = Client(URL, API_KEY, timeout=9, transport=stub, **options)
    awaiting = AsyncClient(URL, API_KEY, timeout=9, transport=other, **options)
    for limit, call, call_async in cases:
        expected = f"no complete reply from h:1 within {limit} \\(the call's timeout\\)"
        with pytest.raises(TimeoutError, match=expected):
            call(blocking)
        with pytest.raises(TimeoutError, match=expected):
            await call_async(awaiting)


def test_a_time_out_of_one_command_of_a_batch_names_the_limit_of_the_batch() -> None:
    """A command that was repeated alone and timed out names the limit of the whole batch, too."""
    failed = {"error": {"code": 100, "message": "internal"}}
    stub = Stub(reply({"replies": [failed, {"info": {"nodes": []}}]}))
    stub.usual = left
    client = Client(URL, API_KEY, transport=stub, retry=Retry(attempts=2, base=0))
    with client.batch(timeout=7) as batch:
        slot, _ = batch.channels(), batch.info()
    with pytest.raises(TimeoutError, match=r"within 7 s \(the call's timeout\).*tried 2 times"):
        slot.result()
