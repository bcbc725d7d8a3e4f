"""Centrifugo in a FastAPI application: address, client, and HTTP responses for failures.

Nothing here is specific to the chat, so you can copy this file. `connect` opens and closes the client, routes get it
with `Centrifugo`, and `answer_failure` turns errors into responses.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from centripetal import AsyncClient, CentripetalError, UsageError
from centripetal.proxy import Handlers

CONFIG = Path(__file__).parent / "centrifugo.json"
"""Configuration of the embedded server, which also works with a real server."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Live:
    """The connection of the application to its Centrifugo.

    Attributes:
        client: client for the API.
        websocket_url: URL to which browsers connect.
    """

    client: AsyncClient
    websocket_url: str


@asynccontextmanager
async def connect(proxy: Handlers) -> AsyncIterator[Live]:
    """Connect to the Centrifugo that the environment names, or start an embedded server that asks *proxy*."""
    if "CENTRIFUGO_API_URL" in os.environ:
        async with AsyncClient.from_env(timeout=2) as client:
            yield Live(client, os.environ["CENTRIFUGO_WEBSOCKET_URL"])
        return

    from centripetal.server import EmbeddedServer  # not needed in production

    async with EmbeddedServer(config=CONFIG, proxy=proxy) as server:
        log.warning("an embedded Centrifugo is running; its console is at %s", server.console_url)
        async with AsyncClient(server.url, server.api_key, timeout=2) as client:
            yield Live(client, server.websocket_url)


def live(request: Request) -> Live:
    found: Live = request.app.state.live
    return found


Centrifugo = Annotated[Live, Depends(live)]
"""Parameter type with which a route receives the application's Centrifugo."""


def answer_failure(request: Request, error: Exception) -> JSONResponse:
    """Convert a failed call to Centrifugo to an HTTP response for the browser."""
    if not isinstance(error, CentripetalError) or isinstance(error, UsageError):
        raise error  # a bug in this program: 500
    log.error("%s %s: %s", request.method, request.url.path, error)
    if error.executed == "unknown":
        return JSONResponse({"detail": "It may or may not have been sent."}, 504)
    if error.retryable:
        return JSONResponse({"detail": "Live updates are down, try again."}, 503, {"Retry-After": "2"})
    return JSONResponse({"detail": "Live updates are out of order."}, 502)
