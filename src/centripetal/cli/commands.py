"""The verbs of the API, made from the table of commands: fields become arguments and options, docstrings the help.

A new command of a dialect needs no code here, unless one of its fields has a type that is new, too.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from centripetal.cli.data import STDIN, read_json, read_text
from centripetal.cli.output import show
from centripetal.cli.settings import Settings, keyword, register
from centripetal.dialects.v1.commands import COMMANDS
from centripetal.protocol.command import Command

__all__ = ["Description", "command_parameters", "describe", "register_all"]

_SCALARS = (str, int, float, bool)
_LISTS = (list, Sequence)

# What a field looks like in an example.
_SAMPLES = {
    "data": """'{"text": "hello"}'""",
    "channel": "news",
    "channels": "news sport",
    "user": "42",
}


def register_all(app: typer.Typer) -> None:
    """Make every command of Centrifugo 1.x a verb of *app*."""
    for command in COMMANDS:
        described = describe(command)
        register(
            app,
            _verb(command),
            name=command.name,
            parameters=list(command_parameters(command, described)),
            help=described.text,
            examples=list(_examples(command)),
        )


def _verb(command: type[Command[Any]]) -> Callable[..., None]:
    data = next((field.name for field in _fields(command) if field.type is Any), None)

    def verb(settings: Settings, text: bool = False, **values: Any) -> None:
        if data is not None:
            values[data] = read_text(values[data]) if text else read_json(values[data])
        show(settings.client().call(command(**values)), as_json=settings.json)

    return verb


def _fields(command: type[Command[Any]]) -> list[msgspec.structs.FieldInfo]:
    # The time limit is an option of all verbs.
    return [field for field in msgspec.structs.fields(command) if field.name != "timeout"]


def command_parameters(command: type[Command[Any]], described: "Description") -> Iterator[inspect.Parameter]:
    """The parameters of the verb for *command*, as Typer reads them off a function."""
    fields = _fields(command)
    has_list = any(field.required and typing.get_origin(field.type) in _LISTS for field in fields)
    for field in fields:
        what = described.arguments.get(field.name, "")
        if field.type is Any:
            # Behind a list of names it must be given: the last name could be taken for it otherwise.
            yield _argument(
                field.name,
                str,
                f"A JSON value; {'-' if has_list else '- or none'} reads it from the standard input.",
                default=inspect.Parameter.empty if has_list else STDIN,
            )
            option = typer.Option("--text", help="The data are plain text, not JSON.", show_default=False)
            yield keyword("text", Annotated[bool, option], False)
        elif field.required:
            yield _argument(field.name, _argument_type(command, field), what)
        else:
            kind = _option_type(command, field)
            option = typer.Option(
                "--" + field.name.replace("_", "-"), help=what, show_default=field.default is not None
            )
            yield keyword(field.name, Annotated[kind, option], field.default)


def _argument(name: str, kind: Any, what: str, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    metavar = name.removesuffix("s").upper() if kind == list[str] else name.upper()
    return keyword(name, Annotated[kind, typer.Argument(metavar=metavar, help=what, show_default=False)], default)


def _argument_type(command: type[Command[Any]], field: msgspec.structs.FieldInfo) -> Any:
    if field.type in _SCALARS:
        return field.type
    if typing.get_origin(field.type) in _LISTS and typing.get_args(field.type) == (str,):
        return list[str]
    raise _unknown(command, field)


def _option_type(command: type[Command[Any]], field: msgspec.structs.FieldInfo) -> Any:
    if field.type in _SCALARS:
        return field.type
    if typing.get_origin(field.type) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(field.type) if kind is not type(None)]
        if len(kinds) == 1 and kinds[0] in _SCALARS:
            return kinds[0] | None
    raise _unknown(command, field)


def _unknown(command: type[Command[Any]], field: msgspec.structs.FieldInfo) -> TypeError:
    return TypeError(f"the command line has no form yet for {command.__name__}.{field.name}, which is {field.type}")


def _examples(command: type[Command[Any]]) -> Iterator[str]:
    required = [field for field in _fields(command) if field.required]
    yield " ".join(["centripetal", command.name, *(_SAMPLES.get(field.name, field.name.upper()) for field in required)])
    if any(field.type is Any for field in required):
        names = [_SAMPLES.get(field.name, field.name.upper()) for field in required if field.type is not Any]
        yield " ".join(["echo", _SAMPLES["data"], "|", "centripetal", command.name, *names, STDIN])
        yield " ".join(["centripetal", command.name, *names, "--text", "'Lunch is ready'"])


class Description(NamedTuple):
    """What a docstring says: its text, and the line of each argument."""

    text: str
    arguments: dict[str, str]


_ARGUMENT = re.compile(r"^    (\w+(?:, \w+)*): ((?:.+\n?)(?:^ {8}.+\n?)*)", re.MULTILINE)


def describe(command: type[Command[Any]]) -> Description:
    """The docstring of *command* for readers of a help page."""
    text, _, rest = inspect.cleandoc(command.__doc__ or "").partition("\nArgs:\n")
    section = re.split(r"^\w+:$", rest, maxsplit=1, flags=re.MULTILINE)[0]
    arguments = {
        name: _sentence(_plain(lines)) for names, lines in _ARGUMENT.findall(section) for name in names.split(", ")
    }
    return Description(_plain(text), arguments)


# What results are in Python: "; the result is True", ": a `Stats`", ": a dict from connection id to `ClientInfo`".
_PYTHON = re.compile(r"; the result is True|: an? (dict [^.`]*)?`\w+`(?=\.)")


def _plain(text: str) -> str:
    """Without Python and references to it, arguments named as the help names them, paragraphs in one line each."""
    text = _PYTHON.sub("", text)
    text = re.sub(r"\s+\(spec v\d[^)]*\)", "", text)
    text = re.sub(r"\*(\w+)\*", lambda match: match[1].upper(), text)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
