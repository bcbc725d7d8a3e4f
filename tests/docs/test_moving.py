"""Guides for users of other clients: their tables list each name of the other client, and only names that we have.

The names of the other clients are recorded in tests/docs/names, so they need not be installed.
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
"""Code in the tables that is not a name of either client."""


class Guide(NamedTuple):
    """A guide and the expected content of its tables.

    Attributes:
        page: file in docs/howto.
        head: start of the first heading cell of its tables.
        record: file with the names of the other client.
        door: module that exports our names.
        extra: names of the other client that the record does not contain, such as fields of a client.
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
    """Return the first two cells of each row of the tables of names."""
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
    """Return the names of the other client: classes, functions and methods by name, fields as `Type.Field`."""
    record = json.loads((NAMES / guide.record).read_text())
    fields = (f"{kind}.{field}" for kind, of_kind in record.get("fields", {}).items() for field in of_kind)
    return [*record["names"], *record["methods"], *fields]


def identifiers(cell: str) -> list[str]:
    """Return the names of the code in a cell, without arguments and without a leading `client.`."""
    spans = (re.split(r"[({ ]", span)[0].removeprefix("client.") for span in SPAN.findall(cell))
    return [span for span in spans if span not in VALUES]


def ours(door: Any) -> set[str]:
    """Return the names that the right column may contain: exports, their methods and attributes, and client options."""
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
    """The left column lists each public name of the other client exactly once, and nothing else."""
    left = [name for theirs, _ in rows(guide) for name in identifiers(theirs)]
    names = recorded(guide)
    assert sorted(set(names) - set(left)) == []
    assert sorted(set(left) - set(names) - guide.extra) == []
    # A method and a type may have the same name.
    assert sorted(name for name in set(left) if left.count(name) > max(1, names.count(name))) == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.page)
def test_a_guide_names_only_what_we_have(guide: Guide) -> None:
    """Each name in the right column is exported, or is a method, field or option of an export."""
    known = ours(guide.door)
    unknown = [name for _, right in rows(guide) for name in identifiers(right) if name not in known]
    assert unknown == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.page)
def test_the_same_names_are_the_same(guide: Guide) -> None:
    """Names in rows that say "same names" exist in our client."""
    known = ours(guide.door)
    same = [theirs for theirs, right in rows(guide) if "same names" in right]
    assert same
    assert [name for theirs in same for name in identifiers(theirs) if name not in known] == []
