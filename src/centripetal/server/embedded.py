"""A Centrifugo server inside this process, for development, demonstrations and tests on one machine.

    with EmbeddedServer() as server:                                  a Centrifugo 6 with generated keys
        Client(server.url, server.api_key).publish("news", {"text": "hello"})
    with EmbeddedServer(server=1) as server:                          a Centrifugo 1.x
        v1.Client(server.url, server.secret).publish("news", {"text": "hello"})

The server runs in a background thread with a separate event loop, keeps everything in memory and starts empty.
In production, or with more than one machine, use Centrifugo itself.
"""

import asyncio
import functools
import logging
import secrets
import socket
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from centripetal.errors import UsageError
from centripetal.protocol.discreet import discreet
from centripetal.protocol.exact import exact_integer
from centripetal.server.configuration.development import Arguments, asking, completed
from centripetal.server.configuration.loading import ConfigSource, choose
from centripetal.server.console.endpoints import PREFIX
from centripetal.server.console.guard import is_loopback
from centripetal.server.console.stream import Console
from centripetal.server.consuming.consumer import Consumers
from centripetal.server.consuming.drivers import DRIVER_MISSING, find_driver
from centripetal.server.consuming.drivers import connect as connect_with
from centripetal.server.engine.events import Events
from centripetal.server.listening.http_server import HTTPServer
from centripetal.server.listening.sockets import check_host, listen
from centripetal.server.listening.thread import ServerThread
from centripetal.server.questions import Ask, ask_nobody
from centripetal.server.service import Service
from centripetal.server.system import system_environment

if TYPE_CHECKING:
    from centripetal.handling.dispatcher import Dispatcher
    from centripetal.handling.handlers import Handlers

__all__ = ["EmbeddedServer", "UnhonouredConfigWarning"]

logger = logging.getLogger("centripetal.server")

T = TypeVar("T")


class UnhonouredConfigWarning(UserWarning):
    """A configuration key that has no effect in the embedded server."""


class EmbeddedServer:
    """A Centrifugo server in memory. Use it with `with`, `async with`, or `start` and `stop`.

    Args:
        secret: the key of signatures and tokens of a 1.x server; overrides the configuration.
        api_key: the API key of a current server; overrides `http_api.key` of the configuration.
        token_secret: the key of the client tokens of a current server; overrides `client.token.hmac_secret_key` of the
            configuration. If a configuration is given and both are missing, the server accepts no token.
        config: the configuration of the real server: a dict, or the path of a JSON file. Each key that has no effect
            here causes an `UnhonouredConfigWarning`. Without a configuration (None), the server is set up for
            development: channels without a namespace have presence, recovery and a history (100 publications, 24
            hours); clients with a token may subscribe; pages on localhost may connect; and keys that are not passed
            are generated for each instance. With a configuration, also an empty one, nothing is added.
        host: the address to listen on. "0.0.0.0" (or empty) means all IPv4 addresses of this machine, "::" all IPv6 and
            IPv4 addresses, and "localhost" both 127.0.0.1 and ::1, as far as the platform has both.
        port: the port to listen on; 0 picks a free port at each start.
        console: whether to serve a page at `console_url` that shows the events of the server and can run commands.
        console_password: the password of the console. Without it, the console needs no password on a loopback address;
            on other addresses the server generates one, see the attribute `console_password`.
        proxy: handlers of proxy events (`centripetal.proxy.Handlers`), which a current server asks in this process
            instead of the endpoints in its configuration. If the configuration has no proxies, the server asks about
            what the handlers are registered for. Coroutine functions run in the event loop in which `start` is called,
            if any, otherwise in a separate thread; plain functions run in a thread for each call.
        server: 1 or 6. Without it, the keys that are passed decide, or else the keys in the configuration. Without any
            of them, the server is a Centrifugo 6.

    Raises:
        UsageError: an invalid argument, or a configuration with which the real server would not start either.
    """

    @discreet
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
        proxy: "Handlers | None" = None,
        server: int | None = None,
    ) -> None:
        host = check_host(host)
        number = exact_integer(port)
        if number is None or not 0 <= number <= 65535:
            raise UsageError(f"port must be a number from 0 to 65535, not {port!r:.100}")
        if console_password is not None and (not isinstance(console_password, str) or not console_password):
            raise UsageError("console_password must be non-empty text")
        if console_password is not None and not console:
            raise UsageError("console_password needs the console: omit console_password or console=False")
        chosen = completed(Arguments(server, secret, api_key, token_secret, config))
        self._dispatcher = None if proxy is None else _dispatcher(proxy)
        if self._dispatcher is not None:
            chosen = asking(self._dispatcher, chosen)
        self._settings, unhonoured = choose(*chosen[:5])
        self._application_loop: asyncio.AbstractEventLoop | None = None
        for sentence in unhonoured:
            warnings.warn(sentence, UnhonouredConfigWarning, stacklevel=3)  # of the caller of `discreet`
        self.events = Events()
        """The events of this server; call `events.listen(function)`. Listeners are kept across restarts."""
        self.console_password = console_password or ("" if is_loopback(host) else secrets.token_urlsafe(12))
        """The password of the console; empty if the console needs none."""
        self._driver = self._find_driver()
        self._console = console
        self._host = host
        self._port = number
        self._bound_port: int | None = None
        self._thread: ServerThread | None = None

    @property
    def generation(self) -> str:
        """The generation of Centrifugo that this server emulates: "1.x" or "6"."""
        return self._settings.generation

    @property
    def secret(self) -> str:
        """The key that signs requests and tokens of 1.x; empty if not configured."""
        return self._settings.secret

    @property
    def api_key(self) -> str:
        """The key of the current API; empty if not configured."""
        return self._settings.api_key

    @property
    def token_secret(self) -> str:
        """The key that signs client tokens; empty if not configured. In 1.x it is the secret."""
        return self._settings.token_secret

    @property
    def url(self) -> str:
        """The URL to pass to API clients."""
        return f"http://{self._authority()}{self._settings.url_path}"

    @property
    def api_path(self) -> str:
        """The path of the API, or the prefix of its paths, such as `/api`."""
        return self._settings.api_path

    @property
    def websocket_url(self) -> str:
        """The WebSocket URL for browsers."""
        return f"ws://{self._authority()}{self._settings.websocket_path}"

    @property
    def console_url(self) -> str:
        """The URL of the console, to open in a browser.

        Raises:
            UsageError: the server was created without a console, or has no address yet.
        """
        if not self._console:
            raise UsageError("this server has no console: create it with console=True")
        # Browsers cannot open a wildcard address.
        host = "localhost" if self._host in ("0.0.0.0", "::") else None  # noqa: S104
        return f"http://{self._authority(host)}{PREFIX}"

    def start(self) -> Self:
        """Start the server; clients can connect as soon as this method returns.

        Raises:
            UsageError: the server is already running, cannot listen on the address, or the system allows no further
                thread or descriptor.
        """
        if self._thread is not None:
            raise UsageError("the server is already running")
        self._application_loop = asyncio._get_running_loop()  # returns None if no loop runs
        listeners = listen(self._host, self._port)
        thread = None
        try:
            self._bound_port = listeners[0].getsockname()[1]
            thread = ServerThread(
                self._start_service,
                listeners,
                self._open_console if self._console else None,
                self._open_consumers if self._driver else None,
            )
            self._thread = thread
            thread.start()
        except BaseException as error:
            # Also after an interrupt, leave no thread and no port in use. A thread that never ran has not closed them.
            if thread is not None:
                thread.stop()
            if self._thread is thread:
                self._thread = None
            for listener in listeners:
                listener.close()
            if isinstance(error, OSError):
                raise UsageError(f"cannot start the server: {error.strerror or error}") from error
            raise
        version = self._settings.version
        logger.info("emulating Centrifugo %s, for development and tests, at %s", version, self.url)
        return self

    def stop(self) -> None:
        """Stop listening, close all connections and discard all state. Does nothing if the server is not running.

        If the wait for the server's thread is interrupted, for example by Ctrl-C, call this method again. In the
        server's own thread, for example in a listener of its events, this method does not wait for the end.
        """
        thread = self._thread
        if thread is None:
            return
        thread.stop()
        if self._thread is thread and not thread.is_current:
            self._thread = None
            logger.info("stopped serving at %s", self.url)

    def in_loop(self, act: Callable[[HTTPServer], Coroutine[Any, Any, T]]) -> T:
        """Run `act(server)` in the event loop of the running server and return its result; for tests and tools.

        Raises:
            UsageError: the server is not running, or the caller is in the server's own thread.
        """
        thread = self._thread
        if thread is None:
            raise UsageError("the server is not running: start it first")
        return thread.in_loop(act)

    @property
    def is_own_thread(self) -> bool:
        """Whether the caller runs in the server's own thread, for example as a listener of its events."""
        return self._thread is not None and self._thread.is_current

    @property
    def service(self) -> Service:
        """The parts of the running server, only for code in its own thread (`in_loop`, `submit`).

        Raises:
            UsageError: the server is not running.
        """
        thread = self._thread
        if thread is None or thread.service is None:
            raise UsageError("the server is not running: start it first")
        return thread.service

    def submit(self, act: Callable[[HTTPServer], Coroutine[Any, Any, T]]) -> "Future[T]":
        """Start `act(server)` in the event loop of the running server, and return a future of its result.

        Raises:
            UsageError: the server is not running.
        """
        thread = self._thread
        if thread is None:
            raise UsageError("the server is not running: start it first")
        return thread.submit(act)

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
        # The server waits for its connections to close; clients in this event loop must be able to run meanwhile.
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        state = "stopped" if self._thread is None else f"at {self.url}"
        return f"<EmbeddedServer {self._settings.generation}, {state}>"

    def _start_service(self) -> Service:
        name = f"{socket.gethostname()}_{self._bound_port}"
        return self._settings.start(system_environment(self._asker()), self.events, name)

    def _asker(self) -> Ask:
        """Return what asks the application, in the server's event loop."""
        if not self._settings.endpoints:
            return ask_nobody
        # Imported here, because most servers ask nobody, and imports must stay fast.
        if self._dispatcher is not None:
            from centripetal.server.asking.in_process import InProcessAsker

            return InProcessAsker(self._dispatcher, self._application_loop).ask
        from centripetal.server.asking.over_http import HTTPAsker

        return HTTPAsker(self._settings.endpoints).ask

    def _find_driver(self) -> str | None:
        """Return the name of the database driver for the consumers, and warn if there is none; None without both."""
        if not self._settings.consumers:
            return None
        driver = find_driver()
        if driver is None:
            warnings.warn(DRIVER_MISSING, UnhonouredConfigWarning, stacklevel=4)  # of the caller of `discreet`
        return driver

    def _open_consumers(self, service: Service) -> Consumers:
        assert self._driver is not None
        assert service.consume is not None
        connect = functools.partial(connect_with, self._driver)
        return Consumers(self._settings.consumers, connect, service.consume, service.node.environment.jitter)

    def _open_console(self, service: Service) -> Console:
        return Console(service, host=self._host, password=self.console_password)

    def _authority(self, host: str | None = None) -> str:
        if self._bound_port is None:
            raise UsageError("the server has no address yet: start it first")
        host = self._host if host is None else host
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self._bound_port}"


def _dispatcher(proxy: "Handlers") -> "Dispatcher":
    from centripetal.handling.handlers import (  # imported here, so that other servers start faster
        Handlers,
        dispatcher_of,
    )

    if not isinstance(proxy, Handlers):
        raise UsageError(f"proxy must be a centripetal.proxy.Handlers, not {type(proxy).__name__}")
    return dispatcher_of(proxy)
