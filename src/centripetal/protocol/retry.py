"""Retries: the policy, and the flow that repeats failed commands when a repetition is safe.

A failed command is retried if it can succeed later (`retryable`) and either certainly did not run or can run twice
without harm. Otherwise the caller gets the error; its `executed` is "unknown" if that was the case after any attempt.
Each command of a batch is decided separately: only the commands that can be repeated are sent again.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from centripetal.errors import CentripetalError, TimeoutError, UsageError
from centripetal.protocol.command import Failed, PlacedOutcome, Prepared
from centripetal.protocol.exchange import Codec, Flow, OutcomeT, Pause

__all__ = ["Repeating", "Retry", "insist"]


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """Retry policy: exponential backoff with full jitter, within the call's time limit.

    After attempt n, the client waits for a random time between 0 and `base * 2 ** (n - 1)` seconds, at most *cap*.

    Args:
        attempts: maximum number of attempts, including the first.
        base: maximum length of the first pause, in seconds.
        cap: maximum length of any pause, in seconds.
    """

    attempts: int = 4
    base: float = 0.1
    cap: float = 2.0

    def __post_init__(self) -> None:
        if isinstance(self.attempts, bool) or not isinstance(self.attempts, int) or self.attempts < 1:
            raise UsageError(f"Retry(attempts={self.attempts!r}): attempts must be an integer of 1 or more")
        for name, seconds in (("base", self.base), ("cap", self.cap)):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
                raise UsageError(f"Retry({name}={seconds!r}): base and cap are seconds and cannot be negative")

    def pause(self, tries: int, chance: float) -> float | None:
        """Return the pause in seconds after *tries* attempts, or None to give up; *chance* is random, from 0 to 1."""
        if tries >= self.attempts:
            return None
        return chance * min(self.cap, self.base * 2.0 ** min(tries - 1, 60))


class Repeating(Codec[OutcomeT], Protocol[OutcomeT]):
    """A codec that can tell which commands can be repeated."""

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        """Return for each of *calls* whether it can run twice without harm; this may need a request."""
        ...


def insist(
    codec: Repeating[Any], calls: Sequence[Prepared[Any]], policy: Retry, chance: Callable[[], float]
) -> Flow[list[PlacedOutcome[Any]]]:
    """Send *calls* as `exchange` does, and retry the failed calls that can be repeated without harm.

    Args:
        codec: codec of the dialect.
        calls: calls to send.
        policy: number of attempts and pauses.
        chance: returns a new random number from 0 to 1 at each call.
    """
    outcomes: dict[int, PlacedOutcome[Any]] = {}
    waiting: Sequence[int] = range(len(calls))
    doubted: set[int] = set()
    tries = 0
    while waiting:
        tries += 1
        asked = [calls[place] for place in waiting]
        failure: CentripetalError | None = None
        try:
            answers: Sequence[PlacedOutcome[Any]] = yield from codec.ask(asked)
        except CentripetalError as error:
            failure = error
            answers = [Failed(error.about(call.command)) for call in asked]
        failed = _note(outcomes, doubted, waiting, answers, len(calls) > 1)
        again: list[int] = []
        while failed and not again and (pause := policy.pause(tries, chance())) is not None:
            try:
                yield Pause(pause)
            except TimeoutError:
                break
            try:
                again = yield from _harmless(codec, calls, failed)
            except CentripetalError:
                tries += 1  # the request that finds out which calls can be repeated failed
            else:
                break
        if failure is not None and not again and len(waiting) == len(calls):
            failure.executed = "unknown" if doubted else failure.executed
            failure.command = calls[0].command if len(calls) == 1 else None
            raise failure
        waiting = again
    return [_truthful(outcomes[place], place in doubted) for place in range(len(calls))]


def _note(
    outcomes: dict[int, PlacedOutcome[Any]],
    doubted: set[int],
    waiting: Sequence[int],
    answers: Sequence[PlacedOutcome[Any]],
    several: bool,
) -> dict[int, CentripetalError]:
    """Store the outcomes of an attempt, and return the retryable errors by position."""
    failed = {}
    for place, answer in zip(waiting, answers, strict=True):
        answer.index = place if several else None
        outcomes[place] = answer
        try:
            answer.result()
        except CentripetalError as error:
            if error.executed == "unknown":
                doubted.add(place)
            if error.retryable:
                failed[place] = error
    return failed


def _harmless(
    codec: Repeating[Any], calls: Sequence[Prepared[Any]], failed: dict[int, CentripetalError]
) -> Flow[list[int]]:
    """Return the positions of the failed calls that can be repeated."""
    open_ = [place for place, error in failed.items() if error.executed != "no"]
    safe = (yield from codec.repeatable([calls[place] for place in open_])) if open_ else []
    allowed = {place for place, harmless in zip(open_, safe, strict=True) if harmless}
    return [place for place, error in failed.items() if error.executed == "no" or place in allowed]


def _truthful(outcome: PlacedOutcome[Any], doubted: bool) -> PlacedOutcome[Any]:
    """Return *outcome*; if an earlier attempt may have run, its `executed` becomes "unknown"."""
    if doubted and isinstance(outcome, Failed) and outcome.error.executed == "no":
        outcome.error.executed = "unknown"
    return outcome
