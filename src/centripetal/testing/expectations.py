"""Shared by the test server and the recorder: assertions about publications, and planned failures."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from centripetal.client.current import CurrentOptions
from centripetal.client.options import ClientOptions
from centripetal.protocol.encoder import Encoder
from centripetal.server.engine.events import Events
from centripetal.testing.arguments import check_channel, check_times, pairs_or_channels
from centripetal.testing.failures import Failure, FailurePlan, UnusedFailuresWarning
from centripetal.testing.matching import ANYTHING, with_encoder
from centripetal.testing.publications import Expected, Publication, Publications
from centripetal.testing.waiting import until, wait

__all__ = ["Expectations"]

OptionsT = TypeVar("OptionsT", CurrentOptions, ClientOptions)


class Expectations(ABC):
    """Base of the test servers and recorders: checks publications and makes calls fail on request.

    Attributes:
        published: every publication so far, through the API or by connected clients. The sequence grows while it runs.
    """

    def __init__(self, events: Events) -> None:
        self.published = Publications()
        self._failures = FailurePlan()
        self._encoder: Encoder | None = None
        events.listen(self.published.note)

    def _noted(self, options: OptionsT) -> OptionsT:
        """Return *options* of a new client; the assertions convert expected data with its encoder."""
        encoder: Encoder | None = options.get("encoder")
        self._encoder = encoder or self._encoder
        return options

    # ---- publications

    def assert_published(
        self, channel: str, data: Any = ANYTHING, *, tags: Any = ANYTHING, times: int | None = None
    ) -> None:
        """Fail unless *data* was published to *channel*.

        Args:
            channel: the channel.
            data: the complete data, as it was given to `publish`. Any part of it can be an object that compares
                with `==`, such as `ANYTHING` or `pytest.approx(0.3)`. By default, any data matches.
            tags: all tags, in the same form; Centrifugo 1.x has no tags. By default, any tags match.
            times: the exact number of publications. By default, one or more.

        Raises:
            AssertionError: *data* was not published to *channel*, or not *times* times.
            UsageError: *channel* is not a name, or *times* is invalid.
        """
        __tracebackhide__ = True
        check_channel(channel, "assert_published(channel, data)")
        times = check_times(times)
        _fail_if(self.published.missing(channel, with_encoder(data, self._encoder), times, tags=tags))

    def assert_published_exactly(self, expected: Expected) -> None:
        """Fail unless exactly *expected* was published.

        Args:
            expected: pairs of channel and data, in order: `[("news", {"n": 1}), ("chat", "hi")]`. If order matters
                only within a channel, the data by channel: `{"news": [{"n": 1}], "chat": ["hi"]}`.

        Raises:
            AssertionError: the publications differ from *expected*.
            UsageError: *expected* has another form.
        """
        __tracebackhide__ = True
        _fail_if(self.published.deviating(self._encoded(pairs_or_channels(expected))))

    def _encoded(self, expected: Any) -> Any:
        if isinstance(expected, dict):
            return {channel: with_encoder(every, self._encoder) for channel, every in expected.items()}
        return [(channel, with_encoder(data, self._encoder)) for channel, data in expected]

    def assert_nothing_published(self, *, to: str | None = None) -> None:
        """Fail if anything was published, to any channel or to the channel *to*."""
        __tracebackhide__ = True
        if to is not None:
            check_channel(to, "assert_nothing_published(to=channel)")
        _fail_if(self.published.unwanted(to))

    def wait_until_published(
        self, channel: str, data: Any = ANYTHING, *, times: int = 1, timeout: float = 5.0
    ) -> Publication:
        """Wait until *data* has been published to *channel* *times* times; fail after *timeout* seconds.

        Needed only for publications from another thread or process. A blocking call is recorded before it returns.

        Args:
            channel: the channel.
            data: as for `assert_published`.
            times: the number of matching publications, including publications before this call; 1 or more.
            timeout: maximum wait in seconds.

        Returns:
            The matching publication number *times*.

        Raises:
            AssertionError: the time ran out first.
            UsageError: *channel* is not a name, or *times* or *timeout* is invalid.
        """
        __tracebackhide__ = True
        check_channel(channel, "wait_until_published(channel, data)")
        data = with_encoder(data, self._encoder)
        found = wait(self.published.watch, lambda: self.published.find(channel, data, times), timeout)
        if found is None:
            raise AssertionError(_late(self.published, channel, data, times, timeout))
        return found

    async def until_published(
        self, channel: str, data: Any = ANYTHING, *, times: int = 1, timeout: float = 5.0
    ) -> Publication:
        """Do the same as `wait_until_published` in an asyncio test, while other tasks run."""
        __tracebackhide__ = True
        check_channel(channel, "until_published(channel, data)")
        data = with_encoder(data, self._encoder)
        found = await until(self.published.watch, lambda: self.published.find(channel, data, times), timeout)
        if found is None:
            raise AssertionError(_late(self.published, channel, data, times, timeout))
        return found

    # ---- failures

    def fail_next(self, failure: Failure, times: int = 1) -> None:
        """Make the next *times* API calls fail, after the calls of any earlier `fail_next`.

        Calls that share one request (see "Calls that share requests" in the client's documentation) fail together.

        Args:
            failure: "timeout" (the call does not run, and the server sends no reply), "refuse" (the server does not
                listen), "error" (the call does not run, and the reply has status 500), "lose_reply" (the call runs,
                and the connection closes before the reply).
            times: number of calls, or `FOREVER` for all calls until `stop_failing()`.

        Raises:
            UsageError: *failure* or *times* is invalid.
        """
        self._change_failures(lambda: self._failures.add(failure, times))

    def stop_failing(self) -> None:
        """Cancel the planned failures that were not used yet."""
        self._change_failures(self._failures.clear)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Stop listening for the duration of the block, so that every call raises a `ConnectError`."""
        self._change_failures(lambda: self._count_outage(1))
        try:
            yield
        finally:
            self._change_failures(lambda: self._count_outage(-1))

    def _count_outage(self, change: int) -> None:
        self._failures.outages += change

    @abstractmethod
    def _change_failures(self, change: Callable[[], None]) -> None:
        """Apply *change* to the planned failures, and start or stop listening as they require."""

    def finish(self) -> None:
        """Warn about planned failures that were not used, because the test did not cover the failure it planned."""
        if unused := self._failures.unused():
            what = ", ".join(f"{failure!r} {times} times" if times > 1 else repr(failure) for failure, times in unused)
            text = f"planned failures were not used: {what}. Plan fewer failures, or call stop_failing()"
            warnings.warn(text, UnusedFailuresWarning, stacklevel=2)


def _late(published: Publications, channel: str, data: Any, times: int, timeout: float) -> str:
    return published.missing(channel, data, times, more=f" within {timeout:g} s")


def _fail_if(fault: str) -> None:
    __tracebackhide__ = True
    if fault:
        raise AssertionError(fault)
