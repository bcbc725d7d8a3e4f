"""Transports over httpx, with its proxies, HTTP/2 and other features: `Client(..., transport=HttpxTransport())`.

httpx limits single waits instead of whole calls. The blocking transport checks the clock between the pieces of a
response, so a slowly arriving head can exceed the timeout. The asyncio transport has a deadline for the whole call.
"""

import asyncio
import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import httpx

from centripetal import ConnectError, ConnectionLostError, MalformedResponseError, TimeoutError, UsageError
from centripetal.transport.base import HTTPReply, HTTPRequest


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn exceptions of httpx into the exceptions that a transport may raise."""
    try:
        yield
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TimeoutError(f"no connection in time: {error}", executed="no") from error
    except (httpx.ConnectError, httpx.ProxyError) as error:
        raise ConnectError(f"no connection: {error}") from error
    except (httpx.TimeoutException, builtins.TimeoutError) as error:
        raise TimeoutError("no complete response before the timeout") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
        raise UsageError(f"httpx cannot make this request: {error}") from error
    except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
        raise ConnectionLostError(f"the connection was lost: {error}") from error
    except httpx.HTTPError as error:
        raise MalformedResponseError(f"invalid response: {error}") from error


def time_limits(request: HTTPRequest, timeout: float) -> httpx.Timeout:
    """Leave time for the other servers of the client, if it has several."""
    return httpx.Timeout(timeout, connect=timeout / (request.others + 1))


class HttpxTransport:
    def __init__(self, client: httpx.Client | None = None) -> None:
        self.client = client or httpx.Client()

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        deadline, pieces = monotonic() + timeout, []
        headers, limits = list(request.headers), time_limits(request, timeout)
        with (
            our_errors(),
            self.client.stream("POST", request.url, content=request.body, headers=headers, timeout=limits) as answer,
        ):
            for piece in answer.iter_bytes():
                pieces.append(piece)
                if monotonic() > deadline:
                    raise httpx.ReadTimeout("the response is too slow")
        return HTTPReply(answer.status_code, b"".join(pieces), tuple(answer.headers.multi_items()))

    def close(self) -> None:
        self.client.close()


class AsyncHttpxTransport:
    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self.client = client or httpx.AsyncClient()

    async def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        headers, limits = list(request.headers), time_limits(request, timeout)
        with our_errors():
            async with asyncio.timeout(timeout):
                answer = await self.client.post(request.url, content=request.body, headers=headers, timeout=limits)
        return HTTPReply(answer.status_code, answer.content, tuple(answer.headers.multi_items()))

    async def close(self) -> None:
        await self.client.aclose()
