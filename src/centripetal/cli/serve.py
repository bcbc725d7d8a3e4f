"""`centripetal serve`: the embedded server as a program."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from centripetal.cli.failures import printable
from centripetal.cli.output import show_json
from centripetal.cli.settings import Settings, register
from centripetal.errors import UsageError

__all__ = ["register_in"]

_GENERATIONS = (1,)


def serve(
    settings: Settings,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="What the real server is configured with, as JSON."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="HOST", help="Where to listen. [default: as configured, or 127.0.0.1]"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="PORT", help="0 picks a free one. [default: as configured, or 8000]"),
    ] = None,
    console: Annotated[
        bool, typer.Option("--console/--no-console", help="A page that shows what happens, and acts on it.")
    ] = True,
    console_password: Annotated[
        str | None,
        typer.Option(
            "--console-password",
            metavar="TEXT",
            envvar="CENTRIPETAL_CONSOLE_PASSWORD",
            help="What the console asks for. [default: nothing on a loopback address, elsewhere one that is printed]",
        ),
    ] = None,
    server: Annotated[
        int, typer.Option("--server", metavar="1", help="The generation of Centrifugo to stand in for.")
    ] = _GENERATIONS[-1],
) -> None:
    """Run a Centrifugo server in memory until Ctrl-C: a stand-in for one machine, for development and tests.

    `--secret` or `CENTRIFUGO_SECRET` counts before the `secret` of the configuration, as in the real server; with
    `--insecure`, neither the API nor clients need credentials.
    """
    from centripetal.server import serve as run  # not needed by other verbs, which start faster without

    if server not in _GENERATIONS:
        raise UsageError(f"--server {server}: there is a stand-in for Centrifugo 1.x only (--server 1)")
    secret = settings.known_secret() or None
    if secret is None and config is None and not settings.insecure:
        raise UsageError(
            "give the secret that clients will sign with (--secret or CENTRIFUGO_SECRET), or --config FILE"
        )

    def echo(line: str) -> None:
        if settings.json:
            found = re.search(r"https?://\S+", line)
            name = "console" if found and found[0].endswith("/console/") else "url"
            show_json({"message": line} | ({name: found[0]} if found else {}))
        else:
            typer.echo(line)
        sys.stdout.flush()

    with _plain_warnings():
        run(
            host=host,
            port=port,
            config=config,
            secret=secret,
            insecure=settings.insecure,
            console=console,
            console_password=console_password,
            echo=echo,
        )


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings as sentences; Python shows the line of code that they come from."""

    def format_plainly(message: Warning | str, *_: Any, **__: Any) -> str:
        return f"warning: {printable(str(message))}\n"

    before, warnings.formatwarning = warnings.formatwarning, format_plainly
    try:
        yield
    finally:
        warnings.formatwarning = before


def register_in(app: typer.Typer) -> None:
    """Add the verb to *app*."""
    register(
        app,
        serve,
        shared=("secret", "insecure", "json"),
        examples=["centripetal serve --secret s3cret", "centripetal serve --config config.json --port 8001"],
    )
