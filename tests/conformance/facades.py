"""A common interface to all facades of a client of any generation: calls in, outcomes out."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from centripetal.errors import CentripetalError
from tests.conformance.scenario import Call

__all__ = ["Calls", "Came", "Facade", "InAsyncBatch", "InBatch", "Plain", "Tasks", "came_of", "method_of"]

Plain = Callable[[Any], Any]
"""Converts a result to the form that scenarios use."""


class Came(NamedTuple):
    """The outcome of a call: a value or an error, and what the error should say about the call.

    Attributes:
        names_command: whether the error is about this call alone, or about this call's part in a failed request.
        place: position in the request, as the error should report it.
    """

    value: Any = None
    error: CentripetalError | None = None
    names_command: bool = True
    place: int | None = None


class Facade(Protocol):
    """Interface for making calls."""

    def make(self, calls: Sequence[Call]) -> list[Came]: ...


class Calls:
    def __init__(self, client: Any, plain: Plain) -> None:
        self._client = client
        self._plain = plain

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return [came_of(lambda call=call: method_of(self._client, call)(), self._plain) for call in calls]  # type: ignore[misc]


class Tasks:
    def __init__(self, client: Any, plain: Plain, runner: asyncio.Runner) -> None:
        self._client = client
        self._plain = plain
        self._run = runner.run

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return self._run(self._make(calls))

    async def _make(self, calls: Sequence[Call]) -> list[Came]:
        came = []
        for call in calls:
            try:
                came.append(Came(self._plain(await method_of(self._client, call)())))
            except CentripetalError as error:
                came.append(Came(error=error))
        return came


class _Collected:
    """The calls of one batch: slots of accepted calls and errors of refused calls."""

    def __init__(self, batch: Any, calls: Sequence[Call], plain: Plain) -> None:
        self._plain = plain
        self.slots: list[Any] = []
        self._refused: dict[int, Came] = {}
        for place, call in enumerate(calls):
            try:
                self.slots.append(method_of(batch, call)())
            except CentripetalError as error:
                self._refused[place] = Came(error=error, place=len(self.slots))
        self._count = len(calls)

    def results(self, failure: CentripetalError | None) -> list[Came]:
        slots = iter(self.slots)
        came = [self._refused.get(place) or _slot(next(slots), self._plain) for place in range(self._count)]
        failed = [one.error for one in came if failure and type(one.error) is type(failure)]
        assert failure is None or len(failed) >= len(self.slots) > 0, "a batch failed without failing its slots"
        return came


def _slot(slot: Any, plain: Plain) -> Came:
    return came_of(slot.result, plain)._replace(place=slot.index)


class InBatch:
    def __init__(self, client: Any, plain: Plain) -> None:
        self._client = client
        self._plain = plain

    def make(self, calls: Sequence[Call]) -> list[Came]:
        failure = None
        try:
            with self._client.batch() as batch:
                collected = _Collected(batch, calls, self._plain)
        except CentripetalError as error:
            failure = error
        return collected.results(failure)


class InAsyncBatch:
    def __init__(self, client: Any, plain: Plain, runner: asyncio.Runner) -> None:
        self._client = client
        self._plain = plain
        self._run = runner.run

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return self._run(self._make(calls))

    async def _make(self, calls: Sequence[Call]) -> list[Came]:
        failure = None
        try:
            async with self._client.batch() as batch:
                collected = _Collected(batch, calls, self._plain)
        except CentripetalError as error:
            failure = error
        return collected.results(failure)


def method_of(target: object, call: Call, prefix: str = "") -> Callable[[], Any]:
    """Return a function that calls the method of *target* named in *call*, with its arguments."""
    return lambda: getattr(target, prefix + call.method)(*call.args, **call.options)


def came_of(make: Callable[[], Any], plain: Plain) -> Came:
    """Make a call and return its outcome."""
    try:
        return Came(plain(make()))
    except CentripetalError as error:
        return Came(error=error)
