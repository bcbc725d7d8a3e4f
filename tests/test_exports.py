"""The public modules: their exports, and the documentation of the exports."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import centripetal
import centripetal.current
import centripetal.outbox
import centripetal.proxy
import centripetal.tokens
import centripetal.v1
from centripetal import errors
from centripetal.client import current
from centripetal.client import v1 as client
from centripetal.dialects.current import commands as current_commands
from centripetal.dialects.current import objects as shared_objects
from centripetal.dialects.current.commands.pro import objects
from centripetal.dialects.current.results import maps as map_results
from centripetal.dialects.current.results import pro as pro_results
from centripetal.dialects.current.results import standard as current_results
from centripetal.dialects.v1 import commands, credentials, replies, results

DOORS = [centripetal.current, centripetal.outbox, centripetal.proxy, centripetal.v1, centripetal.tokens]
# Modules whose public names a user of 1.x needs, except for the names below.
PARTS_OF_V1 = (errors, client, commands, credentials, replies, results)
# The same for users of the current API.
PARTS_OF_CURRENT = (
    *(errors, current, shared_objects, current_commands, objects),
    *(current_results, map_results, pro_results),
)
# Names that a module exports only for other modules of this library.
INTERNAL = {"COMMANDS", "Executed", "Signer", "sign"}
# `SubscribeOptions` is an export of `centripetal.tokens` and `centripetal.proxy`.
INTERNAL_OF_CURRENT = {"COMMANDS", "Executed"} | {*("Nothing", "Position", "Sendable", "SubscribeOptions")}
# Names of `centripetal.v1` from modules that also contain other things.
ADDITIONAL = {
    "BlockingCallWarning": "centripetal.client.misuse",
    "BulkError": "centripetal.client.bulk.tally",
    "Command": "centripetal.protocol.command",
    "HTTPReply": "centripetal.protocol.http",
    "HTTPRequest": "centripetal.protocol.http",
    "Transport": "centripetal.transport.base",
    "AsyncTransport": "centripetal.transport.base",
    "TransportOptions": "centripetal.transport.base",
    "ClientOptions": "centripetal.client.options",
    "Limits": "centripetal.protocol.grouping",
    "PublishSummary": "centripetal.client.bulk.tally",
}


ADDITIONAL_OF_CURRENT = ADDITIONAL | {
    "Retry": "centripetal.protocol.retry",
    "__version__": "centripetal.version",
}


def exports(module: ModuleType) -> set[str]:
    names: list[str] = module.__all__
    return set(names)


def public_names() -> list[tuple[str, str]]:
    return [(door.__name__, name) for door in DOORS for name in sorted(exports(door)) if not name.startswith("__")]


def test_v1_exports_all_its_parts() -> None:
    """`centripetal.v1` exports exactly the public names of the modules that it combines."""
    parts = {name for part in PARTS_OF_V1 for name in exports(part)} - INTERNAL
    assert exports(centripetal.v1) == parts | ADDITIONAL.keys()


def test_centripetal_exports_all_parts_of_the_current_api() -> None:
    """`centripetal` exports exactly the public names of the modules that it combines."""
    parts = {name for part in PARTS_OF_CURRENT for name in exports(part)} - INTERNAL_OF_CURRENT
    assert exports(centripetal) == parts | ADDITIONAL_OF_CURRENT.keys()


def test_the_package_exports_the_current_api() -> None:
    """`centripetal` has and lists exactly the names of `centripetal.current`."""
    assert centripetal.__all__ == centripetal.current.__all__
    assert dir(centripetal) == sorted(centripetal.__all__)
    assert all(getattr(centripetal, name) is getattr(centripetal.current, name) for name in centripetal.__all__)
    for name in ("Nothing", "__nothing__", "HTTPReader"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(centripetal, name)


@pytest.mark.parametrize("name", ["current", "errors", "outbox", "proxy", "server", "testing", "tokens", "v1"])
def test_public_modules_need_no_separate_import(name: str) -> None:
    """`import centripetal` is enough to use `centripetal.v1` and the others, which are loaded at their first use."""
    module = f"centripetal.{name}"
    code = f"import sys, centripetal; assert {module!r} not in sys.modules; assert {module} is sys.modules[{module!r}]"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_other_modules_do_not_load_the_current_api() -> None:
    """Importing errors, tokens or the 1.x module does not load the client of the current API."""
    for module in ("centripetal", "centripetal.errors", "centripetal.tokens", "centripetal.v1", "centripetal.proxy"):
        code = f"import sys, {module}; sys.exit('centripetal.client.current' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0, module


def test_both_modules_export_all_errors() -> None:
    """Every error class can be imported from `centripetal` and from `centripetal.v1`, and is the same class."""
    classes = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.CentripetalError) and value.__module__ == errors.__name__
    }
    for door in (centripetal, centripetal.v1):
        assert {name: getattr(door, name, None) for name in classes} == {
            name: getattr(errors, name) for name in classes
        }


def test_the_tree_of_errors_is_complete() -> None:
    """The tree in the docstring of `errors` names every error class."""
    missing = [name for name in errors.__all__ if name != "Executed" and name not in (errors.__doc__ or "")]
    assert not missing


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_all_lists_the_imported_names(door: ModuleType) -> None:
    """The `__all__` of a public module has no duplicates and lists exactly the names that the module imports."""
    path = Path(inspect.getsourcefile(door) or "")
    imported: list[str] = []
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = importlib.import_module(node.module or "")
                imported += module.__all__ if alias.name == "*" else [alias.asname or alias.name]
    imported = [name for name in imported if not isinstance(getattr(door, name), ModuleType)]
    names: list[str] = door.__all__
    assert len(names) == len(set(names))
    assert set(names) == set(imported)


@pytest.mark.parametrize(("door", "name"), public_names())
def test_public_name_has_a_docstring(door: str, name: str) -> None:
    """Every public class and function has a docstring; an alias is documented where it is defined."""
    value: Any = getattr(importlib.import_module(door), name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.cleandoc(value.__dict__.get("__doc__") or "" if inspect.isclass(value) else value.__doc__ or "")


@pytest.mark.parametrize("door", [centripetal, centripetal.v1], ids=lambda door: door.__name__)
@pytest.mark.parametrize("name", ["Client", "AsyncClient", "Batch", "AsyncBatch"])
def test_public_method_has_a_docstring(door: ModuleType, name: str) -> None:
    """Every public method and property of a client or batch has documentation, inherited or directly."""
    kind = getattr(door, name)
    undocumented = [
        method for method in dir(kind) if not method.startswith("_") and not inspect.getdoc(getattr(kind, method))
    ]
    assert not undocumented


def matches(method: Any, command: Any) -> bool:
    """Return whether *method* is a function with the documentation and the parameters of *command*."""
    parameters = set(inspect.signature(method).parameters) - {"self"}
    described = inspect.getdoc(method) == inspect.getdoc(command)
    return inspect.isfunction(method) and described and parameters == set(inspect.signature(command).parameters)


@pytest.mark.parametrize("command", commands.COMMANDS, ids=lambda command: command.name)
def test_command_is_a_method_everywhere(command: Any) -> None:
    """Each command is a method of clients and batches, and an `add_…` method of clients."""
    for facade in (client.Client, client.AsyncClient, client.Batch, client.AsyncBatch):
        assert matches(getattr(facade, command.name), command)
    for facade in (client.Client, client.AsyncClient):
        assert matches(getattr(facade, f"add_{command.name}"), command)


@pytest.mark.parametrize("command", current_commands.COMMANDS, ids=lambda command: command.name)
def test_command_of_the_current_api_is_a_method_everywhere(command: Any) -> None:
    """Each command is a method of clients and batches."""
    for facade in (current.Client, current.AsyncClient, current.Batch, current.AsyncBatch):
        assert matches(getattr(facade, command.name), command)
