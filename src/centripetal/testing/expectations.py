"""What the server kit and the recorder have in common: assertions about what was published, and failures on request."""

import asyncio
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from centripetal.protocol.checks import check_timeout
from centripetal.server.engine.events import Events
from centripetal.testing.failures import Failure, FailurePlan, UnusedFailuresWarning
from centripetal.testing.matching import ANYTHING
from centripetal.testing.publications import Expected, Publication, Publications

__all__ = ["Expectations"]


class Expectations(ABC):
    """A server or recorder for a test, which asserts what was published to it and makes calls fail.

    Attributes:
        published: every publication so far, by the API or by connected clients: a sequence that grows.
    """

    def __init__(self, events: Events) -> None:
        self.published = Publications()
        self._failures = FailurePlan()
        events.listen(self.published.note)

    # ---- what was published

    def assert_published(
        self, channel: str, data: Any = ANYTHING, *, tags: Any = ANYTHING, times: int | None = None
    ) -> None:
        """Fail unless *data* was published to *channel*.

        Args:
            channel: the channel.
            data: all of the data, as it was given to `publish`; at any place in it may stand an object that compares
                with `==`, such as `ANYTHING` or `pytest.approx(0.3)`. Without it, any data will do.
            tags: all of the tags, in the same way; 1.x has none. Without it, any tags will do, or none.
            times: how many times exactly; at least once if not given.
        """
        __tracebackhide__ = True
        _fail_if(self.published.missing(channel, data, times, tags=tags))

    def assert_published_exactly(self, expected: Expected) -> None:
        """Fail unless that and nothing else was published.

        Args:
            expected: pairs of channel and data, in order: `[("news", {"n": 1}), ("chat", "hi")]`; or, if order
                matters only within a channel, the data by channel: `{"news": [{"n": 1}], "chat": ["hi"]}`.
        """
        __tracebackhide__ = True
        _fail_if(self.published.deviating(expected))

    def assert_nothing_published(self, *, to: str | None = None) -> None:
        """Fail if anything was published, at all or *to* that channel."""
        __tracebackhide__ = True
        _fail_if(self.published.unwanted(to))

    def wait_until_published(
        self, channel: str, data: Any = ANYTHING, *, times: int = 1, timeout: float = 5.0
    ) -> Publication:
        """Wait until *data* has been published to *channel*, *times* in all; fail if that takes too long.

        Only what another thread or process does needs it: when a blocking call returns, it has been noted.

        Args:
            channel: the channel.
            data: as for `assert_published`.
            times: how many such publications there must be, those that are there already included; at least 1.
            timeout: seconds.

        Returns:
            The publication that was waited for.

        Raises:
            UsageError: *times* or *timeout* is no such number.
        """
        __tracebackhide__ = True
        deadline = time.monotonic() + check_timeout(timeout)
        published = threading.Event()
        stop = self.published.watch(published.set)
        try:
            while (found := self.published.find(channel, data, times)) is None:
                if not published.wait(max(deadline - time.monotonic(), 0)):
                    _fail_if(_late(self.published, channel, data, times, timeout))
                published.clear()
        finally:
            stop()
        return found

    async def until_published(
        self, channel: str, data: Any = ANYTHING, *, times: int = 1, timeout: float = 5.0
    ) -> Publication:
        """`wait_until_published` for tests that run in asyncio: other tasks go on meanwhile."""
        __tracebackhide__ = True
        loop, published = asyncio.get_running_loop(), asyncio.Event()
        deadline = loop.time() + check_timeout(timeout)

        def wake() -> None:
            with suppress(RuntimeError):  # the loop was closed a moment ago
                loop.call_soon_threadsafe(published.set)

        stop = self.published.watch(wake)
        try:
            while (found := self.published.find(channel, data, times)) is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(published.wait(), max(deadline - loop.time(), 0))
                if not published.is_set():
                    _fail_if(_late(self.published, channel, data, times, timeout))
                published.clear()
        finally:
            stop()
        return found

    # ---- failures

    def fail_next(self, failure: Failure, times: int = 1) -> None:
        """Let the next *times* calls of the API fail, after those that are to fail already.

        Calls that share one request (see "Calls that share requests" in the client's documentation) fail together.

        Args:
            failure: "timeout" (nothing runs, no answer comes), "refuse" (nothing listens), "error" (nothing runs, the
                answer is 500), "lose_reply" (it runs, and the connection breaks before the answer).
            times: how many calls; `FOREVER`: all, until `stop_failing()`.

        Raises:
            UsageError: there is no such failure, or *times* is no number of calls.
        """
        self._change_failures(lambda: self._failures.add(failure, times))

    def stop_failing(self) -> None:
        """Forget the failures that were planned and have not been met."""
        self._change_failures(self._failures.clear)

    @contextmanager
    def down(self) -> Iterator[None]:
        """In this block nothing listens, as when Centrifugo is down: every call is a `ConnectError`."""
        self._change_failures(lambda: self._count_outage(1))
        try:
            yield
        finally:
            self._change_failures(lambda: self._count_outage(-1))

    def _count_outage(self, change: int) -> None:
        self._failures.outages += change

    @abstractmethod
    def _change_failures(self, change: Callable[[], None]) -> None:
        """Make *change* to the planned failures, and start or stop listening as they require."""

    def finish(self) -> None:
        """Warn of failures that were planned and never met: then the test has not tested what it says."""
        if unused := self._failures.unused():
            what = ", ".join(f"{failure!r} {times} times" if times > 1 else repr(failure) for failure, times in unused)
            text = f"failures were planned and not met: {what}; plan fewer, or call stop_failing()"
            warnings.warn(text, UnusedFailuresWarning, stacklevel=2)


def _late(published: Publications, channel: str, data: Any, times: int, timeout: float) -> str:
    return published.missing(channel, data, times, more=f" within {timeout:g} s")


def _fail_if(fault: str) -> None:
    __tracebackhide__ = True
    if fault:
        raise AssertionError(fault)
