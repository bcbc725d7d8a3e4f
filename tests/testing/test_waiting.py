"""Tests of waiting for what another thread does."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from centripetal import UsageError
from centripetal.testing.waiting import until, wait


class Box:
    """A value that another thread sets."""

    def __init__(self) -> None:
        self.value: int | None = None
        self.watchers: list[Callable[[], object]] = []

    def watch(self, wake: Callable[[], object]) -> Callable[[], None]:
        self.watchers.append(wake)
        return lambda: self.watchers.remove(wake)

    def get(self) -> int | None:
        return self.value

    def set(self, value: int) -> None:
        self.value = value
        for wake in list(self.watchers):
            wake()


def wait_in_asyncio(box: Box, timeout: float) -> int | None:
    return asyncio.run(until(box.watch, box.get, timeout))


def wait_in_thread(box: Box, timeout: float) -> int | None:
    return wait(box.watch, box.get, timeout)


WAYS = pytest.mark.parametrize("wait_for", [wait_in_thread, wait_in_asyncio])


@WAYS
def test_a_value_that_is_there_is_returned_at_once(wait_for: Callable[[Box, float], int | None]) -> None:
    """A wait for something that has already happened returns at once."""
    box = Box()
    box.set(1)
    assert (wait_for(box, 5), box.watchers) == (1, [])


@WAYS
def test_a_change_ends_the_wait(wait_for: Callable[[Box, float], int | None]) -> None:
    """A value of another thread ends the wait, and the watcher is removed."""
    box = Box()
    threading.Timer(0.02, box.set, [0]).start()
    assert (wait_for(box, 20), box.watchers) == (0, [])


@WAYS
def test_the_time_limit_ends_the_wait(wait_for: Callable[[Box, float], int | None]) -> None:
    """Without a value the result is None."""
    box = Box()
    assert (wait_for(box, 0.01), box.watchers) == (None, [])


@WAYS
def test_an_invalid_limit_is_refused(wait_for: Callable[[Box, float], int | None]) -> None:
    """A limit that is not positive is a usage error."""
    with pytest.raises(UsageError):
        wait_for(Box(), 0)
