"""Planned failures of API calls, in order: PURE.

The plan does not depend on a server or a network. The test server and the recorder apply it, each from one thread at a
time.
"""

from collections import deque
from typing import Final, Literal, get_args

from centripetal.errors import UsageError
from centripetal.protocol.exact import exact_integer

__all__ = ["FOREVER", "Failure", "FailurePlan", "UnusedFailuresWarning"]

Failure = Literal["timeout", "refuse", "error", "lose_reply"]
"""How a call can fail.

- "timeout": the call does not run, and the server sends no reply. The caller gets a `TimeoutError` whose `executed` is
  "unknown".
- "refuse": the server does not listen, as when Centrifugo is down. The caller gets a `ConnectError`, "no".
- "error": the call does not run, and the reply has status 500. The caller gets an `HTTPStatusError`, "unknown".
- "lose_reply": the call runs, and the connection closes before the reply. The caller gets a `ConnectionLostError`,
  "unknown".
"""

FOREVER: Final = 1_000_000_000
"""Value of `times` for all further calls."""


class UnusedFailuresWarning(UserWarning):
    """A test ended before all of its planned failures were used."""


class FailurePlan:
    """The planned failures that were not used yet.

    Attributes:
        outages: number of open `with kit.down():` blocks.
    """

    def __init__(self) -> None:
        self._steps: deque[tuple[Failure, int]] = deque()
        self.outages = 0

    def add(self, failure: Failure, times: int) -> None:
        """Plan *failure* for *times* calls, after the calls that are planned already.

        Raises:
            UsageError: *failure* or *times* is invalid.
        """
        if failure not in get_args(Failure):
            raise UsageError(f"failure must be one of {', '.join(map(repr, get_args(Failure)))}, got {failure!r}")
        number = exact_integer(times)
        if number is None or number < 1:
            raise UsageError(f"times must be an integer of 1 or more, or FOREVER, got {times!r:.100}")
        self._steps.append((failure, number))

    def clear(self) -> None:
        """Cancel all planned failures. Outages continue."""
        self._steps.clear()

    @property
    def refusing(self) -> bool:
        """Whether the server must not listen now."""
        return self.outages > 0 or self._next() == "refuse"

    def take(self) -> Failure | None:
        """Return the failure of the current call, or None, and count the failure as used."""
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
        """Return the planned failures that were not used, with their numbers of calls, except `FOREVER`."""
        return [(failure, times) for failure, times in list(self._steps) if times < FOREVER]

    def _next(self) -> Failure | None:
        return self._steps[0][0] if self._steps else None
