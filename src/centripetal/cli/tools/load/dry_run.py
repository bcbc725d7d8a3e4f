"""`load --dry-run`: prints the first commands of the input and sends nothing."""

import sys
from collections.abc import Iterator
from typing import Any

from centripetal.cli.generation import Generation
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.printing import escaped_for
from centripetal.cli.tools.load.failures import Failures
from centripetal.cli.tools.load.loader import command_in
from centripetal.cli.tools.load.ndjson import Line
from centripetal.dialects.current.codec import Codec as CurrentCodec
from centripetal.dialects.v1.codec import Codec as V1Codec
from centripetal.errors import CentripetalError, UsageError
from centripetal.protocol.command import Command, Failed
from centripetal.protocol.exchange import Codec

__all__ = ["dry_run"]

_ANY_URL = "http://localhost"  # nothing is sent
_COMMANDS = 3
_FAILURES = 20


def dry_run(lines: Iterator[Line], generation: Generation, failures: Failures) -> ExitCode:
    """Print the first three commands, and the problems of lines before them.

    Args:
        lines: the input.
        generation: the generation of the server.
        failures: prints the problems; it must have no file.

    Returns:
        The exit code: 1 if there were problems.
    """
    codec: Codec[Any] = V1Codec(_ANY_URL, None) if generation is Generation.V1 else CurrentCodec(_ANY_URL, None)
    shown = 0
    for line in lines:
        problem = _problem(command_in(line, generation), codec)
        if problem is not None:
            failures.keep(line, problem, b"")
        else:
            text = line.text.decode("utf-8", "backslashreplace").strip()
            sys.stdout.write(escaped_for(sys.stdout, text) + "\n")
            shown += 1
        if shown == _COMMANDS or failures.count == _FAILURES:
            break
    return ExitCode.REFUSED if failures.count else ExitCode.OK


def _problem(command: Command[Any] | Failed | None, codec: Codec[Any]) -> CentripetalError | None:
    """Return the reason why *command* would fail before it is sent; None if it would be sent."""
    if isinstance(command, Failed):
        return command.error
    try:
        if command is not None:
            codec.prepare(command)
    except UsageError as error:
        return error
    return None
