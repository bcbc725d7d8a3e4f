"""Retrying: the policy, and the choice of the calls to repeat. The test acts as the driver."""

import itertools
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import (
    CentripetalError,
    ConnectError,
    ConnectionLostError,
    HTTPStatusError,
    ServerError,
    TimeoutError,
    UsageError,
)
from centripetal.protocol.command import Command, Failed, Outcome, Prepared, R
from centripetal.protocol.exchange import PAUSE_OVER, Flow, Pause, fitted
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http_errors import http_error
from centripetal.protocol.retry import Retry, Sources, insist


class Say(Command[str], frozen=True):
    name = "say"
    text: str
    safe: bool = True


class Heard(Outcome[str], kw_only=True):
    """An outcome: the text that was received, or a server error if the text is a number ("100" is temporary)."""

    text: str
    index: int | None = 99

    def result(self) -> str:
        if self.text.isdigit():
            raise ServerError("no", code=int(self.text), executed="unknown", retryable=self.text == "100")
        return self.text


class Toy:
    """Codec that sends texts joined by `;`, and may need a request to learn which calls can be repeated."""

    def __init__(self, asks: bool = False) -> None:
        self.asks = asks

    def prepare(self, command: Command[R]) -> Prepared[R]:
        return Prepared(command, command.text.encode())  # type: ignore[attr-defined]

    def ask(self, calls: Sequence[Prepared[Any]]) -> Flow[list[Heard]]:
        reply = yield HTTPRequest("http://toy/", (), b";".join(call.text for call in calls))
        if reply.status != 200:
            raise http_error(reply, "http://toy", {}, url="http://toy/say", base_of=str)
        return [Heard(text=text) for text in reply.body.decode().split(";")]

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        if self.asks:
            yield HTTPRequest("http://toy/?", (), b"")
        return [bool(getattr(call.command, "safe", False)) for call in calls]


def calls_of(*texts: str) -> list[Prepared[Any]]:
    """Return calls; a text that ends in `!` must not be repeated."""
    return [Toy().prepare(Say(text, safe=not text.endswith("!"))) for text in texts]


LOST = ConnectionLostError("gone")
REFUSED = ConnectError("refused")


def play(
    flow: Flow[list[Any]], *answers: str | CentripetalError | HTTPReply, late: int = 99
) -> tuple[list[Any], list[str], list[float]]:
    """Run a flow and return its outcomes, requests and pauses. No pause after number *late* fits the deadline."""
    asked, pauses, waiting = [], [], iter(answers)
    try:
        step = next(flow)
        while True:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                try:
                    fitted(step, 0 if len(pauses) > late else 1e9)
                except TimeoutError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(PAUSE_OVER)
                continue
            asked.append(step.body.decode() or "?")
            answer = next(waiting)
            if isinstance(answer, CentripetalError):
                step = flow.throw(answer.about(Say("")))
            else:
                step = flow.send(HTTPReply(200, answer.encode()) if isinstance(answer, str) else answer)
    except StopIteration as end:
        assert next(waiting, None) is None
        return end.value, asked, pauses


NOW = 1_000_000_000.0
TICKS = itertools.count(step=1.5)
SOURCES = Sources(lambda: 0.5, lambda: next(TICKS), lambda: NOW)


def retrying(*texts: str, attempts: int | None = 3, asks: bool = False) -> Flow[list[Any]]:
    return insist(Toy(asks), calls_of(*texts), Retry(attempts=attempts, base=1, cap=10), SOURCES)


def results(outcomes: list[Any]) -> list[Any]:
    came = []
    for outcome in outcomes:
        try:
            came.append(outcome.result())
        except CentripetalError as error:
            came.append(f"{type(error).__name__}:{error.executed}:{error.index}")
    return came


@given(tries=st.integers(1, 200), attempts=st.integers(1, 200), chance=st.floats(0, 1, exclude_max=True))
def test_pauses_double_up_to_a_cap_with_full_jitter(tries: int, attempts: int, chance: float) -> None:
    """A pause is a random part of the doubled base; after the last attempt it is None."""
    pause = Retry(attempts=attempts, base=0.1, cap=2).pause(tries, chance)
    if tries >= attempts:
        assert pause is None
    else:
        assert pause == chance * min(2, 0.1 * 2 ** (tries - 1))
    assert Retry(base=0.1, cap=2).pause(tries, chance) == chance * min(2, 0.1 * 2 ** (tries - 1))


def test_unlimited_attempts_always_pause() -> None:
    """Without a number of attempts, a pause has a length even if `base` or `cap` is 0: no loop occupies a core."""
    for policy in (Retry(base=0), Retry(cap=0), Retry(base=0, cap=0)):
        assert [policy.pause(tries, 1.0) for tries in (1, 50)] == [0.01, 0.01]
    assert Retry(attempts=2, base=0).pause(1, 1.0) == 0


def test_without_a_number_of_attempts_only_the_deadline_ends_a_call() -> None:
    """The default policy tries until a pause does not fit; the error says how often and for how long it tried."""
    with pytest.raises(ConnectError) as caught:
        play(retrying("a", attempts=None), *[REFUSED] * 51, late=50)
    error = caught.value
    assert (error.attempts, error.executed, error.tried_for) == (51, "no", 76.5)
    assert str(error) == "say: refused (tried 51 times in 76.5 s)"
    assert str(pickle.loads(pickle.dumps(error.about(Say("b"))))) == str(error)


def test_one_attempt_is_not_counted() -> None:
    """An error after a single attempt says nothing about attempts, as without a policy."""
    with pytest.raises(ConnectionLostError) as caught:
        play(retrying("a!", attempts=None), LOST)
    assert (str(caught.value), caught.value.attempts) == ("say: gone", 1)


def test_each_failed_call_of_a_request_tells_its_attempts() -> None:
    """In a batch, an outcome that failed after several attempts says so; one that failed at once does not."""
    outcomes, _, _ = play(retrying("a", "b!", "c"), "100;105;C", "100", LOST)
    assert [getattr(each, "error", None) and each.error.attempts for each in outcomes] == [3, None, None]
    outcomes, _, _ = play(retrying("a", "b"), "100;B", "100", "100")
    with pytest.raises(ServerError, match=r"tried 3 times in") as caught:
        outcomes[0].result()
    assert (caught.value.code, outcomes[0].index, outcomes[0].command) == (100, 0, None)


def headed(status: int, *headers: tuple[str, str]) -> HTTPReply:
    return HTTPReply(status, b"", headers)


AHEAD = "Sun, 09 Sep 2001 01:46:50 GMT"  # 10 s after NOW
DATED = ("date", "Sun, 09 Sep 2001 01:46:45 GMT")


@pytest.mark.parametrize(
    ("reply", "pause"),
    [
        (headed(503, ("retry-after", "7")), 7),
        (headed(429, ("retry-after", "7")), 7),
        (headed(503, ("retry-after", "0")), 0.5),
        (headed(503, ("retry-after", "-5")), 0.5),
        (headed(503, ("retry-after", "soon")), 0.5),
        (headed(503, ("retry-after", AHEAD)), 10),
        (headed(503, ("retry-after", AHEAD), DATED), 5),
        (headed(503, ("retry-after", "Sat, 08 Sep 2001 01:46:50 GMT")), 0.5),
        (headed(503, ("retry-after", DATED[1]), ("date", AHEAD)), 0.5),
    ],
)
def test_the_server_says_when_to_try_again(reply: HTTPReply, pause: float) -> None:
    """A pause is at least as long as `Retry-After` asks for, in seconds or as a date."""
    outcomes, _, pauses = play(retrying("a"), reply, "A")
    assert (results(outcomes), pauses) == (["A"], [pause])


@pytest.mark.parametrize("wait", ["3600", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_beyond_the_deadline_fails_at_once(wait: str) -> None:
    """If the server asks for a longer wait than the call has time for, the error of that reply is raised at once."""
    with pytest.raises(HTTPStatusError, match=f"429 from .*Retry-After: {wait[:20]}") as caught:
        play(retrying("a", attempts=None), headed(429, ("retry-after", wait)), late=0)
    assert caught.value.attempts == 1


def test_a_time_out_in_the_last_attempt_keeps_the_error_before_it() -> None:
    """If the time limit ends the last attempt, the error of the attempt before it is the cause of the time-out."""
    with pytest.raises(TimeoutError) as caught:
        play(retrying("a", attempts=None), HTTPReply(502, b""), TimeoutError("late"), late=1)
    assert isinstance(caught.value.__cause__, HTTPStatusError)
    assert str(caught.value).startswith("say: late (tried 2 times in ")


@pytest.mark.parametrize(
    "options",
    [
        *({"attempts": 0}, {"attempts": True}, {"attempts": 1.5}, {"base": -1}, {"cap": -1}),
        *({"base": "1"}, {"cap": None}, {"base": float("nan")}),
    ],
)
def test_an_invalid_policy_is_refused(options: dict[str, Any]) -> None:
    """The number of attempts must be at least 1, and times must not be negative."""
    with pytest.raises(UsageError, match="Retry"):
        Retry(**options)


def test_a_successful_call_is_sent_once() -> None:
    """The flow neither pauses nor repeats; a single outcome has no index, outcomes of a batch have one."""
    outcomes, asked, pauses = play(retrying("a"), "A")
    assert (results(outcomes), asked, pauses, outcomes[0].index) == (["A"], ["a"], [], None)
    outcomes, _, _ = play(retrying("a", "b"), "A;B")
    assert [outcome.index for outcome in outcomes] == [0, 1]


def test_a_lost_call_that_is_safe_is_repeated() -> None:
    """The call is repeated after pauses that double, until it succeeds."""
    outcomes, asked, pauses = play(retrying("a"), LOST, HTTPReply(503, b""), "A")
    assert (results(outcomes), asked, pauses) == (["A"], ["a"] * 3, [0.5, 1])


def test_attempts_are_limited() -> None:
    """The last error is raised, and names its command."""
    with pytest.raises(ConnectionLostError) as caught:
        play(retrying("a"), LOST, LOST, LOST)
    assert caught.value.command == Say("a")
    with pytest.raises(ConnectionLostError) as whole:
        play(retrying("a", "b", attempts=1), LOST)
    assert whole.value.command is None


def test_no_attempt_starts_without_time_for_it() -> None:
    """If the pause would outlast the deadline, the error is raised at once."""
    with pytest.raises(ConnectionLostError):
        play(retrying("a", attempts=9), LOST, LOST, late=1)


@pytest.mark.parametrize("answer", [HTTPReply(400, b""), ServerError("no", executed="no")])
def test_a_permanent_error_is_not_retried(answer: Any) -> None:
    """An error that is not retryable is raised at once."""
    with pytest.raises(type(answer) if isinstance(answer, CentripetalError) else HTTPStatusError):
        play(retrying("a"), answer)


def test_an_unsafe_call_that_may_have_run_is_not_repeated() -> None:
    """An unsafe call that may have run is not repeated, and `executed` is "unknown"."""
    with pytest.raises(ConnectionLostError) as caught:
        play(retrying("a!"), LOST)
    assert caught.value.executed == "unknown"


def test_a_call_that_has_not_run_is_repeated() -> None:
    """A call that certainly did not run is repeated even if it is unsafe."""
    outcomes, asked, _ = play(retrying("a!"), REFUSED, "A")
    assert (results(outcomes), asked) == (["A"], ["a!", "a!"])


def test_only_safe_calls_of_a_request_are_repeated() -> None:
    """Safe calls are repeated, the others keep their error, and all keep their indexes."""
    outcomes, asked, _ = play(retrying("a!", "b", "c!", "d"), LOST, "B;D")
    assert asked == ["a!;b;c!;d", "b;d"]
    assert results(outcomes) == ["ConnectionLostError:unknown:0", "B", "ConnectionLostError:unknown:2", "D"]
    assert outcomes[3].index == 3


def test_a_single_call_of_a_request_can_be_repeated() -> None:
    """A temporary server error of one command does not affect the others."""
    outcomes, asked, _ = play(retrying("a", "b", "c!", "d"), "A;100;100;105", "B")
    assert asked == ["a;b;c!;d", "b"]
    assert results(outcomes) == ["A", "B", "ServerError:unknown:None", "ServerError:unknown:None"]
    assert [outcome.index for outcome in outcomes] == [0, 1, 2, 3]


def test_unknown_execution_stays_unknown() -> None:
    """If the first attempt may have run, `executed` stays "unknown" although the last connection was refused."""
    assert final_executed(LOST, REFUSED) == "unknown"
    assert final_executed(REFUSED, REFUSED) == "no"
    outcomes, _, _ = play(retrying("a", "b", attempts=3), "100;B", REFUSED, REFUSED)
    assert results(outcomes) == ["ConnectError:unknown:0", "B"]


def final_executed(*answers: CentripetalError) -> str:
    """Return `executed` of a call that failed in all attempts."""
    with pytest.raises(ConnectError) as caught:
        play(retrying("a", attempts=len(answers)), *answers)
    return caught.value.executed


def test_learning_what_can_be_repeated_may_need_a_request() -> None:
    """The request is made after the pause; its failure counts as an attempt."""
    outcomes, asked, pauses = play(retrying("a", attempts=4, asks=True), LOST, LOST, "yes", "A")
    assert (results(outcomes), asked, len(pauses)) == (["A"], ["a", "?", "?", "a"], 2)
    with pytest.raises(ConnectionLostError):
        play(retrying("a", attempts=2, asks=True), LOST, LOST)


@given(data=st.data(), count=st.integers(1, 4), attempts=st.integers(1, 4))
def test_every_call_gets_one_outcome_and_unsafe_ones_run_once(data: Any, count: int, attempts: int) -> None:
    """Each call gets one outcome after any failures, and an unsafe call that may have run is never repeated."""
    texts = [data.draw(st.sampled_from(["a", "b!"])) + str(n) for n in range(count)]
    calls = [Prepared(Say(text, safe="!" not in text), text.encode()) for text in texts]
    flow = insist(Toy(), calls, Retry(attempts=attempts, base=0, cap=0), SOURCES)
    maybe_ran: set[str] = set()
    try:
        step = next(flow)
        while True:
            if isinstance(step, Pause):
                step = flow.send(PAUSE_OVER)
                continue
            sent = step.body.decode().split(";")
            assert not [text for text in sent if "!" in text and text in maybe_ran]
            kind = data.draw(st.sampled_from(["lost", "refused", "some"]))
            if kind == "refused":
                step = flow.throw(ConnectError("refused"))
                continue
            maybe_ran |= set(sent)
            if kind == "lost":
                step = flow.throw(ConnectionLostError("gone"))
            else:
                step = flow.send(
                    HTTPReply(200, ";".join(data.draw(st.sampled_from([t, "100"])) for t in sent).encode())
                )
    except StopIteration as end:
        outcomes = end.value
    except CentripetalError as error:
        assert error.executed == ("unknown" if maybe_ran else "no")  # noqa: PT017
        return
    assert len(outcomes) == count
    for text, outcome in zip(texts, outcomes, strict=True):
        if isinstance(outcome, Failed):
            assert outcome.error.executed == ("unknown" if text in maybe_ran else "no")
