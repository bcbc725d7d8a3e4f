"""The race between the addresses of one host, with attempts and a clock that the tests control."""

import errno
import gc
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import ConnectError, TimeoutError
from centripetal.protocol.http import HTTPRequest
from centripetal.transport import blocking, connection, polling, race
from centripetal.transport.addresses import Address
from centripetal.transport.blocking import BlockingTransport
from centripetal.transport.connection import Steps
from tests.ports import free_port
from tests.transport.scripted import OK, ScriptedServer, answers

TIMEOUT = 5.0


class Plan(NamedTuple):
    """How the attempt with one address goes: *result* after *seconds*, in two steps if *handshake*."""

    seconds: float
    result: str  # "open", "refused", "untrusted", "no socket", "silent"
    handshake: bool = False


class World:
    """Attempts that follow their plans, and the clock.

    Attributes:
        now: seconds since the start.
        started: the index of each attempt with the time of its start.
        closed: the attempts that were closed.
    """

    def __init__(self, plans: list[Plan]) -> None:
        self.plans = plans
        self.now = 0.0
        self.started: dict[int, float] = {}
        self.closed: list[int] = []
        self.open: list[int] = []

    def run(self) -> int:
        """Run the race and return the index of the winner."""
        addresses = [Address(socket.AF_INET, (str(index),)) for index in range(len(self.plans))]
        steps = race.race(addresses, self.connect, None, place="push:1", deadline=TIMEOUT, timeout=TIMEOUT)
        with mock.patch("centripetal.transport.race.monotonic", self.clock), closing(steps):
            try:
                waiting, seconds = next(steps)
                while True:
                    waiting, seconds = steps.send(self.wait(list(waiting), seconds))
            except StopIteration as success:
                winner: int = success.value.index
                return winner

    def clock(self) -> float:
        return self.now

    def connect(self, address: Address) -> "Attempt":
        index = int(address.sockaddr[0])
        self.started[index] = self.now
        if self.plans[index].result == "no socket":
            raise ConnectError("no socket")
        return Attempt(self, index)

    def wait(self, waiting: list["Attempt"], seconds: float) -> list["Attempt"]:
        """Move the clock to the next event of an attempt, by at most *seconds*."""
        until = min([self.now + max(seconds, 0), *(attempt.ready_at for attempt in waiting)])
        self.now = max(self.now, until)
        return [attempt for attempt in waiting if attempt.ready_at <= self.now]


class Attempt:
    """A connection that opens as planned."""

    def __init__(self, world: World, index: int) -> None:
        self.world, self.index, self.plan = world, index, world.plans[index]
        seconds = float("inf") if self.plan.result == "silent" else self.plan.seconds
        self.ready_at = world.now + seconds
        world.open.append(index)

    def open(self, context: object) -> Steps:
        yield polling.WRITE
        if self.plan.handshake:
            self.ready_at += self.plan.seconds
            yield polling.READ
        if self.plan.result == "untrusted":
            raise ConnectError("not trusted", retryable=False)
        if self.plan.result == "refused":
            error = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
            raise ConnectError(f"connection refused by {self.index}") from error

    def expired(self, seconds: float) -> TimeoutError:
        return TimeoutError(f"no connection within {seconds:g} s", executed="no")

    def close(self) -> None:
        self.world.closed.append(self.index)
        self.world.open.remove(self.index)


FAST, SLOW, SILENT = Plan(0.01, "open"), Plan(1.0, "open"), Plan(0, "silent")
REFUSED, NO_SOCKET, UNTRUSTED = Plan(0.01, "refused"), Plan(0, "no socket"), Plan(0.01, "untrusted")


@pytest.mark.parametrize(
    ("plans", "winner", "starts"),
    [
        ([FAST], 0, [0]),
        ([SLOW], 0, [0]),
        ([FAST, FAST], 0, [0]),
        ([SILENT, FAST], 1, [0, 0.25]),
        ([SILENT, SILENT, FAST], 2, [0, 0.25, 0.5]),
        ([REFUSED, FAST], 1, [0, 0.01]),
        ([NO_SOCKET, NO_SOCKET, FAST], 2, [0, 0, 0]),
        ([SILENT, REFUSED, FAST], 2, [0, 0.25, 0.26]),
        ([SILENT, NO_SOCKET, FAST], 2, [0, 0.25, 0.25]),
        ([SLOW, SLOW, SLOW], 0, [0, 0.25, 0.5, 0.75][:3]),
        ([Plan(0.3, "open"), FAST], 1, [0, 0.25]),
        ([Plan(0.2, "open", handshake=True), Plan(0.3, "open")], 0, [0, 0.25]),
        ([UNTRUSTED, FAST], 1, [0, 0.01]),
    ],
)
def test_the_first_open_connection_wins(plans: list[Plan], winner: int, starts: list[float]) -> None:
    """An attempt starts 250 ms after the previous one or when it fails, and the first open connection is returned."""
    world = World(plans)
    assert world.run() == winner
    assert list(world.started.values()) == pytest.approx(starts)
    assert world.open == [winner]


@pytest.mark.parametrize(
    ("plans", "words"),
    [
        ([REFUSED], "^connection refused by 0$"),
        ([REFUSED, NO_SOCKET], r"^cannot connect to push:1\. Tried 0 \(Connection refused\), 1 \(no socket\)$"),
        ([NO_SOCKET, NO_SOCKET], "^no socket$"),
        ([REFUSED, UNTRUSTED, NO_SOCKET], "^not trusted$"),
        ([REFUSED] * 7, r"3 \(Connection refused\), and 3 more$"),
    ],
)
def test_all_failures_are_in_the_error(plans: list[Plan], words: str) -> None:
    """If all attempts fail, the error lists their reasons; equal reasons and reasons with advice are shown alone."""
    world = World(plans)
    with pytest.raises(ConnectError, match=words):
        world.run()
    assert sorted(world.started) == list(range(len(plans)))
    assert not world.open


@pytest.mark.parametrize(
    ("plans", "words"),
    [
        ([SILENT], "^no connection within 5 s$"),
        ([SILENT, REFUSED], r"within 5 s\. Tried 0 \(no answer\), 1 \(Connection refused\)$"),
        ([SILENT] * 30, r"within 5 s\. Tried 0 \(no answer\),.* and 26 more$"),
    ],
)
def test_the_deadline_ends_the_race(plans: list[Plan], words: str) -> None:
    """At the deadline the error says how far each attempt came, and every address had a share of the time."""
    world = World(plans)
    with pytest.raises(TimeoutError, match=words):
        world.run()
    assert world.now == pytest.approx(TIMEOUT)
    assert sorted(world.started) == list(range(len(plans)))
    assert max(world.started.values()) < TIMEOUT
    assert not world.open


SECONDS = st.floats(0, 2 * TIMEOUT)
PLANS = st.builds(
    Plan, SECONDS, st.sampled_from(["open", "refused", "untrusted", "no socket", "silent"]), st.booleans()
)


@given(st.lists(PLANS, min_size=1, max_size=12))
def test_any_race_ends_with_one_connection_or_none(plans: list[Plan]) -> None:
    """A race returns an open connection or fails by the deadline, starts in order, and closes all other connections."""
    world = World(plans)
    try:
        kept = [world.run()]
    except (ConnectError, TimeoutError):
        kept = []
    assert world.open == kept
    assert all(plans[index].result == "open" for index in kept)
    assert list(world.started) == list(range(len(world.started)))
    assert world.now <= TIMEOUT or kept
    assert kept or len(world.started) == len(plans)


def lines_of(act: Callable[[], object], files: set[str], interrupt_at: int) -> int:
    """Call *act*, raise KeyboardInterrupt at the given line of *files*, and return the number of lines that ran."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            count += 1
            if count == interrupt_at:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("order", [(0,), (1, 0, 2)])
def test_an_interrupt_at_any_line_leaves_no_socket(monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]) -> None:
    """An exception at any line of opening a connection leaves no open socket once the transport is gone."""
    made: list[socket.socket] = []

    class Counted(socket.socket):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            if threading.current_thread() is client_thread:  # not one of the server's connections
                made.append(self)

    client_thread = threading.current_thread()

    files = {str(Path(module.__file__ or "")) for module in (race, blocking, connection, polling)}
    with ScriptedServer(answers(OK)) as server:
        addresses = [("127.0.0.1", port) for port in (server.port, free_port(), free_port())]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", addresses[index]) for index in order]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        request = HTTPRequest("http://push.example/", (), b"")
        monkeypatch.setattr(socket, "socket", Counted)

        def call(interrupt_at: int) -> int:
            transport = BlockingTransport()
            return lines_of(lambda: transport.send(request, 5), files, interrupt_at)

        lines = call(0)
        assert lines > 40
        for number in range(1, lines + 1):
            call(number)
            if any(each.fileno() != -1 for each in made):
                gc.collect()  # the traceback of the interrupt may be part of a cycle
            assert all(each.fileno() == -1 for each in made), f"line {number}"
            made.clear()
    gc.collect()
