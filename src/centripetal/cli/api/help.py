"""Help texts for API commands, converted from their docstrings, which address programmers."""

import inspect
import re
from typing import Any, NamedTuple

from centripetal.cli.generation import Generation
from centripetal.protocol.command import Command

__all__ = ["Description", "describe"]


class Description(NamedTuple):
    """Help for one command: its text, and a sentence for each argument."""

    text: str
    arguments: dict[str, str]


_ARGUMENT = re.compile(r"^    (\w+(?:, \w+)*): ((?:.+\n?)(?:^ {8}.+\n?)*)", re.MULTILINE)


def describe(command: type[Command[Any]]) -> Description:
    """Convert the docstring of *command* into help texts."""
    text, _, rest = inspect.cleandoc(command.__doc__ or "").partition("\nArgs:\n")
    section = re.split(r"^\w+:$", rest, maxsplit=1, flags=re.MULTILINE)[0]
    arguments = {
        name: _sentence(_plain(lines)) for names, lines in _ARGUMENT.findall(section) for name in names.split(", ")
    }
    return Description(_plain(text), {name: _resolved(name, words) for name, words in arguments.items()})


_ELSEWHERE = re.compile(r"As in `(\w+)`[.;]? ?")


def _resolved(name: str, words: str) -> str:
    """Replace a reference to another command in *words* with the text of its argument *name*."""
    found = _ELSEWHERE.match(words)
    if found is None:
        return words
    kinds = {command.__name__: command for command in Generation.CURRENT.commands.values()}
    return " ".join(filter(None, (describe(kinds[found[1]]).arguments[name], _sentence(words[found.end() :]))))


# Descriptions of Python results: "; the result is True", ": a `Stats`", ": a dict from connection id to `ClientInfo`".
_PYTHON = re.compile(r"; the result is True|: an? (dict [^.`]*)?`\w+`(?=\.)|; an int becomes text|; ints become text")
# Phrases for programmers, with their replacements in the help.
_WORDS = (
    (re.compile(r"a (?:datetime with time zone|timezone-aware datetime)"), "a time such as 2026-01-31T12:00:00Z"),
    (re.compile(r", (?:also|including) None(?: \(JSON null\))?"), ""),
    (re.compile(r"; `bytes` (?:are|must be) ready-made JSON(?: and (?:travel as they are|are sent unchanged))?"), ""),
    # The command line uses another default.
    (re.compile(r"; without \*limit\*, no \w+"), ""),
    (re.compile(r"\. 0, the default, returns"), ". 0 returns"),
    (re.compile(r"\n\n(?:`history_pages` of a client|`Client\.history_pages`)[^\n]*(?:\n[^\n]+)*"), ""),
)


def _plain(text: str) -> str:
    """Remove what concerns only Python, write argument names in upper case, and put each paragraph on one line."""
    text = _PYTHON.sub("", text)
    for pattern, words in _WORDS:
        text = pattern.sub(words, text)
    text = re.sub(r"\s+\(protocol \d:[^)]*\)", "", text)
    text = re.sub(r"\*(\w+)\*", lambda match: match[1].upper(), text)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
