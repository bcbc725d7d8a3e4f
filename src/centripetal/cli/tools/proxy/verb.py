"""`centripetal proxy`: the configuration of a server for handlers of proxy events, and checks of it."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from centripetal.cli.output.printing import show_json
from centripetal.cli.registration import option, register
from centripetal.cli.settings import Settings
from centripetal.cli.tools.doctor.check import Check
from centripetal.cli.tools.doctor.report import report
from centripetal.errors import UsageError

if TYPE_CHECKING:
    from centripetal.server.current.config import Config

__all__ = ["checks_of", "register_in"]

_VARIABLE = "CENTRIFUGO_VAR_"
_HANDLERS = typer.Argument(metavar="HANDLERS", help="Your `Handlers`, as module:variable.", show_default=False)


def config(
    settings: Settings,
    handlers: Annotated[str, _HANDLERS],
    url: Annotated[str, option("--url", "URL", "Address of the handlers, such as https://api.internal/centrifugo.")],
    variable: Annotated[
        str,
        option("--secret-variable", "NAME", "Variable of the server's environment with the secret.", show_default=True),
    ] = "CENTRIFUGO_VAR_PROXY_SECRET",
) -> None:
    """Print the configuration with which Centrifugo 6 asks exactly the handlers that exist.

    Add the printed sections to the configuration of the server. The configuration does not contain the secret: the
    server takes it from its environment.

    Examples:
        centripetal proxy config app:proxy --url https://api.internal/centrifugo
    """
    # Imported here, so that other verbs start faster.
    from centripetal.protocol.http import parse_url
    from centripetal.server.asking.loading import load_handlers
    from centripetal.server.configuration.proxy_sections import USUAL_OPTIONS, proxy_sections

    if not re.fullmatch(rf"{_VARIABLE}\w+", variable):
        raise UsageError(f"--secret-variable must begin with {_VARIABLE}: the server expands no other variables")
    found = load_handlers(handlers)
    options = dict(USUAL_OPTIONS)
    if found.has_secret:
        options["http"] = {"static_headers": {found.header: f"${{{variable}}}"}}
    sections = proxy_sections(_patterns(found), parse_url(url).geturl(), options)
    if settings.json:
        show_json(sections)
    else:
        typer.echo(json.dumps(sections, indent=2))


def check(
    settings: Settings,
    config: Annotated[Path, option("--config", "FILE", "Configuration of the server, in JSON.")],
    handlers: Annotated[
        str | None, option("--handlers", "HANDLERS", "Your `Handlers`, as module:variable, to compare with.")
    ] = None,
    ask: Annotated[
        bool, option("--ask/--no-ask", None, "Ask the endpoints, with requests that change nothing.", show_default=True)
    ] = True,
) -> None:
    """Find mistakes in the proxies of a server: never asked, refused, redirected, or open to pages of others.

    Reads the configuration, and sends a request to each endpoint: a connect event without credentials, and for other
    events an empty object, which applications refuse before they act.

    The exit code is 1 if a check failed; warnings do not count. `--json` prints an object with `ok` and `checks`.

    Examples:
        centripetal proxy check --config config.json
        centripetal proxy check --config config.json --handlers app:proxy --no-ask
    """
    # Imported here, so that other verbs start faster.
    from centripetal.server.configuration.loading import load
    from centripetal.server.current.config import read_config

    raw = load(config)
    found, _ = read_config(raw, os.environ)
    report(checks_of(found, raw, handlers, ask=ask), as_json=settings.json)


def checks_of(found: "Config", raw: Mapping[str, Any], handlers: str | None, *, ask: bool) -> Iterator[Check]:
    """Run the checks of the proxies in a configuration.

    Args:
        found: the configuration.
        raw: the same as it was written.
        handlers: the handlers to compare with, as module:variable.
        ask: whether to ask the endpoints.
    """
    # Imported here, so that other verbs start faster.
    from centripetal.cli.tools.proxy.endpoint_checks import endpoint_checks
    from centripetal.cli.tools.proxy.settings_checks import handler_checks, settings_checks, used_proxies
    from centripetal.server.asking.loading import load_handlers

    yield from settings_checks(found, raw)
    if handlers is not None:
        yield from handler_checks(found, _patterns(load_handlers(handlers)))
    if ask:
        for kind, proxy in used_proxies(found):
            yield from endpoint_checks(kind, proxy)


def _patterns(handlers: Any) -> dict[str, list[str | None]]:
    return {kind: [route.pattern for route in routes] for kind, routes in handlers.routes.items()}


def register_in(app: typer.Typer) -> None:
    """Add the verbs to *app*."""
    register(app, config, shared=("json",))
    register(app, check, shared=("json",))
