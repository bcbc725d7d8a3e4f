"""The form of errors with `--json`. This module imports no package of the extra `cli`, which may be missing."""

from typing import Any

from centripetal.errors import Executed

__all__ = ["error_object"]


def error_object(
    kind: str,
    message: str,
    exit_code: int,
    *,
    advice: str = "",
    code: int | None = None,
    method: str | None = None,
    channel: str | None = None,
    executed: Executed = "no",
    retryable: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """Return an error as a JSON object; every error that the program prints has these members.

    Args:
        kind: the class of the error.
        message: the error in one or two sentences.
        exit_code: the exit code of the program.
        advice: how to fix the error; may be empty.
        code: the number of the error in the API of the server.
        method: the API method that failed, or None for a tool.
        channel: its channel, or None if there is not exactly one.
        executed: whether the server executed the method.
        retryable: whether the same command can succeed later.
        more: members that only some errors have.
    """
    return {
        "type": kind,
        "code": code,
        "method": method,
        "channel": channel,
        "message": message,
        "advice": advice,
        "executed": executed,
        "retryable": retryable,
        "exit_code": exit_code,
        **more,
    }
