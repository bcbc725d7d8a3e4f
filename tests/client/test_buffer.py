"""Tests of the client's buffer: no command is lost, sent twice or reordered after a failure."""

import asyncio
import os
import threading
import warnings
from collections import Counter
from typing import Any

import pytest

from centripetal.client.buffer import Buffer, Claim
from centripetal.dialects.v1.commands import COMMANDS, Publish
from centripetal.errors import (
    CentripetalError,
    ClientNotEmptyError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    UsageError,
)
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.v1 import AsyncClient, Client
from tests.stubs import AsyncStub, Reaction, Stub, answer, commands_in

URL = "http://localhost:8000"
LOST = ConnectionLostError("gone")
FAILURES: list[tuple[Reaction, type[BaseException]]] = [
    (LOST, ConnectionLostError),
    (MalformedResponseError("over the limit"), MalformedResponseError),
    (HTTPReply(500, b""), HTTPStatusError),
    (HTTPReply(400, b"Bad Request\n"), HTTPStatusError),
    (HTTPReply(200, b"[]"), MalformedResponseError),
    (HTTPReply(200, b"nonsense"), MalformedResponseError),
    (KeyboardInterrupt(), KeyboardInterrupt),
    (SystemExit(1), SystemExit),
    (RuntimeError("a bug in a custom transport"), RuntimeError),
]


def client_with(*reactions: Reaction) -> tuple[Client, Stub]:
    stub = Stub(*reactions)
    return Client(URL, "secret", transport=stub), stub


def async_client_with(*reactions: Reaction) -> tuple[AsyncClient, AsyncStub]:
    stub = AsyncStub(*reactions)
    return AsyncClient(URL, "secret", transport=stub), stub


ADDED: list[tuple[str, tuple[Any, ...], Any]] = [
    ("publish", ("news", {"n": 1}), True),
    ("broadcast", (["a", "b"], 1), True),
    ("unsubscribe", ("news", "42"), True),
    ("disconnect", ("42",), True),
    ("presence", ("news",), None),
    ("history", ("news",), None),
    ("channels", (), ["a", "b"]),
    ("stats", (), None),
    ("node", (), None),
]


def test_every_command_can_be_added() -> None:
    """Both clients have an `add_…` method for each command, with the arguments of the direct call."""
    assert {name for name, _, _ in ADDED} == {command.name for command in COMMANDS}
    assert all(hasattr(kind, f"add_{name}") for name, _, _ in ADDED for kind in (Client, AsyncClient))


def test_send_sends_all_commands_in_order() -> None:
    """Adding sends nothing, and `send` sends all commands in one request and returns a response for each, in order."""
    client, stub = client_with()
    for index, (name, arguments, _) in enumerate(ADDED):
        getattr(client, f"add_{name}")(*arguments)
        assert client.pending == index + 1
    assert stub.requests == []

    responses = client.send()
    assert len(stub.requests) == 1
    assert [response.method for response in responses] == [name for name, _, _ in ADDED]
    assert all(response.result() == value for response, (_, _, value) in zip(responses, ADDED, strict=True) if value)
    assert client.pending == 0


async def test_the_async_client_sends_all_commands_in_order() -> None:
    """The asyncio client adds commands without awaiting, and `send` is awaited."""
    client, stub = async_client_with()
    for name, arguments, _ in ADDED:
        getattr(client, f"add_{name}")(*arguments)
    assert (stub.requests, client.pending) == ([], len(ADDED))
    responses = await client.send()
    assert [response.method for response in responses] == [name for name, _, _ in ADDED]
    assert (len(stub.requests), client.pending) == (1, 0)


def test_any_command_can_be_added_as_a_value() -> None:
    """`add(command)` is equivalent to the `add_…` method of the command."""
    client, stub = client_with()
    client.add(Publish("a", 1))
    client.send()
    assert stub.sent == [["a"]]


async def test_an_empty_buffer_sends_nothing() -> None:
    """Sending an empty buffer makes no request and returns no responses."""
    client, stub = client_with()
    async_client, async_stub = async_client_with()
    assert client.send() == []
    assert await async_client.send() == []
    assert stub.requests == async_stub.requests == []


def test_data_is_serialized_when_it_is_added() -> None:
    """Later changes to the data of a command do not change what is sent."""
    client, stub = client_with()
    data = {"n": 1}
    client.add_publish("a", data)
    data["n"] = 2
    client.send()
    assert b'"data":{"n":1}' in stub.requests[0].body


def test_a_rejected_command_does_not_affect_the_others() -> None:
    """`send` returns a response for each command, and a rejected command raises when its result is read."""
    client, _ = client_with()
    for channel in ("a", "bad", "c"):
        client.add_publish(channel, 1)
    first, second, third = client.send()
    assert first.result() is third.result() is True
    with pytest.raises(ServerError, match=r"^publish \(command 1 of the request\): .*namespace not found"):
        second.result()
    assert client.pending == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("", 1), r"^publish: channel must not be empty"),
        (("a", {1}), r"^publish: data is a set"),
    ],
)
def test_invalid_commands_are_not_added(arguments: tuple[Any, ...], text: str) -> None:
    """An invalid command is rejected when it is added, and the buffer is unchanged."""
    client, _ = client_with()
    client.add_publish("fine", 1)
    with pytest.raises(UsageError, match=text) as caught:
        client.add_publish(*arguments)
    assert isinstance(caught.value.command, Publish)
    assert client.pending == 1


def test_buffered_commands_have_no_separate_time_limit() -> None:
    """A time limit for a single buffered command is rejected, because all commands share the request."""
    client, _ = client_with()
    with pytest.raises(UsageError, match=r"pass send\(timeout=…\) for the whole buffer"):
        client.add_publish("a", 1, timeout=1)
    with pytest.raises(UsageError, match=r"pass send\(timeout=…\) for the whole buffer"):
        client.add(Publish("a", 1, timeout=1))
    assert client.pending == 0


@pytest.mark.parametrize("thing", ["publish", None, Publish])
def test_adding_something_else_is_rejected(thing: Any) -> None:
    """Adding an object that is not a command raises an error with a message."""
    client, _ = client_with()
    with pytest.raises(UsageError, match=r"is not a command of Centrifugo 1\.x"):
        client.add(thing)


def test_a_direct_call_with_buffered_commands_is_rejected() -> None:
    """A direct call would overtake buffered commands, so it raises and sends nothing; a batch is allowed."""
    client, stub = client_with()
    client.add_publish("a", 1)
    client.add_publish("b", 1)
    with pytest.raises(ClientNotEmptyError, match="the buffer holds 2 commands") as caught:
        client.publish("c", 1)
    assert caught.value.executed == "no"
    assert stub.requests == []
    with client.batch() as batch:
        batch.publish("d", 1)
    assert client.pending == 2
    client.send()
    assert client.publish("c", 1) is True
    assert stub.sent == [["d"], ["a", "b"], ["c"]]


async def test_a_direct_async_call_with_buffered_commands_is_rejected() -> None:
    """The asyncio client rejects a direct call while commands are buffered."""
    client, stub = async_client_with()
    client.add_publish("a", 1)
    with pytest.raises(ClientNotEmptyError):
        await client.publish("c", 1)
    client.reset()
    assert await client.publish("c", 1) is True
    assert stub.sent == [["c"]]


def test_reset_clears_the_buffer() -> None:
    """After a reset, no command is pending and nothing is sent."""
    client, stub = client_with()
    client.add_publish("a", 1)
    client.reset()
    assert client.pending == 0
    assert client.send() == []
    assert stub.requests == []


@pytest.mark.parametrize(("failure", "kind"), FAILURES)
def test_a_failed_send_keeps_the_buffer(failure: Reaction, kind: type[BaseException]) -> None:
    """After any failure, including Ctrl-C, the next `send` sends the same commands in the same order."""
    client, stub = client_with(failure)
    for channel in "abc":
        client.add_publish(channel, 1)
    with pytest.raises(kind):
        client.send()
    assert client.pending == 3
    client.add_publish("d", 1)
    assert len(client.send()) == 4
    assert stub.sent == [["a", "b", "c"], ["a", "b", "c", "d"]]


@pytest.mark.parametrize(
    ("failure", "kind"), [case for case in FAILURES if not isinstance(case[0], KeyboardInterrupt | SystemExit)]
)
async def test_a_failed_async_send_keeps_the_buffer(failure: Reaction, kind: type[BaseException]) -> None:
    """A failed asyncio `send` puts its commands back into the buffer."""
    client, stub = async_client_with(failure)
    for channel in "ab":
        client.add_publish(channel, 1)
    with pytest.raises(kind):
        await client.send()
    assert client.pending == 2
    await client.send()
    assert stub.sent == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("timeout", [0, -1, "5", float("nan"), True])
def test_an_invalid_time_limit_keeps_the_buffer(timeout: Any) -> None:
    """An invalid argument of `send` removes no command from the buffer."""
    client, stub = client_with()
    client.add_publish("a", 1)
    with pytest.raises(UsageError, match="timeout must be"):
        client.send(timeout=timeout)
    assert (client.pending, stub.requests) == (1, [])


def test_send_takes_a_time_limit() -> None:
    """The time limit of `send` overrides the client's limit."""
    stub = Stub()
    client = Client(URL, "secret", timeout=7, transport=stub)
    client.add_publish("a", 1)
    client.send()
    client.add_publish("a", 1)
    client.send(timeout=3)
    assert stub.timeouts == [7, 3]


async def test_a_cancelled_send_keeps_the_buffer() -> None:
    """Commands of a cancelled `send` precede commands that were added in the meantime."""
    client, stub = async_client_with()
    stub.gate.clear()
    client.add_publish("a", 1)
    task = asyncio.create_task(client.send())
    await asyncio.sleep(0)
    assert client.pending == 0
    client.add_publish("b", 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client.pending == 2
    stub.gate.set()
    await client.send()
    assert stub.sent == [["a", "b"]]


def test_commands_added_during_a_failed_send_come_last() -> None:
    """Commands of a failed `send` precede commands that were added during it."""

    def add_and_fail(request: HTTPRequest) -> HTTPReply:
        client.add_publish("late", 1)
        raise LOST

    client, stub = client_with(add_and_fail)
    client.add_publish("a", 1)
    client.add_publish("b", 1)
    with pytest.raises(ConnectionLostError):
        client.send()
    client.send()
    assert stub.sent[1] == ["a", "b", "late"]


@pytest.mark.parametrize("first_ends_first", [True, False])
async def test_overlapping_failed_sends_keep_the_order(first_ends_first: bool) -> None:
    """Commands of overlapping failed sends return to the buffer in the order in which they were added."""
    client, _ = async_client_with()
    gates: list[asyncio.Future[None]] = []

    class Failing:
        async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
            gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gates.append(gate)
            await gate
            raise LOST

        async def close(self) -> None: ...

    client = AsyncClient(URL, "secret", transport=Failing())
    tasks = []
    for pair in ("ab", "cd"):
        for channel in pair:
            client.add_publish(channel, 1)
        tasks.append(asyncio.create_task(client.send()))
        await asyncio.sleep(0)
    client.add_publish("e", 1)
    for index in (0, 1) if first_ends_first else (1, 0):
        gates[index].set_result(None)
        with pytest.raises(ConnectionLostError):
            await tasks[index]
    stub = AsyncStub()
    client._transport = stub
    await client.send()
    assert stub.sent == [["a", "b", "c", "d", "e"]]


def test_concurrent_threads_send_each_command_once() -> None:
    """Each command is sent once and in its thread's order, although sends overlap and every third send fails."""
    lock = threading.Lock()
    calls = 0
    arrived: list[tuple[int, int]] = []

    class Counting:
        def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
            nonlocal calls
            reply = answer(request)
            with lock:
                calls += 1
                if calls % 3 == 0:
                    raise LOST
                arrived.extend((c["params"]["data"][0], c["params"]["data"][1]) for c in commands_in(request))
            return reply

        def close(self) -> None: ...

    client = Client(URL, "secret", transport=Counting())
    threads, each = 6, 150
    start = threading.Barrier(threads)

    def work(number: int) -> None:
        start.wait()
        for index in range(each):
            client.add_publish("x", [number, index])
            if index % 7 == number:
                try:
                    client.send()
                except ConnectionLostError:
                    continue

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while client.pending:
        try:
            client.send()
        except ConnectionLostError:
            continue
    assert Counter(arrived) == Counter((number, index) for number in range(threads) for index in range(each))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_starts_with_an_empty_buffer() -> None:
    """A forked child does not inherit buffered commands, and can send its own."""
    client, _ = client_with()
    client.add_publish("parent", 1)
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have left threads running
        child = os.fork()
        if child == 0:
            try:
                stub = Stub()
                client._transport = stub
                before = client.pending
                client.add_publish("child", 1)
                client.send()
                os.write(write, f"{before} {stub.sent} {client.pending}".encode())
            finally:
                os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"0 [['child']] 0"
    assert os.waitpid(child, 0)[1] == 0
    assert client.pending == 1


def prepared(number: int) -> Prepared[Any]:
    command: Command[bool] = Publish(str(number), 1)
    return Prepared(command, b"{}")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_claims_returned_in_any_order_keep_the_order(order: tuple[int, ...]) -> None:
    """The position of a command is fixed when the command is added."""
    buffer = Buffer()
    claims = []
    for start in (0, 2, 4):
        buffer.add(prepared(start))
        buffer.add(prepared(start + 1))
        claim = Claim()
        buffer.take(claim)
        claims.append(claim)
    buffer.add(prepared(6))
    for index in order:
        buffer.give_back(claims[index])
    claim = Claim()
    buffer.take(claim)
    assert [getattr(call.command, "channel", "") for call in claim.calls] == list("0123456")
    assert len(buffer) == 0


def test_an_empty_claim_returns_nothing() -> None:
    """A send that was interrupted before it took a command does not change the buffer."""
    buffer = Buffer()
    buffer.add(prepared(1))
    buffer.give_back(Claim())
    assert len(buffer) == 1


def test_the_error_of_a_send_names_a_single_command_only() -> None:
    """The error of a `send` names a command only if the request had no other command."""
    for channels, named in (("a", True), ("ab", False)):
        client, _ = client_with(HTTPReply(503, b""))
        for channel in channels:
            client.add_publish(channel, 1)
        with pytest.raises(CentripetalError) as caught:
            client.send()
        assert (caught.value.command is not None) is named
