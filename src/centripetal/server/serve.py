"""The embedded server as a program that runs in the main thread until a signal stops it."""

import contextlib
import functools
import os
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.hosts import checked_port
from centripetal.server.configuration.development import Arguments, completed
from centripetal.server.configuration.loading import ConfigSource, load, which
from centripetal.server.configuration.value_readers import lowercase_keys
from centripetal.server.embedded import EmbeddedServer
from centripetal.server.listening.sockets import PortInUse
from centripetal.server.welcome import Shown, welcome

__all__ = ["serve"]

_DEFAULT_PORT = 8000


def serve(
    *,
    server: int | None = None,
    host: str | None = None,
    port: int | None = None,
    config: ConfigSource | None = None,
    secret: str | None = None,
    api_key: str | None = None,
    token_secret: str | None = None,
    insecure: bool = False,
    console: bool = True,
    console_password: str | None = None,
    echo: Callable[[str], object] = print,
) -> None:
    """Run an embedded server in the main thread until SIGINT or SIGTERM.

    Args:
        server: the generation of Centrifugo, 1 or 6; without it, the credentials or the configuration decide.
            Without any of them, 6.
        host: the address to listen on; overrides the configuration. The default is 127.0.0.1.
        port: the port to listen on; overrides the configuration. The default is 8000; without a configuration, the
            server selects a free port if 8000 is in use, and says so.
        config: as for `EmbeddedServer`.
        secret: overrides the configuration, as for `EmbeddedServer`.
        api_key: overrides the configuration, as for `EmbeddedServer`.
        token_secret: overrides the configuration, as for `EmbeddedServer`.
        insecure: whether the API and clients can be used without credentials.
        console: as for `EmbeddedServer`.
        console_password: as for `EmbeddedServer`.
        echo: receives the lines to print: the URLs of the server and its console, the purpose of the server, and
            commands for another terminal. They contain generated keys, never keys that were passed or configured.

    Raises:
        UsageError: as for `EmbeddedServer`.
    """
    chosen = completed(Arguments(server, secret, api_key, token_secret, config))
    values = lowercase_keys(load(chosen.config), "the configuration")
    generation = which(chosen.server, chosen.secret, chosen.api_key or chosen.token_secret, values)
    values, address, configured = _without_address(values, generation)
    if insecure:
        values = _opened(values, generation)
    create = functools.partial(
        EmbeddedServer,
        server=generation,
        secret=chosen.secret,
        api_key=chosen.api_key,
        token_secret=chosen.token_secret,
        config=values,
        host=host or address,
        console=console,
        console_password=console_password,
    )
    embedded = create(port=_port(configured) if port is None else port)
    done = threading.Event()
    before = {number: signal.signal(number, lambda *_: done.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        note = ""
        try:
            embedded.start()
        except PortInUse:
            if port is not None or config is not None:
                raise
            note = f"Port {_DEFAULT_PORT} is in use, so the server selected a free one."
            embedded = create(port=0).start()
        with contextlib.ExitStack() as running:
            running.callback(embedded.stop)
            found = f"{embedded.console_url}{_password_hint(embedded, console_password)}" if console else ""
            keys = {name: getattr(embedded, name) for name in ("secret", "api_key", "token_secret")}
            for line in welcome(
                Shown(embedded.generation, embedded.url, found, keys, chosen.generated, note), os.environ
            ):
                echo(line)
            done.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _password_hint(server: EmbeddedServer, known: str | None) -> str:
    """Return a hint about the console's password: the password itself if it was generated."""
    if not server.console_password:
        return ""
    return " (with your password)" if known else f" (password {server.console_password})"


def _without_address(values: Mapping[str, Any], generation: int) -> tuple[dict[str, Any], str, Any]:
    """Split *values* into the configuration without address and port, the address, and the port."""
    rest = dict(values)
    section = rest if generation == 1 else lowercase_keys(rest.pop("http_server", {}), "http_server")
    address, port = section.pop("address", None), section.pop("port", None)
    if generation != 1 and section:
        rest["http_server"] = section
    return rest, str(address or "127.0.0.1"), port


def _opened(values: Mapping[str, Any], generation: int) -> dict[str, Any]:
    """Return a copy of *values* in which neither the API nor clients need credentials."""
    if generation == 1:
        return {**values, "insecure": True, "insecure_api": True}
    api, client = (lowercase_keys(values.get(section, {}), section) for section in ("http_api", "client"))
    # If credentials are switched off, checking the origin of pages would only get in the way.
    client = {"allowed_origins": ["*"], **client, "insecure": True}
    return {**values, "http_api": {**api, "insecure": True}, "client": client}


def _port(value: Any) -> int:
    try:
        # int() also accepts signs, spaces, underscores and other digits than ASCII.
        return checked_port(value) if isinstance(value, str) and value else int(value or _DEFAULT_PORT)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"port in the configuration must be a number, not {value!r:.100}") from None
