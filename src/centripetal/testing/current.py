"""The server kit and the recorder of Centrifugo 6.

with Centrifugo() as server:
    server.client().publish("news", {"text": "hello"})
    server.assert_published("news", {"text": "hello"})
"""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

from centripetal.client.current import AsyncClient, Client
from centripetal.client.options import CurrentOptions
from centripetal.server.configuration.loading import choose
from centripetal.server.embedded import EmbeddedServer
from centripetal.testing.recorder import BaseRecorder
from centripetal.testing.server import BaseServer

__all__ = ["Centrifugo", "Recorder"]

_EPOCH = 1_750_000_000.0  # June 2025, in the days of 6


class Centrifugo(BaseServer):
    """An embedded Centrifugo 6 for a test.

    Args:
        api_key: what the API is called with.
        token_secret: what tokens of clients are signed with (`centripetal.tokens`).
        config: as for `centripetal.server.EmbeddedServer`.
    """

    def __init__(
        self,
        *,
        api_key: str = "key",
        token_secret: str = "secret",  # noqa: S107
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(EmbeddedServer(api_key=api_key, token_secret=token_secret, config=config))

    @property
    def api_key(self) -> str:
        """What the API of this server is called with."""
        return self._server.api_key

    @property
    def token_secret(self) -> str:
        """What tokens of clients of this server are signed with."""
        return self._server.token_secret

    def client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> Client:
        """A new blocking client of this server, which is closed with it; the options are those of `Client`."""
        options = _with_prefix(self._server.api_path, options)
        return self._closed_with_server(Client(self.url, self.api_key, timeout=timeout, **options))

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> AsyncClient:
        """A new awaiting client of this server; the options are those of `AsyncClient`."""
        return AsyncClient(self.url, self.api_key, timeout=timeout, **_with_prefix(self._server.api_path, options))


class Recorder(BaseRecorder):
    """A Centrifugo 6 of values only.

    Args:
        api_key: what the API is called with.
        token_secret: what tokens of clients would be signed with; none can connect, so it is only kept.
        config: as for `centripetal.server.EmbeddedServer`.
        now: the clock, Unix seconds; without it time stands still, so that nothing expires.

    Raises:
        UsageError: a configuration that cannot be.
    """

    def __init__(
        self,
        *,
        api_key: str = "key",
        token_secret: str = "secret",  # noqa: S107
        config: Mapping[str, Any] | None = None,
        now: Callable[[], float] = lambda: _EPOCH,
    ) -> None:
        settings, unhonoured = choose(6, None, api_key, token_secret, config or {})
        super().__init__(settings, unhonoured, now)
        self.api_key = api_key
        self.token_secret = token_secret

    def client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> Client:
        """A new blocking client whose calls are recorded; the options are those of `Client`."""
        options = _with_prefix(self._settings.api_path, options)
        return Client(self.url, self.api_key, timeout=timeout, transport=self._transport, **options)

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> AsyncClient:
        """A new awaiting client whose calls are recorded; the options are those of `AsyncClient`."""
        options = _with_prefix(self._settings.api_path, options)
        return AsyncClient(self.url, self.api_key, timeout=timeout, transport=self._async_transport, **options)


def _with_prefix(prefix: str, options: CurrentOptions) -> CurrentOptions:
    """*options* of a client of a server whose API is at *prefix*."""
    # What comes before "/api" is part of the server's URL.
    return {"handler_prefix": "/api" if prefix.endswith("/api") else prefix, **options}
