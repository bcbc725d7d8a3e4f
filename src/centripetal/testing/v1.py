"""Test server and recorder for Centrifugo 1.x.

with CentrifugoV1() as server:
    server.client().publish("news", {"text": "hello"})
    server.assert_published("news", {"text": "hello"})
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Unpack

from centripetal.client.options import ClientOptions
from centripetal.dialects.v1.client_protocol import Connect, Params
from centripetal.dialects.v1.credentials import generate_client_token
from centripetal.errors import UsageError
from centripetal.server.configuration.loading import choose
from centripetal.server.embedded import EmbeddedServer
from centripetal.testing.browsers.browser import Connecting
from centripetal.testing.browsers.protocol import credential
from centripetal.testing.browsers.v1 import AsyncBrowserV1, BrowserV1, Protocol
from centripetal.testing.recorder import BaseRecorder
from centripetal.testing.server import BaseServer
from centripetal.v1 import AsyncClient, Client

__all__ = ["CentrifugoV1", "RecorderV1"]

_EPOCH = 1_500_000_000.0  # July 2017, when Centrifugo 1.x was current


class CentrifugoV1(BaseServer):
    """An embedded Centrifugo 1.x for a test.

    Args:
        secret: the secret that signs requests, tokens and private channels.
        config: the configuration, as for `centripetal.server.EmbeddedServer`.
    """

    def __init__(self, *, secret: str = "secret", config: Mapping[str, Any] | None = None) -> None:  # noqa: S107
        super().__init__(EmbeddedServer(secret=secret, config=config or {}))

    @property
    def secret(self) -> str:
        """The secret that signs requests, tokens and private channels."""
        return self._server.secret

    def client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> Client:
        """Return a new blocking client of this server. It takes the options of `v1.Client`, and `stop` closes it."""
        return self._closed_with_server(Client(self.url, self.secret, timeout=timeout, **self._noted(options)))

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> AsyncClient:
        """Return a new asyncio client of this server with the options of `v1.AsyncClient`; the caller closes it."""
        return AsyncClient(self.url, self.secret, timeout=timeout, **self._noted(options))

    def connect(
        self, token: str | None = None, *, user: str = "", timestamp: str | int = "", info: str = ""
    ) -> Connecting[Params, BrowserV1, AsyncBrowserV1]:
        """Return a browser for a `with` block (`async with` in an asyncio test), which connects when the block begins.

        Args:
            token: the token that the application gives to its page, with the *user*, *timestamp* and *info* that it
                signs. None to connect as the anonymous user, with a token of this server's secret.
            user: the user's id.
            timestamp: the time in Unix seconds at which the token was created.
            info: JSON text about the user.

        Raises:
            UsageError: an argument is not text, or *token* is missing.
            ServerError: at the beginning of the block: the server refused the browser; the text explains why.
            ConnectError: at the beginning of the block: a planned "refuse" is due, or the server is `down()`.
        """
        if token is None:
            if user or timestamp or info:
                raise UsageError("pass the token of these credentials too, or nothing to connect as the anonymous user")
            timestamp = int(time.time())
            token = generate_client_token(self.secret, "", timestamp)
        user, timestamp = (str(each) if isinstance(each, int) else each for each in (user, timestamp))
        given = {"user": user, "timestamp": timestamp, "info": info, "token": token}
        request = Connect(*(credential(name, value) for name, value in given.items()))
        return self._connecting(lambda _: Protocol(), request, BrowserV1, AsyncBrowserV1)


class RecorderV1(BaseRecorder):
    """A Centrifugo 1.x in memory, without a socket or a thread, that records what is published.

    Args:
        secret: the secret that signs requests, tokens and private channels.
        config: the configuration, as for `centripetal.server.EmbeddedServer`.
        now: returns the time in Unix seconds. By default the time never changes, so nothing expires.

    Raises:
        UsageError: *config* is invalid.
    """

    def __init__(
        self,
        *,
        secret: str = "secret",  # noqa: S107
        config: Mapping[str, Any] | None = None,
        now: Callable[[], float] = lambda: _EPOCH,
    ) -> None:
        settings, unhonoured = choose(1, secret, None, None, config or {})
        super().__init__(settings, unhonoured, now)
        self.secret = secret

    def client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> Client:
        """Return a new blocking client whose calls are recorded. It takes the options of `v1.Client`."""
        return Client(self.url, self.secret, timeout=timeout, transport=self._transport, **self._noted(options))

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> AsyncClient:
        """Return a new asyncio client whose calls are recorded. It takes the options of `v1.AsyncClient`."""
        return AsyncClient(
            self.url, self.secret, timeout=timeout, transport=self._async_transport, **self._noted(options)
        )
