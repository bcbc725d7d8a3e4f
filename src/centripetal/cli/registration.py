"""Registration of verbs in a Typer app. A verb is a plain function whose first parameter is the `Settings`.

Every verb also takes the shared options, which users can type before or after the verb.
"""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from centripetal.cli.numbers import Numbers
from centripetal.cli.output.visible_keys import warn, warn_about_keys
from centripetal.cli.overview import panel_of
from centripetal.cli.settings import Settings

__all__ = ["ALL", "declare", "group", "keyword", "listed", "option", "option_name", "options", "register"]

_FIELDS = {field.name: field for field in dataclasses.fields(Settings) if field.metadata}

ALL = tuple(_FIELDS)


def option_name(field: str) -> str:
    """Return the option for a field or parameter: `--api-key` for `api_key`."""
    return "--" + field.replace("_", "-")


def option(
    name: str, metavar: str | None, text: str, *other_names: str, show_default: bool = False, **more: Any
) -> Any:
    """Return an option for `Annotated` with the help *text*; *more* is passed to `typer.Option`."""
    return typer.Option(name, *other_names, metavar=metavar, help=text, show_default=show_default, **more)


def keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """Return a parameter for Typer, an argument or option depending on *annotation*."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def options(names: Sequence[str], panel: str | None = None) -> list[inspect.Parameter]:
    """Return the shared options *names* as parameters for Typer, listed in *panel* of the help."""
    parameters = []
    for name in names:
        field = _FIELDS[name]
        annotation: Any = Annotated[field.type, option(option_name(name), **field.metadata, rich_help_panel=panel)]
        parameters.append(keyword(name, annotation, field.default))
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
    """Register *function* as a verb of *app*.

    Args:
        app: the Typer app or group.
        function: the first parameter takes the `Settings`; the others are arguments and options for Typer.
        name: the verb; by default the function's name.
        parameters: the parameters after the settings; by default taken from the function's signature.
        help: the help text in Markdown; by default the function's docstring.
        examples: command lines for the help, added to the section `Examples:` of the help text.
        shared: the shared options that the verb takes.
        panel: the heading that lists the verb in the program's help.
        short_help: the text in that list; by default the first line of *help*.
    """
    if parameters is None:
        parameters = list(inspect.signature(function).parameters.values())[1:]
    numbers = Numbers([*parameters, *options(shared, "Options of all verbs")])

    def verb(context: typer.Context, **typed: Any) -> None:
        values = numbers.convert(typed, context)
        settings = context.find_object(Settings) or Settings()
        settings = settings.and_then({name: values.pop(name) for name in shared})
        if "profile" in shared:
            settings = settings.with_profile()
            warn([*settings.loaded.warnings, *settings.overridden()], as_json=settings.json)
        keys = {"--secret": settings.secret, "--api-key": settings.api_key, "--token-key": values.get("token_key")}
        warn_about_keys(keys, as_json=settings.json)
        function(settings, **values)

    declare(verb, numbers.parameters)
    text, _, section = (help or inspect.cleandoc(function.__doc__ or "")).partition("\n\nExamples:\n")
    lines = [*map(str.strip, section.splitlines()), *examples]
    epilog = listed("Examples", [f"`{line}`" for line in lines])
    app.command(name or function.__name__, help=text, short_help=short_help, epilog=epilog, rich_help_panel=panel)(verb)


def listed(title: str, lines: Sequence[str]) -> str:
    """Return a titled Markdown list for a help page."""
    # Separate the items by blank lines: older versions of Typer join adjacent lines.
    return "\n\n".join([f"**{title}**", *(f"- {line}" for line in lines)])


def declare(function: Callable[..., Any], parameters: Sequence[inspect.Parameter]) -> None:
    """Add *parameters* to the signature of *function*, which takes any keywords, so that Typer finds them there."""
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
    """Add a group of verbs to *app* and return it."""
    below = typer.Typer(rich_markup_mode="markdown", help=help, cls=cls)
    app.add_typer(below, name=name, no_args_is_help=True, rich_help_panel=panel_of(name))
    return below
