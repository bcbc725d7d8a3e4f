"""The embedded server as a program: in the main thread, until it is told to stop."""

import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any

from centripetal.errors import UsageError
from centripetal.server.configuration.loading import ConfigSource, load, which
from centripetal.server.configuration.value_readers import lowercase_keys
from centripetal.server.embedded import EmbeddedServer

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
        server: the generation of Centrifugo, 1 or 6; without it the credentials or the configuration decide.
        host: the address to listen on, instead of the configuration's; 127.0.0.1 if nobody says.
        port: the port to listen on, instead of the configuration's; 8000 if nobody says.
        config: as for `EmbeddedServer`.
        secret: instead of the configuration's.
        api_key: instead of the configuration's.
        token_secret: instead of the configuration's.
        insecure: neither the API nor clients need credentials.
        console: as for `EmbeddedServer`.
        console_password: as for `EmbeddedServer`.
        echo: takes the lines that say where the server and its console are, and what it is for.

    Raises:
        UsageError: as for `EmbeddedServer`.
    """
    values = lowercase_keys(load(config), "the configuration")
    generation = which(server, secret, api_key or token_secret, values)
    # A configuration without a key is the user's choice, no configuration at all is an oversight.
    if config is None and not insecure and (secret if generation == 1 else api_key) is None:
        what = "the secret that callers sign with" if generation == 1 else "the API key that the server is called with"
        name = "secret" if generation == 1 else "api_key"
        option = f"--{name.replace('_', '-')}"
        raise UsageError(
            f"give {what} ({name}=…, {option} of the command line), or a configuration, or ask for insecure"
        )
    values, address, configured = _without_address(values, generation)
    if insecure:
        values = _opened(values, generation)
    embedded = EmbeddedServer(
        server=generation,
        secret=secret,
        api_key=api_key,
        token_secret=token_secret,
        config=values,
        host=host or address,
        port=_port(configured) if port is None else port,
        console=console,
        console_password=console_password,
    )
    done = threading.Event()
    before = {number: signal.signal(number, lambda *_: done.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with embedded:
            echo(f"serving the API and clients of Centrifugo {embedded.generation} at {embedded.url}")
            if console:
                echo(f"its console: {embedded.console_url}{_password_hint(embedded, console_password)}")
            echo("This server keeps everything in memory: for development and tests, not production.")
            done.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _password_hint(server: EmbeddedServer, known: str | None) -> str:
    """The password, where nobody knows it yet."""
    if not server.console_password:
        return ""
    return " (with your password)" if known else f" (any user name, password {server.console_password})"


def _without_address(values: Mapping[str, Any], generation: int) -> tuple[dict[str, Any], str, Any]:
    """A configuration without what it says of address and port, and these two."""
    rest = dict(values)
    section = rest if generation == 1 else lowercase_keys(rest.pop("http_server", {}), "http_server")
    address, port = section.pop("address", None), section.pop("port", None)
    if generation != 1 and section:
        rest["http_server"] = section
    return rest, str(address or "127.0.0.1"), port


def _opened(values: Mapping[str, Any], generation: int) -> dict[str, Any]:
    """A configuration in which neither the API nor clients need credentials."""
    if generation == 1:
        return {**values, "insecure": True, "insecure_api": True}
    api, client = (lowercase_keys(values.get(section, {}), section) for section in ("http_api", "client"))
    # Somebody who wants no credentials does not want to be asked where a page comes from either.
    client = {"allowed_origins": ["*"], **client, "insecure": True}
    return {**values, "http_api": {**api, "insecure": True}, "client": client}


def _port(value: Any) -> int:
    try:
        return int(value or _DEFAULT_PORT)
    except (TypeError, ValueError):
        raise UsageError(f"port in the configuration must be a number, not {value!r}") from None
