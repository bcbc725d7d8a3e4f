"""Where the command line begins: it needs the extra `cli`, and says so where that is missing. `--version` does without.

`run` is the console script; `main` is the same as a function, which returns the exit code.
"""

import io
import sys
from collections.abc import Sequence

from centripetal.version import __version__

__all__ = ["main", "run"]

MISSING = """\
The command line of centripetal needs two more packages, Typer and Rich. Install them with

    pip install 'centripetal[cli]'
"""


def run() -> None:
    """Do what the command line says and exit."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # people publish letters that the terminal may not have
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Do what *arguments* say.

    Returns:
        The exit code, see `centripetal.cli.output.errors.ExitCode`.
    """
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ModuleNotFoundError:
        if list(arguments) == ["--version"]:
            print(f"centripetal {__version__}")
            return 0
        sys.stderr.write(MISSING)
        return 2
    from centripetal.cli.app import execute

    return execute(arguments)
