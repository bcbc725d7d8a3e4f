"""The guides for who comes from another client: their tables have every name of it, and only names that we have.

The names of the other clients are recorded in tests/docs/names; nothing of them is imported.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import centripetal
from centripetal import v1
from tests.docs.pages import DOCS

NAMES = Path(__file__).parent / "names"
SPAN = re.compile(r"`([^`]+)`")
VALUES = frozenset(("data", "bytes", "time.Duration", "/api", "with"))
"""Code in the tables that is no name of either client."""


class Guide(NamedTuple):
    """A guide, and what its tables must hold.

    Attributes:
        page: its file in docs/howto.
        head: how the first cell of its tables begins.
        record: the file of names.
        door: where our names are from.
        extra: names of theirs that the record has not, such as fields of a client.
    """

    page: str
    head: str
    record: str
    door: Any
    extra: frozenset[str] = frozenset()


GUIDES = [
    Guide("from-cent.md", "cent", "cent.json", centripetal, frozenset({"session="})),
    Guide("from-gocent.md", "gocent", "gocent.json", v1, frozenset()),
]


def rows(guide: Guide) -> list[tuple[str, str]]:
    """The first two cells of each row of the tables that are about names."""
    found: list[tuple[str, str]] = []
    inside = False
    for line in (DOCS / "howto" / guide.page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0].startswith(guide.head):
            inside = True
        elif inside and set(cells[0]) != {"-"}:
            found.append((cells[0], cells[1]))
    return found


def recorded(guide: Guide) -> list[str]:
    """Their names: those of classes and functions as they are, of methods, of fields as `Type.Field`."""
    record = json.loads((NAMES / guide.record).read_text())
    fields = (f"{kind}.{field}" for kind, of_kind in record.get("fields", {}).items() for field in of_kind)
    return [*record["names"], *record["methods"], *fields]


def identifiers(cell: str) -> list[str]:
    """What the code in a cell is about: of `publish(channel)` that is `publish`, of `centripetal.Client` the last."""
    spans = (re.split(r"[({ ]", span)[0].removeprefix("client.") for span in SPAN.findall(cell))
    return [span for span in spans if span not in VALUES]


def ours(door: Any) -> set[str]:
    """What our right-hand cells may name: what is exported, methods and attributes of it, options of clients."""
    exported = {name: getattr(door, name) for name in door.__all__}
    inside = {
        f"{owner}{name}"
        for kind, value in exported.items()
        if isinstance(value, type)
        for name in (*dir(value), *getattr(value, "__annotations__", ()))
        for owner in ("", f"{kind}.")
    }
    return {*exported, *inside, "transport="}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.page)
def test_a_guide_has_every_name_of_the_other_client(guide: Guide) -> None:
    """Each public name of the other client stands on the left side of a table, once; nothing else stands there."""
    left = [name for theirs, _ in rows(guide) for name in identifiers(theirs)]
    names = recorded(guide)
    assert sorted(set(names) - set(left)) == []
    assert sorted(set(left) - set(names) - guide.extra) == []
    # A method and a type may have one name.
    assert sorted(name for name in set(left) if left.count(name) > max(1, names.count(name))) == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.page)
def test_a_guide_names_only_what_we_have(guide: Guide) -> None:
    """Each name on the right side is one that we export, or a method, field or option of it."""
    known = ours(guide.door)
    unknown = [name for _, right in rows(guide) for name in identifiers(right) if name not in known]
    assert unknown == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.page)
def test_the_same_names_are_the_same(guide: Guide) -> None:
    """Where a row says that the names are the same, they are."""
    known = ours(guide.door)
    same = [theirs for theirs, right in rows(guide) if "same names" in right]
    assert same
    assert [name for theirs in same for name in identifiers(theirs) if name not in known] == []
