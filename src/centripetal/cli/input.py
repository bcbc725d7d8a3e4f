"""Reading data given as an argument, as @FILE or on standard input, as JSON or as text."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from centripetal.cli.json_advice import is_json, json_advice
from centripetal.errors import UsageError
from centripetal.protocol.gojson import JSONError, check
from centripetal.protocol.json_text import without_mark

__all__ = ["DATA", "STDIN", "check_json_text", "checked_json", "file_contents", "named_bytes", "named_json"]
__all__ += ["read_bytes", "read_json", "read_text", "refuse_array"]

STDIN = "-"

DATA = "data"
"""The argument of verbs that have the option `--text`."""


def read_json(argument: str, what: str) -> bytes:
    """Return the JSON text in *argument*, or read from standard input if *argument* is -.

    Raises:
        UsageError: if the text is not JSON; the message explains how to pass plain text.
    """
    if argument == STDIN:
        return checked_json(read_bytes(argument), what, "standard input")
    return checked_json(os.fsencode(argument), what, f"{argument!r:.60}", argument)


def checked_json(text: bytes, what: str, source: str, argument: str | None = None) -> bytes:
    """Check that *text* is JSON and return it without surrounding whitespace.

    Args:
        text: the text to check.
        what: the option or argument that takes the text, for the message.
        source: where the text was read from, for the message.
        argument: the argument with the text, unless the text was read from a file or standard input.

    Raises:
        UsageError: if *text* is not JSON; the message says what to type instead of *argument*.
    """
    text = without_mark(text, f"{what}: {source}").strip()
    if not text:
        raise UsageError(f"{what}: {source} is empty: give a JSON value (null is valid)")
    try:
        text.decode()
        check(text)
    except (UnicodeDecodeError, JSONError) as error:
        advice = "" if argument is None else f". {json_advice(what, argument, takes_text=what == DATA)}"
        reason = f" ({_reason(error)})" if argument is None else ""
        raise UsageError(f"{what}: {source} is not JSON{reason}{advice}") from None
    return text


def _reason(error: Exception) -> str:
    """Describe *error* without the text, which may be long."""
    return f"not UTF-8 at byte {error.start}" if isinstance(error, UnicodeDecodeError) else str(error)


def read_text(argument: str) -> str:
    """Return *argument*, or if it is -, the text from standard input without the last line break."""
    if argument != STDIN:
        return argument
    try:
        text = without_mark(read_bytes(argument), "standard input").decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 text: {_reason(error)}") from None
    return text.removesuffix("\n") if not text.endswith("\r\n") else text.removesuffix("\r\n")


def read_bytes(argument: str) -> bytes:
    """Return the bytes of *argument*, or if it is -, all bytes from standard input, unchanged."""
    if argument != STDIN:
        return os.fsencode(argument)
    if sys.stdin is None:
        raise UsageError("standard input is closed: give the value as an argument")
    if sys.stdin.isatty():
        print("reading from the terminal; press Ctrl-D to finish", file=sys.stderr)
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise UsageError(f"cannot read standard input: {error.strerror}") from None


def file_contents(what: str, path: str) -> bytes:
    """Return the bytes of the file at *path*. *what* names the option or argument, for the message."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # a ValueError for a path with a NUL character
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{what}: cannot read {path!r:.100}: {reason}") from None


def named_bytes(what: str, argument: str) -> bytes:
    """Return the bytes of the file if *argument* is @FILE, of standard input if it is -, otherwise of *argument*."""
    return file_contents(what, argument[1:]) if argument.startswith("@") else read_bytes(argument)


def named_json(what: str, argument: str) -> bytes:
    """Return the JSON in the file if *argument* is @FILE, on standard input if it is -, otherwise in *argument*."""
    if argument.startswith("@"):
        return checked_json(file_contents(what, argument[1:]), what, f"the file {argument[1:]!r:.100}")
    return read_json(argument, what)


def refuse_array(what: str, words: Sequence[str], example: str) -> None:
    """Raise `UsageError` if one of *words*, which are names, is a JSON array. *example* is a valid command line."""
    if any(word.startswith("[") and is_json(word) for word in words):
        raise UsageError(
            f"{what}: a JSON array would be a single name: type the names as separate words, for example `{example}`"
        )


def check_json_text(argument: str, option: str) -> str:
    """Return *argument* if it is empty or JSON; raise `UsageError` otherwise."""
    if argument:
        checked_json(os.fsencode(argument), option, f"{argument!r:.60}", argument)
    return argument
