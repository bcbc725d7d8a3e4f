"""What the command line does with errors: an exit code, what happened, and what to do about it."""

import contextlib
import enum
import json
import os
import re
import sys
from typing import Any

import typer

from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    ConnectError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
    TransportError,
    UsageError,
)

__all__ = [
    "DOCTOR",
    "PIPE_CLOSED",
    "ExitCode",
    "UsageProblem",
    "explain",
    "give_up_stdout",
    "printable",
    "report",
]

# The base of what Typer raises for a wrong command line; Typer itself has no public name for it.
UsageProblem: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class ExitCode(enum.IntEnum):
    """The exit codes; the text of each is what the help says."""

    OK = 0, "done"
    REFUSED = 1, "the server refused the command"
    USAGE = 2, "the command line is wrong; nothing was sent"
    TRANSPORT = 3, "no connection, time ran out, or the connection was lost"
    AUTHENTICATION = 4, "the server did not accept the secret, the key or the token"
    RESPONSE = 5, "an unexpected answer: an HTTP status other than 200, or malformed"
    INTERRUPTED = 130, "Ctrl-C"

    text: str

    def __new__(cls, code: int, text: str) -> "ExitCode":
        member = int.__new__(cls, code)
        member._value_ = code
        member.text = text
        return member


PIPE_CLOSED = 141  # what shells say of a program that SIGPIPE ended: its reader went away

# The first class that fits decides.
_CODES: tuple[tuple[type[CentripetalError], ExitCode], ...] = (
    (ServerError, ExitCode.REFUSED),
    (AuthenticationError, ExitCode.AUTHENTICATION),
    (HTTPStatusError, ExitCode.RESPONSE),
    (MalformedResponseError, ExitCode.RESPONSE),
    (TransportError, ExitCode.TRANSPORT),
    (CentripetalError, ExitCode.USAGE),
)

DOCTOR = "`centripetal doctor` finds out more."

_ADVICE: tuple[tuple[type[CentripetalError], str], ...] = (
    (
        ConnectError,
        "Start a server with `centripetal serve --api-key KEY` (--secret SECRET: a 1.x), or name another with --url or "
        "CENTRIFUGO_API_URL.",
    ),
    (TimeoutError, "Give it longer with --timeout."),
    (
        AuthenticationError,
        "Give the `secret` of the server's configuration with CENTRIFUGO_SECRET or --secret (Centrifugo 1.x), or its "
        "`http_api.key` with CENTRIFUGO_HTTP_API_KEY or --api-key (3 and later). " + DOCTOR,
    ),
    (
        HTTPStatusError,
        "See that --url names a Centrifugo server of the generation that is meant (--secret: 1.x, --api-key: 3 and "
        "later), and look into the server's log. " + DOCTOR,
    ),
    (
        MalformedResponseError,
        "See that --url names a Centrifugo server of the generation that is meant. " + DOCTOR,
    ),
)

_DOUBT = "Whether the server carried it out is unknown."


def explain(error: CentripetalError) -> tuple[ExitCode, str, dict[str, Any]]:
    """The exit code of *error*, what to do about it, and all of it as an object for `--json`."""
    from centripetal.dialects.current.advice import NEEDS_PRO  # not before there is an error

    code = next(code for kind, code in _CODES if isinstance(error, kind))
    if isinstance(error, ServerError) and error.message in ("invalid token", "token expired"):
        code = ExitCode.AUTHENTICATION  # to who connects over WebSocket, it says so like this
    advice = [text for kind, text in _ADVICE if isinstance(error, kind)][:1]
    if isinstance(error, ConnectError) and not error.retryable:  # somebody is there: TLS or permissions are in the way
        advice = [DOCTOR]
    if NEEDS_PRO in str(error):
        advice.clear()  # it is the right server, and that is all there is to say
    if error.executed == "unknown" and not isinstance(error, ServerError):
        advice.insert(0, _DOUBT)
    if isinstance(error, ServerError) and error.retryable:
        advice.append("The same command may work later.")
    details: dict[str, Any] = {
        "type": type(error).__name__,
        "message": str(error),
        "advice": " ".join(advice),
        "exit_code": int(code),
        "executed": error.executed,
        "retryable": error.retryable,
    }
    if error.command is not None:
        details["command"] = error.command.name
    if isinstance(error, HTTPStatusError):
        details["status"] = error.status
    if isinstance(error, ServerError):
        details["server_message"] = error.message
    return code, " ".join(advice), details


def _explain_usage(error: Any) -> tuple[ExitCode, str, dict[str, Any]]:
    """As `explain`, for what Typer raises for a wrong command line."""
    message = printable(str(error.format_message())).strip()
    context = getattr(error, "ctx", None)
    advice = f"See `{context.command_path if context is not None else 'centripetal'} --help`."
    if re.match(r"No such option:? '?-\d", message):
        advice = f"To give a value that begins with -, put -- before the arguments. {advice}"
    code, _, details = explain(UsageError(message))
    return code, advice, details | {"advice": advice}


def report(error: Exception, as_json: bool) -> ExitCode:
    """Print *error*, of the library or of Typer, to the standard error and return the exit code for it."""
    code, advice, details = explain(error) if isinstance(error, CentripetalError) else _explain_usage(error)
    sys.stdout.flush()
    if as_json:
        print(json.dumps({"error": details}, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"error: {printable(details['message'])}", *filter(None, [advice]), sep="\n", file=sys.stderr)
    return code


def printable(text: str) -> str:
    """*text* with everything escaped that could drive a terminal; line breaks stay."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def give_up_stdout() -> None:
    """Nobody reads the standard output any more (`centripetal channels | head -1`): write nothing more to it."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
