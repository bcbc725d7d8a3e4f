"""The clock of time limits, and timers in loops whose own clock is frozen or jumps."""

import asyncio
import time
from collections.abc import Callable

import pytest

from centripetal.transport.clock import call_later, monotonic, wait


def test_the_clock_is_not_an_object_that_test_tools_replace() -> None:
    """Tools replace references to the functions of `time`, so the clock is another object with the same value."""
    assert monotonic not in vars(time).values()
    assert abs(monotonic() - time.monotonic()) < 1


def frozen() -> float:
    return 1_700_000_000.0


@pytest.mark.parametrize("clock", [None, frozen, lambda: time.monotonic() * 1000, lambda: 0.0])
def test_a_wait_takes_its_time_on_any_clock(clock: Callable[[], float] | None) -> None:
    """A pause is neither cut short nor endless if the clock of the loop is frozen or runs fast."""

    async def paused() -> float:
        loop = asyncio.get_running_loop()
        if clock is not None:
            loop.time = clock  # type: ignore[method-assign]
        start = monotonic()
        await wait(loop, 0.05)
        return monotonic() - start

    assert 0.05 <= asyncio.run(paused()) < 5


@pytest.mark.parametrize("clock", [None, frozen])
def test_a_timer_can_be_cancelled(clock: Callable[[], float] | None) -> None:
    """A cancelled timer does nothing; another timer still does."""
    called: list[str] = []

    async def cancelled() -> None:
        loop = asyncio.get_running_loop()
        if clock is not None:
            loop.time = clock  # type: ignore[method-assign]
        timer = call_later(loop, 0.01, lambda: called.append("cancelled"))
        timer.cancel()
        call_later(loop, 0.02, lambda: called.append("kept"))
        await wait(loop, 0.05)

    asyncio.run(cancelled())
    assert called == ["kept"]
