"""Printing of checks as they finish, and the exit code."""

from collections.abc import Iterable

import typer
from rich.text import Text

from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.printing import console, show_json
from centripetal.cli.output.text import one_line
from centripetal.cli.tools.doctor.check import Check

__all__ = ["report"]

_STYLES = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED", "red")}


def report(found: Iterable[Check], *, as_json: bool) -> None:
    """Print each check of *found*, or all of them as JSON.

    Raises:
        typer.Exit: a check failed.
    """
    checks: list[Check] = []
    for check in found:
        checks.append(check)
        if not as_json:
            _show(check)
    bad = any(check.state == "failed" for check in checks)
    if as_json:
        show_json({"ok": not bad, "checks": [check._asdict() for check in checks]})
    if bad:
        raise typer.Exit(ExitCode.REFUSED)


def _show(check: Check) -> None:
    word, style = _STYLES[check.state]
    out = console()
    out.print(Text.assemble((f"{word:<8}", style), f"{check.name:<12}", one_line(check.text)), soft_wrap=True)
    if check.advice and check.state != "ok":
        out.print(Text(f"{'':<20}{one_line(check.advice)}"), soft_wrap=True)
