"""Pages about the public modules: every public name, with signature and docstring."""

import ast
import importlib
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from centripetal.errors import CentripetalError
from centripetal.protocol.command import Command
from scripts._reference.docstrings import markdown
from scripts._reference.signatures import signature, type_name

__all__ = ["PAGES", "Page", "anchor", "documented", "page"]


class Page(NamedTuple):
    """A page: the module that it describes, and the text above the names."""

    door: str
    text: str


PAGES: Mapping[str, Page] = {
    "centripetal": Page(
        "centripetal",
        "The API of Centrifugo 3 to 6. Guide: [the client](../howto/client.md). A parameter with the default `…` is\n"
        "not sent unless you pass it. Every call also accepts `timeout=`, the time limit of the whole call in seconds.",
    ),
    "v1": Page(
        "centripetal.v1",
        "The API of Centrifugo 1.x. Guide: [the client of 1.x](../howto/client-v1.md).",
    ),
    "tokens": Page(
        "centripetal.tokens",
        "JSON Web Tokens for Centrifugo 3 and later. Guide: [tokens for browsers](../howto/tokens.md).",
    ),
    "server": Page(
        "centripetal.server",
        "A Centrifugo server in this process. Guide: [the embedded server](../howto/embedded-server.md).",
    ),
    "testing": Page(
        "centripetal.testing",
        "Helpers for tests of your back end. Guide: [testing your back end](../howto/testing.md). The pytest\n"
        "fixtures are `centrifugo`, `centrifugo_recorder`, `centrifugo_v1` and `centrifugo_v1_recorder`.",
    ),
}

_METHODS = "centripetal.client.methods."

_SERVERS = ("EmbeddedServer", "Centrifugo", "CentrifugoV1", "Recorder", "RecorderV1")

_KINDS: Sequence[tuple[str, Callable[[str, Any], bool]]] = (
    ("Clients and batches", lambda name, _: name in ("Client", "AsyncClient", "Batch", "AsyncBatch")),
    ("Servers and recorders", lambda name, _: name in _SERVERS),
    ("Errors", lambda _, value: _is(value, CentripetalError)),
    ("Commands", lambda _, value: _is(value, Command) and value is not Command),
    (
        "Results and their parts",
        lambda _, value: _is(value, msgspec.Struct) and ".results" in value.__module__,
    ),
    ("Functions", lambda _, value: inspect.isfunction(value)),
    ("Everything else", lambda *_: True),
)


def _is(value: Any, kind: type) -> bool:
    return inspect.isclass(value) and issubclass(value, kind)


def anchor(name: str) -> str:
    """Return the fragment of the heading of *name*."""
    return name.strip("_").lower()


def documented(door: str) -> list[str]:
    """Return the names that a page about the module *door* must contain."""
    return sorted(importlib.import_module(door).__all__)


def page(which: str) -> str:
    """Return the Markdown of a page, a key of `PAGES`."""
    door, text = PAGES[which]
    module = importlib.import_module(door)
    names = [name for name in documented(door) if name != "__version__"]
    parts = [f"# {door}", text]
    for title, belongs in _KINDS:
        mine = [name for name in names if belongs(name, getattr(module, name))]
        names = [name for name in names if name not in mine]
        if mine:
            parts += [f"## {title}", *(_entry(module, name) for name in mine)]
    if "__version__" in documented(door):
        parts += ["### `__version__` { #version }", "The version of this library, as a string."]
    return "\n\n".join(parts) + "\n"


def _entry(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    heading = f"### {name} {{ #{anchor(name)} }}"
    if _is(value, CentripetalError):
        first = inspect.cleandoc(value.__doc__ or "").split("\n\n")[0]
        return f"{heading}\n\n{markdown(first)} [More](errors.md#{anchor(name)})."
    if inspect.isclass(value):
        return "\n\n".join([heading, *_class(name, value)])
    if inspect.isfunction(value):
        return "\n\n".join([heading, _code(signature(name, value)), markdown(inspect.getdoc(value) or "")])
    shown = type_name(value) if typing.get_origin(value) is not None else repr(value)
    return "\n\n".join([heading, _code(f"{name} = {shown}"), markdown(_said_below(module, name))])


def _code(text: str) -> str:
    return f"```text\n{text}\n```"


def _said_below(module: ModuleType, name: str) -> str:
    """Return the text after the assignment of *name* in the module that defines it."""
    home: ModuleType = module
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_bytes())):
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            home = importlib.import_module(str(node.module))
    body = ast.parse(Path(home.__file__ or "").read_bytes()).body
    for statement, follower in pairwise(body):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            match follower:
                case ast.Expr(ast.Constant(str(text))):
                    return inspect.cleandoc(text)
    return ""


def _class(name: str, kind: Any) -> Iterator[str]:
    if typing.is_typeddict(kind):
        fields = [f"    {field}: {type_name(hint)}" for field, hint in sorted(kind.__annotations__.items())]
        yield _code("\n".join([f"class {name}(TypedDict):", *fields]))
    elif not (getattr(kind, "_is_protocol", False) or issubclass(kind, Warning)):
        yield _code(signature(name, kind, returns=""))
    if _is(kind, Command) and hasattr(kind, "reply"):
        yield f"Its result: `{type_name(kind.reply)}`."
    yield markdown(inspect.cleandoc(kind.__dict__.get("__doc__") or ""))
    methods = [(method, getattr(kind, method)) for method in dir(kind) if not method.startswith("_")]
    commands = list(_called(kind))
    if commands:
        yield _commands(kind, commands)
    for method, value in methods:
        if not _own(kind, method):
            continue
        if isinstance(inspect.getattr_static(kind, method), property):
            yield f"**`{method}`**: {markdown(inspect.getdoc(value) or '')}"
        elif inspect.isroutine(value):
            called = ("async " if inspect.iscoroutinefunction(value) else "") + method
            said = markdown(inspect.getdoc(value) or "")
            yield f"**`{method}`**\n\n{_code(signature(called, value, bound=True))}\n\n{said}"


def _own(kind: type, name: str) -> bool:
    """Return whether our class *kind* defines the attribute *name* for users, and not from a command."""
    home = _home(kind, name)
    static = inspect.getattr_static(kind, name)
    usable = isinstance(static, property | classmethod | staticmethod) or inspect.isroutine(static)
    ours = home.__module__.partition(".")[0] == "centripetal" and not home.__module__.startswith(_METHODS)
    return usable and ours and not (home is Command and kind is not Command)


def _home(kind: type, name: str) -> type:
    return next((each for each in kind.__mro__ if name in vars(each)), kind)


def _called(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the methods of a client or batch that are created from commands, each with its command."""
    door = importlib.import_module(kind.__module__)
    for value in (getattr(door, name) for name in door.__all__):
        if _is(value, Command):
            method = getattr(value, "name", "")
            if _home(kind, method).__module__.startswith(_METHODS):
                yield method, value


def _commands(kind: type, commands: list[tuple[str, Any]]) -> str:
    adding = hasattr(kind, "add_publish")
    lines = [f"- `{method}(…)`: [{value.__name__}](#{anchor(value.__name__)})" for method, value in sorted(commands)]
    more = (
        "\n\nEach also exists as `add_…` with the same arguments, which adds the command to the buffer."
        if adding
        else ""
    )
    return "A method for each command, with the command's arguments:\n\n" + "\n".join(lines) + more
