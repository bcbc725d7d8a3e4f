"""Where verbs take what users publish from: an argument or the standard input, as JSON or as text."""

import os
import sys
from pathlib import Path

import msgspec

from centripetal.errors import UsageError

__all__ = ["STDIN", "check_json_text", "checked_json", "file_contents", "named_bytes", "named_json"]
__all__ += ["read_bytes", "read_json", "read_text"]

STDIN = "-"


def read_json(argument: str, what: str) -> bytes:
    """The JSON text that *argument* is, or that comes from the standard input.

    Raises:
        UsageError: it is not JSON; the message says how to give text.
    """
    return checked_json(read_bytes(argument), what, "the standard input" if argument == STDIN else repr(argument))


def checked_json(text: bytes, what: str, source: str) -> bytes:
    """*text*, without the space around it.

    Args:
        text: what must be JSON.
        what: the option or argument that it is for, for the message.
        source: where it comes from, for the message.

    Raises:
        UsageError: it is not JSON; the message says how to give text.
    """
    text = text.strip()
    if not text:
        raise UsageError(f"{what}: {source} is empty: give a JSON value, null for none")
    try:
        text.decode()
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f'{what}: {source} is not JSON ({error}). Quote JSON for the shell, such as \'{{"text": "hello"}}\'; '
            "for plain text give --text"
        ) from None
    return text


def read_text(argument: str) -> str:
    """The text that *argument* is, or that comes from the standard input, without its last line break."""
    try:
        return read_bytes(argument).decode().removesuffix("\n") if argument == STDIN else argument
    except UnicodeDecodeError as error:
        raise UsageError(f"the standard input is not text in UTF-8: {error}") from None


def read_bytes(argument: str) -> bytes:
    """The bytes that *argument* is, or that come from the standard input: exactly these."""
    if argument != STDIN:
        return os.fsencode(argument)
    if sys.stdin is None:
        raise UsageError("there is no standard input to read from: give the value as an argument")
    if sys.stdin.isatty():
        print("reading from the terminal; end with Ctrl-D", file=sys.stderr)
    return sys.stdin.buffer.read()


def file_contents(what: str, path: str) -> bytes:
    """The bytes of the file at *path*; *what* is the option or argument that it is for, for the message."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{what}: cannot read {path!r}: {error.strerror}") from None


def named_bytes(what: str, argument: str) -> bytes:
    """The bytes of the file that *argument* names as @FILE, or of the standard input that it names as -."""
    return file_contents(what, argument[1:]) if argument.startswith("@") else read_bytes(argument)


def named_json(what: str, argument: str) -> bytes:
    """The JSON that *argument* is, or that is in the file or the standard input that it names."""
    if argument.startswith("@"):
        return checked_json(file_contents(what, argument[1:]), what, f"the file {argument[1:]!r}")
    return read_json(argument, what)


def check_json_text(argument: str, option: str) -> str:
    """*argument* itself, if it is JSON or empty."""
    if argument:
        checked_json(os.fsencode(argument), option, repr(argument))
    return argument
