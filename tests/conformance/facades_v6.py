"""The facades of the client of the current API: the facades of every client, concurrent calls, and retries."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from centripetal import AsyncClient, Client, Retry
from centripetal.errors import CentripetalError
from tests.conformance.facades import Calls, Came, Facade, InAsyncBatch, InBatch, Tasks, method_of
from tests.conformance.scenario import Call

__all__ = ["facade"]


@contextlib.contextmanager
def facade(kind: str, url: str, api_key: str | None, **options: Any) -> Iterator[Facade]:
    """Run a facade of that kind for a server; *kind* is one of `scenarios_v6.ALL`."""
    if kind in ("async", "async batch", "gathered"):
        with asyncio.Runner() as runner:
            client = AsyncClient(url, api_key, timeout=30, **options)
            try:
                yield _AWAITING[kind](client, _plain, runner)
            finally:
                runner.run(client.close())
    else:
        if kind == "retried":
            options["retry"] = Retry(attempts=2, base=0.001)
        with Client(url, api_key, timeout=30, **options) as blocking:
            yield (InBatch if kind == "batch" else Calls)(blocking, _plain)


def _plain(value: Any) -> Any:
    return value


class Gathered:
    """Facade that makes all calls of a request concurrently."""

    def __init__(self, client: AsyncClient, plain: Any, runner: asyncio.Runner) -> None:
        self._client = client
        self._run = runner.run

    def make(self, calls: Sequence[Call]) -> list[Came]:
        return self._run(self._make(calls))

    async def _make(self, calls: Sequence[Call]) -> list[Came]:
        return list(await asyncio.gather(*(self._one(call) for call in calls)))

    async def _one(self, call: Call) -> Came:
        try:
            return Came(await method_of(self._client, call)())
        except CentripetalError as error:
            return Came(error=error)


_AWAITING: dict[str, Any] = {"async": Tasks, "async batch": InAsyncBatch, "gathered": Gathered}
