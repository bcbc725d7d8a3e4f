"""Reporting of errors: the message, advice and an exit code. Every error that ends the program passes `report`."""

import contextlib
import errno
import re
import sys
from typing import Any, Self

import typer

from centripetal.cli.generation import Generation
from centripetal.cli.output.error_object import error_object
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.printing import json_line
from centripetal.cli.output.running import running
from centripetal.cli.output.streams import OutputError
from centripetal.cli.output.text import one_line, printable
from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    ConnectError,
    Executed,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
    TransportError,
    UsageError,
)
from centripetal.protocol.records import shortened

__all__ = ["DOCTOR", "Interrupted", "SystemFailure", "UsageProblem", "explain", "report"]

# Base class of the errors that Typer raises for an invalid command line. Typer does not export it.
UsageProblem: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class SystemFailure(CentripetalError):
    """This machine failed, not the server: a file cannot be read or written, or too many files are open."""

    executed: Executed = "no"
    pipe_closed = False

    @classmethod
    def of(cls, error: OSError) -> Self:
        """Return the failure for an error of the operating system."""
        reason = error.strerror or str(error) or type(error).__name__
        where = "" if error.filename is None else f"{error.filename!r}: "
        advice = ". Close other programs, or raise the limit with `ulimit -n`" if error.errno in _TOO_MANY else ""
        return cls(f"the operating system reports: {where}{reason}{advice}")

    @classmethod
    def of_output(cls, error: OutputError) -> Self:
        """Return the failure for standard output that cannot be written; its message says whether the command ran."""
        failure = cls(" ".join(filter(None, (f"{error}.", running().state))).removesuffix("."))
        failure.executed, failure.pipe_closed = running().executed, error.pipe_closed
        return failure


class Interrupted(CentripetalError):
    """Ctrl-C ended the program."""


_TOO_MANY = (errno.EMFILE, errno.ENFILE)

# The first matching class decides.
_CODES: tuple[tuple[type[CentripetalError], ExitCode], ...] = (
    (Interrupted, ExitCode.INTERRUPTED),
    (SystemFailure, ExitCode.SYSTEM),
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
        "To start a server here, run `centripetal serve` (`--server 1` for 1.x) and paste the lines that it prints; "
        "or give another address with --url or CENTRIFUGO_HTTP_API_URL.",
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
    """Return the exit code for *error*, advice, and the object for `--json`."""
    from centripetal.dialects.current.advice import NEEDS_PRO  # imported only when there is an error, to start faster

    code = next(code for kind, code in _CODES if isinstance(error, kind))
    in_front = isinstance(error, HTTPStatusError) and error.in_front
    if in_front:
        code = ExitCode.RESPONSE  # a gateway replied, which says nothing about the key
    if isinstance(error, ServerError) and error.message in ("invalid token", "token expired"):
        code = ExitCode.AUTHENTICATION  # WebSocket connections get these texts for an invalid token
    if isinstance(error, SystemFailure) and error.pipe_closed:
        code = ExitCode.PIPE_CLOSED
    advice = [text for kind, text in _ADVICE if isinstance(error, kind)][:1]
    if isinstance(error, ConnectError) and not error.retryable:  # a server is there: the cause is TLS or permissions
        advice = [DOCTOR]
    if in_front:
        advice = [DOCTOR]
    if NEEDS_PRO in str(error):
        advice.clear()  # the server is the right one; the message already gives the fix
    if error.executed == "unknown" and not isinstance(error, ServerError | SystemFailure):
        advice.insert(0, _DOUBT)
    if isinstance(error, ServerError) and error.retryable:
        advice.append("Retrying later may succeed.")
    more: dict[str, Any] = {}
    if isinstance(error, HTTPStatusError):
        more["status"] = error.status
    if isinstance(error, ServerError):
        more["server_message"] = shortened(error.message)
    method, channel = _subject(error)
    details = error_object(
        type(error).__name__,
        shortened(str(error)),
        int(code),
        advice=" ".join(advice),
        code=error.code if isinstance(error, ServerError) else None,
        method=method,
        channel=channel,
        executed=error.executed,
        retryable=error.retryable,
        **more,
    )
    return code, " ".join(advice), details


def _subject(error: CentripetalError) -> tuple[str | None, str | None]:
    """Return the method and the channel that *error* is about, which are those of the verb if the error has none."""
    if error.command is None:
        return running().method, running().channel
    channel = getattr(error.command, "channel", running().channel)
    return error.command.name, channel if isinstance(channel, str) else None


def _explain_usage(error: Any) -> tuple[ExitCode, str, dict[str, Any]]:
    """Do the same as `explain` for an error that Typer raised for an invalid command line."""
    message = printable(str(error.format_message())).strip()
    context = getattr(error, "ctx", None)
    advice = f"See `{context.command_path if context is not None else 'centripetal'} --help`."
    if re.match(r"No such option:? '?-\d", message):
        advice = f"To pass a value that starts with -, put -- before the arguments. {advice}"
    code, _, details = explain(UsageError(message))
    method, channel = _typed_subject(context)
    return code, advice, details | {"advice": advice, "method": method, "channel": channel}


def _typed_subject(context: Any) -> tuple[str | None, str | None]:
    """Return the API method that was typed, and its channel if it was read before the error."""
    is_method = any(getattr(context, "info_name", None) in generation.commands for generation in Generation)
    if not is_method or context.parent is None or context.parent.parent is not None:
        return None, None
    channel = context.params.get("channel")
    return context.info_name, channel if isinstance(channel, str) else None


def report(error: Exception, as_json: bool) -> ExitCode:
    """Print *error*, of the library, the output or Typer, to standard error and return its exit code."""
    if isinstance(error, OutputError):
        error = SystemFailure.of_output(error)
    code, advice, details = explain(error) if isinstance(error, CentripetalError) else _explain_usage(error)
    with contextlib.suppress(OutputError):  # this error came first
        sys.stdout.flush()
    if as_json:
        sys.stderr.write(json_line({"error": details}, sys.stderr))
    else:
        print(f"error: {one_line(details['message'])}", *filter(None, [advice]), sep="\n", file=sys.stderr)
    return code
