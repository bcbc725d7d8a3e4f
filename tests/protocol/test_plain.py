"""Conversion of values to the types of JSON, without the encoding, which `test_payload.py` tests too."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.protocol.payload import DEEPEST_VALUE, _shown_place, _too_deep, plain


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "a", [1, [2]], (1, 2), {"a": {"b": [None]}}])
def test_a_value_of_json_types_is_returned_itself(value: Any) -> None:
    """Nothing is copied if nothing needs converting, and the encoder is not asked."""
    assert plain(value) is value
    assert plain(value, encoder=pytest.fail) is value


def test_only_the_containers_of_a_converted_value_are_copied() -> None:
    """Containers without values to convert stay the same objects."""
    kept = {"a": [1]}
    found = plain({"kept": kept, "changed": [{1}, kept]}, encoder=sorted)
    assert found == {"kept": kept, "changed": [[1], kept]}
    assert found["kept"] is found["changed"][1] is kept


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("data.a[0]", "data.a[0]"),
        ("d" * 60, "d" * 60),
        ("data." + "k" * 1000 + ".end[5]", f"data.{'k' * 25}…{'k' * 22}.end[5]"),
    ],
)
def test_a_long_place_is_cut_in_the_middle(place: str, shown: str) -> None:
    """Messages show the beginning and the end of a long place, in 60 characters."""
    assert _shown_place(place) == shown


def test_the_deepest_value() -> None:
    """The limit counts the containers around a value."""
    value: Any = 1
    for _ in range(DEEPEST_VALUE + 1):
        value = [value]
    assert plain(value) is value
    with pytest.raises(UsageError, match=r"^data(\[0\])+\S*… is nested deeper than 200 levels, or contains itself$"):
        plain([value])
    assert str(_too_deep("data")) == "data is nested deeper than 200 levels, or contains itself"
