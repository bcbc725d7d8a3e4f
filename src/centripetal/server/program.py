"""The embedded server as a program: in the main thread, until it is told to stop."""

import signal
import threading
from collections.abc import Callable
from typing import Any

from centripetal.errors import UsageError


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
