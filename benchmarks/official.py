"""cent, the client of the current API by Centrifugo's authors, as a contender.

It uses its own HTTP libraries: requests for `Client`, aiohttp for `AsyncClient`.
"""

import asyncio

from cent import (
    AsyncClient,
    BatchRequest,
    BatchResult,
    BroadcastRequest,
    BroadcastResult,
    Client,
    PublishRequest,
    PublishResult,
)

from benchmarks.measure import Turn
from benchmarks.timing import timed_awaiting, timed_in_threads
from benchmarks.work import CHANNEL, CHANNELS, DATA, Generation

__all__ = ["Awaited", "Blocking"]

SIZE = 1_000


def _publish() -> PublishRequest:
    return PublishRequest(channel=CHANNEL, data=DATA)


def _broadcast() -> BroadcastRequest:
    return BroadcastRequest(channels=CHANNELS, data=DATA)


def _batch() -> BatchRequest:
    return BatchRequest(requests=[PublishRequest(channel=CHANNEL, data=DATA) for _ in range(SIZE)])


def _check(result: PublishResult | BroadcastResult | BatchResult) -> None:
    """Check the parts of a result; cent raises only for a single command."""
    if isinstance(result, BroadcastResult) and any(part.error is not None for part in result.responses):
        raise RuntimeError("the server refused a part of a broadcast")
    if isinstance(result, BatchResult) and len(result.replies) != SIZE:
        raise RuntimeError("the server left out replies")


class Blocking:
    """`cent.Client`, shared by all threads, with a pool of one connection per thread."""

    def __init__(
        self, generation: Generation, url: str, credential: str, kind: str = "publish", workers: int = 1
    ) -> None:
        import requests
        from requests.adapters import HTTPAdapter

        assert generation != 1, "cent speaks to servers since 5"
        session = requests.Session()
        session.mount("http://", HTTPAdapter(pool_maxsize=workers))
        self._client = Client(f"{url}/api", credential, timeout=30, session=session)
        self._once = {"publish": self._publish, "broadcast": self._broadcast, "batch": self._batch}[kind]
        self._workers = workers

    def _publish(self) -> None:
        _check(self._client.publish(_publish()))

    def _broadcast(self) -> None:
        _check(self._client.broadcast(_broadcast()))

    def _batch(self) -> None:
        _check(self._client.batch(_batch()))

    def turn(self, times: int) -> Turn:
        return timed_in_threads(times, self._once, self._workers)

    def close(self) -> None:
        self._client.close()


class Awaited:
    """`cent.AsyncClient`, shared by all tasks."""

    def __init__(
        self, generation: Generation, url: str, credential: str, kind: str = "publish", workers: int = 1
    ) -> None:
        assert generation != 1, "cent speaks to servers since 5"
        self._runner = asyncio.Runner()
        self._client = self._runner.run(self._make(f"{url}/api", credential))
        self._once = {"publish": self._publish, "broadcast": self._broadcast, "batch": self._batch}[kind]
        self._workers = workers

    async def _make(self, url: str, key: str) -> AsyncClient:
        return AsyncClient(url, key, timeout=30)  # cent requires a running loop

    async def _publish(self) -> None:
        _check(await self._client.publish(_publish()))

    async def _broadcast(self) -> None:
        _check(await self._client.broadcast(_broadcast()))

    async def _batch(self) -> None:
        _check(await self._client.batch(_batch()))

    def turn(self, times: int) -> Turn:
        return self._runner.run(timed_awaiting(times, self._once, self._workers))

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()
