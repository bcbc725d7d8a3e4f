"""The server kit and the recorder of Centrifugo 6.

with Centrifugo() as server:
    server.client().publish("news", {"text": "hello"})
    server.assert_published("news", {"text": "hello"})
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Unpack

from centripetal import AsyncClient, Client
from centripetal.client.options import CurrentOptions
from centripetal.server.current.config import read_config, with_keys
from centripetal.server.current.http_endpoints import Endpoints
from centripetal.server.current.node import Node
from centripetal.server.embedded import EmbeddedServer
from centripetal.server.engine.events import Events
from centripetal.testing.recorder import RecorderBench, warn_of_unhonoured
from centripetal.testing.server import ServerBench

__all__ = ["Centrifugo", "Recorder"]

_EPOCH = 1_750_000_000.0  # June 2025, in the days of 6


class Centrifugo(ServerBench):
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
        return self._kept(Client(self.url, self.api_key, timeout=timeout, **self._with_prefix(options)))

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> AsyncClient:
        """A new awaiting client of this server; the options are those of `AsyncClient`."""
        return AsyncClient(self.url, self.api_key, timeout=timeout, **self._with_prefix(options))

    def _with_prefix(self, options: CurrentOptions) -> CurrentOptions:
        return _with_prefix(self._server.api_path, options)


class Recorder(RecorderBench):
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
        settings, unhonoured = read_config(config or {})
        warn_of_unhonoured(unhonoured)
        settings = with_keys(settings, api_key=api_key, token_secret=token_secret)
        self.api_key = api_key
        self.token_secret = token_secret
        events, epochs = Events(), count(1)
        node = Node(
            settings,
            name="recorder",
            uid="recorder",
            now=now(),
            new_epoch=lambda: f"epoch{next(epochs)}",
            events=events,
        )
        self._prefix = settings.http_api.handler_prefix
        super().__init__(events, Endpoints(node, now, websockets=False).answer, self._prefix.removesuffix("/api"))

    def client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> Client:
        """A new blocking client whose calls are recorded; the options are those of `Client`."""
        transport = self._transport
        return Client(self.url, self.api_key, timeout=timeout, transport=transport, **self._with_prefix(options))

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> AsyncClient:
        """A new awaiting client whose calls are recorded; the options are those of `AsyncClient`."""
        transport = self._awaited_transport
        return AsyncClient(self.url, self.api_key, timeout=timeout, transport=transport, **self._with_prefix(options))

    def _with_prefix(self, options: CurrentOptions) -> CurrentOptions:
        return _with_prefix(self._prefix, options)


def _with_prefix(prefix: str, options: CurrentOptions) -> CurrentOptions:
    """*options* of a client of a server whose API is at *prefix*."""
    # What comes before "/api" is part of the server's URL.
    return {"handler_prefix": "/api" if prefix.endswith("/api") else prefix, **options}
