"""Write the stubs of the methods of clients, batches and writers from the commands: the `.pyi` files in `src/`.

The functions are created at run time, together with their classes (`client/call.py`). The stubs give type checkers,
editors and completion tools their names, types and docstrings.
"""

import inspect
import subprocess
import sys
import textwrap
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple

import msgspec

from centripetal.client.call import AwaitedQueueing, Queueing
from centripetal.client.methods import current, v1
from centripetal.client.signatures import signature_of
from centripetal.dialects.current.commands import COMMANDS as COMMANDS_OF_CURRENT
from centripetal.dialects.current.queue import QUEUED
from centripetal.dialects.v1.commands import COMMANDS as COMMANDS_OF_V1
from centripetal.outbox import methods as outbox
from centripetal.protocol.command import Command
from scripts._reference.signatures import type_name

__all__ = ["FILES", "module", "written"]

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "centripetal"

_WRITTEN = "Written by `scripts/methods` from the commands; run it after a change of a command."

Imports = set[tuple[str, str]]


class File(NamedTuple):
    """A stub to write: the classes of a module, and their commands."""

    docstring: str
    commands: Sequence[type[Command[Any]]]
    classes: Sequence[type]


FILES: Mapping[str, File] = {
    "client/methods/current.pyi": File(
        "Methods of the current API.",
        COMMANDS_OF_CURRENT,
        (current.Client, current.AsyncClient, current.Batch, current.AsyncBatch),
    ),
    "client/methods/v1.pyi": File(
        "Methods of the API of Centrifugo 1.x.", COMMANDS_OF_V1, (v1.Client, v1.AsyncClient, v1.Batch, v1.AsyncBatch)
    ),
    "outbox/methods.pyi": File("Methods of the writers of an outbox.", QUEUED, (outbox.Writer, outbox.AsyncWriter)),
}


def module(name: str) -> str:
    """Return the text of a stub, a key of `FILES`."""
    file = FILES[name]
    imports: Imports = set()
    classes = ["\n\n".join(_class(kind, file.commands, imports)) for kind in file.classes]
    text = "\n\n".join(
        [
            f'"""{file.docstring}\n\n{_WRITTEN}\n"""',
            "\n".join(f"from {home} import {each}" for home, each in sorted(imports)),
            f"__all__ = {[kind.__name__ for kind in file.classes]}",
            *classes,
        ]
    )
    return _formatted(text, name)


def written(name: str) -> Path:
    """Return the path of a stub, a key of `FILES`."""
    return SOURCE / name


def _class(kind: type, commands: Sequence[type[Command[Any]]], imports: Imports) -> Iterator[str]:
    imports |= {(base.__module__, base.__name__) for base in kind.__bases__}
    bases = ", ".join(base.__name__ for base in kind.__bases__)
    imports.add(("abc", "ABCMeta"))  # `call` and `add` are abstract
    yield f'class {kind.__name__}({bases}, metaclass=ABCMeta):\n    """{kind.__doc__}"""'
    for adds in (False, True):
        for command in commands:
            name = f"add_{command.name}" if adds else command.name
            if function := vars(kind).get(name):
                slot, returns_none = "Batch" in kind.__name__, adds or issubclass(kind, Queueing | AwaitedQueueing)
                yield _method(function, name, command, imports, slot=slot, returns_none=returns_none)


def _method(
    function: Any, name: str, command: type[Command[Any]], imports: Imports, *, slot: bool, returns_none: bool
) -> str:
    signature = signature_of(command, returns_none=returns_none)
    parameters: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parameters:
            parameters.append("*")
        text = parameter.name
        if parameter.annotation is not parameter.empty:
            text += f": {_shown(parameter.annotation, imports)}"
        if parameter.default is msgspec.UNSET:
            text += " = ..."
        elif parameter.default is not parameter.empty:
            text += f" = {_literal(parameter.default)}"
        parameters.append(text)
    result = "None" if returns_none else _shown(signature.return_annotation, imports)
    if slot:
        imports.add(("centripetal.client.call", "Slot"))
        result = f"Slot[{result}]"
    keyword = "async def" if inspect.iscoroutinefunction(function) else "def"
    docstring = textwrap.indent(f'"""{inspect.cleandoc(command.__doc__ or "")}\n"""', " " * 8)
    return f"    {keyword} {name}({', '.join(parameters)}) -> {result}:\n{docstring}"


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | str) or value == ():
        return repr(value)
    raise TypeError(f"a stub cannot show the default {value!r}")


def _shown(hint: Any, imports: Imports) -> str:
    """Return *hint* as it is written in an annotation, and note its imports."""
    for part in _parts(hint):
        if part is Any:
            imports.add(("typing", "Any"))
        elif isinstance(part, type) and part.__module__ != "builtins" and part is not UnionType:
            imports.add((part.__module__, part.__name__))
    return type_name(hint)


def _parts(hint: Any) -> Iterator[Any]:
    origin = typing.get_origin(hint)
    yield hint if origin is None else origin
    for argument in typing.get_args(hint):
        yield from _parts(argument)


def _formatted(text: str, name: str) -> str:
    for command in (["check", "--select=I,RUF022", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(SOURCE / name), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        text = done.stdout
    return text


def main() -> None:
    for name in FILES:
        written(name).write_text(module(name))


if __name__ == "__main__":
    main()
