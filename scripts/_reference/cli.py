"""The page about the command line, generated from the program."""

from collections.abc import Iterator
from typing import Any

from centripetal.cli.app import command_line
from centripetal.cli.output.exit_code import ExitCode

__all__ = ["cli_page", "undocumented"]

_TOP = """# The command line

The program is in the extra `cli`. Guide: [the command line](../howto/command-line.md).
This page contains the help texts that `centripetal --help` and `centripetal COMMAND --help` print.
"""


def cli_page() -> str:
    """Return the Markdown of the page."""
    program: Any = command_line()
    parts = [_TOP, program.help.strip(), "## Options before or after the command", _table(program.params)]
    shared = {option for parameter in program.params for option in parameter.opts}
    parts += ["## Exit codes", _rows(("code", "when"), ((f"`{code:d}`", code.text) for code in ExitCode))]
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name, command in program.commands.items():
        panels.setdefault(command.rich_help_panel or "Others", []).append((name, command))
    for panel, commands in panels.items():
        parts.append(f"## {panel}")
        for name, command in commands:
            parts += _verb(f"centripetal {name}", command, shared)
    return "\n\n".join(part for part in parts if part) + "\n"


def undocumented() -> list[str]:
    """Return the commands and options without a help text."""
    program: Any = command_line()
    return [
        f"{name} {parameter.name if parameter else ''}".strip()
        for name, command in _all("centripetal", program)
        for parameter in [None, *command.params]
        if not (command.help if parameter is None else parameter.help)
    ]


def _all(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for verb, inner in getattr(command, "commands", {}).items():
        yield from _all(f"{name} {verb}", inner)


def _verb(name: str, command: Any, shared: set[str]) -> Iterator[str]:
    yield f"### {name.removeprefix('centripetal ')}"
    if hasattr(command, "commands"):
        yield command.help.strip()
        for verb, inner in command.commands.items():
            yield from _verb(f"{name} {verb}", inner, shared)
        return
    own = [parameter for parameter in command.params if not set(parameter.opts) & shared and parameter.name != "help"]
    also = [parameter for parameter in command.params if set(parameter.opts) & shared]
    arguments = [_metavar(parameter) for parameter in own if parameter.param_type_name == "argument"]
    yield f"```text\n{' '.join([name, *arguments, '[OPTIONS]'])}\n```"
    yield command.help.strip()
    if own:
        yield _table(own)
    if also:
        yield "Also: " + ", ".join(f"`{parameter.opts[0]}`" for parameter in also) + "."
    if command.epilog:
        yield command.epilog.strip().replace("\n\n- ", "\n- ").replace("**\n- ", "**\n\n- ")


def _metavar(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name).upper()
    if parameter.nargs == -1:
        name += "…"
    return name if parameter.required else f"[{name}]"


def _table(parameters: list[Any]) -> str:
    return _rows(("", "description"), (_row(parameter) for parameter in parameters if not parameter.hidden))


def _row(parameter: Any) -> tuple[str, str]:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`", _cell(parameter.help)
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    value = "" if getattr(parameter, "is_flag", False) else f" `{_cell(parameter.metavar or parameter.name.upper())}`"
    default = parameter.default
    shown = f" [default: `{default}`]" if parameter.show_default and default not in (None, False) else ""
    return names + value, _cell(parameter.help) + shown


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _rows(head: tuple[str, str], rows: Iterator[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "| --- | --- |", *(f"| {left} | {right} |" for left, right in rows)]
    return "\n".join(lines)
