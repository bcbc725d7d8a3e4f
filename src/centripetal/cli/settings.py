"""The options that all verbs share: which server, as whom, how long, how to print. They work before and after the verb.

Verbs are plain functions whose first parameter is the `Settings`; `register` makes them commands of a Typer app.
"""

import dataclasses
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from centripetal.cli.failures import SIGPIPE, give_up_stdout
from centripetal.errors import UsageError
from centripetal.protocol.environment import API_URL, environment_value
from centripetal.v1 import Client

__all__ = ["DEFAULT_URL", "Settings", "declare", "group", "keyword", "listed", "options", "register"]

DEFAULT_URL = "http://localhost:8000"
DEFAULT_TIMEOUT = 5.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the shared options say; None and False: they say nothing."""

    url: str | None = None
    # No repr, log or traceback shows it.
    secret: str | None = dataclasses.field(default=None, repr=False)
    insecure: bool = False
    timeout: float | None = None
    json: bool = False
    environment: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ, repr=False)

    def and_then(self, later: Mapping[str, Any]) -> "Settings":
        """These settings, but what *later* says counts."""
        said = {name: value for name, value in later.items() if value is not None and value is not False}
        return dataclasses.replace(self, **said)

    def server_url(self) -> str | None:
        """The address of the server, if an option or the environment names one."""
        return self.url or environment_value(self.environment, *API_URL)

    def signing_secret(self) -> str:
        """The secret; a `UsageError` if there is none, or none to be used."""
        if self.insecure:
            raise UsageError(
                "--insecure is about unsigned requests: this verb makes a signature, which needs the secret"
            )
        secret = self.known_secret()
        if not secret:
            raise UsageError("no secret is given: set CENTRIFUGO_SECRET (or --secret) to the `secret` of the server")
        return secret

    def known_secret(self) -> str | None:
        """The secret, if an option or the environment gives one."""
        return self.secret if self.secret is not None else environment_value(self.environment, "CENTRIFUGO_SECRET")

    def client(self) -> Client:
        """A client for the server that the settings name."""
        url = self.server_url() or DEFAULT_URL
        timeout = DEFAULT_TIMEOUT if self.timeout is None else self.timeout
        if self.insecure:
            if self.secret is not None:
                raise UsageError("--insecure sends no signature, --secret makes one: give one of them")
            return Client.insecure(url, timeout=timeout)
        secret = self.known_secret()
        if not secret:
            raise UsageError(
                "no secret is given: set CENTRIFUGO_SECRET (or --secret) to the `secret` of the server; "
                "for a server with `insecure_api`, give --insecure"
            )
        return Client(url, secret, timeout=timeout)


_OPTIONS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "url": (
        str | None,
        "Where the server is, with or without /api. "
        f"Otherwise CENTRIFUGO_HTTP_API_URL or CENTRIFUGO_API_URL, or else {DEFAULT_URL}.",
        {"metavar": "URL"},
    ),
    "secret": (
        str | None,
        "The `secret` of the server. Better set CENTRIFUGO_SECRET: others on this machine see command lines.",
        {"metavar": "SECRET"},
    ),
    "insecure": (bool, "Sign nothing: for a server with `insecure_api`.", {}),
    "timeout": (
        float | None,
        f"How long the call may take in all. Otherwise {DEFAULT_TIMEOUT:g} seconds.",
        {"metavar": "SECONDS"},
    ),
    "json": (bool, "Print results and errors as JSON.", {}),
}

ALL = tuple(_OPTIONS)


def keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """A parameter of a function that Typer reads: an argument or option, as *annotation* says."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def options(names: Sequence[str], panel: str | None = None) -> list[inspect.Parameter]:
    """The shared options *names* as parameters of a function that Typer reads, in the help's *panel*."""
    parameters = []
    for name in names:
        kind, what, more = _OPTIONS[name]
        option = typer.Option(f"--{name}", help=what, show_default=False, rich_help_panel=panel, **more)
        default = False if kind is bool else None
        parameters.append(keyword(name, Annotated[kind, option], default))
    return parameters


def register(
    app: typer.Typer,
    function: Callable[..., Any],
    *,
    name: str | None = None,
    parameters: Sequence[inspect.Parameter] | None = None,
    help: str | None = None,  # noqa: A002 - Typer's name
    examples: Sequence[str] = (),
    shared: Sequence[str] = ALL,
) -> None:
    """Make *function* a verb of *app*.

    Args:
        app: where it goes.
        function: its first parameter takes the `Settings`, the others are arguments and options as Typer reads them.
        name: the verb, if not the function's name.
        parameters: the parameters beside the settings, if not those in the function's signature.
        help: Markdown, if not the function's docstring.
        examples: command lines that the help shows.
        shared: the shared options that the verb takes.
    """
    if parameters is None:
        parameters = list(inspect.signature(function).parameters.values())[1:]
    common = options(shared, "Options of all verbs")

    def verb(context: typer.Context, **values: Any) -> None:
        settings = context.find_object(Settings) or Settings()
        settings = settings.and_then({name: values.pop(name) for name in shared})
        try:
            function(settings, **values)
            sys.stdout.flush()
        except BrokenPipeError:
            # Nobody reads any more, as in `centripetal channels | head -1`. (Clients raise none of these.)
            give_up_stdout()
            raise typer.Exit(SIGPIPE) from None

    declare(verb, [*parameters, *common])
    text = help or inspect.cleandoc(function.__doc__ or "")
    app.command(
        name or function.__name__, help=text, epilog=listed("Examples", [f"`{example}`" for example in examples])
    )(verb)


def listed(title: str, lines: Sequence[str]) -> str:
    """A list in Markdown, for a help page."""
    # Blank lines between the items, because older versions of Typer join lines that have none.
    return "\n\n".join([f"**{title}**", *(f"- {line}" for line in lines)])


def declare(function: Callable[..., Any], parameters: Sequence[inspect.Parameter]) -> None:
    """Let *function*, which takes any keywords, say that it takes *parameters*: Typer reads them off its signature."""
    own = [p for p in inspect.signature(function).parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    everything = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *parameters)]
    setattr(function, "__signature__", inspect.Signature(everything))  # noqa: B010 - a function has no such attribute
    function.__annotations__ = {p.name: p.annotation for p in everything}


def group(app: typer.Typer, name: str, help: str) -> typer.Typer:  # noqa: A002 - Typer's name
    """A verb of *app* that only has verbs below it."""
    below = typer.Typer(rich_markup_mode="markdown", help=help)
    app.add_typer(below, name=name, no_args_is_help=True)
    return below
