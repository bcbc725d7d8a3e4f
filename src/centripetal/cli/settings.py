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
from typer.core import TyperGroup

from centripetal import v1
from centripetal.cli.generation import SECRET, Credentials, Generation
from centripetal.cli.output.errors import PIPE_CLOSED, give_up_stdout
from centripetal.client import current
from centripetal.errors import UsageError
from centripetal.protocol.environment import API_URL, environment_value
from centripetal.transport.base import TransportOptions

__all__ = [
    "DEFAULT_TIMEOUT",
    "DEFAULT_URL",
    "TOOLS",
    "Settings",
    "declare",
    "group",
    "keyword",
    "listed",
    "options",
    "register",
]

DEFAULT_URL = "http://localhost:8000"
DEFAULT_TIMEOUT = 5.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the shared options say; None and False: they say nothing."""

    url: str | None = None
    # No repr, log or traceback shows them.
    secret: str | None = dataclasses.field(default=None, repr=False)
    api_key: str | None = dataclasses.field(default=None, repr=False)
    server: int | None = None
    insecure: bool = False
    timeout: float | None = None
    ca_file: str | None = None
    handler_prefix: str | None = None
    json: bool = False
    environment: Mapping[str, str] = dataclasses.field(default_factory=lambda: os.environ, repr=False)

    def and_then(self, later: Mapping[str, Any]) -> "Settings":
        """These settings, but what *later* says counts."""
        said = {name: value for name, value in later.items() if value is not None and value is not False}
        return dataclasses.replace(self, **said)

    def server_url(self) -> str | None:
        """The address of the server, if an option or the environment names one."""
        return self.url or environment_value(self.environment, *API_URL)

    def credentials(self) -> Credentials:
        """The secret or the API key, and so the generation of the server."""
        return Credentials(self.secret, self.api_key, self.server, self.environment)

    def generation(self) -> Generation:
        """The generation of the server; a `UsageError` if nothing says which."""
        found = self.credentials().generation
        if found is None and self.insecure:
            return Generation.V1
        if found is None:
            raise UsageError(
                "neither a secret nor an API key is given. For Centrifugo 3 and later, set CENTRIFUGO_HTTP_API_KEY (or "
                "--api-key) to the `http_api.key` of the server; for 1.x, set CENTRIFUGO_SECRET (or --secret) to its "
                "`secret`; for a server that wants neither, give --insecure"
            )
        return found

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
        """The secret of a 1.x server, if an option or the environment gives one."""
        return self.secret if self.secret is not None else environment_value(self.environment, *SECRET)

    def seconds(self) -> float:
        """How long a call may take."""
        return DEFAULT_TIMEOUT if self.timeout is None else self.timeout

    def transport(self) -> TransportOptions:
        """How to speak with the server."""
        return {} if self.ca_file is None else {"ca_file": self.ca_file}

    def prefix(self) -> str:
        """The path of the current API."""
        return "/api" if self.handler_prefix is None else self.handler_prefix

    def client(self) -> v1.Client | current.Client:
        """A client for the server that the settings name."""
        url, timeout, generation = self.server_url() or DEFAULT_URL, self.seconds(), self.generation()
        credentials = self.credentials()
        credential = self._credential(generation, credentials.secret or credentials.api_key)
        if generation is Generation.CURRENT:
            return current.Client(url, credential, timeout=timeout, handler_prefix=self.prefix(), **self.transport())
        if self.handler_prefix is not None:
            raise UsageError("--handler-prefix is for Centrifugo 3 and later; a URL for 1.x ends in its `http_prefix`")
        if credential is None:
            return v1.Client.insecure(url, timeout=timeout, **self.transport())
        return v1.Client(url, credential, timeout=timeout, **self.transport())

    def client_v1(self) -> v1.Client:
        """A client for the 1.x server that the settings name."""
        client = self.client()
        assert isinstance(client, v1.Client), "whoever asks for it has looked at the generation"
        return client

    def client_current(self) -> current.Client:
        """A client for the current server that the settings name."""
        client = self.client()
        assert isinstance(client, current.Client), "whoever asks for it has looked at the generation"
        return client

    def _credential(self, generation: Generation, known: str | None) -> str | None:
        """The secret or key, or None if there is to be none."""
        given = self.secret if generation is Generation.V1 else self.api_key
        if self.insecure:
            if given is not None:
                raise UsageError(f"--insecure sends no credentials, --{generation.option} is one: give one of them")
            return None
        if not known:
            raise UsageError(
                f"{generation.credential} is missing: {generation.how}; for a server that wants none, give --insecure"
            )
        return known


_OPTIONS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "url": (
        str | None,
        "Where the server is, with or without /api. "
        f"Otherwise CENTRIFUGO_HTTP_API_URL or CENTRIFUGO_API_URL, or else {DEFAULT_URL}.",
        {"metavar": "URL"},
    ),
    "secret": (
        str | None,
        "The `secret` of a server of Centrifugo 1.x. Better set CENTRIFUGO_SECRET: other users of this machine can see "
        "command lines.",
        {"metavar": "SECRET"},
    ),
    "api_key": (
        str | None,
        "The `http_api.key` of a server of Centrifugo 3 or later. Better set CENTRIFUGO_HTTP_API_KEY or "
        "CENTRIFUGO_API_KEY.",
        {"metavar": "KEY"},
    ),
    "server": (
        int | None,
        "The generation of the server, where neither secret nor key says it: 1, or 6 for the current API.",
        {"metavar": "1|6"},
    ),
    "insecure": (
        bool,
        "Send no credentials: for a server with `insecure_api` (1.x) or `http_api.insecure` (with --server 6).",
        {},
    ),
    "timeout": (
        float | None,
        f"How long the call may take in all. Otherwise {DEFAULT_TIMEOUT:g} seconds.",
        {"metavar": "SECONDS"},
    ),
    "ca_file": (
        str | None,
        "Certificates (PEM) to verify the server's against, instead of those that this machine trusts.",
        {"metavar": "FILE"},
    ),
    "handler_prefix": (
        str | None,
        "The `http_api.handler_prefix` of a server of Centrifugo 3 or later, if it is not /api.",
        {"metavar": "PATH"},
    ),
    "json": (bool, "Print results and errors as JSON.", {}),
}

ALL = tuple(_OPTIONS)

TOOLS = "Tools"
"""The heading of verbs that are no commands of the API."""


def keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """A parameter of a function that Typer reads: an argument or option, as *annotation* says."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def options(names: Sequence[str], panel: str | None = None) -> list[inspect.Parameter]:
    """The shared options *names* as parameters of a function that Typer reads, in the help's *panel*."""
    parameters = []
    for name in names:
        kind, what, more = _OPTIONS[name]
        option = typer.Option(
            "--" + name.replace("_", "-"), help=what, show_default=False, rich_help_panel=panel, **more
        )
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
    panel: str | None = None,
    short_help: str | None = None,
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
        panel: the heading that the verb stands under in the program's help.
        short_help: what it says there, if not the first line of *help*.
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
            raise typer.Exit(PIPE_CLOSED) from None

    declare(verb, [*parameters, *common])
    text = help or inspect.cleandoc(function.__doc__ or "")
    epilog = listed("Examples", [f"`{example}`" for example in examples])
    app.command(name or function.__name__, help=text, short_help=short_help, epilog=epilog, rich_help_panel=panel)(verb)


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


def group(
    app: typer.Typer,
    name: str,
    help: str,  # noqa: A002 - Typer's name
    cls: type[TyperGroup] = TyperGroup,
) -> typer.Typer:
    """A verb of *app* that only has verbs below it."""
    below = typer.Typer(rich_markup_mode="markdown", help=help, cls=cls)
    app.add_typer(below, name=name, no_args_is_help=True, rich_help_panel=TOOLS)
    return below
