"""The page about fidelity has every difference that the tests accept, and the versions that the client goes by."""

import re

import pytest

import centripetal
from tests.conformance.deviations import DEVIATIONS_V1, NOT_EMULATED, Leeway
from tests.docs.pages import DOCS
from tests.wire.deviations import NOT_EMULATED_METHODS, NOT_EMULATED_PATHS, PROTOCOL_VIOLATIONS

TEXT = (DOCS / "reference" / "fidelity.md").read_text()
EMULATED_NOT = TEXT.split("### Not emulated in 6")[1].split("\n## ")[0]


def cells(head: str) -> list[list[str]]:
    """The rows of the table that begins with *head*."""
    table = TEXT.split(f"| {head} |", 1)[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_leeways_are_told() -> None:
    """Whatever the comparison of live connections leaves to chance has a row, and no row tells of anything else."""
    rows = cells("where | `Leeway`")
    assert [row[1].strip("`") for row in rows] == [one.name for one in Leeway]


def test_violations_are_told() -> None:
    """Each text of a close frame that is not the real server's stands there with both."""
    told = {row[0]: (row[1].strip("`"), row[2].strip("`")) for row in cells("violation | real server")}
    assert told == {name: (one.real, one.embedded) for name, one in PROTOCOL_VIOLATIONS.items()}


def test_differences_of_replies_are_told() -> None:
    """Reasons for which API replies of 1.x may differ are on the page; as long as there is none, it says so."""
    assert ("In API replies, the only accepted difference" in TEXT) is (not DEVIATIONS_V1)
    assert [one.reason for one in DEVIATIONS_V1 if one.reason not in TEXT] == []


@pytest.mark.parametrize("name", [*NOT_EMULATED_PATHS, *NOT_EMULATED_METHODS, *NOT_EMULATED])
def test_what_is_not_emulated_is_told(name: str) -> None:
    """What recorded conversations and scenarios skip is in the chapter about what is not emulated."""
    if name in NOT_EMULATED:
        assert "map" in name
        assert "Map channels" in EMULATED_NOT
    elif name in NOT_EMULATED_METHODS:
        assert f"`{name.partition('_')[0]}_*`" in EMULATED_NOT
    else:
        assert f"`{name}`" in EMULATED_NOT


def test_versions_are_those_that_the_client_knows() -> None:
    """The table of what came when is what the client checks against."""
    told: dict[str, str] = {}
    for what, since in cells("field or method"):
        told |= dict.fromkeys(re.findall(r"`(\w+)(?:\(.*?\))?`", what), since)
    assert told.pop("batch") == "5.2"
    known: dict[str, tuple[int, int, int]] = {}
    for command in (getattr(centripetal, name) for name in centripetal.__all__):
        known |= getattr(command, "added", {})
        if getattr(command, "released", (0,)) > (5, 0, 0):
            known[command.name] = command.released
    assert told == {name: ".".join(map(str, v if v[2] else v[:2])) for name, v in known.items()}
