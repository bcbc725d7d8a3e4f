"""A Centrifugo server inside this process: a stand-in for one machine, for development, demonstrations and tests.

    with EmbeddedServer(secret="secret") as server:
        Client(server.url, server.secret).publish("news", {"text": "hello"})

It runs in a thread with an event loop of its own, keeps everything in memory, and starts anew each time.
For production, and for more than one machine, there is Centrifugo itself.
"""

import asyncio
import contextlib
import errno
import importlib.util
import json
import logging
import os
import secrets
import signal
import socket
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from centripetal.errors import UsageError
from centripetal.server.app import App
from centripetal.server.events import Events
from centripetal.server.http_api import Endpoints
from centripetal.server.v1.api import VERSION, Node
from centripetal.server.v1.config import Config, read_config

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

__all__ = ["EmbeddedServer", "UnhonouredConfigWarning", "serve"]

logger = logging.getLogger("centripetal.server")

ConfigSource = Mapping[str, Any] | str | os.PathLike[str]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DEFAULT_PORT = 8000
_CAN_WEBSOCKET = importlib.util.find_spec("websockets") is not None


class UnhonouredConfigWarning(UserWarning):
    """A key in a server's configuration that changes nothing in the embedded server."""


class EmbeddedServer:
    """A Centrifugo 1.x server in memory; `with`, `async with`, or `start` and `stop`.

    Args:
        secret: the key of signs and tokens, instead of the configuration's.
        config: what the real server is configured with: a dict, or the path of its JSON file. A key that has no effect
            here gives an `UnhonouredConfigWarning`.
        host: the address to listen on.
        port: the port to listen on; 0 picks a free one at each start.

    Raises:
        UsageError: a wrong argument, or a configuration that the real server would not start with either.
    """

    def __init__(
        self,
        *,
        secret: str | None = None,
        config: ConfigSource | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        if secret is None and config is None:
            raise UsageError("give secret=…, which clients of a 1.x server sign with, or its config=…")
        if secret is not None and (not isinstance(secret, str) or not secret):
            raise UsageError("secret must be text that is not empty")
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
            raise UsageError(f"port must be a number from 0 to 65535, not {port!r}")
        self._config, unhonoured = read_config(_load(config))
        for sentence in unhonoured:
            warnings.warn(sentence, UnhonouredConfigWarning, stacklevel=2)
        if secret is not None:
            self._config = msgspec.structs.replace(self._config, secret=secret)
        self.events = Events()
        """What happens in this server, from one start to the next: `events.listen(function)`."""
        self._host = host
        self._port = port
        self._bound_port: int | None = None
        self._running: _Running | None = None

    @property
    def secret(self) -> str:
        """What clients sign with; empty if nothing is configured."""
        return self._config.secret

    @property
    def url(self) -> str:
        """Where clients of the API connect to."""
        return f"http://{self._authority()}{self._config.http_prefix}"

    @property
    def websocket_url(self) -> str:
        """Where browsers connect to."""
        return f"ws://{self._authority()}{self._config.http_prefix}/connection/websocket"

    def start(self) -> Self:
        """Begin to serve; when this returns, clients can connect.

        Raises:
            UsageError: the server runs already, or the address cannot be listened on.
        """
        if self._running is not None:
            raise UsageError("the server runs already")
        listener = _listen(self._host, self._port)
        self._bound_port = listener.getsockname()[1]
        name = self._config.name or f"{socket.gethostname()}_{self._bound_port}"
        self._running = _Running(msgspec.structs.replace(self._config, name=name), self.events, listener)
        logger.info("a stand-in for Centrifugo %s, for development and tests, at %s", VERSION, self.url)
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
        return f"<EmbeddedServer 1.x, {state}>"

    def _authority(self) -> str:
        if self._bound_port is None:
            raise UsageError("the server has no address before it is started")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._bound_port}"


class _Running:
    """The thread of a server that was started: exists as soon as it accepts connections, until `stop`."""

    def __init__(self, config: Config, events: Events, listener: socket.socket) -> None:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        # A daemon: a test run that forgets to stop its server ends all the same.
        self._thread = threading.Thread(
            target=self._run, args=(config, events, listener, ready), name="centripetal-server", daemon=True
        )
        self._thread.start()
        self._loop, self._done = ready.result()

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def _run(self, config: Config, events: Events, listener: socket.socket, ready: "Future[Any]") -> None:
        try:
            # Not whatever loop the application has made its default.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(_serve(config, events, listener, ready))
        except Exception as error:
            if ready.done():
                logger.exception("the server failed")
            else:
                ready.set_exception(error)


async def _serve(config: Config, events: Events, listener: socket.socket, ready: "Future[Any]") -> None:
    node = Node(config, uid=str(uuid.uuid4()), now=time.time(), next_uid=_message_ids(), events=events)
    endpoints = Endpoints(node, time.time, time.perf_counter, websockets=_CAN_WEBSOCKET)
    if _CAN_WEBSOCKET:
        # Only here: the HTTP half needs no extra, and nobody who just imports this pays for the rest.
        from centripetal.server.websocket import WebSockets

        websockets = WebSockets(node, endpoints.opens_websocket)
        app = App(endpoints.answer, websockets.upgrade)
    else:
        websockets = None
        app = App(endpoints.answer)
    await app.start(listener)
    ticker = asyncio.create_task(_tick(node))
    done = asyncio.Event()
    ready.set_result((asyncio.get_running_loop(), done))
    await done.wait()
    endpoints.stopping = True
    ticker.cancel()
    if websockets is not None:
        await websockets.stop()
    await app.stop()


async def _tick(node: Node) -> None:
    while True:
        await asyncio.sleep(1)
        try:
            node.tick(time.time(), _readings())
        except Exception:
            logger.exception("a tick failed")


def _readings() -> dict[str, int]:
    """What the process uses, under the names of the metrics."""
    used = os.times()
    readings = {
        "node_num_goroutine": threading.active_count(),
        "node_rusage_utime": int(used.user * 1e9),
        "node_rusage_stime": int(used.system * 1e9),
    }
    if resource is not None:
        readings["node_memory_sys"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return readings


def _message_ids() -> Callable[[], str]:
    """Ids of 22 characters, as a 1.x server makes them: a long prefix that all of one process share, and a number."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    number = secrets.randbelow(62**10)
    step = 33 + secrets.randbelow(300)

    def next_id() -> str:
        nonlocal number
        number = (number + step) % 62**10
        rest, digits = number, ""
        for _ in range(10):
            rest, digit = divmod(rest, 62)
            digits = _ALPHABET[digit] + digits
        return prefix + digits

    return next_id


def _load(source: ConfigSource | None) -> Mapping[str, Any]:
    if source is None or isinstance(source, Mapping):
        return source or {}
    if not isinstance(source, str | os.PathLike):
        raise UsageError(f"config must be a dict or the path of a JSON file, not {type(source).__name__}")
    path = Path(source)
    try:
        # Go and Windows editors agree on little, but a byte order mark is common.
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"the configuration {path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        hint = "" if path.suffix == ".json" else " (of the formats that the real server reads, JSON is the one here)"
        raise UsageError(f"the configuration {path} is not JSON{hint}: {error}") from None
    if not isinstance(value, dict):
        raise UsageError(f"the configuration {path} must be a JSON object")
    return value


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} of {host} is in use: choose another, or 0 for a free one") from None
        raise UsageError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from None


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    config: ConfigSource | None = None,
    secret: str | None = None,
    insecure: bool = False,
    echo: Callable[[str], object] = print,
) -> None:
    """Run an embedded server in the main thread until SIGINT or SIGTERM.

    Args:
        host: the address to listen on, instead of the configuration's `address`; 127.0.0.1 if nobody says.
        port: the port to listen on, instead of the configuration's `port`; 8000 if nobody says.
        config: as for `EmbeddedServer`.
        secret: instead of the configuration's.
        insecure: neither the API nor clients need credentials.
        echo: takes the two lines that say where the server is and what it is for.

    Raises:
        UsageError: as for `EmbeddedServer`.
    """
    values = {str(key).lower(): value for key, value in _load(config).items()}
    configured = values.pop("address", None), values.pop("port", None)
    if insecure:
        values |= {"insecure": True, "insecure_api": True}
    server = EmbeddedServer(
        secret=secret,
        # A configuration without a secret is the user's choice, no configuration at all is an oversight.
        config=None if config is None and not insecure else values,
        host=host or str(configured[0] or "127.0.0.1"),
        port=_port(configured[1]) if port is None else port,
    )
    done = threading.Event()
    before = {number: signal.signal(number, lambda *_: done.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with server:
            echo(f"serving the API and clients of Centrifugo 1.x at {server.url}")
            echo("This server keeps everything in memory: for development and tests, not production.")
            done.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _port(value: Any) -> int:
    try:
        return int(value or _DEFAULT_PORT)
    except (TypeError, ValueError):
        raise UsageError(f"port in the configuration must be a number, not {value!r}") from None
