"""Numbers typed as options."""

import inspect
from typing import Annotated, Any

import pytest
import typer

from centripetal.cli.numbers import Numbers
from centripetal.cli.output.errors import UsageProblem
from centripetal.cli.registration import keyword, option

NUMBERS = Numbers(
    [
        keyword("limit", Annotated[int | None, option("--limit", "N", "Limit.")], None),
        keyword("timeout", Annotated[float | None, option("--timeout", "SECONDS", "Time.")], None),
        keyword("group", Annotated[int, option("--group", "N", "Size.")], 500),
        keyword("port", Annotated[int, option("--port", "N", "Port.")], 0),
        keyword("place", Annotated[int, typer.Argument(metavar="PLACE")]),
        keyword("name", Annotated[str, option("--name", "NAME", "Name.")], "5"),
        keyword("fast", Annotated[bool, option("--fast", None, "Flag.")], False),
    ]
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("limit", "-5", -5),
        ("limit", "+10", 10),
        ("timeout", "2.5", 2.5),
        ("timeout", ".5", 0.5),
        ("timeout", "1e-3", 0.001),
        ("timeout", "inf", float("inf")),
        ("group", "500", 500),
        ("port", "65535", 65535),
        ("place", "3", 3),
        ("name", "5", "5"),
        ("fast", True, True),
        ("limit", None, None),
    ],
)
def test_numbers_are_converted(name: str, text: object, value: object) -> None:
    """Text of numbers is converted, and other values stay as they are."""
    assert NUMBERS.convert({name: text}, None) == {name: value}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("limit", "1.5", "--limit: '1.5' is not a whole number: type --limit 10"),
        ("limit", "", "--limit: '' is not a whole number"),
        ("limit", "\u0663", "is not a whole number"),
        ("limit", "k" * 32, "--limit: a text of 32 characters is not a whole number"),
        ("timeout", "nan", "--timeout: 'nan' is not a number: type --timeout 2.5"),
        ("timeout", "0", "--timeout: 0 is not above 0"),
        ("port", "-1", "--port: -1 is not from 0 to 65535: type --port 8000"),
        ("place", "x", "PLACE: 'x' is not a whole number"),
    ],
)
def test_other_text_is_refused(name: str, text: str, words: str) -> None:
    """The message names the option, the value if it is short, and an example."""
    with pytest.raises(UsageProblem) as refused:
        NUMBERS.convert({name: text}, None)
    assert words in str(refused.value)


def test_typer_gets_text() -> None:
    """Typer sees text in place of numbers, with the same default, and other parameters unchanged."""
    found: dict[str, Any] = {each.name: (each.annotation.__origin__, each.default) for each in NUMBERS.parameters}
    assert found == {
        "limit": (str | None, None),
        "timeout": (str | None, None),
        "group": (str, "500"),
        "port": (str, "0"),
        "place": (str, inspect.Parameter.empty),
        "name": (str, "5"),
        "fast": (bool, False),
    }
