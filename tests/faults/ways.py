"""Every way to make calls with a common interface: an attempt publishes numbers and returns the outcome of each."""

import asyncio
import itertools
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import uvloop

from centripetal.v1 import AsyncClient, Client

__all__ = ["SECRET", "TIMEOUT", "WAYS", "Attempt", "Came", "Way", "data", "next_numbers"]

TIMEOUT = 0.3
"""Time limit of the calls in seconds."""
SECRET = "Kq7vXzP2wN5s-ß-\\'\"-geheim"
SEVERAL = 3
TOGETHER = 4

_numbers = itertools.count(1)


def next_numbers(count: int) -> list[int]:
    return list(itertools.islice(_numbers, count))


def data(number: int, size: int = 0) -> list[Any]:
    """Return the payload of *number*."""
    return [number, "x" * size]


class Came(NamedTuple):
    """Outcome of a number.

    Attributes:
        number: the number.
        error: exception that was raised, or None for success.
        seconds: duration of the call.
        place: index in a batch that the error should have.
        named: whether the error should name a command.
    """

    number: int
    error: BaseException | None
    seconds: float
    place: int | None = None
    named: bool = True


class Attempt(Protocol):
    """A client that is used in one way.

    Attributes:
        client: the client.
        kept: numbers that should wait in its buffer.
    """

    kept: list[int]

    @property
    def client(self) -> Client | AsyncClient: ...

    def make(self, size: int) -> list[Came]:
        """Publish some numbers with *size* bytes of payload, while the server may misbehave."""
        ...

    def probe(self) -> None:
        """Make a call that must get its own reply; if the buffer holds commands, it is sent first, in order."""
        ...

    def end(self) -> None:
        """Close the client."""
        ...


class _Clock:
    def __init__(self) -> None:
        self.start = time.monotonic()

    def came(self, number: int, error: BaseException | None = None, **more: Any) -> Came:
        return Came(number, error, time.monotonic() - self.start, **more)


def _channel(number: int) -> str:
    return f"channel {number % 2}"


def _check_own(channel: str, messages: list[Any]) -> None:
    assert [message.channel for message in messages] == [channel], "another call's reply"


class _Blocking:
    def __init__(self, url: str, **options: Any) -> None:
        self.client = Client(url, SECRET, **options)
        self.kept: list[int] = []

    def probe(self) -> None:
        if self.kept:
            assert self.client.pending == len(self.kept), "the buffer has lost something"
            assert [response.result() for response in self.client.send(timeout=5)] == [True] * len(self.kept)
        assert self.client.pending == 0
        (name,) = next_numbers(1)
        _check_own(f"probe {name}", self.client.history(f"probe {name}", timeout=5))

    def end(self) -> None:
        self.client.close()


class Call(_Blocking):
    """A blocking call."""

    def make(self, size: int) -> list[Came]:
        return [self.publish(number, size) for number in next_numbers(1)]

    def publish(self, number: int, size: int) -> Came:
        clock = _Clock()
        try:
            assert self.client.publish(_channel(number), data(number, size)) is True
        except BaseException as error:
            return clock.came(number, error)
        return clock.came(number)


class Send(_Blocking):
    """Sending a buffer."""

    def make(self, size: int) -> list[Came]:
        numbers = next_numbers(SEVERAL)
        for number in numbers:
            self.client.add_publish(_channel(number), data(number, size // SEVERAL))
        clock = _Clock()
        try:
            responses = self.client.send()
        except BaseException as error:
            self.kept = numbers
            return [clock.came(number, error, named=False) for number in numbers]
        return list(_results(clock, numbers, responses))


def _results(clock: _Clock, numbers: Sequence[int], results: Sequence[Any]) -> Iterator[Came]:
    for index, (number, response) in enumerate(zip(numbers, results, strict=True)):
        try:
            assert response.result() is True
        except BaseException as error:
            yield clock.came(number, error, place=index)
        else:
            yield clock.came(number)


class Batch(_Blocking):
    """A batch."""

    def make(self, size: int) -> list[Came]:
        numbers, clock = next_numbers(SEVERAL), _Clock()
        slots: list[Any] = []
        raised: BaseException | None = None
        try:
            with self.client.batch() as batch:
                slots += [batch.publish(_channel(number), data(number, size // SEVERAL)) for number in numbers]
        except BaseException as error:
            raised = error
        came = list(_results(clock, numbers, slots))
        assert raised is None or {type(one.error) for one in came} == {type(raised)}
        return came


class Threads(Call):
    """Several threads that call at the same time."""

    def make(self, size: int) -> list[Came]:
        came: list[Came] = []
        together = threading.Barrier(TOGETHER)

        def work(number: int) -> None:
            together.wait(5)
            came.append(self.publish(number, size // TOGETHER))

        threads = [threading.Thread(target=work, args=(number,)) for number in next_numbers(TOGETHER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(came) == TOGETHER, "a call has not returned"
        return came


class _Awaiting:
    def __init__(self, url: str, loop: Callable[[], asyncio.AbstractEventLoop], **options: Any) -> None:
        self.client = AsyncClient(url, SECRET, **options)
        self.runner = asyncio.Runner(loop_factory=loop)
        self.kept: list[int] = []

    def probe(self) -> None:
        self.runner.run(self._probe())

    async def _probe(self) -> None:
        if self.kept:
            assert self.client.pending == len(self.kept), "the buffer has lost something"
            assert [response.result() for response in await self.client.send(timeout=5)] == [True] * len(self.kept)
        assert self.client.pending == 0
        (name,) = next_numbers(1)
        _check_own(f"probe {name}", await self.client.history(f"probe {name}", timeout=5))
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a task is left"

    def end(self) -> None:
        self.runner.run(self.client.close())
        self.runner.close()


class AsyncCall(_Awaiting):
    """An asyncio call."""

    def make(self, size: int) -> list[Came]:
        return [self.runner.run(self.publish(number, size)) for number in next_numbers(1)]

    async def publish(self, number: int, size: int) -> Came:
        clock = _Clock()
        try:
            assert await self.client.publish(_channel(number), data(number, size)) is True
        except BaseException as error:
            return clock.came(number, error)
        return clock.came(number)


class AsyncSend(_Awaiting):
    """Sending a buffer with asyncio."""

    def make(self, size: int) -> list[Came]:
        return self.runner.run(self._make(size))

    async def _make(self, size: int) -> list[Came]:
        numbers = next_numbers(SEVERAL)
        for number in numbers:
            self.client.add_publish(_channel(number), data(number, size // SEVERAL))
        clock = _Clock()
        try:
            responses = await self.client.send()
        except BaseException as error:
            self.kept = numbers
            return [clock.came(number, error, named=False) for number in numbers]
        return list(_results(clock, numbers, responses))


class AsyncBatch(_Awaiting):
    """A batch with asyncio."""

    def make(self, size: int) -> list[Came]:
        return self.runner.run(self._make(size))

    async def _make(self, size: int) -> list[Came]:
        numbers, clock = next_numbers(SEVERAL), _Clock()
        slots: list[Any] = []
        raised: BaseException | None = None
        try:
            async with self.client.batch() as batch:
                slots += [batch.publish(_channel(number), data(number, size // SEVERAL)) for number in numbers]
        except BaseException as error:
            raised = error
        came = list(_results(clock, numbers, slots))
        assert raised is None or {type(one.error) for one in came} == {type(raised)}
        return came


class Tasks(AsyncCall):
    """Several tasks that call at the same time."""

    def make(self, size: int) -> list[Came]:
        return self.runner.run(self._make(size))

    async def _make(self, size: int) -> list[Came]:
        calls: list[Awaitable[Came]] = [self.publish(number, size // TOGETHER) for number in next_numbers(TOGETHER)]
        came = await asyncio.wait_for(asyncio.gather(*calls), 10)
        # Callers return at their deadline; the task of their request ends at that moment too, perhaps after them.
        if carriers := asyncio.all_tasks() - {asyncio.current_task()}:
            _, left = await asyncio.wait(carriers, timeout=0.1)
            assert not left, "a request goes on without its callers"
        return came


class Way(NamedTuple):
    """A way to make calls.

    Attributes:
        name: name of the way.
        begin: function that creates the attempt.
        together: whether several calls are made at once.
        kept: whether the fault starts on a connection that was used before.
    """

    name: str
    begin: Callable[..., Attempt]
    together: bool
    kept: bool


def _ways() -> Iterator[Way]:
    loops = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    for kept in (False, True):
        place = "a kept connection" if kept else "a new connection"
        for blocking in (Call, Send, Batch, Threads):
            yield Way(f"{blocking.__name__} on {place}", blocking, blocking is Threads, kept)
        for name, loop in loops.items():
            for awaiting in (AsyncCall, AsyncSend, AsyncBatch, Tasks):
                # Single calls are enough to show differences between the loops.
                if name == "asyncio" or awaiting is AsyncCall:

                    def begin(
                        url: str,
                        awaiting: type[AsyncCall | AsyncSend | AsyncBatch | Tasks] = awaiting,
                        loop: Callable[[], asyncio.AbstractEventLoop] = loop,
                        **options: Any,
                    ) -> Attempt:
                        return awaiting(url, loop, **options)

                    yield Way(f"{awaiting.__name__} on {place}, {name}", begin, awaiting is Tasks, kept)


WAYS = tuple(_ways())


@contextmanager
def attempt(way: Way, url: str, timeout: float, **options: Any) -> Iterator[Attempt]:
    """Yield an attempt with calls that take at most *timeout* seconds, and end it afterwards."""
    made = way.begin(url, timeout=timeout, **options)
    try:
        yield made
    finally:
        made.end()
