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
import secrets
import socket
import warnings
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from centripetal.errors import UsageError
from centripetal.server.configuration.loading import ConfigSource, choose
from centripetal.server.console.endpoints import PREFIX
from centripetal.server.console.guard import is_loopback
from centripetal.server.console.stream import Console
from centripetal.server.engine.events import Events
from centripetal.server.listening.http_server import HTTPServer
from centripetal.server.listening.thread import ServerThread
from centripetal.server.service import Service
from centripetal.server.system import system_environment

__all__ = ["EmbeddedServer", "UnhonouredConfigWarning"]

logger = logging.getLogger("centripetal.server")

T = TypeVar("T")


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
        host: the address to listen on; "0.0.0.0" (or empty) and "::" are all of this machine's.
        port: the port to listen on; 0 picks a free one at each start.
        console: whether there is a page at `console_url` that shows what happens in the server, and acts on it.
        console_password: what it asks for. Without one it asks for nothing on a loopback address; on others a
            password is made up, see the attribute `console_password`.
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
        console: bool = True,
        console_password: str | None = None,
        server: int | None = None,
    ) -> None:
        if not isinstance(host, str):
            raise UsageError(f"host must be text, such as 127.0.0.1, not {host!r}")
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
            raise UsageError(f"port must be a number from 0 to 65535, not {port!r}")
        if console_password is not None and (not isinstance(console_password, str) or not console_password):
            raise UsageError("console_password must be text that is not empty")
        if console_password is not None and not console:
            raise UsageError("console_password goes with a console: leave it out, or leave out console=False")
        self._settings, unhonoured = choose(server, secret, api_key, token_secret, config)
        for sentence in unhonoured:
            warnings.warn(sentence, UnhonouredConfigWarning, stacklevel=2)
        self.events = Events()
        """What happens in this server, from one start to the next: `events.listen(function)`."""
        self.console_password = console_password or ("" if is_loopback(host) else secrets.token_urlsafe(12))
        """What the console asks for; empty: nothing."""
        self._console = console
        self._host = host or "0.0.0.0"  # noqa: S104 - an empty host means every address, to a socket
        self._port = port
        self._bound_port: int | None = None
        self._thread: ServerThread | None = None

    @property
    def generation(self) -> str:
        """What it stands in for: "1.x" or "6"."""
        return self._settings.generation

    @property
    def secret(self) -> str:
        """What requests and tokens of 1.x are signed with; empty if nothing is configured."""
        return self._settings.secret

    @property
    def api_key(self) -> str:
        """What the current API is called with; empty if nothing is configured."""
        return self._settings.api_key

    @property
    def token_secret(self) -> str:
        """What tokens of clients are signed with; empty if nothing is configured. In 1.x it is the secret."""
        return self._settings.token_secret

    @property
    def url(self) -> str:
        """Where clients of the API connect to."""
        return f"http://{self._authority()}{self._settings.url_path}"

    @property
    def api_path(self) -> str:
        """What the paths of the API are, or begin with, such as `/api`."""
        return self._settings.api_path

    @property
    def websocket_url(self) -> str:
        """Where browsers connect to."""
        return f"ws://{self._authority()}{self._settings.websocket_path}"

    @property
    def console_url(self) -> str:
        """Where people see what happens in this server, in a browser.

        Raises:
            UsageError: the server was made without a console, or has no address yet.
        """
        if not self._console:
            raise UsageError("this server has no console: make it with console=True")
        # A browser does not go to "every address".
        host = "localhost" if self._host in ("0.0.0.0", "::") else None  # noqa: S104
        return f"http://{self._authority(host)}{PREFIX}"

    def start(self) -> Self:
        """Begin to serve; when this returns, clients can connect.

        Raises:
            UsageError: the server runs already, or the address cannot be listened on.
        """
        if self._thread is not None:
            raise UsageError("the server runs already")
        listener = _listen(self._host, self._port)
        self._bound_port = listener.getsockname()[1]
        try:
            self._thread = ServerThread(self._start_service, listener, self._open_console if self._console else None)
        except BaseException:
            listener.close()
            raise
        version = self._settings.version
        logger.info("a stand-in for Centrifugo %s, for development and tests, at %s", version, self.url)
        return self

    def stop(self) -> None:
        """Stop listening, end all connections and forget everything; no harm if the server does not run."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
            logger.info("stopped serving at %s", self.url)

    def in_loop(self, act: Callable[[HTTPServer], Coroutine[Any, Any, T]]) -> T:
        """Run `act(server)` in the event loop of the running server and wait for its result; for tests and tools.

        Raises:
            UsageError: the server does not run.
        """
        if self._thread is None:
            raise UsageError("the server does not run: start it first")
        return self._thread.in_loop(act)

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
        state = "stopped" if self._thread is None else f"at {self.url}"
        return f"<EmbeddedServer {self._settings.generation}, {state}>"

    def _start_service(self) -> Service:
        return self._settings.start(system_environment(), self.events, f"{socket.gethostname()}_{self._bound_port}")

    def _open_console(self, service: Service) -> Console:
        return Console(service, host=self._host, password=self.console_password)

    def _authority(self, host: str | None = None) -> str:
        if self._bound_port is None:
            raise UsageError("the server has no address before it is started")
        host = self._host if host is None else host
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self._bound_port}"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} of {host} is in use: choose another, or 0 for a free one") from None
        raise UsageError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from None
