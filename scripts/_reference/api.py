"""Pages of the reference about modules that users import: every public name, with its signature and docstring."""

import ast
import importlib
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from centripetal.client.signatures import result_type
from centripetal.dialects.current.proxy.events import Event
from centripetal.dialects.current.proxy.reply import Reply
from centripetal.errors import CentripetalError
from centripetal.protocol.command import Command
from scripts._reference.docstrings import markdown
from scripts._reference.order import CLASSES, FUNCTIONS, METHODS, OWN_METHODS, PRO, in_order
from scripts._reference.signatures import signature, type_name

__all__ = ["PAGES", "Page", "anchor", "documented", "page"]


class Page(NamedTuple):
    """A page: the module that it documents, and its introduction."""

    door: str
    text: str


PAGES: Mapping[str, Page] = {
    "centripetal": Page(
        "centripetal",
        "The API of Centrifugo 3 to 6. The guide is [Using the client](../howto/client.md). A parameter whose default\n"
        "is shown as `…` is left out of the request unless you pass it. Every call takes `timeout=`, in seconds for\n"
        "the whole call.",
    ),
    "v1": Page(
        "centripetal.v1",
        "The API of Centrifugo 1.x. The guide is [Using the 1.x client](../howto/client-v1.md).",
    ),
    "tokens": Page(
        "centripetal.tokens",
        "JSON Web Tokens for Centrifugo 3 and later. The guide is [Tokens](../howto/tokens.md).",
    ),
    "proxy": Page(
        "centripetal.proxy",
        "Answers to the questions that Centrifugo 6 asks your back end: its proxy events. The guide is\n"
        "[Answering proxy events](../howto/proxy.md).",
    ),
    "outbox": Page(
        "centripetal.outbox",
        "Commands as rows of your own transaction, which Centrifugo reads from PostgreSQL. The guide is\n"
        "[Publishing with a transaction](../howto/outbox.md).",
    ),
    "django": Page(
        "centripetal.django",
        "The Django app: answers to proxy events, and the outbox of a project. The guide is\n"
        "[Django](../howto/django.md). `centripetal.django.operations.CreateOutbox` is the operation for migrations.",
    ),
    "server": Page(
        "centripetal.server",
        "An embedded Centrifugo server in your process. The guide is\n"
        "[The embedded server](../howto/embedded-server.md).",
    ),
    "testing": Page(
        "centripetal.testing",
        "Tools to test your back end. The guide is [Testing your back end](../howto/testing.md). The pytest fixtures\n"
        "are `centrifugo`, `centrifugo_recorder`, `centrifugo_v1` and `centrifugo_v1_recorder`.",
    ),
}

_METHODS = "centripetal.client.methods."

_BATCHES = ("Batch", "AsyncBatch")
_WRITERS = ("Writer", "AsyncWriter")
_SERVERS = ("EmbeddedServer", "Centrifugo", "CentrifugoV1", "Recorder", "RecorderV1")

_KINDS: Sequence[tuple[str, Callable[[str, Any], bool]]] = (
    ("Outboxes", lambda name, _: name in ("Outbox", *_WRITERS)),
    ("Handlers", lambda name, _: name in ("Handlers", "Answer", "Refuse", "Close")),
    ("Events", lambda _, value: _is(value, Event)),
    ("Replies", lambda _, value: _is(value, Reply)),
    ("Clients", lambda name, _: name in ("Client", "AsyncClient", "BatchSlot", *_BATCHES)),
    ("Servers and recorders", lambda name, _: name in _SERVERS),
    ("Functions", lambda _, value: _is_function(value)),
    (
        "Results",
        lambda _, value: _is(value, msgspec.Struct) and ".results" in value.__module__,
    ),
    ("Options", lambda name, _: name in CLASSES),
    ("Commands", lambda _, value: _is(value, Command) and value is not Command),
    ("Other types", lambda _, value: not _is(value, CentripetalError)),
    ("Errors", lambda *_: True),
)


def _is(value: Any, kind: type) -> bool:
    return inspect.isclass(value) and issubclass(value, kind)


def _is_function(value: Any) -> bool:
    return inspect.isfunction(inspect.unwrap(value))  # a decorator such as `lru_cache` returns another object


def anchor(name: str) -> str:
    """Return the fragment of a name's heading."""
    return name.strip("_").lower()


def documented(door: str) -> list[str]:
    """Return the names that the page about *door* must describe."""
    return sorted(importlib.import_module(door).__all__)


def page(which: str) -> str:
    """Return the Markdown of a page, a key of `PAGES`."""
    door, text = PAGES[which]
    module = importlib.import_module(door)
    called = _called(module)
    names = in_order(documented(door), (*CLASSES, *FUNCTIONS, *_results(called), *_made(called)))
    names = [name for name in names if name != "__version__"]
    parts = [f"# {door}", text]
    for title, belongs in _KINDS:
        mine = [name for name in names if belongs(name, getattr(module, name))]
        names = [name for name in names if name not in mine]
        if mine:
            parts += [f"## {title}", *(_entry(module, name) for name in mine)]
    if "__version__" in documented(door):
        parts += ["### `__version__` { #version }", "The version of this library, as text."]
    return "\n\n".join(parts) + "\n"


def _called(module: ModuleType) -> dict[str, Any]:
    """Return the methods of the module's client that are made from commands, in order, each with its command."""
    client = getattr(module, "Client", None)
    commands = (value for name in documented(module.__name__) if _is(value := getattr(module, name), Command))
    called = {
        value.name: value
        for value in commands
        if client is not None and _home(client, getattr(value, "name", "")).__module__.startswith(_METHODS)
    }
    return {name: called[name] for name in in_order(called, chain(*METHODS.values()))}


def _made(called: Mapping[str, Any]) -> list[str]:
    """Return the names of the commands."""
    return [command.__name__ for command in called.values()]


def _results(called: Mapping[str, Any]) -> list[str]:
    """Return the names of the results, each followed by the names of its parts."""
    found: dict[str, None] = {}

    def visit(hint: Any) -> None:
        for part in typing.get_args(hint):
            visit(part)
        if _is(hint, msgspec.Struct) and hint.__name__ not in found:
            found[hint.__name__] = None
            for part in typing.get_type_hints(hint).values():
                visit(part)

    for command in called.values():
        visit(result_type(command))
    return list(found)


def _entry(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    heading = f"### {name} {{ #{anchor(name)} }}"
    if _is(value, CentripetalError):
        first = inspect.cleandoc(value.__doc__ or "").split("\n\n")[0]
        return f"{heading}\n\n{markdown(first)} [More](errors.md#{anchor(name)})."
    if inspect.isclass(value):
        called = _called(module)
        if value in called.values():
            method = next(method for method, command in called.items() if command is value)
            text = (
                f"Command of [`{method}`](#client-{method}), with the same arguments. Result: {_linked(module, value)}."
            )
            return f"{heading}\n\n{text}"
        return "\n\n".join([heading, *_class(module, name, value)])
    if _is_function(value):
        return "\n\n".join([heading, _code(signature(name, value)), markdown(inspect.getdoc(value) or "")])
    shown = type_name(value) if typing.get_origin(value) is not None else repr(value)
    return "\n\n".join([heading, _code(f"{name} = {shown}"), markdown(_said_below(module, name))])


def _linked(module: ModuleType, command: Any) -> str:
    """Return the type of the command's result, with a link if the page describes it."""
    result = type_name(result_type(command))
    public = [name for name in re.findall(r"\w+", result) if name in documented(module.__name__)]
    if public == [result]:
        return f"[`{result}`](#{anchor(result)})"
    return f"`{result}`" + "".join(f", see [`{name}`](#{anchor(name)})" for name in public)


def _code(text: str) -> str:
    return f"```text\n{text}\n```"


def _said_below(module: ModuleType, name: str) -> str:
    """Return the text below the assignment of *name* in the module that defines it."""
    home: ModuleType = module
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_bytes())):
        if isinstance(node, ast.ImportFrom):
            source = importlib.import_module(str(node.module))
            names = {each for alias in node.names for each in (source.__all__ if alias.name == "*" else [alias.name])}
            home = source if name in names else home
    body = ast.parse(Path(home.__file__ or "").read_bytes()).body
    for statement, follower in pairwise(body):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            match follower:
                case ast.Expr(ast.Constant(str(text))):
                    return inspect.cleandoc(text)
    return ""


def _class(module: ModuleType, name: str, kind: Any) -> Iterator[str]:
    if typing.is_typeddict(kind):
        fields = [f"    {field}: {type_name(hint)}" for field, hint in sorted(kind.__annotations__.items())]
        yield _code("\n".join([f"class {name}(TypedDict):", *fields]))
    # Batches are made by the client's `batch`, and writers by the outbox's `on`, not by their constructors.
    elif not (getattr(kind, "_is_protocol", False) or issubclass(kind, Warning) or name in (*_BATCHES, *_WRITERS)):
        yield _code(signature(name, kind, returns=""))
    yield markdown(inspect.cleandoc(kind.__dict__.get("__doc__") or ""))
    attributes = list(_attributes(kind))
    # `from_env` and its like make a client: they belong with the constructor.
    makers = [each for each in attributes if isinstance(inspect.getattr_static(kind, each), classmethod)]
    properties = [each for each in attributes if isinstance(inspect.getattr_static(kind, each), property)]
    rest = [each for each in attributes if each not in makers and each not in properties]
    yield from (_method(name, each, getattr(kind, each)) for each in makers)
    called = _called(module)
    if name == "Client":
        rest = in_order(rest, OWN_METHODS)
        yield _index(called, rest, adding=hasattr(kind, "add_publish"))
    elif called and name in ("AsyncClient", *_BATCHES):
        rest = in_order(rest, OWN_METHODS)
        yield _same(name, rest)
    elif name == "AsyncWriter":
        rest = [each for each in rest if each in vars(kind)]  # the others are described for `Writer`
    for each in properties:
        yield f"**`{each}`**: {markdown(inspect.getdoc(getattr(kind, each)) or '')}"
    pro = [each for each in called if each in METHODS[PRO]]
    documented_here = [each for each in called if each not in pro] + rest + pro if name == "Client" else rest
    for each in documented_here:
        yield _method(name, each, getattr(kind, each))
        if each in called and name == "Client":
            yield f"Result: {_linked(module, called[each])}."


def _method(owner: str, name: str, value: Any) -> str:
    called = ("async " if inspect.iscoroutinefunction(value) else "") + name
    heading = f"#### {name} {{ #{anchor(owner)}-{name} }}"
    return f"{heading}\n\n{_code(signature(called, value, bound=True))}\n\n{markdown(inspect.getdoc(value) or '')}"


def _attributes(kind: type) -> Iterator[str]:
    """Yield the names that users use, in the order of their definition, without methods made from commands."""
    seen: set[str] = set()
    for base in kind.__mro__:
        for name in vars(base):
            if name not in seen and not name.startswith("_") and _own(kind, name):
                seen.add(name)
                yield name


def _own(kind: type, name: str) -> bool:
    """Return whether a class of this library defines that attribute for users, other than from a command."""
    home = _home(kind, name)
    static = inspect.getattr_static(kind, name)
    usable = isinstance(static, property | classmethod | staticmethod) or inspect.isroutine(static)
    ours = home.__module__.partition(".")[0] == "centripetal" and not home.__module__.startswith(_METHODS)
    return usable and ours and not (home is Command and kind is not Command)


def _home(kind: type, name: str) -> type:
    return next((each for each in kind.__mro__ if name in vars(each)), kind)


def _index(called: Mapping[str, Any], own: Sequence[str], *, adding: bool) -> str:
    """Return the list of a client's methods by subject, with links."""
    subjects = {**METHODS, "Client": own}
    lines = []
    for subject in [*(each for each in subjects if each != PRO), PRO]:
        links = [f"[`{name}`](#client-{name})" for name in subjects[subject] if name in called or name in own]
        if links:
            lines.append(f"- {subject}: {', '.join(links)}")
    text = "Methods by subject:\n\n" + "\n".join(lines)
    if adding:
        text += "\n\nEach method of the server API has an `add_…` counterpart: same arguments, adds to the buffer."
    return text


def _same(name: str, rest: Sequence[str]) -> str:
    """Return what the class *name* has in common with `Client`."""
    api = "It has [the API methods of `Client`](#client)"
    text = {
        "AsyncClient": f"{api} as coroutine functions, with the same arguments and results.",
        "Batch": f"{api}, with the same arguments. Each returns a slot, whose `result()` is available after the block.",
        "AsyncBatch": f"{api}, with the same arguments, as plain functions: they only collect.",
    }[name]
    return text + (" These methods are its own:" if rest else "")
