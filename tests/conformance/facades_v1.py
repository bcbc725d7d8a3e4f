"""The facades of the 1.x client: the facades of every client, and the buffer."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from centripetal import v1
from tests.conformance.facades import Calls, Came, Facade, InAsyncBatch, InBatch, Plain, Tasks, came_of, method_of
from tests.conformance.scenario import GENERATED, Call, Kept

__all__ = ["facade", "plain"]


@contextlib.contextmanager
def facade(kind: str, url: str, secret: str | None) -> Iterator[Facade]:
    """Run a facade of that kind for a server; *kind* is one of `scenario.ALL`."""
    if kind.startswith("async"):
        with asyncio.Runner() as runner:
            client = v1.AsyncClient.insecure(url, timeout=30) if secret is None else _awaiting(url, secret)
            try:
                yield _AWAITING[kind](client, plain, runner)
            finally:
                runner.run(client.close())
    else:
        with v1.Client.insecure(url, timeout=30) if secret is None else v1.Client(url, secret, timeout=30) as blocking:
            yield _BLOCKING[kind](blocking, plain)


def _awaiting(url: str, secret: str) -> v1.AsyncClient:
    return v1.AsyncClient(url, secret, timeout=30)


class _Buffer:
    def __init__(self, client: v1.Client, plain: Plain) -> None:
        self._client = client

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return _buffered(self._client, calls, self._client.send)


class _AsyncBuffer:
    def __init__(self, client: v1.AsyncClient, plain: Plain, runner: asyncio.Runner) -> None:
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
            method_of(client, call, "add_")()
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
    return came_of(response.result, plain)._replace(place=index)


_BLOCKING: dict[str, Callable[[v1.Client, Plain], Facade]] = {"sync": Calls, "batch": InBatch, "buffer": _Buffer}
_AWAITING: dict[str, Callable[[v1.AsyncClient, Plain, asyncio.Runner], Facade]] = {
    "async": Tasks,
    "async batch": InAsyncBatch,
    "async buffer": _AsyncBuffer,
}


def plain(value: Any) -> Any:
    """Convert a result to the form that scenarios use; generated values, such as ids, are replaced by a description."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, v1.Message):
        uid = GENERATED if re.fullmatch("[0-9A-Za-z]{22}", value.uid) else value.uid
        assert value.info is None, "no client publishes in these scenarios"
        return Kept(value.channel, value.data_json, value.client, uid)
    return value
