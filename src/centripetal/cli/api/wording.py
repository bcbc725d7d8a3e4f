"""Messages of checks in the words of the command line: checks are written for programmers, who pass arguments."""

import re
from collections.abc import Iterable

__all__ = ["in_options"]

_FOR_PROGRAMMERS = re.compile(r" \((?:None|b'')[^)]*\)")


def in_options(message: str, options: Iterable[str]) -> str:
    """Return *message* with options in place of the arguments of a method.

    Args:
        message: text such as "… or anonymous=True to confirm".
        options: names of the arguments that are options on the command line, such as "anonymous".
    """
    message = _FOR_PROGRAMMERS.sub("", message)
    for name in options:
        option = "--" + name.replace("_", "-")
        message = re.sub(rf"(?<![\w-]){re.escape(name)}=(?:True\b)?", option, message)
        if re.search(r"[_\d]", name):  # not an English word
            message = re.sub(rf"(?<![\w-]){re.escape(name)}\b", option, message)
    return message.replace("pass the bytes themselves", "name a file with @FILE").replace("pass ", "give ")
