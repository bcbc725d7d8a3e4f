"""Reporting of errors: the message, advice and an exit code."""

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

# Base class of the errors that Typer raises for an invalid command line. Typer does not export it.
UsageProblem: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class ExitCode(enum.IntEnum):
    """Exit codes, each with its text for the help."""

    OK = 0, "success"
    REFUSED = 1, "the server rejected the command"
    USAGE = 2, "invalid command line; nothing was sent"
    TRANSPORT = 3, "no connection, a timeout, or a lost connection"
    AUTHENTICATION = 4, "the server rejected the secret, the API key or the token"
    RESPONSE = 5, "unexpected reply: an HTTP status other than 200, or a malformed body"
    INTERRUPTED = 130, "Ctrl-C"

    text: str

    def __new__(cls, code: int, text: str) -> "ExitCode":
        member = int.__new__(cls, code)
        member._value_ = code
        member.text = text
        return member


PIPE_CLOSED = 141  # the exit code that shells report for a program killed by SIGPIPE

# The first matching class decides.
_CODES: tuple[tuple[type[CentripetalError], ExitCode], ...] = (
    (ServerError, ExitCode.REFUSED),
    (AuthenticationError, ExitCode.AUTHENTICATION),
    (HTTPStatusError, ExitCode.RESPONSE),
    (MalformedResponseError, ExitCode.RESPONSE),
    (TransportError, ExitCode.TRANSPORT),
    (CentripetalError, ExitCode.USAGE),
)

DOCTOR = "Run `centripetal doctor` for a diagnosis."

_ADVICE: tuple[tuple[type[CentripetalError], str], ...] = (
    (
        ConnectError,
        "Start a server with `centripetal serve --api-key KEY` (or --secret SECRET for 1.x), or give another address "
        "with --url or CENTRIFUGO_API_URL.",
    ),
    (TimeoutError, "Allow more time with --timeout."),
    (
        AuthenticationError,
        "Set CENTRIFUGO_SECRET or --secret to the `secret` in the server's configuration (Centrifugo 1.x), or "
        "CENTRIFUGO_HTTP_API_KEY or --api-key to its `http_api.key` (3 and later). " + DOCTOR,
    ),
    (
        HTTPStatusError,
        "Check that --url is the address of a Centrifugo server of the right generation (--secret for 1.x, --api-key "
        "for 3 and later), and read the server's log. " + DOCTOR,
    ),
    (
        MalformedResponseError,
        "Check that --url is the address of a Centrifugo server of the right generation. " + DOCTOR,
    ),
)

_DOUBT = "It is unknown whether the server executed the command."


def explain(error: CentripetalError) -> tuple[ExitCode, str, dict[str, Any]]:
    """Return the exit code for *error*, advice, and an object with all details for `--json`."""
    from centripetal.dialects.current.advice import NEEDS_PRO  # imported only when there is an error, to start faster

    code = next(code for kind, code in _CODES if isinstance(error, kind))
    if isinstance(error, ServerError) and error.message in ("invalid token", "token expired"):
        code = ExitCode.AUTHENTICATION  # WebSocket connections get these texts for an invalid token
    advice = [text for kind, text in _ADVICE if isinstance(error, kind)][:1]
    if isinstance(error, ConnectError) and not error.retryable:  # a server is there: the cause is TLS or permissions
        advice = [DOCTOR]
    if NEEDS_PRO in str(error):
        advice.clear()  # the server is the right one; the message already gives the fix
    if error.executed == "unknown" and not isinstance(error, ServerError):
        advice.insert(0, _DOUBT)
    if isinstance(error, ServerError) and error.retryable:
        advice.append("Retrying later may succeed.")
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
    """Do the same as `explain` for an error that Typer raised for an invalid command line."""
    message = printable(str(error.format_message())).strip()
    context = getattr(error, "ctx", None)
    advice = f"See `{context.command_path if context is not None else 'centripetal'} --help`."
    if re.match(r"No such option:? '?-\d", message):
        advice = f"To pass a value that starts with -, put -- before the arguments. {advice}"
    code, _, details = explain(UsageError(message))
    return code, advice, details | {"advice": advice}


def report(error: Exception, as_json: bool) -> ExitCode:
    """Print *error*, raised by the library or by Typer, to standard error and return its exit code."""
    code, advice, details = explain(error) if isinstance(error, CentripetalError) else _explain_usage(error)
    sys.stdout.flush()
    if as_json:
        print(json.dumps({"error": details}, ensure_ascii=False), file=sys.stderr)
    else:
        print(f"error: {printable(details['message'])}", *filter(None, [advice]), sep="\n", file=sys.stderr)
    return code


def printable(text: str) -> str:
    """Escape all characters of *text* that could control a terminal, except line breaks."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def give_up_stdout() -> None:
    """Discard further standard output, because its reader has exited (`centripetal channels | head -1`)."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
