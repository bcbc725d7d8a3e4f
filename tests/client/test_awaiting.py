"""The awaiting driver: one request a call, one limit of time for it, and every error about its command."""

import asyncio
from typing import Any

import pytest

from centripetal.client import awaiting
from centripetal.client.awaiting import run
from centripetal.dialects.v1.commands import Channels, Publish
from centripetal.errors import (
    CentripetalError,
    ConnectError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
    TransportError,
    UsageError,
)
from centripetal.protocol.exchange import Flow, Pause
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.v1 import AsyncClient
from tests.stubs import AsyncStub, Reaction

URL = "http://localhost:8000"


def client_with(*reactions: Reaction, timeout: float = 5, group: bool = True) -> tuple[AsyncClient, AsyncStub]:
    stub = AsyncStub(*reactions)
    return AsyncClient(URL, "secret", timeout=timeout, transport=stub, group=group), stub


@pytest.mark.parametrize(
    ("call", "command", "own", "used"),
    [
        (None, None, 7, 7),
        (None, 3, 7, 3),
        (2, 3, 7, 2),
        (2, None, 7, 2),
        (float("inf"), 3, 7, float("inf")),
    ],
)
async def test_the_nearest_time_limit_counts(
    call: float | None, command: float | None, own: float, used: float
) -> None:
    """The call's limit comes before the command's, and that before the client's."""
    client, stub = client_with(timeout=own)
    await client.call(Channels(timeout=command), timeout=call)
    assert stub.timeouts == [used]


async def test_a_method_takes_a_time_limit_that_is_not_sent() -> None:
    """`timeout=` of a method limits the call and is no parameter of the command."""
    client, stub = client_with()
    await client.publish("a", 1, timeout=3)
    assert stub.timeouts == [3]
    assert b"timeout" not in stub.requests[0].body


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", True, [5]])
async def test_a_bad_time_limit_is_refused(timeout: Any) -> None:
    """A time limit that is none is a UsageError wherever it is given, and nothing is sent."""
    client, stub = client_with()
    with pytest.raises(UsageError, match="timeout must be a number of seconds above 0"):
        AsyncClient(URL, "secret", timeout=timeout, transport=stub)
    with pytest.raises(UsageError, match="timeout must be"):
        await client.publish("a", 1, timeout=timeout)
    with pytest.raises(UsageError, match="timeout must be"):
        await client.call(Channels(), timeout=timeout)
    assert stub.requests == []


@pytest.mark.parametrize(
    ("reaction", "kind"),
    [
        (ConnectError("refused"), ConnectError),
        (TimeoutError("late"), TimeoutError),
        (MalformedResponseError("over the limit"), MalformedResponseError),
        (HTTPReply(503, b""), HTTPStatusError),
        (HTTPReply(200, b"[]"), MalformedResponseError),
        (HTTPReply(200, b'[{"uid":"0","method":"publish","error":"no"}]'), ServerError),
        (HTTPReply(200, b'[{"uid":"0","method":"publish","error":null,"body":1}]'), MalformedResponseError),
    ],
)
async def test_every_error_of_a_call_is_about_its_command(reaction: Reaction, kind: type[CentripetalError]) -> None:
    """Wherever it comes from, an error of a direct call names the command, and no place in a batch."""
    client, _ = client_with(reaction)
    command = Publish("a", 1)
    with pytest.raises(kind, match=r"^publish: ") as caught:
        await client.call(command)
    assert type(caught.value) is kind
    assert caught.value.command is command
    assert caught.value.index is None


@pytest.mark.parametrize("thing", ["publish", None, Publish, 5, {"method": "channels"}])
async def test_what_is_no_command_is_a_usage_error(thing: Any) -> None:
    """The error has a text although there is no command to name; nothing is sent."""
    client, stub = client_with()
    with pytest.raises(UsageError, match=r"is no command of Centrifugo 1\.x: take one from centripetal\.v1"):
        await client.call(thing)
    assert stub.requests == []


async def test_a_cancelled_call_is_cancelled() -> None:
    """An error that is not ours passes through as it is."""
    client, _ = client_with(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await client.publish("a", 1)


async def test_a_client_can_be_closed_and_used_again() -> None:
    """`with` closes the transport; a later call goes on as before."""
    client, stub = client_with()
    async with client as same:
        assert same is client
        await client.publish("a", 1)
    assert stub.closed == 1
    await client.publish("a", 1)
    await client.close()
    assert (len(stub.requests), stub.closed) == (2, 2)


# ---- flows of several requests, as retries will be


REQUEST = HTTPRequest("http://h/", (), b"")


def persistent(tries: int) -> Flow[str]:
    """Asks until an answer gets through."""
    for number in range(tries):
        try:
            reply = yield REQUEST
        except TransportError:
            continue
        return f"{reply.status} at try {number + 1}"
    return "given up"


class Clock:
    """A clock that only moves when a request is made, or somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Slow(AsyncStub):
    """A request takes two seconds."""

    def __init__(self, clock: Clock, *reactions: Reaction) -> None:
        super().__init__(*reactions)
        self.clock = clock

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        self.clock.now += 2
        return await super().send(request, timeout)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The driver's clock."""
    clock = Clock()
    monkeypatch.setattr(awaiting, "time", clock)
    return clock


GOOD = HTTPReply(200, b"")
LOST = ConnectError("refused")


async def test_a_flow_may_ask_again_within_the_time_that_is_left(clock: Clock) -> None:
    """One deadline covers all requests of a call: each is given what remains."""
    transport = Slow(clock, LOST, LOST, GOOD)
    assert await run(persistent(5), transport, 10) == "200 at try 3"
    assert transport.timeouts == [10, 8, 6]


async def test_a_flow_that_gives_up_has_a_result(clock: Clock) -> None:
    """A flow may end after an error with a result of its own."""
    assert await run(persistent(2), Slow(clock, LOST, LOST), 10) == "given up"


def two_requests() -> Flow[int]:
    yield REQUEST
    yield REQUEST
    return 2


async def test_no_request_is_made_when_the_time_is_up(clock: Clock) -> None:
    """Time that ran out between two requests is a TimeoutError, also for a flow that would ask again."""
    transport = Slow(clock, GOOD)
    with pytest.raises(TimeoutError, match="between two requests"):
        await run(two_requests(), transport, 2)
    assert len(transport.requests) == 1

    transport = Slow(clock, LOST, LOST, LOST)
    with pytest.raises(TimeoutError, match="between two requests"):
        await run(persistent(10), transport, 4)
    assert len(transport.requests) == 2


def test_a_client_is_built_outside_of_any_event_loop_and_used_from_several() -> None:
    """The same client works in one event loop after the other."""
    client = AsyncClient(URL, "secret", transport=AsyncStub())
    for _ in range(2):
        assert asyncio.run(client.publish("a", 1)) is True


async def test_calls_run_at_the_same_time() -> None:
    """Without grouping, a call that waits does not hold up another."""
    client, stub = client_with(group=False)
    stub.gate.clear()
    tasks = [asyncio.create_task(client.publish(channel, 1)) for channel in "abc"]
    await asyncio.sleep(0)
    stub.gate.set()
    assert await asyncio.gather(*tasks) == [True, True, True]
    assert sorted(stub.sent) == [["a"], ["b"], ["c"]]


def resting(*pauses: float) -> Flow[str]:
    """Rests before each request; says what became of it."""
    for count, seconds in enumerate(pauses):
        try:
            yield Pause(seconds)
        except TimeoutError as error:
            return f"{error} ({error.executed}) after {count} requests"
        yield REQUEST
    return "done"


async def test_a_flow_may_rest(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause takes its time from the call's; one that would leave none is not begun."""

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr("asyncio.sleep", sleep)
    transport = Slow(clock, GOOD, GOOD)
    assert await run(resting(1.5, 0.5), transport, 10) == "done"
    assert transport.timeouts == [8.5, 6]
    assert clock.now == 106
    before = clock.now
    assert await run(resting(0, 3), Slow(clock, GOOD), 5) == "no time is left for another try (no) after 1 requests"
    assert clock.now == before + 2
