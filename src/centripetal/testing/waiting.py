"""Wait for something that another thread does, in blocking tests and in asyncio tests."""

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from centripetal.protocol.checks import check_timeout
from centripetal.transport.clock import call_later, monotonic

__all__ = ["Watch", "until", "wait"]

T = TypeVar("T")

Watch = Callable[[Callable[[], object]], Callable[[], None]]
"""Takes a function to call after each change, and returns a function that stops the calls."""


def wait(watch: Watch, ready: Callable[[], T | None], timeout: float) -> T | None:
    """Return the first result of *ready* that is not None, or None after *timeout* seconds.

    Args:
        watch: tells when to call *ready* again.
        ready: returns what the caller waits for, or None if it is not there yet.
        timeout: maximum wait in seconds.

    Raises:
        UsageError: *timeout* is invalid.
    """
    deadline = monotonic() + check_timeout(timeout)
    changed: queue.SimpleQueue[None] = queue.SimpleQueue()  # unlike an Event, safe for signal handlers
    stop = watch(lambda: changed.put(None))
    try:
        while (found := ready()) is None:
            try:
                changed.get(timeout=min(max(deadline - monotonic(), 0), threading.TIMEOUT_MAX))
            except queue.Empty:
                return ready()
    finally:
        stop()
    return found


async def until(watch: Watch, ready: Callable[[], T | None], timeout: float) -> T | None:
    """Do the same as `wait` in an asyncio test, while other tasks run."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    deadline = monotonic() + check_timeout(timeout)

    def wake() -> None:
        with suppress(RuntimeError):  # the loop was closed in the meantime
            loop.call_soon_threadsafe(changed.set)

    stop = watch(wake)
    try:
        while (found := ready()) is None:
            if not monotonic() < deadline:
                return None
            timer = call_later(loop, deadline - monotonic(), changed.set)
            try:
                await changed.wait()
            finally:
                timer.cancel()
            changed.clear()
    finally:
        stop()
    return found
