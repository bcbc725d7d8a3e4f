"""Patterns of channels and methods find the names that they are for, with converted parts."""

import datetime
import enum
import re
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.handling.patterns import Pattern, places_of


class Colour(enum.Enum):
    RED = "red"


ID = uuid.UUID("378b3874-4470-484f-a7e5-7d494b629e44")

FITTING: list[tuple[str, Mapping[str, Any], str, Any]] = [
    ("news", {}, "news", {}),
    ("news", {}, "News", None),
    ("a.b", {}, "axb", None),
    ("rooms:{room}", {}, "rooms:tea time", None),
    ("rooms:{room}", {}, "rooms:tea", {"room": "tea"}),
    ("rooms:{room}", {}, "rooms:", None),
    ("rooms:{room}", {}, "rooms:a:b", None),
    ("rooms:{room}", {}, "rooms:a\n", None),
    ("rooms:{room}", {}, "rooms:a#7", None),
    ("dialog#{a},{b}", {"a": int, "b": int}, "dialog#3,4", {"a": 3, "b": 4}),
    ("dialog#{a},{b}", {}, "dialog#3,4,5", None),
    ("a:{x}-{y}", {}, "a:1-2-3", {"x": "1-2", "y": "3"}),
    ("files:*", {}, "files:a:b#c\n", {}),
    ("files:*", {}, "file:", None),
    ("*", {}, "", {}),
    ("{x}*", {"x": str}, "ab", {"x": "ab"}),
    ("r:{room}", {"room": int}, "r:7", {"room": 7}),
    ("r:{room}", {"room": int}, "r:-7", {"room": -7}),
    ("r:{room}", {"room": int}, "r:0", {"room": 0}),
    *(
        ("r:{room}", {"room": int}, f"r:{text}", None)
        for text in ("07", "+7", "7.0", "-0", "x", "\u0667", "1_0", "1e1")
    ),
    ("r:{id}", {"id": uuid.UUID}, f"r:{ID}", {"id": ID}),
    ("r:{id}", {"id": uuid.UUID}, f"r:{str(ID).upper()}", None),
    ("r:{c}", {"c": Colour}, "r:red", {"c": Colour.RED}),
    ("r:{c}", {"c": Colour}, "r:blue", None),
    ("r:{c}", {"c": Literal["a", "b"]}, "r:b", {"c": "b"}),
    ("r:{c}", {"c": bool}, "r:true", {"c": True}),
    ("r:{c}", {"c": bool}, "r:True", None),
    ("r:{n}", {"n": Annotated[int, msgspec.Meta(gt=0)]}, "r:0", None),
    ("r:{n}", {"n": Annotated[int, msgspec.Meta(gt=0)]}, "r:3", {"n": 3}),
    ("r:{d}", {"d": datetime.date}, "r:2026-01-31", {"d": datetime.date(2026, 1, 31)}),
    ("r:{x}", {"x": Any}, "r:7", {"x": "7"}),
]


@pytest.mark.parametrize(("pattern", "types", "name", "parts"), FITTING)
def test_patterns_fit_their_names(pattern: str, types: Mapping[str, Any], name: str, parts: Any) -> None:
    """A place takes one segment, is converted to its type, and only accepts the usual spelling of a value."""
    assert Pattern(pattern, types).parts(name) == parts


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a{", "has a brace without its counterpart"),
        ("a}", "has a brace without its counterpart"),
        ("{a}{{b}}", "has a brace without its counterpart"),
        ("{}", "has the place ''"),
        ("{a b}", "has the place 'a b'"),
        ("{a}:{a}", "has the place 'a': use identifiers, each once"),
    ],
)
def test_invalid_patterns_are_errors(pattern: str, message: str) -> None:
    """A pattern with a wrong brace or name is an error that names it."""
    with pytest.raises(UsageError, match=message):
        places_of(pattern)


def test_types_that_text_cannot_become_are_errors() -> None:
    """A type that cannot be converted from text is an error that names the parameter."""
    with pytest.raises(UsageError, match=r"the parameter 'x' has the type .*object"):
        Pattern("a:{x}", {"x": object()})


@given(st.text(), st.text(), st.integers())
def test_a_formatted_pattern_fits_with_the_same_value(start: str, end: str, number: int) -> None:
    """Any text around a place is literal, and an integer that is written into the place is found again."""
    text = re.sub(r"[{}*]", "", f"{start}:") + "{n}" + re.sub(r"[{}*]", "", f":{end}")
    name = text.replace("{n}", str(number))
    assert Pattern(text, {"n": int}).parts(name) == {"n": number}
