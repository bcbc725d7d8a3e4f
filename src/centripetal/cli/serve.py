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
from centripetal.protocol.environment import environment_value

__all__ = ["register_in"]


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
        int | None,
        typer.Option(
            "--server",
            metavar="1|6",
            help="The generation of Centrifugo to stand in for. [default: as the credentials or the configuration say]",
            show_default=False,
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", metavar="KEY", help="The API key of a current server.", show_default=False),
    ] = None,
    token_secret: Annotated[
        str | None,
        typer.Option(
            "--token-secret",
            metavar="KEY",
            help="The HMAC key of the tokens of a current server's clients.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run a Centrifugo server in memory until Ctrl-C: a stand-in for one machine, for development and tests.

    A secret means a 1.x server, an API key a current one (6). Options and the environment (`CENTRIFUGO_SECRET`;
    `CENTRIFUGO_HTTP_API_KEY` or `CENTRIFUGO_API_KEY`, `CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY`) count before the keys
    in the configuration, as in the real servers; with `--insecure`, neither the API nor clients need credentials.
    """
    from centripetal.server import serve as run  # not needed by other verbs, which start faster without

    generation = server or _generation(settings, api_key, token_secret, config)
    secret = settings.secret
    if generation == 1 and secret is None:
        secret = settings.known_secret()
    elif generation == 6:
        key = environment_value(settings.environment, "CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_API_KEY")
        api_key = key if api_key is None else api_key
        tokens = environment_value(settings.environment, "CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY")
        token_secret = tokens if token_secret is None else token_secret

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
            server=generation,
            host=host,
            port=port,
            config=config,
            secret=secret,
            api_key=api_key,
            token_secret=token_secret,
            insecure=settings.insecure,
            console=console,
            console_password=console_password,
            echo=echo,
        )


def _generation(settings: Settings, api_key: str | None, token_secret: str | None, config: Path | None) -> int:
    """The generation that is meant: options say it, or else the configuration, or else the environment."""
    from centripetal.server.configuration import load, which

    if settings.secret is not None or api_key is not None or token_secret is not None:
        return which(None, settings.secret, api_key or token_secret, {})
    if config is not None:
        return which(None, None, None, load(config))
    key = environment_value(settings.environment, "CENTRIFUGO_HTTP_API_KEY", "CENTRIFUGO_API_KEY")
    secret = settings.known_secret()
    if (secret is None) is (key is None):
        raise UsageError(
            "say which server: --secret (or CENTRIFUGO_SECRET) for a 1.x server, --api-key (or CENTRIFUGO_API_KEY) "
            "for a current one, --config FILE of either, or --server 1 or 6"
        )
    return 1 if key is None else 6


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
        examples=[
            "centripetal serve --api-key s3cret --token-secret s3cret2",
            "centripetal serve --secret s3cret",
            "centripetal serve --config config.json --port 8001",
        ],
    )
