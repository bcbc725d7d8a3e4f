"""The layers of the package (docs/design.md, section 3), checked by its imports, and the purity of pure modules."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "centripetal"
PLUGIN = SOURCE.parent / "pytest_centripetal.py"

# Modules of this project that each package or module may import, apart from itself. Others are not allowed.
BELOW_CLIENTS = ("version", "errors", "protocol", "dialects", "tokens", "transport")
FRONT_DOORS = ("__init__", "current", "proxy", "v1")
# `current` is only loaded when a name of `centripetal` is used.
DEFINE_NOTHING = ("current", "proxy", "v1", "outbox/__init__", "tokens/__init__", "django/__init__")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "version": (),
    "errors": ("version",),
    "protocol": ("version", "errors"),
    "dialects": ("version", "errors", "protocol"),
    "transport": ("version", "errors", "protocol"),
    "client": BELOW_CLIENTS,
    "outbox": (*BELOW_CLIENTS, "client"),
    "server": (*BELOW_CLIENTS, "handling"),
    "handling": ("version", "errors", "protocol", "dialects"),
    "proxy": ("errors", "dialects", "handling"),
    "django": ("errors", "handling", "outbox"),
    # Only type checkers follow these imports, except the first two; at run time each module is loaded at its first use.
    "__init__": ("version", "current", "errors", "outbox", "proxy", "server", "testing", "tokens", "v1"),
    "current": (*BELOW_CLIENTS, "client"),
    "v1": (*BELOW_CLIENTS, "client"),
    "tokens": ("version", "errors", "protocol", "dialects"),
    "testing": (*BELOW_CLIENTS, "client", "handling", "outbox", "server", *FRONT_DOORS),
    "cli": (*BELOW_CLIENTS, "client", "handling", "outbox", "server", *FRONT_DOORS),
    "__main__": ("cli",),
    "_pyinstaller": (),
    "pytest_centripetal": ("testing",),  # outside of the package, see its docstring
}

# Files (or folders, with a slash) that only compute: values in, values out.
PURE = (
    "cli/suggestions.py",
    "cli/tools/load/templates.py",
    "cli/tools/load/values.py",
    "version.py",
    "errors.py",
    "protocol/",
    "dialects/",
    "handling/decoders.py",
    "handling/headers.py",
    "handling/patterns.py",
    "outbox/names.py",
    "outbox/statements.py",
    "outbox/status.py",
    "outbox/unsupported.py",
    "server/console/backend.py",
    "server/console/endpoints.py",
    "server/console/problems.py",
    "server/console/token_checks.py",
    "server/console/feed.py",
    "server/console/guard.py",
    "server/consuming/options.py",
    "server/consuming/rows.py",
    "server/engine/",
    "server/listening/handshake.py",
    "server/listening/http1.py",
    "server/current/",
    "server/environment.py",
    "server/http_endpoints.py",
    "server/node.py",
    "server/questions.py",
    "server/asking/go_requests.py",
    "server/service.py",
    "server/timers.py",
    "server/session.py",
    "server/steps.py",
    "server/welcome.py",
    "server/listening/responses.py",
    "server/configuration/spelling.py",
    "server/configuration/value_readers.py",
    "server/v1/",
    "tokens/arguments.py",
    "tokens/claims.py",
    "tokens/explanation.py",
    "tokens/faults.py",
    "tokens/guesses.py",
    "tokens/issuing.py",
    "tokens/key_text.py",
    "tokens/patterns.py",
    "tokens/signatures.py",
    "tokens/signing_key.py",
    "tokens/verification.py",
    "testing/arguments.py",
    "testing/failures.py",
    "testing/matching.py",
    "testing/publications.py",
)
IMPURE_MODULES = {
    *("asyncio", "logging", "multiprocessing", "os", "random", "secrets", "select", "selectors", "signal", "socket"),
    *("ssl", "subprocess", "threading", "time"),
}

# Files that may import a third-party package. Others are not allowed.
THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "msgspec": ("",),
    "idna": ("protocol/hosts.py",),
    "httptools": ("protocol/http1.py", "server/listening/http1.py"),
    "websockets": ("server/", "transport/websocket.py"),
    "asgiref": ("django/",),
    "django": ("django/",),
    "cryptography": ("tokens/signatures.py", "tokens/signing_key.py"),
    "typing_extensions": ("dialects/current/proxy/events.py",),  # only for type checkers
    "typer": ("cli/",),
    "rich": ("cli/",),
    "pytest": ("pytest_centripetal.py",),
    "PyInstaller": ("_pyinstaller/",),
}


class Import(NamedTuple):
    """One import of one module, at any position in the file."""

    file: str
    line: int
    module: str

    def __str__(self) -> str:
        return f"src/centripetal/{self.file}:{self.line} imports {self.module}"

    @property
    def importer(self) -> str:
        return part_of(self.file)

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def imported(self) -> str:
        """Package or module of this project that is imported; "__init__" is `centripetal` itself."""
        return self.module.split(".")[1] if "." in self.module else "__init__"


def part_of(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


def sources() -> dict[str, ast.Module]:
    files = {str(path.relative_to(SOURCE).as_posix()): path for path in SOURCE.rglob("*.py")} | {PLUGIN.name: PLUGIN}
    return {file: ast.parse(path.read_bytes()) for file, path in files.items()}


def imports_in(file: str, tree: ast.Module) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield Import(file, node.lineno, "." * node.level + (node.module or ""))
            elif node.module == "centripetal":
                # `from centripetal import errors` imports a module, `from centripetal import Client` a name of the
                # package.
                modules = {part_of(name) for name in TREES}
                for alias in node.names:
                    yield Import(
                        file, node.lineno, f"centripetal.{alias.name}" if alias.name in modules else "centripetal"
                    )
            else:
                yield Import(file, node.lineno, node.module or "")


def matches(file: str, places: tuple[str, ...]) -> bool:
    return any(file == place or (place.endswith("/") and file.startswith(place)) or not place for place in places)


def complain(broken: list[str], rule: str) -> None:
    assert not broken, f"{rule}:\n  " + "\n  ".join(sorted(broken))


TREES = sources()
IMPORTS = [found for file, tree in TREES.items() for found in imports_in(file, tree)]
OWN = [found for found in IMPORTS if found.top == "centripetal"]


def test_every_module_is_in_the_table() -> None:
    """Each package and module of the project has an entry in the table of allowed imports."""
    missing = {part_of(file) for file in TREES} - MAY_IMPORT.keys()
    complain(sorted(missing), "give these a place in MAY_IMPORT, and in section 3 of the design")


def test_imports_point_one_way() -> None:
    """No file imports a higher layer or a sibling layer."""
    broken = [
        f"{found}: {found.importer} may import {', '.join(MAY_IMPORT[found.importer]) or 'nothing'}"
        for found in OWN
        if found.imported != found.importer and found.imported not in MAY_IMPORT[found.importer]
    ]
    complain(broken, "imports point one way: errors < protocol < dialects, transport < client, server < testing, cli")


def test_imports_are_absolute() -> None:
    """Every import names its module in full, so that a search finds it."""
    complain([str(found) for found in IMPORTS if found.module.startswith(".")], "write these imports in full")


def test_pure_files_only_compute() -> None:
    """Pure files import no clock, socket, thread, randomness, logger or environment, and no impure module."""
    broken = [str(found) for found in IMPORTS if matches(found.file, PURE) and found.top in IMPURE_MODULES]
    for found in OWN:
        target = found.module.removeprefix("centripetal.").replace(".", "/")
        files = (f"{target}.py", f"{target}/__init__.py")
        if matches(found.file, PURE) and not any(matches(file, PURE) for file in files if file in TREES):
            broken.append(f"{found}, which is not pure")
    complain(broken, "pure files take what they need as arguments")


def test_list_of_pure_files_is_current() -> None:
    """Each entry of the list of pure files names an existing file or folder."""
    complain(
        [place for place in PURE if not any(matches(file, (place,)) for file in TREES)], "these files do not exist"
    )


def test_third_party_packages_are_imported_in_one_place() -> None:
    """A third-party package is imported only in the files of the table."""
    broken = []
    for found in IMPORTS:
        if found.top in sys.stdlib_module_names or found.top in ("centripetal", "") or found.module.startswith("."):
            continue
        places = THIRD_PARTY.get(found.top, ())
        if not matches(found.file, places):
            broken.append(f"{found}: allowed in {', '.join(places) or 'no file'}")
    complain(broken, "third-party names live in one place (THIRD_PARTY)")


@pytest.mark.parametrize("door", DEFINE_NOTHING)
def test_exporting_modules_define_nothing(door: str) -> None:
    """A public module that only exports names contains a docstring, imports and `__all__`."""
    broken = []
    for position, node in enumerate(TREES[f"{door}.py"].body):
        docstring = position == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        exports = [ast.unparse(target) for target in targets] == ["__all__"]
        if not (docstring or exports or isinstance(node, ast.Import | ast.ImportFrom)):
            broken.append(f"src/centripetal/{door}.py:{node.lineno} {ast.unparse(node).splitlines()[0]}")
    complain(broken, "front doors only re-export")


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import os, time", ["os", "time"]),
        ("def f():\n    import socket", ["socket"]),
        ("from centripetal import errors", ["centripetal.errors"]),
        ("from centripetal import UsageError", ["centripetal"]),
        ("from centripetal.protocol.http import HTTPReply", ["centripetal.protocol.http"]),
        ("from .protocol import http", [".protocol"]),
    ],
)
def test_the_import_reader_finds_all_forms(source: str, modules: list[str]) -> None:
    """The import reader finds every form of import, including imports inside functions."""
    assert [found.module for found in imports_in("x.py", ast.parse(source))] == modules
