"""Write the methods of the clients and batches from the commands: `src/centripetal/client/methods/`.

A method is an ordinary function with the parameters, types and docstring of its command, so that editors, `help()`,
`inspect` and `unittest.mock` understand it. The functions are written to files because compiling 150 of them at import
takes longer than the rest of the import.
"""

import inspect
import subprocess
import sys
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from centripetal.dialects.current.api import commands as current
from centripetal.dialects.v1 import commands as v1
from centripetal.protocol.command import Command
from scripts._reference.signatures import type_name

__all__ = ["FILES", "module", "written"]

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "src" / "centripetal" / "client" / "methods"
UNNAMED = (types.UnionType, msgspec.UnsetType)  # not written in annotations
NOT_GIVEN = "NOT_GIVEN"

WRITTEN = "Written by `scripts/methods` from the commands: change those and run it again."

Commands = Sequence[type[Command[Any]]]


class Facade(NamedTuple):
    """A class to write.

    Attributes:
        name: the name of the class, which is the name of the public class too, so that `__qualname__` is right.
        base: the abstract base whose `call` or `add` the methods call.
        docstring: the docstring of the class.
        line: what a method does with its command.
        result: the annotation of the result, with `{}` for the type of the command's result.
        prefix: what the names of the methods begin with.
    """

    name: str
    base: str
    docstring: str
    line: str = "return self.call({})"
    result: str = "{}"
    prefix: str = ""

    @property
    def keyword(self) -> str:
        """How a method begins."""
        return "async def" if "await" in self.line else "def"


FACADES: Sequence[Facade] = (
    Facade("Client", "Blocking", "Commands as methods that return results."),
    Facade("AsyncClient", "Awaiting", "Commands as coroutine functions.", "return await self.call({})"),
    Facade("Batch", "Collecting", "Commands as methods that return slots.", result="Slot[{}]"),
    Facade("AsyncBatch", "Collecting", "Commands as methods that return slots.", result="Slot[{}]"),
)
BUFFERED: Sequence[Facade] = tuple(
    facade._replace(
        base=f"{facade.base}, Buffering", docstring=f"{facade.docstring[:-1]}, and as `add_…` for the buffer."
    )
    for facade in FACADES[:2]
)


class File(NamedTuple):
    """A module to write: its commands, and the classes that offer them."""

    docstring: str
    commands: Commands
    facades: Sequence[Facade]


FILES: Mapping[str, File] = {
    "current.py": File("The methods of the current API.", current.COMMANDS, FACADES),
    "v1.py": File("The methods of the API of Centrifugo 1.x.", v1.COMMANDS, (*BUFFERED, *FACADES[2:])),
}


def module(name: str) -> str:
    """Return the text of a file, a key of `FILES`."""
    file = FILES[name]
    imports: set[tuple[str, str]] = set()
    classes = ["\n\n".join(_class(facade, file.commands, imports)) for facade in file.facades]
    bases = {base for facade in file.facades for base in facade.base.split(", ")} | {"Slot"}
    imports |= {("centripetal.client.call", base) for base in bases}
    text = "\n\n".join(
        [
            f'"""{file.docstring}\n\n{WRITTEN}\n"""',
            "\n".join(f"from {home} import {each}" for home, each in sorted(imports)),
            f"__all__ = {[facade.name for facade in file.facades]}",
            *classes,
        ]
    )
    return _formatted(text, name)


def written(name: str) -> Path:
    """Return the path of a file, a key of `FILES`."""
    return FOLDER / name


def _class(facade: Facade, commands: Commands, imports: set[tuple[str, str]]) -> Iterator[str]:
    yield f'class {facade.name}({facade.base}):\n    """{facade.docstring}"""'
    for command in commands:
        yield _method(facade, command, imports)
    if "Buffering" in facade.base:
        adding = Facade(facade.name, facade.base, "", "self.add({})", "None", "add_")
        for command in commands:
            yield _method(adding, command, imports)


def _method(facade: Facade, command: type[Command[Any]], imports: set[tuple[str, str]]) -> str:
    hints = typing.get_type_hints(command)
    fields = [field for field in msgspec.structs.fields(command) if field.name != "timeout"]
    order = inspect.signature(command).parameters
    fields += [field for field in msgspec.structs.fields(command) if field.name == "timeout"]
    parameters, arguments = ["self"], []
    for field in fields:
        keyword = order[field.name].kind is inspect.Parameter.KEYWORD_ONLY
        if keyword and "*" not in parameters:
            parameters.append("*")
        value, text = field.name, f"{field.name}: {_shown(hints[field.name], imports)}"
        if field.default is msgspec.UNSET:
            imports |= {("centripetal.protocol.command", NOT_GIVEN), ("msgspec", "UNSET")}
            value, text = f"UNSET if {value} is {NOT_GIVEN} else {value}", f"{text} = {NOT_GIVEN}"
        elif field.default is not msgspec.NODEFAULT:
            text += f" = {_literal(field.default)}"
        elif field.default_factory is not msgspec.NODEFAULT:
            raise TypeError(f"{command.__name__}.{field.name}: a method cannot show a default that is made")
        parameters.append(text)
        arguments.append(f"{field.name}={value}" if keyword else value)
    imports.add((command.__module__, command.__name__))
    result = facade.result.format(_shown(_reply(command), imports)) if facade.result != "None" else "None"
    made = f"{command.__name__}({', '.join(arguments)})"
    return "\n".join(
        [
            f"    {facade.keyword} {facade.prefix}{command.name}({', '.join(parameters)}) -> {result}:",
            textwrap.indent(f'"""{inspect.cleandoc(command.__doc__ or "")}\n"""', " " * 8),
            f"        {facade.line.format(made)}",
        ]
    )


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | str) or value == ():
        return repr(value)
    raise TypeError(f"a method cannot show the default {value!r}")


def _reply(command: type[Command[Any]]) -> Any:
    """Return the `R` of the `Command[R]` that *command* is."""
    for kind in command.__mro__:
        for base in getattr(kind, "__orig_bases__", ()):
            origin = typing.get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Command):
                (argument,) = typing.get_args(base)
                if not isinstance(argument, typing.TypeVar):
                    return argument
    raise TypeError(f"{command.__name__} does not say the type of its result")


def _shown(hint: Any, imports: set[tuple[str, str]]) -> str:
    """Return *hint* as it is written in an annotation, and note what it takes to import."""
    for part in _parts(hint):
        if part is Any:
            imports.add(("typing", "Any"))
        elif isinstance(part, type) and part.__module__ != "builtins" and part not in UNNAMED:
            imports.add((part.__module__, part.__name__))
    text = type_name(hint)
    return "Any" if text.startswith("Any |") else text


def _parts(hint: Any) -> Iterator[Any]:
    origin = typing.get_origin(hint)
    yield hint if origin is None else origin
    for argument in typing.get_args(hint):
        yield from _parts(argument)


def _formatted(text: str, name: str) -> str:
    for command in (["check", "--select=I,RUF022", "--fix", "--quiet"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(FOLDER / name), "-"],
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
