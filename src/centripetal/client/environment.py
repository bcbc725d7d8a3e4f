"""Settings in environment variables, or in the files that such variables name, as containers mount secrets.

`CENTRIFUGO_HTTP_API_KEY_FILE=/run/secrets/key` is the same as `CENTRIFUGO_HTTP_API_KEY` with the content of that file.
Every setting that this library reads from the environment can be given in both ways.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from centripetal.errors import UsageError
from centripetal.protocol.exact import exact_text
from centripetal.protocol.json_text import without_mark

__all__ = ["MAX_FILE_BYTES", "Variable", "environment_value", "environment_variable", "file_value"]

MAX_FILE_BYTES: Final = 1024 * 1024
"""Maximum size of a file: as large as a secret of Kubernetes can be."""

_SUFFIX = "_FILE"


class Variable(NamedTuple):
    """A variable that is set, and the value of its setting. The repr omits the value, because it may be a key.

    Attributes:
        name: the name of the variable; it ends in `_FILE` if the variable names a file.
        value: the value, or the content of the file.
    """

    name: str
    value: str

    @property
    def names_file(self) -> bool:
        """Whether the value is the content of a file."""
        return self.name.endswith(_SUFFIX)

    def __repr__(self) -> str:
        return f"<Variable {self.name}>"


def environment_value(environment: Mapping[str, str], *names: str) -> str | None:
    """Return the value of `environment_variable`, or None if no variable is set."""
    variable = environment_variable(environment, *names)
    return None if variable is None else variable.value


def environment_variable(environment: Mapping[str, str], *names: str) -> Variable | None:
    """Return the first of the variables *names* that is set, directly or with `_FILE` after its name; None without one.

    Variables that are set must agree. An empty variable counts as not set. The line breaks at the end of a file do not
    belong to the value.

    Raises:
        UsageError: two of the variables have different values, a value is not text, or a file cannot be read, is not a
            regular file, is empty or too large, or does not contain text in UTF-8. No message contains a value.
    """
    found = []
    for name in names:
        if text := environment.get(name):
            found.append(Variable(name, _text(name, text)))
        if path := environment.get(name + _SUFFIX):
            found.append(Variable(name + _SUFFIX, file_value(name + _SUFFIX, _text(name + _SUFFIX, path))))
    if len({variable.value for variable in found}) > 1:
        listed = " and ".join(variable.name for variable in found)
        raise UsageError(f"{listed} are both set and differ: unset one of them, or pass the option")
    return found[0] if found else None


def _text(name: str, value: object) -> str:
    text = exact_text(value)
    if text is None:
        raise UsageError(f"the variable {name} must be text, not {type(value).__name__}")
    return text


def file_value(name: str, path: str) -> str:
    """Return the text of the file at *path* without the line breaks at its end.

    Args:
        name: the variable or the setting that names the file, for messages.
        path: the path of a regular file.

    Raises:
        UsageError: the file cannot be read, is not a regular file, is empty or too large, or does not contain text in
            UTF-8. No message contains its content.
    """
    try:
        content = _read(path)
    except (OSError, ValueError) as error:
        # A path with a NUL or a lone surrogate is a ValueError, whose text would repeat it.
        reason = error.strerror if isinstance(error, OSError) else "this is not a path"
        raise UsageError(f"{name}: cannot read {_shown(path)}: {reason}") from None
    if content is None:
        raise UsageError(f"{name}: {_shown(path)} is not a regular file: mount the secret as a file")
    if len(content) > MAX_FILE_BYTES:
        raise UsageError(f"{name}: {_shown(path)} is larger than {MAX_FILE_BYTES} bytes: is this the right file?")
    text: str | None = None
    # The error is raised outside of the block: a UnicodeDecodeError holds the content.
    with suppress(UnicodeDecodeError):
        text = without_mark(content, f"{name}: {_shown(path)}").decode()
    if text is None:
        raise UsageError(f"{name}: {_shown(path)} is not a text file in UTF-8")
    if not text.strip():
        raise UsageError(f"{name}: {_shown(path)} is empty")
    return text.rstrip("\r\n")


def _read(path: str) -> bytes | None:
    """Return the content of the file at *path*, at most one byte more than allowed; None if it is not a regular file.

    Opening a named pipe would wait until another program writes to it, so the kind of the file is checked first.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        return None
    with open(path, "rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _shown(path: str) -> str:
    """Return *path* for a message, unless it may be the secret itself in the wrong variable."""
    if os.path.isabs(path) or path.startswith(".") or os.path.exists(path):
        return f"the file {path!r:.100}"
    return "the file that it names (a value without a directory is not shown, because it may be the secret itself)"
