"""The flow of one request without a transport: the test acts as the driver."""

from collections.abc import Sequence
from typing import Any

import pytest

from centripetal.errors import CentripetalError, ConnectionLostError, MalformedResponseError, TimeoutError
from centripetal.protocol.command import Command, Outcome, Prepared, R
from centripetal.protocol.exchange import Flow, Pause, exchange, fitted
from centripetal.protocol.http import HTTPReply, HTTPRequest


class Echo(Command[str], frozen=True):
    name = "echo"
    text: str


class Said(Outcome[str]):
    """An outcome."""

    text: str

    def result(self) -> str:
        return self.text


class ToyCodec:
    """Codec that sends params joined by `;` and expects the same number of answers joined by `;`."""

    def prepare(self, command: Command[R]) -> Prepared[R]:
        return Prepared(command, command.body())

    def ask(self, calls: Sequence[Prepared[Any]]) -> Flow[list[Said]]:
        return self.outcomes(calls, (yield self.request(calls)))

    def request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest:
        return HTTPRequest("http://toy/", (), b";".join(call.text for call in calls))

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> list[Said]:
        parts = reply.body.decode().split(";")
        if len(parts) != len(calls):
            raise MalformedResponseError("another count")
        return [Said(part) for part in parts]


ONE = [Prepared(Echo("a"), Echo("a").body())]
TWO = [*ONE, Prepared(Echo("b"), Echo("b").body())]


def test_a_flow_asks_once_and_returns_one_outcome_a_command() -> None:
    """The flow yields the request, takes the reply, and returns the outcomes in order."""
    flow = exchange(TWO, ToyCodec().ask(TWO))
    request = next(flow)
    assert isinstance(request, HTTPRequest)
    assert request.body == b'{"text":"a"};{"text":"b"}'
    with pytest.raises(StopIteration) as end:
        flow.send(HTTPReply(200, b"x;y"))
    assert [outcome.result() for outcome in end.value.value] == ["x", "y"]


@pytest.mark.parametrize("calls", [ONE, TWO])
def test_an_error_about_a_single_command_names_it(calls: list[Prepared[Any]]) -> None:
    """An error of a request with one command names the command; an error of a larger request names none."""
    command = calls[0].command if len(calls) == 1 else None
    lost: CentripetalError = ConnectionLostError("gone")
    flow = exchange(calls, ToyCodec().ask(calls))
    next(flow)
    with pytest.raises(ConnectionLostError) as thrown:
        flow.throw(lost)
    assert thrown.value is lost
    assert thrown.value.command is command

    flow = exchange(calls, ToyCodec().ask(calls))
    next(flow)
    with pytest.raises(MalformedResponseError) as malformed:
        flow.send(HTTPReply(200, b"x;y;z"))
    assert malformed.value.command is command


def test_other_exceptions_pass_through() -> None:
    """A KeyboardInterrupt in a transport is not caught."""
    flow = exchange(ONE, ToyCodec().ask(ONE))
    next(flow)
    with pytest.raises(KeyboardInterrupt):
        flow.throw(KeyboardInterrupt())


@pytest.mark.parametrize(
    ("pause", "timeout", "expected"),
    [
        (Pause(1), 1.1, 1),
        (Pause(1), 1, None),
        (Pause(0), 0, None),
        (Pause(1, least=0), 1.1, 1),
        (Pause(1, least=0), 1, 0.5),
        (Pause(1, least=0.7), 1, 0.7),
        (Pause(2, least=1), 1, None),
        (Pause(1, least=0), 0.021, 0.0105),
        (Pause(1, least=0), 0.02, None),
        (Pause(1, least=0), -1, None),
        (Pause(float("inf")), 1e9, None),
    ],
)
def test_a_pause_fits_into_the_time_that_is_left(pause: Pause, timeout: float, expected: float | None) -> None:
    """A pause that is too long is shortened to half of the time left, but not below its least length, or refused."""
    if expected is None:
        with pytest.raises(TimeoutError, match="leaves no time for another attempt") as caught:
            fitted(pause, timeout)
        assert caught.value.executed == "no"
    else:
        assert fitted(pause, timeout) == pytest.approx(expected)
