"""Batches, blocking and awaited: one request for many calls, and an outcome of its own for each."""

import asyncio
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.client.batch import BatchSlot
from centripetal.dialects.v1.commands import COMMANDS, Channels, Publish
from centripetal.errors import (
    CentripetalError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TransportError,
    UsageError,
)
from centripetal.protocol.http import HTTPReply
from centripetal.v1 import AsyncBatch, AsyncClient, Batch, Client
from tests.stubs import AsyncStub, Reaction, Stub

URL = "http://localhost:8000"
FAILURES: list[tuple[Reaction, type[CentripetalError], str]] = [
    (ConnectionLostError("gone"), ConnectionLostError, "unknown"),
    (ConnectionLostError("gone", executed="no"), ConnectionLostError, "no"),
    (MalformedResponseError("over the limit"), MalformedResponseError, "unknown"),
    (HTTPReply(503, b""), HTTPStatusError, "unknown"),
    (HTTPReply(401, b"Unauthorized\n"), HTTPStatusError, "no"),
    (HTTPReply(200, b"[]"), MalformedResponseError, "unknown"),
]
INTERRUPTIONS = [KeyboardInterrupt(), SystemExit(1), RuntimeError("a bug in somebody's transport")]


def client_with(*reactions: Reaction, timeout: float = 5) -> tuple[Client, Stub]:
    stub = Stub(*reactions)
    return Client(URL, "secret", timeout=timeout, transport=stub), stub


def async_client_with(*reactions: Reaction, timeout: float = 5) -> tuple[AsyncClient, AsyncStub]:
    stub = AsyncStub(*reactions)
    return AsyncClient(URL, "secret", timeout=timeout, transport=stub), stub


def fill(batch: Batch | AsyncBatch) -> list[Any]:
    return [batch.publish("a", 1), batch.history("bad"), batch.channels()]


def check_filled(slots: list[Any]) -> None:
    assert slots[0].result() is True
    assert slots[2].result() == ["a", "b"]
    for _ in range(2):
        with pytest.raises(ServerError, match=r"^history \(command 1 of the request\): ") as caught:
            slots[1].result()
        assert (caught.value.command, caught.value.index) == (slots[1].command, 1)


def test_a_batch_is_one_request_with_a_result_for_each_call() -> None:
    """Calls are collected, sent together at the end of the block, and each slot has its own outcome."""
    client, stub = client_with()
    with client.batch() as batch:
        slots = fill(batch)
        assert (len(batch), stub.requests) == (3, [])
    assert stub.sent == [["a", "bad", "channels"]]
    check_filled(slots)


async def test_an_async_batch_is_one_request_with_a_result_for_each_call() -> None:
    """An awaited batch collects calls without waiting; only the end of its block waits."""
    client, stub = async_client_with()
    async with client.batch() as batch:
        slots = fill(batch)
        assert (len(batch), stub.requests) == (3, [])
    assert stub.sent == [["a", "bad", "channels"]]
    check_filled(slots)


def test_a_batch_has_each_command() -> None:
    """What a client can do alone, a batch can do together."""
    assert all(inspect.isfunction(getattr(kind, command.name)) for command in COMMANDS for kind in (Batch, AsyncBatch))


def test_any_command_can_be_put_into_a_batch_as_a_value() -> None:
    """`batch.call(command)` is what the methods do."""
    client, stub = client_with()
    with client.batch() as batch:
        slot = batch.call(Publish("a", 1))
    assert slot.result() is True
    assert stub.sent == [["a"]]


async def test_an_empty_batch_sends_nothing() -> None:
    """A batch without calls makes no request."""
    client, stub = client_with()
    async_client, async_stub = async_client_with()
    with client.batch():
        pass
    async with async_client.batch():
        pass
    assert stub.requests == async_stub.requests == []


async def test_an_exception_in_the_block_sends_nothing() -> None:
    """Half a batch is never sent; the exception goes on, and the slots say that nothing was sent."""
    client, stub = client_with()
    async_client, async_stub = async_client_with()
    slots: list[Any] = []

    def block() -> None:
        with client.batch() as batch:
            slots.append(batch.publish("a", 1))
            raise LookupError

    async def async_block() -> None:
        async with async_client.batch() as batch:
            slots.append(batch.publish("a", 1))
            raise LookupError

    with pytest.raises(LookupError):
        block()
    with pytest.raises(LookupError):
        await async_block()
    assert stub.requests == async_stub.requests == []
    for slot in slots:
        with pytest.raises(UsageError, match="this batch was not sent"):
            slot.result()


def test_a_result_is_there_only_after_the_block() -> None:
    """Asking too early is a mistake in the program, and the error says when to ask."""
    client, _ = client_with()
    with client.batch() as batch:
        slot = batch.publish("a", 1)
        assert repr(slot) == "<slot 0: publish, waiting>"
        with pytest.raises(UsageError, match=r"^publish: this batch was not sent; read results after its `with` block"):
            slot.result()
    assert repr(slot) == "<slot 0: publish, settled>"


def check_failed(slots: list[Any], kind: type[CentripetalError], executed: str) -> None:
    for index, slot in enumerate(slots):
        with pytest.raises(kind) as caught:
            slot.result()
        error = caught.value
        assert (error.command, error.index, error.executed) == (slot.command, index, executed)
        assert str(error).startswith(f"{slot.command.name} (command {index} of the request): ")


@pytest.mark.parametrize(("failure", "kind", "executed"), FAILURES)
def test_a_failed_request_is_an_error_of_each_command(
    failure: Reaction, kind: type[CentripetalError], executed: str
) -> None:
    """The block raises what failed, and each slot has the same as an error about its own command and place."""
    client, _ = client_with(failure)
    slots: list[Any] = []
    with pytest.raises(kind) as caught, client.batch() as batch:
        slots += fill(batch)
    assert caught.value.executed == executed
    check_failed(slots, kind, executed)


@pytest.mark.parametrize(("failure", "kind", "executed"), FAILURES)
async def test_a_failed_request_is_an_error_of_each_command_of_an_async_batch(
    failure: Reaction, kind: type[CentripetalError], executed: str
) -> None:
    """An awaited block raises what failed, too, and each slot has it as an error about its own command."""
    client, _ = async_client_with(failure)
    slots: list[Any] = []
    with pytest.raises(kind):
        async with client.batch() as batch:
            slots += fill(batch)
    check_failed(slots, kind, executed)


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_an_interrupted_batch_does_not_claim_that_nothing_was_sent(interruption: BaseException) -> None:
    """After Ctrl-C in the middle of the request nobody knows what ran, and the slots say so."""
    client, _ = client_with(interruption)
    slots: list[Any] = []
    with pytest.raises(type(interruption)), client.batch() as batch:
        slots += fill(batch)
    check_failed(slots, TransportError, "unknown")


async def test_a_cancelled_batch_does_not_claim_that_nothing_was_sent() -> None:
    """The slots of a task that was cancelled during the request say that nobody knows what ran."""
    client, stub = async_client_with()
    stub.gate.clear()
    slots: list[Any] = []

    async def work() -> None:
        async with client.batch() as batch:
            slots.extend(fill(batch))

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    check_failed(slots, TransportError, "unknown")


def test_a_batch_that_is_never_sent_is_complained_of() -> None:
    """Who forgets the `with` block hears of it; a block that raised, or that holds nothing, is no mistake."""
    client, stub = client_with()
    batch = client.batch()
    batch.publish("a", 1)
    with pytest.warns(RuntimeWarning, match="a batch of 1 was never sent: that happens at the end of its `with` block"):
        del batch
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.batch()
        raising = client.batch()
        raising.publish("a", 1)
        with pytest.raises(LookupError), raising:
            raise LookupError
        del raising
        late = client.batch()
        late.publish("b", 1)
        with late:
            pass
        del late
    assert stub.sent == [["b"]]


async def test_a_batch_is_used_once() -> None:
    """After its block a batch takes no call, cannot be entered, and sends nothing a second time."""
    client, stub = client_with()
    with client.batch() as batch:
        batch.publish("a", 1)
    with pytest.raises(UsageError, match=r"this batch is over: begin another with client\.batch\(\)"):
        batch.publish("b", 1)
    with pytest.raises(UsageError, match="this batch is over"), batch:
        pass
    assert stub.sent == [["a"]]

    async_client, async_stub = async_client_with()
    async with async_client.batch() as async_batch:
        async_batch.publish("a", 1)
    with pytest.raises(UsageError, match="this batch is over"):
        async with async_batch:
            pass
    assert async_stub.sent == [["a"]]


def test_blocks_of_one_batch_inside_of_each_other_send_once() -> None:
    """The inner block ends the batch; the outer one has nothing left to send."""
    client, stub = client_with()
    with client.batch() as batch, batch:
        slot = batch.publish("a", 1)
    assert stub.sent == [["a"]]
    assert slot.result() is True


MISTAKES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda batch: batch.publish("", 1), r"^publish \(command 1 of the request\): channel must not be empty"),
    (lambda batch: batch.publish("a", {1}), r"^publish \(command 1 of the request\): data is a set"),
    (lambda batch: batch.publish("a", 1, timeout=1), r"batch\(timeout=…\) limits them all"),
    (lambda batch: batch.call(Channels(timeout=1)), r"batch\(timeout=…\) limits them all"),
    (lambda batch: batch.call("publish"), r"is no command of Centrifugo 1\.x"),
    (lambda batch: batch.call(None), r"is no command of Centrifugo 1\.x"),
    (lambda batch: batch.call(Publish), r"is no command of Centrifugo 1\.x"),
]


@pytest.mark.parametrize(("mistake", "text"), MISTAKES)
def test_a_bad_call_is_refused_and_the_others_stay(mistake: Callable[[Any], Any], text: str) -> None:
    """A call that cannot be sent fails where it is made; who catches that sends the rest."""
    client, stub = client_with()
    with client.batch() as batch:
        first = batch.publish("a", 1)
        with pytest.raises(UsageError, match=text) as caught:
            mistake(batch)
        assert caught.value.index == 1
        last = batch.publish("c", 1)
        assert len(batch) == 2
    assert stub.sent == [["a", "c"]]
    assert first.result() is last.result() is True


@pytest.mark.parametrize("timeout", [0, -1, "5", float("nan"), True])
def test_a_bad_time_limit_is_refused_before_the_block(timeout: Any) -> None:
    """A time limit that is none is refused where the batch is made."""
    with pytest.raises(UsageError, match="timeout must be"):
        client_with()[0].batch(timeout=timeout)


async def test_a_bad_time_limit_is_refused_before_the_async_block() -> None:
    """The async client refuses it where the batch is made, too."""
    with pytest.raises(UsageError, match="timeout must be"):
        async_client_with()[0].batch(timeout=0)


async def test_a_batch_takes_a_time_limit() -> None:
    """The limit of the batch comes before the client's own."""
    client, stub = client_with(timeout=7)
    async_client, async_stub = async_client_with(timeout=7)
    for timeout in (None, 3):
        with client.batch(timeout=timeout) as batch:
            batch.publish("a", 1)
        async with async_client.batch(timeout=timeout) as async_batch:
            async_batch.publish("a", 1)
    assert stub.timeouts == async_stub.timeouts == [7, 3]


def test_what_was_put_into_a_batch_is_fixed() -> None:
    """Data that changes before the block ends goes out as it was."""
    client, stub = client_with()
    data = {"n": 1}
    with client.batch() as batch:
        batch.publish("a", data)
        data["n"] = 2
    assert b'"data":{"n":1}' in stub.requests[0].body


def test_a_slot_names_its_command() -> None:
    """Command and place can be read from a slot, for logs."""
    slot = BatchSlot(Channels(), 4)
    assert (slot.command, slot.index) == (Channels(), 4)
