"""`centripetal serve`: runs the embedded server."""

import dataclasses
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from centripetal.cli.generation import TOKEN_KEY, Generation
from centripetal.cli.output.printing import show_json
from centripetal.cli.output.text import one_line, printable
from centripetal.cli.registration import option
from centripetal.cli.settings import Settings
from centripetal.client.environment import environment_value

__all__ = ["SHARED_BY_SERVE", "serve"]

SHARED_BY_SERVE = ("secret", "api_key", "server", "insecure", "json")
"""The shared options of this verb."""

_KEY_HELP = (
    "Key for client tokens of a Centrifugo 6 (`client.token.hmac_secret_key`). "
    "Default: CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY."
)


def serve(
    settings: Settings,
    config: Annotated[Path | None, option("--config", "FILE", "Configuration file of a real server, in JSON.")] = None,
    host: Annotated[
        str | None, option("--host", "HOST", "Address to listen on. [default: as configured, or 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None,
        option("--port", "PORT", "Port; 0 selects a free port. [default: as configured, or 8000 if it is free]"),
    ] = None,
    console: Annotated[
        bool,
        option("--console/--no-console", None, "Web page that shows and controls the server.", show_default=True),
    ] = True,
    console_password: Annotated[
        str | None,
        option(
            "--console-password",
            "TEXT",
            "Password of the console. [default: none on a loopback address, otherwise generated and printed]",
            envvar="CENTRIPETAL_CONSOLE_PASSWORD",
        ),
    ] = None,
    token_key: Annotated[str | None, option("--token-key", "KEY", _KEY_HELP, "--token-secret")] = None,
) -> None:
    """Run an in-memory Centrifugo server until Ctrl-C, for development and tests.

    Without options, it is a Centrifugo 6 with history, presence and recovery, whose keys are generated at each start.
    It prints commands to paste into another terminal, so that the verbs of this program and `Client.from_env()` call
    it. Keys that you give, by an option or in the environment, stay the same and are not printed.

    With `--config`, the server does exactly what the file says, and no key is generated. A secret (`--secret` or
    `CENTRIFUGO_SECRET`) makes it a Centrifugo 1.x, and so does `--server 1`. With `--insecure`, neither API calls nor
    clients need credentials.

    Examples:
        centripetal serve
        centripetal serve --server 1
        centripetal serve --config config.json --port 8001
    """
    from centripetal.server import serve as run  # imported here, so that other verbs start faster

    number = _generation_number(settings, token_key, config)
    generation, credential = dataclasses.replace(settings, server=number).credential()
    is_current = generation is Generation.CURRENT

    def echo(line: str) -> None:
        if settings.json:
            found = re.search(r"https?://\S+", line)
            name = "console" if found and found[0].endswith("/console/") else "url"
            export = re.fullmatch(r"export (\w+)=(.+)", line)
            more = {"environment": {export[1]: export[2]}} if export else {name: found[0]} if found else {}
            show_json({"message": line, **more})
        else:
            typer.echo(one_line(line))
        sys.stdout.flush()

    with _plain_warnings(), _plain_logs():
        run(
            server=number,
            host=host,
            port=port,
            config=config,
            secret=None if is_current else credential.value or None,
            api_key=credential.value or None if is_current else None,
            token_secret=token_key or environment_value(settings.environment, *TOKEN_KEY) if is_current else None,
            insecure=settings.insecure,
            console=console,
            console_password=console_password,
            echo=echo,
        )


def _generation_number(settings: Settings, token_key: str | None, config: Path | None) -> int:
    """Return the generation to run: options take precedence over the configuration, then over the environment."""
    from centripetal.server.configuration.loading import load, which

    key = settings.api_key or token_key
    if settings.server is not None or settings.secret is not None or key is not None:
        return which(settings.server, settings.secret, key, {})
    if config is not None:
        return which(None, None, None, load(config))
    generation, _ = settings.credential()
    return Generation.CURRENT.number if generation is None else generation.number


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings as plain lines, without the source line that Python adds."""

    def format_plainly(message: Warning | str, *_: Any, **__: Any) -> str:
        return f"warning: {one_line(str(message))}\n"

    before, warnings.formatwarning = warnings.formatwarning, format_plainly
    try:
        yield
    finally:
        warnings.formatwarning = before


class _Printable(logging.Formatter):
    """Escapes control characters, which requests may contain."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


@contextmanager
def _plain_logs() -> Iterator[None]:
    """Print warnings and errors in the server's log so that they cannot control the terminal."""
    handler, logger = logging.StreamHandler(), logging.getLogger("centripetal")
    handler.setLevel(logging.WARNING)
    handler.setFormatter(_Printable())
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
