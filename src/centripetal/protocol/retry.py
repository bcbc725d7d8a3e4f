"""Retries: the policy, and the flow that repeats failed commands when a repetition is safe.

A failed command is retried if it can succeed later (`retryable`) and either certainly did not run or can run twice
without harm. Otherwise the caller gets the error; its `executed` is "unknown" if that was the case after any attempt.
Each command of a batch is decided separately: only the commands that can be repeated are sent again. The last error
says how often and for how long the client tried.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from centripetal.errors import CentripetalError, HTTPStatusError, TimeoutError, UsageError
from centripetal.protocol.command import Failed, PlacedOutcome, Prepared
from centripetal.protocol.exchange import Codec, Flow, OutcomeT, Pause

__all__ = ["Repeating", "Retry", "Sources", "insist"]

_SHORTEST = 0.01
"""Without a number of attempts, the first pauses are at least this long on average: a loop must not occupy a core."""


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """Retry policy: exponential backoff with full jitter, within the call's time limit.

    After attempt n, the client waits for a random time between 0 and `base * 2 ** (n - 1)` seconds, at most *cap*. If
    the reply has a `Retry-After` header (as 429 and 503 may have), the client waits at least for that time. If this
    does not fit into the call's time limit, the call fails at once with the last error.

    Args:
        attempts: maximum number of attempts, including the first; None (the default) for as many as fit into the
            call's time limit. A number also ends the call early if the next pause does not fit into the limit; with
            None, the last pauses are shortened instead.
        base: maximum length of the first pause, in seconds.
        cap: maximum length of any pause, in seconds.
    """

    attempts: int | None = None
    base: float = 0.1
    cap: float = 2.0

    def __post_init__(self) -> None:
        given = self.attempts
        if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 1):
            raise UsageError(f"Retry(attempts={given!r:.100}): attempts must be an integer of 1 or more, or None")
        for name, seconds in (("base", self.base), ("cap", self.cap)):
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
                raise UsageError(f"Retry({name}={seconds!r:.100}): base and cap are seconds and cannot be negative")

    def pause(self, tries: int, chance: float) -> float | None:
        """Return the pause in seconds after *tries* attempts, or None to give up; *chance* is random, from 0 to 1."""
        if self.attempts is not None and tries >= self.attempts:
            return None
        longest = min(self.cap, self.base * 2.0 ** min(tries - 1, 60))
        return chance * (longest if self.attempts is not None else max(longest, _SHORTEST))


class Sources(NamedTuple):
    """The randomness and the clocks of the flow that retries.

    Attributes:
        chance: returns a new random number from 0 to 1 at each call.
        monotonic: returns seconds from any start.
        unix_time: returns the current Unix time.
    """

    chance: Callable[[], float]
    monotonic: Callable[[], float]
    unix_time: Callable[[], float]


class Repeating(Codec[OutcomeT], Protocol[OutcomeT]):
    """A codec that can tell which commands can be repeated."""

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        """Return for each of *calls* whether it can run twice without harm; this may need a request."""
        ...


def insist(
    codec: Repeating[Any], calls: Sequence[Prepared[Any]], policy: Retry, sources: Sources
) -> Flow[list[PlacedOutcome[Any]]]:
    """Send *calls* as `exchange` does, and retry the failed calls that can be repeated without harm.

    Args:
        codec: codec of the dialect.
        calls: calls to send.
        policy: number of attempts and pauses.
        sources: randomness and clocks.
    """
    outcomes: dict[int, PlacedOutcome[Any]] = {}
    waiting: Sequence[int] = range(len(calls))
    doubted: set[int] = set()
    tries = 0
    begun = sources.monotonic()
    failure: CentripetalError | None = None
    while waiting:
        tries += 1
        asked = [calls[place] for place in waiting]
        earlier, failure = failure, None
        try:
            answers: Sequence[PlacedOutcome[Any]] = yield from codec.ask(asked)
        except CentripetalError as error:
            failure = error
            answers = [Failed(error.about(call.command), command=call.command) for call in asked]
        errors = _note(outcomes, doubted, waiting, answers, len(calls) > 1)
        failed = {place: error for place, error in errors.items() if error.retryable}
        again: list[int] = []
        while failed and not again and (pause := policy.pause(tries, sources.chance())) is not None:
            try:
                least = _wait_asked_for(failed.values(), sources)
                pause = max(pause, least)
                # Without a number of attempts, shorter pauses use the rest of the time.
                yield Pause(pause, least if policy.attempts is None else pause)
            except TimeoutError:
                break
            try:
                again = yield from _harmless(codec, calls, failed)
            except CentripetalError:
                tries += 1  # the request that finds out which calls can be repeated failed
            else:
                break
        tried_for = sources.monotonic() - begun
        if failure is not None and not again and len(waiting) == len(calls):
            failure.executed = "unknown" if doubted else failure.executed
            failure.command = calls[0].command if len(calls) == 1 else None
            if isinstance(failure, TimeoutError) and not isinstance(earlier, TimeoutError):
                failure.__cause__ = (
                    failure.__cause__ or earlier
                )  # the time limit cut the last attempt: show why the one before failed
            raise _tried(failure, tries, tried_for)
        for place in errors.keys() - set(again):
            outcomes[place] = _last(outcomes[place], _tried(errors[place], tries, tried_for))
        waiting = again
    return [_truthful(outcomes[place], place in doubted) for place in range(len(calls))]


def _note(
    outcomes: dict[int, PlacedOutcome[Any]],
    doubted: set[int],
    waiting: Sequence[int],
    answers: Sequence[PlacedOutcome[Any]],
    several: bool,
) -> dict[int, CentripetalError]:
    """Store the outcomes of an attempt, and return the errors by position."""
    errors = {}
    for place, answer in zip(waiting, answers, strict=True):
        answer.index = place if several else None
        outcomes[place] = answer
        try:
            answer.result()
        except CentripetalError as error:
            if error.executed == "unknown":
                doubted.add(place)
            errors[place] = error
    return errors


def _wait_asked_for(errors: Iterable[CentripetalError], sources: Sources) -> float:
    """Return for how many seconds the server asked to wait: the longest wait of all *errors*, 0 without any."""
    longest = 0.0
    for error in errors:
        if isinstance(error, HTTPStatusError):
            longest = max(longest, error.retry_after or 0.0)
            if error.retry_at is not None:
                longest = max(longest, error.retry_at - sources.unix_time())
    return longest


def _harmless(
    codec: Repeating[Any], calls: Sequence[Prepared[Any]], failed: dict[int, CentripetalError]
) -> Flow[list[int]]:
    """Return the positions of the failed calls that can be repeated."""
    open_ = [place for place, error in failed.items() if error.executed != "no"]
    safe = (yield from codec.repeatable([calls[place] for place in open_])) if open_ else []
    allowed = {place for place, harmless in zip(open_, safe, strict=True) if harmless}
    return [place for place, error in failed.items() if error.executed == "no" or place in allowed]


def _tried(error: CentripetalError, tries: int, seconds: float) -> CentripetalError:
    """Note in *error*, and return, how often and for how long the client tried."""
    error.attempts, error.tried_for = tries, seconds
    return error


def _last(outcome: PlacedOutcome[Any], error: CentripetalError) -> PlacedOutcome[Any]:
    """Return the final outcome of a call that failed with *error*: *outcome* itself after a single attempt."""
    if error.attempts == 1 or isinstance(outcome, Failed):
        return outcome
    # A reply makes a new error each time that its result is read, which would not know of the other attempts.
    return Failed(error, command=outcome.command, index=outcome.index)


def _truthful(outcome: PlacedOutcome[Any], doubted: bool) -> PlacedOutcome[Any]:
    """Return *outcome*; if an earlier attempt may have run, its `executed` becomes "unknown"."""
    if doubted and isinstance(outcome, Failed) and outcome.error.executed == "no":
        outcome.error.executed = "unknown"
    return outcome
