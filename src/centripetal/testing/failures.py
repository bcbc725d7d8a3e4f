"""Failures on request: which are planned, and when each is due: PURE.

The plan knows neither server nor network; the server kit and the recorder carry it out, each from one thread at a
time.
"""

from collections import deque
from typing import Final, Literal, get_args

from centripetal.errors import UsageError

__all__ = ["FOREVER", "Failure", "FailurePlan", "UnusedFailuresWarning"]

Failure = Literal["timeout", "refuse", "error", "lose_reply"]
"""How a call can fail.

- "timeout": nothing runs and no answer comes. The caller gets a `TimeoutError`, `executed` is "unknown".
- "refuse": nothing listens, as when Centrifugo is down: `ConnectError`, "no".
- "error": nothing runs, and the answer is 500: `HTTPStatusError`, "unknown".
- "lose_reply": the call runs and the connection breaks before its answer: `ConnectionLostError`, "unknown".
"""

FOREVER: Final = 1_000_000_000
"""As `times`: all calls from then on."""


class UnusedFailuresWarning(UserWarning):
    """A test has ended before all the failures that it had planned were met."""


class FailurePlan:
    """The failures that are still to come.

    Attributes:
        outages: how many `with kit.down():` are open.
    """

    def __init__(self) -> None:
        self._steps: deque[tuple[Failure, int]] = deque()
        self.outages = 0

    def add(self, failure: Failure, times: int) -> None:
        """Let *times* calls fail after those that are to fail already.

        Raises:
            UsageError: there is no such failure, or *times* is no number of calls.
        """
        if failure not in get_args(Failure):
            raise UsageError(f"failure must be one of {', '.join(map(repr, get_args(Failure)))}, not {failure!r}")
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise UsageError(f"times must be a whole number, at least 1, or FOREVER, not {times!r}")
        self._steps.append((failure, times))

    def clear(self) -> None:
        """Let nothing fail any more; outages last."""
        self._steps.clear()

    @property
    def refusing(self) -> bool:
        """Whether nothing may listen now."""
        return self.outages > 0 or self._next() == "refuse"

    def take(self) -> Failure | None:
        """Return how the call that is being made fails, and count that failure as used; None if it succeeds."""
        if self.outages:
            return "refuse"
        failure = self._next()
        if failure is not None:
            times = self._steps[0][1]
            if times == 1:
                self._steps.popleft()
            elif times < FOREVER:
                self._steps[0] = failure, times - 1
        return failure

    def unused(self) -> list[tuple[Failure, int]]:
        """What was planned as a number of calls and has not been met."""
        return [(failure, times) for failure, times in list(self._steps) if times < FOREVER]

    def _next(self) -> Failure | None:
        return self._steps[0][0] if self._steps else None
