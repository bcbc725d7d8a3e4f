"""Is another try worth it, and when: the policy, and the flow that asks again where that does no harm.

What failed is asked again if it may work later (`retryable`) and either has not run for certain or does no harm if it
runs twice. Everything else keeps its error, whose `executed` says "unknown" as soon as one of the tries left that open.
Commands of one request part ways here: those that may be repeated are, the others are not.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from centripetal.errors import CentripetalError, TimeoutError, UsageError
from centripetal.protocol.command import Failed, PlacedOutcome, Prepared
from centripetal.protocol.exchange import Codec, Flow, OutcomeT, Pause

__all__ = ["Repeating", "Retry", "insist"]


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How often to try, and how long to wait in between: exponential, with full jitter, within the call's deadline.

    After try number n there is a pause of random length, from 0 to `base * 2 ** (n - 1)` seconds, at most *cap*.

    Args:
        attempts: how often a command is tried in all.
        base: the longest first pause, in seconds.
        cap: the longest pause, in seconds.
    """

    attempts: int = 4
    base: float = 0.1
    cap: float = 2.0

    def __post_init__(self) -> None:
        if isinstance(self.attempts, bool) or not isinstance(self.attempts, int) or self.attempts < 1:
            raise UsageError("attempts of a Retry must be a whole number of at least 1")
        for seconds in (self.base, self.cap):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
                raise UsageError(f"base and cap of a Retry are seconds, not below 0: {seconds!r} is none")

    def pause(self, tries: int, chance: float) -> float | None:
        """Seconds to wait after so many *tries*, given a random number from 0 to 1; None: do not try again."""
        if tries >= self.attempts:
            return None
        return chance * min(self.cap, self.base * 2.0 ** min(tries - 1, 60))


class Repeating(Codec[OutcomeT], Protocol[OutcomeT]):
    """What a dialect must know, so that commands may be repeated."""

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        """Which of *calls* do no harm if they run twice; to find that out may take a request."""
        ...


def insist(
    codec: Repeating[Any], calls: Sequence[Prepared[Any]], policy: Retry, chance: Callable[[], float]
) -> Flow[list[PlacedOutcome[Any]]]:
    """Ask for *calls* as `exchange` does, and again for those that failed, where that does no harm.

    Args:
        codec: the dialect.
        calls: what to ask for.
        policy: how often, and after which pauses.
        chance: a random number from 0 to 1, anew at each call.
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
                tries += 1  # what must be known first could not be found out
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
    """Write down what came; the errors that may go away if one tries again, by their places."""
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
    """The places of what may be asked again."""
    open_ = [place for place, error in failed.items() if error.executed != "no"]
    safe = (yield from codec.repeatable([calls[place] for place in open_])) if open_ else []
    allowed = {place for place, harmless in zip(open_, safe, strict=True) if harmless}
    return [place for place, error in failed.items() if error.executed == "no" or place in allowed]


def _truthful(outcome: PlacedOutcome[Any], doubted: bool) -> PlacedOutcome[Any]:
    """*outcome*, which says "unknown" if an earlier try may have run, whatever the last one says."""
    if doubted and isinstance(outcome, Failed) and outcome.error.executed == "no":
        outcome.error.executed = "unknown"
    return outcome
