"""Wait for something that another thread does, in blocking tests and in asyncio tests."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from centripetal.protocol.checks import check_timeout

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
    deadline = time.monotonic() + check_timeout(timeout)
    changed: queue.SimpleQueue[None] = queue.SimpleQueue()  # unlike an Event, safe for signal handlers
    stop = watch(lambda: changed.put(None))
    try:
        while (found := ready()) is None:
            try:
                changed.get(timeout=min(max(deadline - time.monotonic(), 0), threading.TIMEOUT_MAX))
            except queue.Empty:
                return ready()
    finally:
        stop()
    return found


async def until(watch: Watch, ready: Callable[[], T | None], timeout: float) -> T | None:
    """Do the same as `wait` in an asyncio test, while other tasks run."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    deadline = loop.time() + check_timeout(timeout)

    def wake() -> None:
        with suppress(RuntimeError):  # the loop was closed in the meantime
            loop.call_soon_threadsafe(changed.set)

    stop = watch(wake)
    try:
        while (found := ready()) is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), max(deadline - loop.time(), 0))
            if not changed.is_set():
                return ready()
            changed.clear()
    finally:
        stop()
    return found
