"""The fidelity page lists every difference that the tests accept, and the versions that the client checks."""

import re

import pytest

import centripetal
from tests.conformance.deviations import DEVIATIONS_V1, NOT_EMULATED, Leeway
from tests.docs.pages import DOCS
from tests.wire.deviations import NOT_EMULATED_METHODS, NOT_EMULATED_PATHS, PROTOCOL_VIOLATIONS

TEXT = (DOCS / "reference" / "fidelity.md").read_text()
EMULATED_NOT = TEXT.split("### Not emulated in 6")[1].split("\n## ")[0]


def cells(head: str) -> list[list[str]]:
    """Return the rows of the table with the heading *head*."""
    table = TEXT.split(f"| {head} |", 1)[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_leeways_are_listed() -> None:
    """Each leeway in the comparison of live connections has a row, and no other row exists."""
    rows = cells("where | `Leeway`")
    assert [row[1].strip("`") for row in rows] == [one.name for one in Leeway]


def test_violations_are_listed() -> None:
    """Each close reason that differs from the real server's is listed with both texts."""
    listed = {row[0]: (row[1].strip("`"), row[2].strip("`")) for row in cells("violation | real server")}
    assert listed == {name: (one.real, one.embedded) for name, one in PROTOCOL_VIOLATIONS.items()}


def test_differences_of_replies_are_listed() -> None:
    """Accepted differences of 1.x API replies are listed with their reasons."""
    assert ("In API replies, the only accepted difference" in TEXT) is (not DEVIATIONS_V1)
    assert [one.reason for one in DEVIATIONS_V1 if one.reason not in TEXT] == []


@pytest.mark.parametrize("name", [*NOT_EMULATED_PATHS, *NOT_EMULATED_METHODS, *NOT_EMULATED])
def test_missing_emulation_is_listed(name: str) -> None:
    """Everything that recorded conversations and scenarios skip is in the section about missing emulation."""
    if name in NOT_EMULATED:
        assert "map" in name
        assert "Map channels" in EMULATED_NOT
    elif name in NOT_EMULATED_METHODS:
        assert f"`{name.partition('_')[0]}_*`" in EMULATED_NOT
    else:
        assert f"`{name}`" in EMULATED_NOT


def test_versions_are_the_versions_of_the_client() -> None:
    """The table of versions equals the versions that the client checks."""
    listed: dict[str, str] = {}
    for what, since in cells("field or method"):
        listed |= dict.fromkeys(re.findall(r"`(\w+)(?:\(.*?\))?`", what), since)
    assert listed.pop("batch") == "5.2"
    known: dict[str, tuple[int, int, int]] = {}
    for command in (getattr(centripetal, name) for name in centripetal.__all__):
        known |= getattr(command, "added", {})
        if getattr(command, "released", (0,)) > (5, 0, 0):
            known[command.name] = command.released
    assert listed == {name: ".".join(map(str, v if v[2] else v[:2])) for name, v in known.items()}
