"""Entry points of the command line. They work without the extra `cli`, to explain how to install it.

`run` is the console script; `main` is the same as a function and returns the exit code.
"""

import json
import os
import sys
from collections.abc import Sequence

from centripetal.cli.output.error_object import error_object
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.streams import OutputError, guarded_streams, standard_descriptors
from centripetal.version import __version__

__all__ = ["main", "run"]

MISSING = (
    "the command line of centripetal needs two more packages, Typer and Rich: install them with "
    "`pip install 'centripetal[cli]'`"
)


def run() -> None:
    """Run the command line with the arguments of this process and exit."""
    with standard_descriptors():
        code = main(sys.argv[1:])
    sys.exit(code)


def main(arguments: Sequence[str]) -> int:
    """Run the command line with *arguments*.

    Returns:
        The exit code, see `centripetal.cli.output.exit_code.ExitCode`.
    """
    with guarded_streams():
        try:
            code = _execute(arguments)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED
        except (OutputError, OSError) as error:  # a failure before `centripetal.cli.app` was imported, or without it
            is_pipe = isinstance(error, OutputError) and error.pipe_closed
            code = ExitCode.PIPE_CLOSED if is_pipe else ExitCode.SYSTEM
            return _report("SystemFailure", str(error), code, arguments)
        return code


def _report(kind: str, message: str, code: ExitCode, arguments: Sequence[str]) -> ExitCode:
    """Print an error in the form of `centripetal.cli.output.errors.report`, which needs the extra."""
    if "--json" in arguments:
        print(json.dumps({"error": error_object(kind, message, int(code))}), file=sys.stderr)
    else:
        print(f"error: {message}", file=sys.stderr)
    return code


def _execute(arguments: Sequence[str]) -> int:
    for name in ("COLUMNS", "TERMINAL_WIDTH"):
        if not os.environ.get(name, "1").strip().isdecimal() or int(os.environ.get(name, "1")) == 0:
            del os.environ[name]  # Typer fails on a width that is not a number, and prints nothing for a width of 0
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ModuleNotFoundError:
        if list(arguments) == ["--version"]:
            print(f"centripetal {__version__}")
            return 0
        return _report("UsageError", MISSING, ExitCode.USAGE, arguments)
    from centripetal.cli.app import execute

    return execute(arguments)
