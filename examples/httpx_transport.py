"""Transports over httpx, for its proxies, HTTP/2 or what else it can do: `Client(..., transport=HttpxTransport())`.

httpx limits single waits, not calls: the blocking one looks at the clock between the pieces of an answer, so a head
that trickles can stretch a call. The awaiting one has a deadline for all of it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import httpx

from centripetal import ConnectError, ConnectionLostError, MalformedResponseError, TimeoutError, UsageError
from centripetal.transport.base import HTTPReply, HTTPRequest


@contextmanager
def our_errors() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        kind = TimeoutError if isinstance(error, httpx.TimeoutException) else ConnectError
        raise kind(f"no connection: {error}", executed="no") from error
    except (httpx.TimeoutException, asyncio.TimeoutError) as error:
        raise TimeoutError("the call's time ran out") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise UsageError(f"httpx cannot make this request: {error}") from error
    except httpx.TransportError as error:
        raise ConnectionLostError(f"the connection broke: {error}") from error
    except httpx.HTTPError as error:
        raise MalformedResponseError(f"the answer cannot be read: {error}") from error


class HttpxTransport:
    def __init__(self, client: httpx.Client | None = None) -> None:
        self.client = client or httpx.Client()

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        deadline, body = monotonic() + timeout, b""
        post = self.client.build_request(
            "POST", request.url, content=request.body, headers=list(request.headers), timeout=timeout
        )
        with our_errors():
            answer = self.client.send(post, stream=True, follow_redirects=False)
            try:
                for piece in answer.iter_bytes():
                    body += piece
                    if monotonic() > deadline:
                        raise httpx.ReadTimeout("the answer trickles")
            finally:
                answer.close()
        return HTTPReply(answer.status_code, body, tuple(answer.headers.multi_items()))

    def close(self) -> None:
        self.client.close()


class AsyncHttpxTransport:
    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self.client = client or httpx.AsyncClient()

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        with our_errors():
            async with asyncio.timeout(timeout):
                answer = await self.client.post(
                    request.url,
                    content=request.body,
                    headers=list(request.headers),
                    timeout=timeout,
                    follow_redirects=False,
                )
        return HTTPReply(answer.status_code, answer.content, tuple(answer.headers.multi_items()))

    async def close(self) -> None:
        await self.client.aclose()
