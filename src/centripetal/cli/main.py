"""Entry points of the command line. They work without the extra `cli`, to explain how to install it.

`run` is the console script; `main` is the same as a function and returns the exit code.
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
    """Run the command line with the arguments of this process and exit."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # published text may not exist in the terminal's encoding
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run the command line with *arguments*.

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
