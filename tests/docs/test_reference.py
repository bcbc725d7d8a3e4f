"""The reference is whole and as the program is: names, errors, verbs and options, keys of configurations."""

import functools
import importlib
import re
from typing import Any

import pytest

from centripetal import errors
from centripetal.errors import CentripetalError
from centripetal.tokens import TokenRefused
from scripts._reference.__main__ import main, pages
from scripts._reference.api import PAGES, anchor, documented
from scripts._reference.cli import undocumented
from scripts._reference.configuration import keys
from scripts._reference.docstrings import markdown
from scripts._reference.keys import CHANNEL, KEYS, KEYS_OF_V1
from scripts._reference.signatures import signature, type_name
from tests.docs.pages import DOCS

ERRORS = (DOCS / "reference" / "errors.md").read_text()
CLASSES: list[type[CentripetalError]] = [
    *(kind for name in errors.__all__ if isinstance(kind := vars(errors)[name], type)),
    TokenRefused,
]

made = functools.cache(pages)


@pytest.mark.parametrize("path", made(), ids=lambda path: path.name)
def test_a_page_is_what_the_program_says(path: Any) -> None:
    """The pages are those that `scripts/reference` makes now; if this fails, run it."""
    assert path.read_text() == made()[path]


def test_a_wrong_argument_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """`scripts/reference` with anything but --check is told what it takes, and leaves the pages alone."""
    assert main(["--chek"]) == 2
    assert "--check" in capsys.readouterr().err


@pytest.mark.parametrize("which", PAGES)
def test_every_public_name_has_an_entry_with_words(which: str) -> None:
    """Each name in the `__all__` of a front door has a heading on its page, and text below it."""
    text = (DOCS / "reference" / f"{which}.md").read_text()
    sections = dict(re.findall(r"^### \S+ \{ #(\S+) \}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    wordless = [
        name
        for name in documented(PAGES[which].door)
        if not re.sub(r"```.*?```|^Its result: .*$", "", sections.get(anchor(name), ""), flags=re.S | re.M).strip()
    ]
    assert not wordless


def test_every_front_door_has_a_page() -> None:
    """The modules that users import from are those of the reference."""
    doors = {page.door for page in PAGES.values()}
    assert doors == {f"centripetal{part}" for part in ("", ".v1", ".tokens", ".server", ".testing")}
    assert all(importlib.import_module(door).__doc__ for door in doors)


def test_every_verb_and_option_says_what_it_is() -> None:
    """Nothing on the command line is without help."""
    assert undocumented() == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_is_explained(kind: type[CentripetalError]) -> None:
    """Its chapter says whether the command ran, whether trying again may help, as the class does, and what to do."""
    found = re.search(rf"^### {kind.__name__} {{ #{kind.__name__.lower()} }}\n(.*?)(?=^##|\Z)", ERRORS, re.M | re.S)
    assert found, f"{kind.__name__} has no chapter"
    assert f'`executed` is "{kind.executed}", `retryable` is {kind.retryable}.' in found[1]
    assert "**What to do:**" in found[1]


def test_the_tree_of_errors_is_the_tree_of_classes() -> None:
    """Each error hangs in the drawing below the class that it is made from."""
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
    """Warnings are in the chapter below the errors."""
    assert re.search(rf"^### {kind} .*?\*\*What to do:\*\*", ERRORS, re.M | re.S)


def test_no_key_is_described_that_nobody_honours() -> None:
    """The texts about keys are about keys that the embedded server reads, and about all of them."""
    honoured = keys()
    assert set(KEYS) == set(honoured["Centrifugo 6"])
    assert set(CHANNEL) == set(honoured["Centrifugo 6: options of channels"])
    assert set(KEYS_OF_V1) == set(honoured["Centrifugo 1.x"]) | set(honoured["Centrifugo 1.x: options of channels"])


def test_docstrings_become_lists() -> None:
    """Sections of a docstring are lists, with names as code; what goes on over a line stays in its entry."""
    text = "Do *it*.\n\nArgs:\n    it, that: what to\n        do.\n    n: how often.\n\n"
    text += "Raises:\n    UsageError: no.\n\nMore."
    assert markdown(text) == (
        "Do `it`.\n\n**Arguments:**\n\n- `it`, `that`: what to\n  do.\n- `n`: how often.\n\n"
        "**Raises:**\n\n- `UsageError`: no.\n\nMore."
    )


def test_signatures_are_written_as_people_do() -> None:
    """Short names of types, parameters apart in lines where they would not fit in one."""

    def short(a: "int | None", *, b: str = "x", c: object = object) -> list[str]:
        return []

    assert type_name(dict[str, int | None]) == "dict[str, int | None]"
    assert signature("short", short) == "short(a: int | None, *, b: str = 'x', c: object = …) -> list[str]"
    assert "\n    *,\n" in signature("s" * 80, short)
