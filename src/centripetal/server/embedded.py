"""A Centrifugo server inside this process: a stand-in for one machine, for development, demonstrations and tests.

    with EmbeddedServer(secret="secret") as server:                   a 1.x server
        v1.Client(server.url, server.secret).publish("news", {"text": "hello"})
    with EmbeddedServer(api_key="key") as server:                     a current one
        Client(server.url, server.api_key).publish("news", {"text": "hello"})

It runs in a thread with an event loop of its own, keeps everything in memory, and starts anew each time.
For production, and for more than one machine, there is Centrifugo itself.
"""

import asyncio
import errno
import logging
import socket
import warnings
from types import TracebackType
from typing import Self

from centripetal.errors import UsageError
from centripetal.server.configuration import ConfigSource, choose
from centripetal.server.events import Events
from centripetal.server.generations import Service
from centripetal.server.runner import CAN_WEBSOCKET, Running

__all__ = ["EmbeddedServer", "UnhonouredConfigWarning"]

logger = logging.getLogger("centripetal.server")


class UnhonouredConfigWarning(UserWarning):
    """A key in a server's configuration that changes nothing in the embedded server."""


class EmbeddedServer:
    """A Centrifugo server in memory; `with`, `async with`, or `start` and `stop`.

    Args:
        secret: the key of signs and tokens of a 1.x server, instead of the configuration's.
        api_key: the API key of a current server, instead of the configuration's `http_api.key`.
        token_secret: the key of the tokens of a current server's clients, instead of the configuration's
            `client.token.hmac_secret_key`; with neither, no token is accepted.
        config: what the real server is configured with: a dict, or the path of its JSON file. A key that has no effect
            here gives an `UnhonouredConfigWarning`.
        host: the address to listen on.
        port: the port to listen on; 0 picks a free one at each start.
        server: 1 or 6; without it, the keys that are given decide, or else those in the configuration.

    Raises:
        UsageError: a wrong argument, or a configuration that the real server would not start with either.
    """

    def __init__(
        self,
        *,
        secret: str | None = None,
        api_key: str | None = None,
        token_secret: str | None = None,
        config: ConfigSource | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        server: int | None = None,
    ) -> None:
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
            raise UsageError(f"port must be a number from 0 to 65535, not {port!r}")
        self._generation, unhonoured = choose(server, secret, api_key, token_secret, config)
        for sentence in unhonoured:
            warnings.warn(sentence, UnhonouredConfigWarning, stacklevel=2)
        self.events = Events()
        """What happens in this server, from one start to the next: `events.listen(function)`."""
        self._host = host
        self._port = port
        self._bound_port: int | None = None
        self._running: Running | None = None

    @property
    def generation(self) -> str:
        """What it stands in for: "1.x" or "6"."""
        return self._generation.name

    @property
    def secret(self) -> str:
        """What requests and tokens of 1.x are signed with; empty if nothing is configured."""
        return self._generation.secret

    @property
    def api_key(self) -> str:
        """What the current API is called with; empty if nothing is configured."""
        return self._generation.api_key

    @property
    def token_secret(self) -> str:
        """What tokens of clients are signed with; empty if nothing is configured. In 1.x it is the secret."""
        return self._generation.token_secret

    @property
    def url(self) -> str:
        """Where clients of the API connect to."""
        return f"http://{self._authority()}{self._generation.path}"

    @property
    def websocket_url(self) -> str:
        """Where browsers connect to."""
        return f"ws://{self._authority()}{self._generation.websocket_path}"

    def start(self) -> Self:
        """Begin to serve; when this returns, clients can connect.

        Raises:
            UsageError: the server runs already, or the address cannot be listened on.
        """
        if self._running is not None:
            raise UsageError("the server runs already")
        listener = _listen(self._host, self._port)
        self._bound_port = listener.getsockname()[1]
        self._running = Running(self._serve, listener)
        version = self._generation.version
        logger.info("a stand-in for Centrifugo %s, for development and tests, at %s", version, self.url)
        return self

    def stop(self) -> None:
        """Stop listening, end all connections and forget everything; no harm if the server does not run."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()
            logger.info("stopped serving at %s", self.url)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Clients of this very loop may have to see their connections end before the server can.
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        state = "stopped" if self._running is None else f"at {self.url}"
        return f"<EmbeddedServer {self._generation.name}, {state}>"

    def _serve(self) -> Service:
        name = f"{socket.gethostname()}_{self._bound_port}"
        return self._generation.serve(name, self.events, websockets=CAN_WEBSOCKET)

    def _authority(self) -> str:
        if self._bound_port is None:
            raise UsageError("the server has no address before it is started")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._bound_port}"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} of {host} is in use: choose another, or 0 for a free one") from None
        raise UsageError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from None
