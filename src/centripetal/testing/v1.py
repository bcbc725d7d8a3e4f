"""The server kit and the recorder of Centrifugo 1.x.

with CentrifugoV1() as server:
    server.client().publish("news", {"text": "hello"})
    server.assert_published("news", {"text": "hello"})
"""

from collections.abc import Callable, Mapping
from typing import Any, Unpack

from centripetal.client.options import ClientOptions
from centripetal.server.configuration.loading import choose
from centripetal.server.embedded import EmbeddedServer
from centripetal.testing.recorder import BaseRecorder
from centripetal.testing.server import BaseServer
from centripetal.v1 import AsyncClient, Client

__all__ = ["CentrifugoV1", "RecorderV1"]

_EPOCH = 1_500_000_000.0  # July 2017, in the days of 1.x


class CentrifugoV1(BaseServer):
    """An embedded Centrifugo 1.x for a test.

    Args:
        secret: what clients sign with.
        config: as for `centripetal.server.EmbeddedServer`.
    """

    def __init__(self, *, secret: str = "secret", config: Mapping[str, Any] | None = None) -> None:  # noqa: S107
        super().__init__(EmbeddedServer(secret=secret, config=config))

    @property
    def secret(self) -> str:
        """What clients of this server sign with."""
        return self._server.secret

    def client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> Client:
        """A new blocking client of this server, which is closed with it; the options are those of `v1.Client`."""
        return self._closed_with_server(Client(self.url, self.secret, timeout=timeout, **options))

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> AsyncClient:
        """A new awaiting client of this server; the options are those of `v1.AsyncClient`."""
        return AsyncClient(self.url, self.secret, timeout=timeout, **options)


class RecorderV1(BaseRecorder):
    """A Centrifugo 1.x of values only.

    Args:
        secret: what clients sign with.
        config: as for `centripetal.server.EmbeddedServer`.
        now: the clock, Unix seconds; without it time stands still, so that nothing expires.

    Raises:
        UsageError: a configuration that cannot be.
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
        """A new blocking client whose calls are recorded; the options are those of `v1.Client`."""
        return Client(self.url, self.secret, timeout=timeout, transport=self._transport, **options)

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[ClientOptions]) -> AsyncClient:
        """A new awaiting client whose calls are recorded; the options are those of `v1.AsyncClient`."""
        return AsyncClient(self.url, self.secret, timeout=timeout, transport=self._async_transport, **options)
