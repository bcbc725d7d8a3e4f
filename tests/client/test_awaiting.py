"""Tests of the asyncio driver: requests of a call, its time limit, and errors that name its command."""

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
async def test_the_most_specific_time_limit_counts(
    call: float | None, command: float | None, own: float, used: float
) -> None:
    """The call's limit overrides the command's limit, which overrides the client's limit."""
    client, stub = client_with(timeout=own)
    await client.call(Channels(timeout=command), timeout=call)
    assert stub.timeouts == [used]


async def test_a_method_takes_a_time_limit_that_is_not_sent() -> None:
    """`timeout=` limits the call and is not a parameter of the command."""
    client, stub = client_with()
    await client.publish("a", 1, timeout=3)
    assert stub.timeouts == [3]
    assert b"timeout" not in stub.requests[0].body


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", True, [5]])
async def test_invalid_time_limits_are_rejected(timeout: Any) -> None:
    """An invalid time limit raises UsageError wherever it is given, and nothing is sent."""
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
async def test_every_error_of_a_call_names_its_command(reaction: Reaction, kind: type[CentripetalError]) -> None:
    """Every error of a direct call names the command and has no position in a batch."""
    client, _ = client_with(reaction)
    command = Publish("a", 1)
    with pytest.raises(kind, match=r"^publish: ") as caught:
        await client.call(command)
    assert type(caught.value) is kind
    assert caught.value.command is command
    assert caught.value.index is None


@pytest.mark.parametrize("thing", ["publish", None, Publish, 5, {"method": "channels"}])
async def test_calling_something_else_is_a_usage_error(thing: Any) -> None:
    """An object that is not a command raises a UsageError with a message, and nothing is sent."""
    client, stub = client_with()
    with pytest.raises(
        UsageError, match=r"is not a command of Centrifugo 1\.x: use a command class from centripetal\.v1"
    ):
        await client.call(thing)
    assert stub.requests == []


async def test_a_cancelled_call_is_cancelled() -> None:
    """A cancelled call raises CancelledError unchanged."""
    client, _ = client_with(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await client.publish("a", 1)


async def test_a_client_can_be_closed_and_used_again() -> None:
    """`async with` closes the transport, and a later call opens it again."""
    client, stub = client_with()
    async with client as same:
        assert same is client
        await client.publish("a", 1)
    assert stub.closed == 1
    await client.publish("a", 1)
    await client.close()
    assert (len(stub.requests), stub.closed) == (2, 2)


# ---- flows that send several requests


REQUEST = HTTPRequest("http://h/", (), b"")


def persistent(tries: int) -> Flow[str]:
    """Send requests until a reply arrives."""
    for number in range(tries):
        try:
            reply = yield REQUEST
        except TransportError:
            continue
        return f"{reply.status} at try {number + 1}"
    return "given up"


class Clock:
    """Clock that advances only when a request is sent or the driver sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Slow(AsyncStub):
    """Transport whose requests take two seconds."""

    def __init__(self, clock: Clock, *reactions: Reaction) -> None:
        super().__init__(*reactions)
        self.clock = clock

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        self.clock.now += 2
        return await super().send(request, timeout)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the driver's clock."""
    clock = Clock()
    monkeypatch.setattr(awaiting, "time", clock)
    return clock


GOOD = HTTPReply(200, b"")
LOST = ConnectError("refused")


async def test_a_flow_can_send_again_within_the_deadline(clock: Clock) -> None:
    """All requests of a call share one deadline, and each is given the remaining time."""
    transport = Slow(clock, LOST, LOST, GOOD)
    assert await run(persistent(5), transport, 10) == "200 at try 3"
    assert transport.timeouts == [10, 8, 6]


async def test_a_flow_can_return_after_an_error(clock: Clock) -> None:
    """A flow can return a result after an error."""
    assert await run(persistent(2), Slow(clock, LOST, LOST), 10) == "given up"


def two_requests() -> Flow[int]:
    yield REQUEST
    yield REQUEST
    return 2


async def test_no_request_is_sent_after_the_deadline(clock: Clock) -> None:
    """Time that runs out between two requests raises TimeoutError, even if the flow would retry."""
    transport = Slow(clock, GOOD)
    with pytest.raises(TimeoutError, match="another request"):
        await run(two_requests(), transport, 2)
    assert len(transport.requests) == 1

    transport = Slow(clock, LOST, LOST, LOST)
    with pytest.raises(TimeoutError, match="another request"):
        await run(persistent(10), transport, 4)
    assert len(transport.requests) == 2


def test_a_client_is_created_without_an_event_loop() -> None:
    """A client is created outside of any event loop and works in several event loops in turn."""
    client = AsyncClient(URL, "secret", transport=AsyncStub())
    for _ in range(2):
        assert asyncio.run(client.publish("a", 1)) is True


async def test_calls_run_concurrently() -> None:
    """Without grouping, a waiting call does not delay another call."""
    client, stub = client_with(group=False)
    stub.gate.clear()
    tasks = [asyncio.create_task(client.publish(channel, 1)) for channel in "abc"]
    await asyncio.sleep(0)
    stub.gate.set()
    assert await asyncio.gather(*tasks) == [True, True, True]
    assert sorted(stub.sent) == [["a"], ["b"], ["c"]]


def resting(*pauses: float) -> Flow[str]:
    """Pause before each request and return a description of the outcome."""
    for count, seconds in enumerate(pauses):
        try:
            yield Pause(seconds)
        except TimeoutError as error:
            return f"{error} ({error.executed}) after {count} requests"
        yield REQUEST
    return "done"


async def test_a_flow_can_pause(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause counts towards the time limit of the call and is skipped if no time would be left after it."""

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr("asyncio.sleep", sleep)
    transport = Slow(clock, GOOD, GOOD)
    assert await run(resting(1.5, 0.5), transport, 10) == "done"
    assert transport.timeouts == [8.5, 6]
    assert clock.now == 106
    before = clock.now
    assert (
        await run(resting(0, 3), Slow(clock, GOOD), 5)
        == "the call's timeout leaves no time for another attempt (no) after 1 requests"
    )
    assert clock.now == before + 2
