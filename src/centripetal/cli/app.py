"""The Typer app: global options, verbs, and the conversion of errors into exit codes."""

import functools
import itertools
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from centripetal.cli.api import verbs
from centripetal.cli.generation import Generation
from centripetal.cli.hidden_keys import without_keys
from centripetal.cli.mistakes import explained
from centripetal.cli.numbers import Numbers
from centripetal.cli.output.errors import Interrupted, SystemFailure, UsageProblem, report
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.running import Running, new_run
from centripetal.cli.output.streams import OutputError
from centripetal.cli.overview import in_order, overview, panel_of
from centripetal.cli.registration import ALL, declare, group, listed, option, options, register
from centripetal.cli.settings import Settings
from centripetal.cli.tokens import sign, token
from centripetal.cli.tools.demo.verb import demo
from centripetal.cli.tools.doctor.verb import doctor
from centripetal.cli.tools.load.verb import load
from centripetal.cli.tools.outbox import verb as outbox
from centripetal.cli.tools.proxy import verb as proxy
from centripetal.cli.tools.serve import SHARED_BY_SERVE, serve
from centripetal.cli.tools.watch import watch
from centripetal.errors import CentripetalError, UsageError
from centripetal.version import __version__

__all__ = ["command_line", "execute"]

_HELP = """
Work with a Centrifugo server: publish, list subscribers, read history, or run an in-memory server.

To try it without a server, run `centripetal serve`, and paste the commands that it prints into another terminal.

Set the server's address with `--url`, `CENTRIFUGO_HTTP_API_URL` or `CENTRIFUGO_API_URL`. For Centrifugo 3 and later,
give an API key (`--api-key`, `CENTRIFUGO_HTTP_API_KEY` or `CENTRIFUGO_API_KEY`); for Centrifugo 1.x, a secret
(`--secret` or `CENTRIFUGO_SECRET`). With `_FILE` after its name, a variable contains the path of a file that holds the
value. Options take precedence over environment variables and can be placed before or after the verb.
"""

_EXAMPLES = (
    "`centripetal serve`",
    """`centripetal publish news '{"text": "hello"}'`""",
    "`centripetal history news --json`",
    "`centripetal watch news`",
    "`centripetal load commands.ndjson`",
    "`centripetal doctor --channel news`",
    "`centripetal demo`",
)

_AFTER_OPTIONS = "\n\n".join(
    [
        listed("Examples", _EXAMPLES),
        listed("Exit codes", [f"`{code:d}` {code.text}" for code in ExitCode]),
        "Errors are printed to standard error.",
    ]
)


_HELP_NAMES = ["--help", "-h"]


class _Verbs(TyperGroup):
    """All verbs. Accepts - in place of _: `presence-stats` runs `presence_stats`; and `help VERB` for `VERB --help`."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or super().get_command(ctx, cmd_name.replace("-", "_"))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the verb, its name and its arguments."""
        words = list(itertools.dropwhile("help".__eq__, args))
        if words == args:
            return super().resolve_command(ctx, args)
        if not words:
            typer.echo(ctx.get_help())
            raise typer.Exit
        return super().resolve_command(ctx, [*words, _HELP_NAMES[0]])

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the signature of Typer
        """Write the page of groups."""
        commands: dict[str, Any] = dict(self.commands)
        formatter.write(overview({name: command.rich_help_panel for name, command in commands.items()}))

    def format_everything(self, ctx: Any) -> None:
        """Print every option and verb with its description, the examples and the exit codes."""
        super().format_help(ctx, ctx.make_formatter())


def _build() -> typer.Typer:
    app = typer.Typer(
        name="centripetal",
        cls=_Verbs,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,  # they print local variables, which include the secret
        context_settings={"help_option_names": _HELP_NAMES},
    )

    def begin(
        context: typer.Context,
        version: Annotated[bool, option("--version", None, "Print the version.")] = False,
        help_all: Annotated[bool, option("--help-all", None, "Show all verbs, options and exit codes.")] = False,
        **shared: object,
    ) -> None:
        if version:
            typer.echo(f"centripetal {__version__}")
            raise typer.Exit
        if help_all:
            command_line().format_everything(context)
            raise typer.Exit
        context.obj = Settings().and_then(numbers.convert(shared, context))
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())
            raise typer.Exit(ExitCode.USAGE)

    numbers = Numbers(options(ALL))
    declare(begin, numbers.parameters)
    app.callback(invoke_without_command=True, help=_HELP, epilog=_AFTER_OPTIONS)(begin)

    verbs.register_all(app)
    for tool in (watch, load, doctor, demo):
        register(app, tool, panel=panel_of(tool.__name__))
    token.register_in(app)
    outbox.register_in(group(app, "outbox", "Manage an outbox: a table of commands in PostgreSQL, read by Centrifugo."))
    proxy.register_in(group(app, "proxy", "Configure and check the proxies of a Centrifugo 6."))
    sign.register_in(group(app, "sign", "Create signatures for Centrifugo 1.x."))
    register(app, serve, shared=SHARED_BY_SERVE, panel=panel_of("serve"))
    return app


def _hide_types_of_flags(command: Any) -> None:
    """Show no value for the flags of *command* and its verbs: Typer shows `<bool>`."""
    context = typer.Context(command, help_option_names=_HELP_NAMES)
    for parameter in command.get_params(context):
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    for verb in getattr(command, "commands", {}).values():
        _hide_types_of_flags(verb)


@functools.cache
def command_line() -> Any:
    """Return the command line as a Click command. Typer takes 0.15 s to build it, so the result is cached."""
    command: Any = get_command(_build())
    ordered = in_order({name: verb.rich_help_panel for name, verb in command.commands.items()})
    command.commands = {name: command.commands[name] for name in ordered}
    _hide_types_of_flags(command)
    return command


_COMPLETE = "_CENTRIPETAL_COMPLETE"  # Click reads this variable


def execute(arguments: Sequence[str]) -> int:
    """Run the command line with *arguments* and return the exit code."""
    as_json = "--json" in arguments[: arguments.index("--")] if "--" in arguments else "--json" in arguments
    with new_run() as run:
        return _execute(arguments, as_json, run)


def _typed_method(arguments: Sequence[str]) -> str | None:
    """Return the API method that was typed, for an error in an option, which is found before the verb runs."""
    words = (word.replace("-", "_") for word in arguments)
    verb = next((word for word in words if word in command_line().commands), None)
    return verb if any(verb in generation.commands for generation in Generation) else None


def _execute(arguments: Sequence[str], as_json: bool, run: Running) -> int:
    try:
        code = command_line().main(args=list(arguments), prog_name="centripetal", standalone_mode=False)
        sys.stdout.flush()
    except UsageProblem as error:
        problem = explained(error, command_line(), arguments)
        problem.message = without_keys(problem.message, arguments, os.environ)
        return report(problem, as_json)
    except (CentripetalError, OutputError) as error:
        if isinstance(error, UsageError):
            error.args = (without_keys(str(error.args[0]), arguments, os.environ),)
        run.method = run.method or _typed_method(arguments)
        return report(error, as_json)
    except OSError as error:
        return report(SystemFailure.of(error), as_json)
    except (LookupError, ValueError):
        if _COMPLETE not in os.environ:
            raise
        return report(UsageError(f"{_COMPLETE} is for shells, which also set COMP_WORDS and COMP_CWORD"), as_json)
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    if code == ExitCode.INTERRUPTED and run.method is not None and (as_json or run.executed != "no"):
        # Whether a command ran is worth a message. For `watch` and `serve`, Ctrl-C is the usual end.
        return report(Interrupted("interrupted by Ctrl-C", executed=run.executed), as_json)
    return code if isinstance(code, int) else ExitCode.OK
