"""Tests of blocking and asyncio batches: one request for many calls, with a separate outcome for each."""

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
INTERRUPTIONS = [KeyboardInterrupt(), SystemExit(1), RuntimeError("a bug in a custom transport")]


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
    """A batch collects calls, sends them at the end of the block and gives each slot its own outcome."""
    client, stub = client_with()
    with client.batch() as batch:
        slots = fill(batch)
        assert (len(batch), stub.requests) == (3, [])
    assert stub.sent == [["a", "bad", "channels"]]
    check_filled(slots)


async def test_an_async_batch_is_one_request_with_a_result_for_each_call() -> None:
    """An asyncio batch collects calls without awaiting, and only the end of its block awaits."""
    client, stub = async_client_with()
    async with client.batch() as batch:
        slots = fill(batch)
        assert (len(batch), stub.requests) == (3, [])
    assert stub.sent == [["a", "bad", "channels"]]
    check_filled(slots)


def test_a_batch_has_each_command() -> None:
    """Every command of a client is also a method of a batch."""
    assert all(inspect.isfunction(getattr(kind, command.name)) for command in COMMANDS for kind in (Batch, AsyncBatch))


def test_any_command_can_be_added_as_a_value() -> None:
    """`batch.call(command)` is equivalent to the method of the command."""
    client, stub = client_with()
    with client.batch() as batch:
        slot = batch.call(Publish("a", 1))
    assert slot.result() is True
    assert stub.sent == [["a"]]


async def test_an_empty_batch_sends_nothing() -> None:
    """A batch without calls sends no request."""
    client, stub = client_with()
    async_client, async_stub = async_client_with()
    with client.batch():
        pass
    async with async_client.batch():
        pass
    assert stub.requests == async_stub.requests == []


async def test_an_exception_in_the_block_sends_nothing() -> None:
    """If the block raises, nothing is sent, the exception propagates, and the slots report that nothing was sent."""
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


def test_results_are_available_after_the_block() -> None:
    """Reading a result inside the block is an error that says when it is available."""
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
def test_a_failed_request_fails_each_command(failure: Reaction, kind: type[CentripetalError], executed: str) -> None:
    """The block raises the error, and each slot has a copy that names its command and index."""
    client, _ = client_with(failure)
    slots: list[Any] = []
    with pytest.raises(kind) as caught, client.batch() as batch:
        slots += fill(batch)
    assert caught.value.executed == executed
    check_failed(slots, kind, executed)


@pytest.mark.parametrize(("failure", "kind", "executed"), FAILURES)
async def test_a_failed_request_fails_each_command_of_an_async_batch(
    failure: Reaction, kind: type[CentripetalError], executed: str
) -> None:
    """An asyncio block raises the error, and each slot has a copy that names its command and index."""
    client, _ = async_client_with(failure)
    slots: list[Any] = []
    with pytest.raises(kind):
        async with client.batch() as batch:
            slots += fill(batch)
    check_failed(slots, kind, executed)


@pytest.mark.parametrize("interruption", INTERRUPTIONS)
def test_an_interrupted_batch_has_unknown_outcomes(interruption: BaseException) -> None:
    """After Ctrl-C during the request, the slots report that the commands may have run."""
    client, _ = client_with(interruption)
    slots: list[Any] = []
    with pytest.raises(type(interruption)), client.batch() as batch:
        slots += fill(batch)
    check_failed(slots, TransportError, "unknown")


async def test_a_cancelled_batch_has_unknown_outcomes() -> None:
    """After a cancellation during the request, the slots report that the commands may have run."""
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


def test_a_batch_that_is_never_sent_warns() -> None:
    """A batch with commands but without a `with` block warns, unlike an empty batch or one whose block raised."""
    client, stub = client_with()
    batch = client.batch()
    batch.publish("a", 1)
    with pytest.warns(RuntimeWarning, match="a batch of 1 was never sent: use it in a `with` block"):
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
    """After its block, a batch accepts no call, cannot be entered and sends nothing again."""
    client, stub = client_with()
    with client.batch() as batch:
        batch.publish("a", 1)
    with pytest.raises(UsageError, match=r"this batch was already sent; create a new one with client\.batch\(\)"):
        batch.publish("b", 1)
    with pytest.raises(UsageError, match="this batch was already sent"), batch:
        pass
    assert stub.sent == [["a"]]

    async_client, async_stub = async_client_with()
    async with async_client.batch() as async_batch:
        async_batch.publish("a", 1)
    with pytest.raises(UsageError, match="this batch was already sent"):
        async with async_batch:
            pass
    assert async_stub.sent == [["a"]]


def test_nested_blocks_of_one_batch_send_once() -> None:
    """The inner block sends the batch, and the outer block has nothing to send."""
    client, stub = client_with()
    with client.batch() as batch, batch:
        slot = batch.publish("a", 1)
    assert stub.sent == [["a"]]
    assert slot.result() is True


MISTAKES: list[tuple[Callable[[Any], Any], str]] = [
    (lambda batch: batch.publish("", 1), r"^publish \(command 1 of the request\): channel must not be empty"),
    (lambda batch: batch.publish("a", {1}), r"^publish \(command 1 of the request\): data is a set"),
    (lambda batch: batch.publish("a", 1, timeout=1), r"pass batch\(timeout=…\) for the whole batch"),
    (lambda batch: batch.call(Channels(timeout=1)), r"pass batch\(timeout=…\) for the whole batch"),
    (lambda batch: batch.call("publish"), r"is not a command of Centrifugo 1\.x"),
    (lambda batch: batch.call(None), r"is not a command of Centrifugo 1\.x"),
    (lambda batch: batch.call(Publish), r"is not a command of Centrifugo 1\.x"),
]


@pytest.mark.parametrize(("mistake", "text"), MISTAKES)
def test_an_invalid_call_does_not_affect_the_others(mistake: Callable[[Any], Any], text: str) -> None:
    """An invalid call raises where it is made, and the batch still sends the other calls if the error is caught."""
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
def test_an_invalid_time_limit_is_rejected_before_the_block(timeout: Any) -> None:
    """An invalid time limit is rejected when the batch is created."""
    with pytest.raises(UsageError, match="timeout must be"):
        client_with()[0].batch(timeout=timeout)


async def test_an_invalid_time_limit_is_rejected_before_the_async_block() -> None:
    """The asyncio client rejects an invalid time limit when the batch is created."""
    with pytest.raises(UsageError, match="timeout must be"):
        async_client_with()[0].batch(timeout=0)


async def test_a_batch_takes_a_time_limit() -> None:
    """The time limit of a batch overrides the client's limit."""
    client, stub = client_with(timeout=7)
    async_client, async_stub = async_client_with(timeout=7)
    for timeout in (None, 3):
        with client.batch(timeout=timeout) as batch:
            batch.publish("a", 1)
        async with async_client.batch(timeout=timeout) as async_batch:
            async_batch.publish("a", 1)
    assert stub.timeouts == async_stub.timeouts == [7, 3]


def test_data_is_serialized_when_it_is_added() -> None:
    """Later changes to the data of a call do not change what the batch sends."""
    client, stub = client_with()
    data = {"n": 1}
    with client.batch() as batch:
        batch.publish("a", data)
        data["n"] = 2
    assert b'"data":{"n":1}' in stub.requests[0].body


def test_a_slot_has_its_command_and_index() -> None:
    """A slot has the command and its index, for logs."""
    slot = BatchSlot(Channels(), 4)
    assert (slot.command, slot.index) == (Channels(), 4)


FAILING: list[Callable[[Any], Any]] = [lambda batch: batch.publish("bad", 1), lambda batch: batch.history("bad")]


def check_raised(error: Exception, names: list[str], total: int) -> None:
    """Check that *error* holds one error for each of *names*."""
    errors = list(error.exceptions) if isinstance(error, ExceptionGroup) else [error]
    assert [each.command.name for each in errors if isinstance(each, CentripetalError) and each.command] == names
    if len(names) > 1:
        assert str(error).startswith(f"{len(names)} of {total} commands of the batch failed")


@pytest.mark.parametrize("count", [1, 2])
async def test_a_batch_can_raise_the_errors_of_its_commands(count: int) -> None:
    """`raise_errors` raises one error as itself, several as a group, and every result can still be read."""
    client, _ = client_with()
    async_client, _ = async_client_with()
    slots: list[Any] = []
    with pytest.raises(Exception) as caught, client.batch(raise_errors=True) as batch:
        slots = [batch.publish("a", 1), *(fail(batch) for fail in FAILING[:count])]
    with pytest.raises(Exception) as again:  # noqa: PT012
        async with async_client.batch(raise_errors=True) as async_batch:
            async_batch.publish("a", 1)
            for fail in FAILING[:count]:
                fail(async_batch)
    for error in (caught.value, again.value):
        check_raised(error, ["publish", "history"][:count], count + 1)
    assert slots[0].result() is True
    for slot in slots[1:]:
        with pytest.raises(ServerError):
            slot.result()


def test_a_batch_that_raises_errors_is_silent_if_all_succeed() -> None:
    """Without failures, `raise_errors` changes nothing; a failed request is raised as without it."""
    client, _ = client_with()
    with client.batch(raise_errors=True) as batch:
        slot = batch.publish("a", 1)
    assert slot.result() is True
    client, _ = client_with(ConnectionLostError("gone"))
    with pytest.raises(ConnectionLostError), client.batch(raise_errors=True) as batch:
        batch.publish("a", 1)
