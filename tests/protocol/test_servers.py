"""Tests of the choice between several servers. The test acts as the driver, the servers and the clock."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    MalformedResponseError,
    TimeoutError,
)
from centripetal.protocol.command import Command, Outcome, Prepared, R
from centripetal.protocol.exchange import Flow, Pause
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.servers import FIRST_PAUSE, LONGEST_PAUSE, Servers


class Say(Command[str], frozen=True):
    name = "say"
    text: str
    safe: bool = True


class Heard(Outcome[str], kw_only=True):
    text: str

    def result(self) -> str:
        return self.text


class Toy:
    """Codec of one server that sends texts joined by `;`, and may need a request to learn what can be repeated."""

    def __init__(self, endpoint: str, asks: bool = False, parallel: bool = False) -> None:
        self.endpoint, self.asks, self.parallel = endpoint, asks, parallel

    def prepare(self, command: Command[R]) -> Prepared[R]:
        return Prepared(command, command.text.encode())  # type: ignore[attr-defined]

    def direct_request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest | None:
        raise AssertionError

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> list[Heard]:
        if reply.status in (401, 403):
            raise AuthenticationError("who?", status=reply.status)
        if reply.status != 200:
            raise HTTPStatusError(f"{reply.status}", status=reply.status, retryable=True)
        return [Heard(text=text) for text in reply.body.decode().split(";")]

    def ask(self, calls: Sequence[Prepared[Any]], reply: HTTPReply | None = None) -> Flow[list[Heard]]:
        url = f"{self.endpoint}/{'parallel' if self.parallel else ''}"
        return self.outcomes(calls, (yield HTTPRequest(url, (), b";".join(call.text for call in calls))))

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        if self.asks:
            reply = yield HTTPRequest(f"{self.endpoint}/", (), b"?")
            self.outcomes([], reply)
        return [bool(getattr(call.command, "safe", False)) for call in calls]

    def in_parallel(self) -> "Toy":
        return Toy(self.endpoint, self.asks, parallel=True)


Answer = CentripetalError | int

REFUSED = ConnectError("refused")
UNTRUSTED = ConnectError("not trusted", retryable=False)
UNREACHABLE = TimeoutError("no connection", executed="no")
LATE = TimeoutError("no reply")
LOST = ConnectionLostError("gone")
BAD = MalformedResponseError("garbage")


class World:
    """Several servers, each with the answer to every request, and a clock.

    Attributes:
        requests: server, body and `others` of each request.
    """

    def __init__(self, *answers: Answer, asks: bool = False) -> None:
        self.answers = list(answers)
        self.now = 100.0
        self.requests: list[tuple[str, str, int]] = []
        names = "abcdefgh"[: len(answers)]
        self.servers: Servers[Heard] = Servers([Toy(f"http://{name}", asks) for name in names], lambda: self.now)

    def call(self, *texts: str, react: Callable[[str], Answer] | None = None) -> str:
        """Send calls, and return the servers asked; a text that ends in `!` must not run twice."""
        calls = [self.servers.prepare(Say(text, safe=not text.endswith("!"))) for text in texts]
        count = len(self.requests)
        flow = self.servers.ask(calls)
        try:
            step = next(flow)
            while True:
                assert not isinstance(step, Pause)
                name, body = step.url[7], step.body.decode()
                self.requests.append((name, body, step.others))
                answer = self.answers["abcdefgh".index(name)] if react is None else react(name)
                if isinstance(answer, CentripetalError):
                    step = flow.throw(answer.about(Say("")))
                else:
                    step = flow.send(HTTPReply(answer, body.upper().encode()))
        except StopIteration as end:
            outcomes = end.value
        except CentripetalError as error:
            self.error = error
            return "".join(name for name, _, _ in self.requests[count:]) + "!"
        assert [outcome.result() for outcome in outcomes] == [text.upper() for text in texts]
        return "".join(name for name, _, _ in self.requests[count:])


@pytest.mark.parametrize(
    ("answer", "text", "asked"),
    [
        (200, "a!", "a"),
        (REFUSED, "a!", "ab"),
        (UNTRUSTED, "a!", "ab"),
        (UNREACHABLE, "a!", "ab"),
        (ConnectionLostError("gone", executed="no"), "a!", "ab"),
        (LOST, "a", "ab"),
        (LOST, "a!", "a!"),
        (502, "a", "ab"),
        (503, "a", "ab"),
        (504, "a", "ab"),
        (502, "a!", "a!"),
        (503, "a!", "a!"),
        (504, "a!", "a!"),
        (500, "a", "a!"),
        (429, "a", "a!"),
        (401, "a", "a!"),
        (LATE, "a", "a!"),
        (BAD, "a", "a!"),
    ],
)
def test_which_failures_lead_to_the_next_server(answer: Answer, text: str, asked: str) -> None:
    """A failure that proves that nothing ran leads to the next server; others only if the call can run twice."""
    world = World(answer, 200)
    assert world.call(text) == asked


def test_calls_stay_at_the_server_that_works() -> None:
    """After a failure, calls go to the next server, also after the first works again, until that server fails."""
    world = World(REFUSED, 200, 200)
    assert world.call("a!") == "ab"
    assert world.call("a!") == "b"
    world.answers[0] = 200
    world.now += 1000
    assert world.call("a!") == "b"
    assert world.servers.endpoint == "http://b"
    world.answers[1] = REFUSED
    assert world.call("a!") == "bc"


def test_a_failed_server_is_tried_last_until_its_pause_is_over() -> None:
    """The pause doubles with each failure after a pause, up to a limit, and ends with a success."""
    world = World(REFUSED, REFUSED, REFUSED)
    assert world.call("a") == "abc!"
    pause = FIRST_PAUSE
    for _ in range(8):
        world.now += pause * 0.99
        assert world.servers._ring.servers[0].pause_left(world.now)
        world.now += pause * 0.02
        assert not world.servers._ring.servers[0].pause_left(world.now)
        world.answers = [REFUSED, REFUSED, REFUSED]
        world.servers._ring.place = 0
        world.call("a")
        pause = min(LONGEST_PAUSE, pause * 2)
    world.answers = [200, 200, 200]
    world.now += LONGEST_PAUSE + 1
    world.servers._ring.place = 0
    assert world.call("a") == "a"
    world.answers[0] = REFUSED
    world.call("a")
    assert world.servers._ring.servers[0].pause_left(world.now) == pytest.approx(FIRST_PAUSE)


def test_a_server_in_its_pause_is_tried_if_no_other_works() -> None:
    """If all servers have failed, a call tries all of them again, and finds the one that works again."""
    world = World(REFUSED, REFUSED, REFUSED)
    assert world.call("a!") == "abc!"
    world.answers[1] = 200
    assert world.call("a!") == "ab"
    assert world.call("a!") == "b"


def test_a_clock_that_jumps_does_not_prolong_a_pause() -> None:
    """A pause that would end far in the future is over."""
    world = World(REFUSED, 200)
    world.call("a")
    world.now -= 1e6
    world.answers = [200, REFUSED]
    assert world.call("a") == "ba"


@pytest.mark.parametrize(
    ("answers", "text", "executed", "kind"),
    [
        ((REFUSED, REFUSED), "a!", "no", ConnectError),
        ((REFUSED, 503), "a!", "unknown", HTTPStatusError),
        ((503, REFUSED), "a", "unknown", ConnectError),
        ((LOST, UNREACHABLE), "a", "unknown", TimeoutError),
        ((REFUSED, 401), "a!", "no", AuthenticationError),
        ((503, 401), "a", "unknown", AuthenticationError),
        ((REFUSED, LATE), "a!", "unknown", TimeoutError),
    ],
)
def test_an_error_names_the_servers_that_were_tried(
    answers: tuple[Answer, Answer], text: str, executed: str, kind: type[CentripetalError]
) -> None:
    """The error is the last one, with the reason of each server; `executed` covers all attempts."""
    world = World(*answers)
    assert world.call(text) == "ab!"
    assert type(world.error) is kind
    assert world.error.executed == executed
    assert str(world.error).startswith("2 servers were tried. http://a: ")
    assert "; http://b: " in str(world.error)


def test_the_error_of_a_single_server_is_unchanged() -> None:
    """If no other server was tried, the error says only what happened."""
    world = World(503, 200)
    world.call("a!")
    assert str(world.error) == "503"


def test_each_server_leaves_time_for_the_others() -> None:
    """A request says how many servers can be tried after it."""
    world = World(REFUSED, UNREACHABLE, 200)
    world.call("a")
    assert [others for _, _, others in world.requests] == [2, 1, 0]


def test_the_next_server_says_whether_a_call_can_run_twice() -> None:
    """If finding out needs a request, the next server gets it, because the first does not work."""
    world = World(503, 200, asks=True)
    world.call("a")
    assert [(name, body) for name, body, _ in world.requests] == [("a", "a"), ("b", "?"), ("b", "a")]
    world = World(503, REFUSED, 200, asks=True)
    world.call("a")
    assert [(name, body) for name, body, _ in world.requests] == [("a", "a"), ("b", "?"), ("c", "?"), ("c", "a")]


def test_any_server_says_whether_a_call_can_run_twice() -> None:
    """Between attempts, the question goes to the next server if the one in use has failed."""
    world = World(REFUSED, 200, asks=True)
    flow = world.servers.repeatable([world.servers.prepare(Say("a")), world.servers.prepare(Say("b", safe=False))])
    first = next(flow)
    assert isinstance(first, HTTPRequest)
    assert (first.url, first.others) == ("http://a/", 1)
    second = flow.throw(REFUSED)
    assert isinstance(second, HTTPRequest)
    assert (second.url, second.others) == ("http://b/", 0)
    with pytest.raises(StopIteration) as end:
        flow.send(HTTPReply(200, b"?"))
    assert end.value.value == [True, False]


def test_an_idempotency_key_that_servers_have_forgotten_is_not_used() -> None:
    """After minutes, a call that may have run is not repeated."""
    world = World(504, 200)

    def react(name: str) -> Answer:
        world.now += 250
        return 504

    assert world.call("a", react=react) == "a!"


def test_a_request_is_repeated_as_a_whole_or_not_at_all() -> None:
    """A request with one command that must not run twice is not repeated."""
    world = World(503, 200)
    assert world.call("a", "b!") == "a!"
    assert World(503, 200).call("a", "b") == "ab"
    assert World(REFUSED, 200).call("a", "b!") == "ab"


def test_a_stale_connection_does_not_blame_the_server() -> None:
    """If the server had closed an idle connection, the call is sent to the same server again."""
    stale = ConnectionLostError("gone")
    stale.stale = True
    world = World(200, 200)
    answers: list[Answer] = [stale, 200]
    assert world.call("a", react=lambda name: answers.pop(0)) == "aa"


def test_batches_in_parallel_use_the_same_servers() -> None:
    """The codec for parallel batches knows which server works, and tells the other codec."""
    world = World(REFUSED, 200)
    usual, world.servers = world.servers, world.servers.in_parallel()
    assert world.call("a") == "ab"
    assert usual.endpoint == "http://b"
    assert usual.endpoints == ("http://a", "http://b")


ANSWERS: st.SearchStrategy[Answer] = st.sampled_from([200, REFUSED, UNREACHABLE, LOST, LATE, 502, 503, 500, 401])


@given(data=st.data(), safe=st.lists(st.booleans(), min_size=1, max_size=12), count=st.integers(1, 4))
def test_no_call_runs_twice(data: st.DataObject, safe: list[bool], count: int) -> None:
    """Whatever servers do, an unsafe call is sent after an attempt only if that did not run, and errors are honest."""
    world = World(*[200] * count)
    for number, is_safe in enumerate(safe):
        world.now += data.draw(st.floats(0, 5))
        may_have_run = 0

        def react(name: str, is_safe: bool = is_safe) -> Answer:
            nonlocal may_have_run
            assert is_safe or not may_have_run
            answer = data.draw(ANSWERS)
            may_have_run += not (answer in (401,) or getattr(answer, "executed", "unknown") == "no")
            return answer

        asked = world.call(f"{number}{'' if is_safe else '!'}", react=react)
        assert len(set(asked.rstrip("!"))) == len(asked.rstrip("!")) <= count
        if asked.endswith("!"):
            assert world.error.executed == ("unknown" if may_have_run else "no")
