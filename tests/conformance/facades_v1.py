"""One way to make calls for every facade of the client: a list of calls in, what each came to out."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from centripetal import v1
from tests.conformance.scenario import GENERATED, Call, Kept

__all__ = ["Came", "Facade", "facade", "plain"]


class Came(NamedTuple):
    """What a call came to: a value or an error; and what the error ought to know of the call.

    Attributes:
        names_command: whether the error is about this call alone, or about this call's part in a failed request.
        place: where in the request it is, as the error should say.
    """

    value: Any = None
    error: v1.CentripetalError | None = None
    names_command: bool = True
    place: int | None = None


class Facade(Protocol):
    """Makes calls."""

    def make(self, calls: Sequence[Call]) -> list[Came]: ...


@contextlib.contextmanager
def facade(kind: str, url: str, secret: str | None) -> Iterator[Facade]:
    """A facade of that kind for a server; `kind` is one of `scenario.ALL`."""
    if kind.startswith("async"):
        with asyncio.Runner() as runner:
            client = v1.AsyncClient.insecure(url, timeout=30) if secret is None else _awaiting(url, secret)
            try:
                yield _AWAITING[kind](client, runner)
            finally:
                runner.run(client.close())
    else:
        with v1.Client.insecure(url, timeout=30) if secret is None else v1.Client(url, secret, timeout=30) as blocking:
            yield _BLOCKING[kind](blocking)


def _awaiting(url: str, secret: str) -> v1.AsyncClient:
    return v1.AsyncClient(url, secret, timeout=30)


class _Calls:
    def __init__(self, client: v1.Client) -> None:
        self._client = client

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return [_came(lambda call=call: _method(self._client, call)()) for call in calls]  # type: ignore[misc]


class _Tasks:
    def __init__(self, client: v1.AsyncClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._run = runner.run

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return self._run(self._make(calls))

    async def _make(self, calls: Sequence[Call]) -> list[Came]:
        came = []
        for call in calls:
            try:
                came.append(Came(plain(await _method(self._client, call)())))
            except v1.CentripetalError as error:
                came.append(Came(error=error))
        return came


class _Collected:
    """The calls of one batch: those that it took, and the errors of those that it did not."""

    def __init__(self, batch: v1.Batch | v1.AsyncBatch, calls: Sequence[Call]) -> None:
        self.slots: list[Any] = []
        self._refused: dict[int, Came] = {}
        for place, call in enumerate(calls):
            try:
                self.slots.append(_method(batch, call)())
            except v1.CentripetalError as error:
                self._refused[place] = Came(error=error, place=len(self.slots))
        self._count = len(calls)

    def results(self, failure: v1.CentripetalError | None) -> list[Came]:
        slots = iter(self.slots)
        came = [self._refused.get(place) or _slot(next(slots)) for place in range(self._count)]
        failed = [one.error for one in came if failure and type(one.error) is type(failure)]
        assert failure is None or len(failed) >= len(self.slots) > 0, "a batch failed and its slots do not know"
        return came


def _slot(slot: Any) -> Came:
    return _came(slot.result)._replace(place=slot.index)


class _Batch:
    def __init__(self, client: v1.Client) -> None:
        self._client = client

    def make(self, calls: Sequence[Call]) -> list[Came]:
        failure = None
        try:
            with self._client.batch() as batch:
                collected = _Collected(batch, calls)
        except v1.CentripetalError as error:
            failure = error
        return collected.results(failure)


class _AsyncBatch:
    def __init__(self, client: v1.AsyncClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._run = runner.run

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return self._run(self._make(calls))

    async def _make(self, calls: Sequence[Call]) -> list[Came]:
        failure = None
        try:
            async with self._client.batch() as batch:
                collected = _Collected(batch, calls)
        except v1.CentripetalError as error:
            failure = error
        return collected.results(failure)


class _Buffer:
    def __init__(self, client: v1.Client) -> None:
        self._client = client

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return _buffered(self._client, calls, self._client.send)


class _AsyncBuffer:
    def __init__(self, client: v1.AsyncClient, runner: asyncio.Runner) -> None:
        self._client = client
        self._run: Callable[[Coroutine[Any, Any, Any]], Any] = runner.run

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return _buffered(self._client, calls, lambda: self._run(self._client.send()))


def _buffered(
    client: v1.Client | v1.AsyncClient, calls: Sequence[Call], send: Callable[[], list[v1.Response]]
) -> list[Came]:
    refused: dict[int, Came] = {}
    for place, call in enumerate(calls):
        try:
            _method(client, call, "add_")()
        except v1.CentripetalError as error:
            refused[place] = Came(error=error)
    count = len(calls) - len(refused)
    assert client.pending == count
    try:
        responses = iter(enumerate(send()))
    except v1.CentripetalError as error:
        assert client.pending == count, "a failed send changed the buffer"
        client.reset()
        whole = Came(error=error, names_command=count == 1)
        return [refused.get(place, whole) for place in range(len(calls))]
    assert client.pending == 0
    return [refused.get(place) or _response(*next(responses)) for place in range(len(calls))]


def _response(index: int, response: v1.Response) -> Came:
    return _came(response.result)._replace(place=index)


def _method(target: object, call: Call, prefix: str = "") -> Callable[[], Any]:
    return lambda: getattr(target, prefix + call.method)(*call.args, **call.options)


def _came(make: Callable[[], Any]) -> Came:
    try:
        return Came(plain(make()))
    except v1.CentripetalError as error:
        return Came(error=error)


_BLOCKING: dict[str, Callable[[v1.Client], Facade]] = {"sync": _Calls, "batch": _Batch, "buffer": _Buffer}
_AWAITING: dict[str, Callable[[v1.AsyncClient, asyncio.Runner], Facade]] = {
    "async": _Tasks,
    "async batch": _AsyncBatch,
    "async buffer": _AsyncBuffer,
}


def plain(value: Any) -> Any:
    """A result as scenarios write it down: what a server makes up, such as an id, is replaced by words."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, v1.Message):
        uid = GENERATED if re.fullmatch("[0-9A-Za-z]{22}", value.uid) else value.uid
        assert value.info is None, "no client publishes in these scenarios"
        return Kept(value.channel, value.data_json, value.client, uid)
    return value
