"""The page of `centripetal --help`, and the ways to more help."""

import re

import pytest

from centripetal.cli.app import command_line
from centripetal.cli.overview import in_order, overview, panel_of
from tests.cli.conftest import Run


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("help",), ()])
def test_the_page_fits_a_terminal(cli: Run, arguments: tuple[str, ...]) -> None:
    """The page has at most 50 lines of at most 80 columns, however it is requested."""
    ran = cli(*arguments)
    assert ran.code == (0 if arguments else 2)
    lines = ran.out.splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 80


def test_the_page_lists_every_verb_once(cli: Run) -> None:
    """Each verb is on the page exactly once as a verb, and the groups are in the order of use."""
    out = cli("--help").out
    described, _, rest = out.partition("Centrifugo 1.x:")
    names = [line[9:25].strip() for line in described.splitlines()[4:]]
    names += re.findall(r"[a-z_]+(?=,|$)", rest.partition("Options")[0], re.MULTILINE)
    assert sorted(filter(None, names)) == sorted(command_line().commands)
    titles = ["Publish", "Look", "People", "Tokens", "Tools", "Centrifugo 1.x", "Maps", "Centrifugo PRO"]
    assert [out.index(f"\n{title}") for title in titles] == sorted(out.index(f"\n{title}") for title in titles)


def test_a_verb_without_a_place_is_listed_by_name() -> None:
    """A verb that is not in the table is listed by its name, with other commands."""
    assert panel_of("new_method") is None
    assert "Other commands: new_method" in overview({"publish": "Publish", "new_method": "Other commands"})
    assert in_order({"new_method": "Other commands", "publish": "Publish"}) == ["publish", "new_method"]


def test_everything_is_listed(cli: Run) -> None:
    """`--help-all` describes every verb and option, and shows no type for switches."""
    out = cli("--help-all").out
    assert all(f" {name} " in out for name in [*command_line().commands, "--handler-prefix", "--ca-file"])
    assert "<bool>" not in out
    assert "<bool>" not in cli("history", "--help").out


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (("publish",), "centripetal publish"),
        (("presence-stats",), "centripetal presence"),
        (("token",), "centripetal token"),
        (("token", "connection"), "centripetal token connection"),
        (("help", "publish"), "centripetal publish"),
        (("sign", "api"), "centripetal sign api"),
    ],
)
def test_help_of_a_verb(cli: Run, words: tuple[str, ...], usage: str) -> None:
    """`help VERB` prints what `VERB --help` prints, also for verbs of groups."""
    ran = cli("help", *words)
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: {usage}" in ran.out
    assert ran.out == cli(*(word for word in words if word != "help"), "--help").out
