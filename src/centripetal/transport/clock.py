"""The clock that time limits are measured with, and timers of event loops that follow it.

Test tools freeze or move Python's clocks: freezegun replaces `time.monotonic` in every loaded module, and time-machine
changes the functions themselves. A time limit must not follow them, because sockets do not: a call would hang, or end
too early. Times in data, such as the expiry of a token, follow them on purpose; `tokens/clock.py` uses `time.time`.
"""

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from centripetal.errors import UsageError

if TYPE_CHECKING:
    import asyncio  # slow to import, and blocking programs do not need it

__all__ = ["LONGEST_WAIT", "Timer", "call_later", "monotonic", "no_loop", "wait", "within"]

# A new object, because freezegun replaces every attribute that is `time.monotonic`. No test tool changes this clock.
_raw = getattr(time, "clock_gettime", None)
monotonic: Callable[[], float] = (
    functools.partial(time.monotonic) if _raw is None else functools.partial(_raw, time.CLOCK_MONOTONIC)
)
"""Return the seconds of a clock that never jumps."""

SKEW = 1.0
"""Seconds by which the clock of a loop may differ from `monotonic`; uvloop reads it once for all that is ready."""

POLL_SECONDS = 0.001

LONGEST_WAIT = 86_400.0
"""Seconds; the timers of systems and loops do not accept arbitrarily long waits."""


class Timer(Protocol):
    """A scheduled call that can be cancelled, such as a handle of asyncio."""

    def cancel(self) -> None:
        """Prevent the call; has no effect after it."""


def call_later(loop: "asyncio.AbstractEventLoop", seconds: float, function: Callable[[], object]) -> Timer:
    """Call *function* in *loop* after *seconds*, also if the clock of the loop is frozen.

    The loop calls it too early if its clock jumps, or *seconds* is more than `LONGEST_WAIT`, so *function* must compare
    the time with `monotonic`.
    """
    seconds = min(max(seconds, 0.0), LONGEST_WAIT)
    if abs(loop.time() - monotonic()) < SKEW:
        return loop.call_later(seconds, function)
    return _Polled(loop, monotonic() + seconds, function)


async def wait(loop: "asyncio.AbstractEventLoop", seconds: float) -> None:
    """Wait for *seconds* in *loop*, like `asyncio.sleep`, also if the clock of the loop is frozen or jumps."""
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        woken = loop.create_future()
        timer = call_later(loop, left, functools.partial(_wake, woken))
        try:
            await woken
        finally:
            timer.cancel()


async def within(loop: "asyncio.AbstractEventLoop", task: "asyncio.Task[Any]", deadline: float) -> bool:
    """Wait in *loop* until *task* has ended, or until *deadline* of `monotonic`; return whether it has ended.

    Otherwise, and if this wait is cancelled, the task is cancelled.
    """
    woken = loop.create_future()
    task.add_done_callback(lambda _: _wake(woken))
    try:
        while not task.done() and (left := deadline - monotonic()) > 0:
            timer = call_later(loop, left, functools.partial(_wake, woken))
            try:
                await woken
            finally:
                timer.cancel()
            woken = loop.create_future()
    finally:
        ended = task.done()
        task.cancel()
    return ended


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class _Polled:
    """A timer for a loop whose own timers do not work: it looks at the clock in every round of the loop."""

    def __init__(self, loop: "asyncio.AbstractEventLoop", due: float, function: Callable[[], object]) -> None:
        self._loop = loop
        self._due = due
        self._function: Callable[[], object] | None = function
        loop.call_soon(self._look)

    def cancel(self) -> None:
        self._function = None

    def _look(self) -> None:
        if self._function is None:
            return
        if monotonic() < self._due:
            time.sleep(POLL_SECONDS)  # a loop with something to do next does not wait for its sockets
            self._loop.call_soon(self._look)
            return
        function, self._function = self._function, None
        function()


def no_loop() -> UsageError:
    """Return the error of a call without a running asyncio event loop."""
    return UsageError(
        "AsyncClient needs a running asyncio event loop, and this thread has none. With Trio or another event loop, "
        "use Client in a worker thread, for example with trio.to_thread.run_sync()"
    )
