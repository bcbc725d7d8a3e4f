"""The reference is complete and up to date: names, errors, commands and options, and configuration keys."""

import functools
import importlib
import re
from typing import Any

import pytest

from centripetal import errors
from centripetal.dialects.current.commands import COMMANDS as current_commands
from centripetal.dialects.v1.commands import COMMANDS as v1_commands
from centripetal.errors import CentripetalError
from centripetal.tokens import TokenRefused
from scripts._reference.__main__ import main, pages
from scripts._reference.api import PAGES, anchor, documented
from scripts._reference.cli import undocumented
from scripts._reference.configuration import keys
from scripts._reference.docstrings import markdown
from scripts._reference.keys import CHANNEL, KEYS, KEYS_OF_V1
from scripts._reference.order import METHODS
from scripts._reference.signatures import signature, type_name
from tests.docs.pages import DOCS

ERRORS = (DOCS / "reference" / "errors.md").read_text()
CLASSES: list[type[CentripetalError]] = [
    *(kind for name in errors.__all__ if isinstance(kind := vars(errors)[name], type)),
    TokenRefused,
]

API_METHODS = {command.name for command in (*current_commands, *v1_commands)}

made = functools.cache(pages)


@pytest.mark.parametrize("path", made(), ids=lambda path: path.name)
def test_a_page_is_up_to_date(path: Any) -> None:
    """The pages equal the output of `scripts/reference`; if this fails, run it."""
    assert path.read_text() == made()[path]


def test_a_wrong_argument_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """`scripts/reference` with an unknown argument prints its usage and does not change the pages."""
    assert main(["--chek"]) == 2
    assert "--check" in capsys.readouterr().err


@pytest.mark.parametrize("which", PAGES)
def test_every_public_name_has_an_entry_with_text(which: str) -> None:
    """Each name in the `__all__` of a public module has a heading on its page, with text below it."""
    text = (DOCS / "reference" / f"{which}.md").read_text()
    sections = dict(re.findall(r"^### \S+ \{ #(\S+) \}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    wordless = [
        name
        for name in documented(PAGES[which].door)
        if not re.sub(r"```.*?```|^Its result: .*$", "", sections.get(anchor(name), ""), flags=re.S | re.M).strip()
    ]
    assert not wordless


def test_every_method_has_a_place_in_the_order() -> None:
    """The order of the reference contains exactly the methods of both generations' server APIs."""
    listed = [name for methods in METHODS.values() for name in methods]
    assert sorted(listed) == sorted(API_METHODS)


@pytest.mark.parametrize("which", ["centripetal", "v1"])
def test_the_page_of_a_client_opens_with_it(which: str) -> None:
    """The first entry is `Client`, its first API method is `publish`, and results come after the methods."""
    text = made()[DOCS / "reference" / f"{which}.md"]
    headings = re.findall(r"^##+ (?:\S+ \{ #)?([\w -]+?)(?: \})?$", text, re.M)
    assert headings[:2] == ["Clients", "client"]
    methods = [name for name in headings if name.startswith("client-")]
    api = [name for name in methods if name.removeprefix("client-") in API_METHODS]
    assert api[:2] == ["client-publish", "client-broadcast"]
    assert headings.index("Results") > headings.index(methods[-1])


def test_every_public_module_has_a_page() -> None:
    """Each public module has a page in the reference."""
    doors = {page.door for page in PAGES.values()}
    names = ("", ".v1", ".tokens", ".outbox", ".proxy", ".django", ".server", ".testing")
    assert doors == {f"centripetal{part}" for part in names}
    assert all(importlib.import_module(door).__doc__ for door in doors)


def test_every_command_and_option_has_help() -> None:
    """Everything on the command line has a help text."""
    assert undocumented() == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_is_explained(kind: type[CentripetalError]) -> None:
    """The section on an error states the class's `executed` and `retryable`, and has advice."""
    found = re.search(rf"^### {kind.__name__} {{ #{kind.__name__.lower()} }}\n(.*?)(?=^##|\Z)", ERRORS, re.M | re.S)
    assert found, f"{kind.__name__} has no chapter"
    assert f'`executed` is "{kind.executed}", `retryable` is {kind.retryable}.' in found[1]
    assert "**Fix:**" in found[1]


def test_the_tree_of_errors_equals_the_class_hierarchy() -> None:
    """The tree shows each error below its base class."""
    drawn: dict[str, str] = {}
    path: list[str] = []
    tree = re.search(r"```text\n(CentripetalError\n.*?)```", ERRORS, re.S)
    assert tree
    for line in tree[1].splitlines():
        name = re.sub(r"[│├└─ ]", "", line.partition(" (")[0])
        depth = (len(line) - len(line.lstrip("│├└─ "))) // 4
        path[depth:] = [name]
        if depth:
            drawn[name] = path[depth - 1]
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in CLASSES if kind is not CentripetalError}


@pytest.mark.parametrize("kind", ["UnhonouredConfigWarning", "UnusedFailuresWarning"])
def test_a_warning_is_explained(kind: str) -> None:
    """Warnings have sections after the errors."""
    assert re.search(rf"^### {kind} .*?\*\*Fix:\*\*", ERRORS, re.M | re.S)


def test_only_honoured_keys_are_described() -> None:
    """The descriptions cover exactly the keys that the embedded server reads."""
    honoured = keys()
    assert set(KEYS) == set(honoured["Centrifugo 6"])
    assert set(CHANNEL) == set(honoured["Centrifugo 6: options of channels"])
    assert set(KEYS_OF_V1) == set(honoured["Centrifugo 1.x"]) | set(honoured["Centrifugo 1.x: options of channels"])


def test_docstrings_become_lists() -> None:
    """Sections of a docstring become lists with names as code; continuation lines stay in their entry."""
    text = "Do *it*.\n\nArgs:\n    it, that: what to\n        do.\n    n: how often.\n\n"
    text += "Raises:\n    UsageError: no.\n\nMore."
    assert markdown(text) == (
        "Do `it`.\n\n**Arguments:**\n\n- `it`, `that`: what to\n  do.\n- `n`: how often.\n\n"
        "**Raises:**\n\n- `UsageError`: no.\n\nMore."
    )


def test_signatures_are_readable() -> None:
    """Types are written with short names, and long parameter lists have one parameter per line."""

    def short(a: "int | None", *, b: str = "x", c: object = object) -> list[str]:
        return []

    assert type_name(dict[str, int | None]) == "dict[str, int | None]"
    assert signature("short", short) == "short(a: int | None, *, b: str = 'x', c: object = …) -> list[str]"
    assert "\n    *,\n" in signature("s" * 80, short)
