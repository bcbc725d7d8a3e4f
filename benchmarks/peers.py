"""General HTTP libraries, used the way a user without a Centrifugo client would, with a kept connection."""

import asyncio
import http.client
from abc import ABC, abstractmethod
from urllib.parse import urlsplit

from benchmarks.measure import Turn
from benchmarks.timing import timed_awaiting, timed_in_threads
from benchmarks.work import Generation, Kind, work_for

__all__ = ["AIOHTTP", "HTTPX", "AsyncHTTPX", "HTTPClient", "Requests"]


class _Peer:
    def __init__(
        self, generation: Generation, url: str, credential: str, kind: Kind = "publish", workers: int = 1
    ) -> None:
        self.work = work_for(generation, url, credential, kind)
        self.url = self.work.url
        self.workers = workers
        self.open()

    def open(self) -> None:
        """Create the client."""


class _Blocking(_Peer, ABC):
    @abstractmethod
    def post(self, body: bytes) -> bytes: ...

    def _once(self) -> None:
        self.work.check(self.post(self.work.encode()))

    def turn(self, times: int) -> Turn:
        return timed_in_threads(times, self._once, self.workers)


class _Awaited(_Peer, ABC):
    @abstractmethod
    async def post(self, body: bytes) -> bytes: ...

    @abstractmethod
    async def stop(self) -> None: ...

    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.runner.run(self.start())

    async def start(self) -> None:
        """Create the client inside the loop."""

    async def _once(self) -> None:
        self.work.check(await self.post(self.work.encode()))

    def turn(self, times: int) -> Turn:
        return self.runner.run(timed_awaiting(times, self._once, self.workers))

    def close(self) -> None:
        self.runner.run(self.stop())
        self.runner.close()


class AIOHTTP(_Awaited):
    """aiohttp with one session."""

    async def start(self) -> None:
        import aiohttp

        self._session = aiohttp.ClientSession()

    async def post(self, body: bytes) -> bytes:
        async with self._session.post(self.url, data=body, headers=self.work.headers(body)) as response:
            response.raise_for_status()
            return await response.read()

    async def stop(self) -> None:
        await self._session.close()


class AsyncHTTPX(_Awaited):
    """httpx with one asyncio client."""

    async def start(self) -> None:
        import httpx

        self._client = httpx.AsyncClient(timeout=30)

    async def post(self, body: bytes) -> bytes:
        response = await self._client.post(self.url, content=body, headers=self.work.headers(body))
        return response.raise_for_status().content

    async def stop(self) -> None:
        await self._client.aclose()


class HTTPX(_Blocking):
    """httpx with one client for all threads."""

    def open(self) -> None:
        import httpx

        self._client = httpx.Client(timeout=30)

    def post(self, body: bytes) -> bytes:
        response = self._client.post(self.url, content=body, headers=self.work.headers(body))
        return response.raise_for_status().content

    def close(self) -> None:
        self._client.close()


class Requests(_Blocking):
    """requests with one session and a pool of one connection per thread."""

    def open(self) -> None:
        import requests
        from requests.adapters import HTTPAdapter

        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=self.workers))

    def post(self, body: bytes) -> bytes:
        response = self._session.post(self.url, data=body, headers=self.work.headers(body), timeout=30)
        response.raise_for_status()
        return response.content

    def close(self) -> None:
        self._session.close()


class HTTPClient(_Blocking):
    """http.client of the standard library, in one thread."""

    def open(self) -> None:
        parts = urlsplit(self.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)

    def post(self, body: bytes) -> bytes:
        self._connection.request("POST", urlsplit(self.url).path, body, self.work.headers(body))
        response = self._connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"the server answered {response.status}")
        return response.read()

    def close(self) -> None:
        self._connection.close()
