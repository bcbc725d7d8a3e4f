"""Test server and recorder for Centrifugo 6.

with Centrifugo() as server:
    server.client().publish("news", {"text": "hello"})
    server.assert_published("news", {"text": "hello"})
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Unpack

from msgspec import UNSET, Raw

from centripetal.client.current import AsyncClient, Client, CurrentOptions
from centripetal.dialects.current.client_protocol.commands import Connect, Request
from centripetal.dialects.current.client_protocol.objects import NO_JSON
from centripetal.protocol.payload import encode_json
from centripetal.server.configuration.loading import choose
from centripetal.server.consuming.rows import Verdict
from centripetal.server.current.permissions import Permissions
from centripetal.server.embedded import EmbeddedServer
from centripetal.server.listening.http_server import HTTPServer
from centripetal.testing.browsers.browser import Connecting
from centripetal.testing.browsers.current import AsyncBrowser, Browser, Protocol
from centripetal.testing.browsers.protocol import credential
from centripetal.testing.outbox import Draining, Rows, executed
from centripetal.testing.recorder import BaseRecorder
from centripetal.testing.server import BaseServer

if TYPE_CHECKING:
    from centripetal.handling.handlers import Handlers

__all__ = ["Centrifugo", "Recorder"]

TOKEN_SECRET: Final = "a-secret-for-tokens-of-32-bytes-or-more"  # noqa: S105
"""The default secret for tokens. A real server's secret should have 32 bytes or more, too."""

_EPOCH = 1_750_000_000.0  # June 2025, when Centrifugo 6 was current


class Centrifugo(BaseServer, Draining):
    """An embedded Centrifugo 6 for a test.

    Args:
        api_key: the key of the server's API.
        token_secret: the secret that signs clients' tokens (`centripetal.tokens`).
        config: the configuration, as for `centripetal.server.EmbeddedServer`.
        proxy: handlers of proxy events that the server asks, as for `centripetal.server.EmbeddedServer`, or their name
            as `module:variable`, such as `app:proxy`.
    """

    def __init__(
        self,
        *,
        api_key: str = "key",
        token_secret: str = TOKEN_SECRET,
        config: Mapping[str, Any] | None = None,
        proxy: "Handlers | str | None" = None,
    ) -> None:
        if isinstance(proxy, str):
            from centripetal.server.asking.loading import load_handlers  # rarely used

            proxy = load_handlers(proxy)
        server = EmbeddedServer(api_key=api_key, token_secret=token_secret, config=config or {}, proxy=proxy)
        super().__init__(server)

    def _consume(self, rows: Rows) -> list[Verdict]:
        async def act(_: HTTPServer) -> list[Verdict]:
            return executed(self._server.service, rows)

        return self._server.in_loop(act)

    @property
    def api_key(self) -> str:
        """The key of this server's API."""
        return self._server.api_key

    @property
    def token_secret(self) -> str:
        """The secret that signs the tokens of this server's clients."""
        return self._server.token_secret

    def client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> Client:
        """Return a new blocking client of this server. It takes the options of `Client`, and `stop` closes it."""
        options = self._noted(_with_prefix(self._server.api_path, options))
        return self._closed_with_server(Client(self.url, self.api_key, timeout=timeout, **options))

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> AsyncClient:
        """Return a new asyncio client of this server with the options of `AsyncClient`; the caller closes it."""
        return AsyncClient(
            self.url, self.api_key, timeout=timeout, **self._noted(_with_prefix(self._server.api_path, options))
        )

    def connect(
        self, token: str | None = None, *, data: Any = UNSET, headers: Mapping[str, str] = {}
    ) -> Connecting[Request, Browser, AsyncBrowser]:
        """Return a browser for a `with` block (`async with` in an asyncio test), which connects when the block begins.

        Args:
            token: the connection token that the application gives to its page. None to connect without a token, which
                the server accepts only if `client.allow_anonymous_connect_without_token` of its configuration is true,
                or if a handler of connect events lets the browser connect.
            data: any JSON value that the page sends with its connection; the server passes it on to the handler.
            headers: the headers of the page's handshake, such as `Cookie`.

        Raises:
            UsageError: *token* is not text, or *data* has no JSON form.
            ServerError: at the beginning of the block: the server refused the browser; the text explains why, as
                `centripetal token explain` does.
            ConnectError: at the beginning of the block: a planned "refuse" is due, or the server is `down()`.
        """
        request = Connect(
            "" if token is None else credential("token", token),
            NO_JSON if data is UNSET else Raw(encode_json(data, "data")),
        )
        return self._connecting(
            lambda service: Protocol(Permissions(service.node.config)), request, Browser, AsyncBrowser, headers
        )


class Recorder(BaseRecorder, Draining):
    """A Centrifugo 6 in memory, without a socket or a thread, that records what is published.

    Args:
        api_key: the key of the server's API.
        token_secret: stored as an attribute only, because clients cannot connect to a recorder.
        config: the configuration, as for `centripetal.server.EmbeddedServer`.
        now: returns the time in Unix seconds. By default the time never changes, so nothing expires.

    Raises:
        UsageError: *config* is invalid.
    """

    def __init__(
        self,
        *,
        api_key: str = "key",
        token_secret: str = TOKEN_SECRET,
        config: Mapping[str, Any] | None = None,
        now: Callable[[], float] = lambda: _EPOCH,
    ) -> None:
        settings, unhonoured = choose(6, None, api_key, token_secret, config or {})
        super().__init__(settings, unhonoured, now)
        self.api_key = api_key
        self.token_secret = token_secret

    def _consume(self, rows: Rows) -> list[Verdict]:
        with self._exclusively():
            return executed(self._service, rows)

    def client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> Client:
        """Return a new blocking client whose calls are recorded. It takes the options of `Client`."""
        options = self._noted(_with_prefix(self._settings.api_path, options))
        return Client(self.url, self.api_key, timeout=timeout, transport=self._transport, **options)

    def async_client(self, *, timeout: float = 5.0, **options: Unpack[CurrentOptions]) -> AsyncClient:
        """Return a new asyncio client whose calls are recorded. It takes the options of `AsyncClient`."""
        options = self._noted(_with_prefix(self._settings.api_path, options))
        return AsyncClient(self.url, self.api_key, timeout=timeout, transport=self._async_transport, **options)


def _with_prefix(prefix: str, options: CurrentOptions) -> CurrentOptions:
    """Return *options* with the handler prefix for a server whose API is at *prefix*."""
    # The part of *prefix* before "/api" is already in the server's URL.
    return {"handler_prefix": "/api" if prefix.endswith("/api") else prefix, **options}
