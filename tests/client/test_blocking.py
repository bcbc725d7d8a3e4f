"""Tests of the blocking driver: requests of a call, its time limit, and errors that name its command."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.client import blocking
from centripetal.client.blocking import run
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
from centripetal.v1 import Client
from tests.stubs import Reaction, Stub

URL = "http://localhost:8000"


def client_with(*reactions: Reaction, timeout: float = 5) -> tuple[Client, Stub]:
    stub = Stub(*reactions)
    return Client(URL, "secret", timeout=timeout, transport=stub), stub


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
def test_the_most_specific_time_limit_counts(
    call: float | None, command: float | None, own: float, used: float
) -> None:
    """The call's limit overrides the command's limit, which overrides the client's limit."""
    client, stub = client_with(timeout=own)
    client.call(Channels(timeout=command), timeout=call)
    assert stub.timeouts == [used]


def test_a_method_takes_a_time_limit_that_is_not_sent() -> None:
    """`timeout=` limits the call and is not a parameter of the command."""
    client, stub = client_with()
    client.publish("a", 1, timeout=3)
    assert stub.timeouts == [3]
    assert b"timeout" not in stub.requests[0].body


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", True, [5]])
def test_invalid_time_limits_are_rejected(timeout: Any) -> None:
    """An invalid time limit raises UsageError wherever it is given, and nothing is sent."""
    client, stub = client_with()
    with pytest.raises(UsageError, match="timeout must be a number of seconds above 0"):
        Client(URL, "secret", timeout=timeout, transport=stub)
    with pytest.raises(UsageError, match="timeout must be"):
        client.publish("a", 1, timeout=timeout)
    with pytest.raises(UsageError, match="timeout must be"):
        client.call(Channels(), timeout=timeout)
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
def test_every_error_of_a_call_names_its_command(reaction: Reaction, kind: type[CentripetalError]) -> None:
    """Every error of a direct call names the command and has no position in a batch."""
    client, _ = client_with(reaction)
    command = Publish("a", 1)
    with pytest.raises(kind, match=r"^publish: ") as caught:
        client.call(command)
    assert type(caught.value) is kind
    assert caught.value.command is command
    assert caught.value.index is None


@pytest.mark.parametrize("thing", ["publish", None, Publish, 5, {"method": "channels"}])
def test_calling_something_else_is_a_usage_error(thing: Any) -> None:
    """An object that is not a command raises a UsageError with a message, and nothing is sent."""
    client, stub = client_with()
    with pytest.raises(
        UsageError, match=r"is not a command of Centrifugo 1\.x: use a command class from centripetal\.v1"
    ):
        client.call(thing)
    assert stub.requests == []


def test_ctrl_c_passes_through() -> None:
    """A KeyboardInterrupt passes through a call unchanged."""
    client, _ = client_with(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        client.publish("a", 1)


def test_a_client_can_be_closed_and_used_again() -> None:
    """`with` closes the transport, and a later call opens it again."""
    client, stub = client_with()
    with client as same:
        assert same is client
        client.publish("a", 1)
    assert stub.closed == 1
    client.publish("a", 1)
    client.close()
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

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Slow(Stub):
    """Transport whose requests take two seconds."""

    def __init__(self, clock: Clock, *reactions: Reaction) -> None:
        super().__init__(*reactions)
        self.clock = clock

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        self.clock.now += 2
        return super().send(request, timeout)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the driver's clock."""
    clock = Clock()
    monkeypatch.setattr(blocking, "time", clock)
    return clock


GOOD = HTTPReply(200, b"")
LOST = ConnectError("refused")


def test_a_flow_can_send_again_within_the_deadline(clock: Clock) -> None:
    """All requests of a call share one deadline, and each is given the remaining time."""
    transport = Slow(clock, LOST, LOST, GOOD)
    assert run(persistent(5), transport, 10) == "200 at try 3"
    assert transport.timeouts == [10, 8, 6]


def test_a_flow_can_return_after_an_error(clock: Clock) -> None:
    """A flow can return a result after an error."""
    assert run(persistent(2), Slow(clock, LOST, LOST), 10) == "given up"


def two_requests() -> Flow[int]:
    yield REQUEST
    yield REQUEST
    return 2


def test_no_request_is_sent_after_the_deadline(clock: Clock) -> None:
    """Time that runs out between two requests raises TimeoutError, even if the flow would retry."""
    transport = Slow(clock, GOOD)
    with pytest.raises(TimeoutError, match="another request"):
        run(two_requests(), transport, 2)
    assert len(transport.requests) == 1

    transport = Slow(clock, LOST, LOST, LOST)
    with pytest.raises(TimeoutError, match="another request"):
        run(persistent(10), transport, 4)
    assert len(transport.requests) == 2


def resting(*pauses: float) -> Flow[str]:
    """Pause before each request and return a description of the outcome."""
    for count, seconds in enumerate(pauses):
        try:
            yield Pause(seconds)
        except TimeoutError as error:
            return f"{error} ({error.executed}) after {count} requests"
        yield REQUEST
    return "done"


def test_a_flow_can_pause(clock: Clock) -> None:
    """A pause counts towards the time limit of the call and is skipped if no time would be left after it."""
    transport = Slow(clock, GOOD, GOOD)
    assert run(resting(1.5, 0.5), transport, 10) == "done"
    assert transport.timeouts == [8.5, 6]
    assert clock.now == 106
    before = clock.now
    assert (
        run(resting(0, 3), Slow(clock, GOOD), 5)
        == "the call's timeout leaves no time for another attempt (no) after 1 requests"
    )
    assert clock.now == before + 2


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_cannot_be_pickled_or_copied(take: Callable[[object], object]) -> None:
    """Pickling or copying a client raises an error that advises to create a new client in a spawned process."""
    with pytest.raises(TypeError, match="create a new one in a spawned process"):
        take(Client("http://localhost:8000", "secret"))
