"""What counts as the expected data, and how the parts that are not are told."""

import dataclasses
import datetime
import decimal
import json
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.testing.matching import ANYTHING, clipped, decoded, differences, matches

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@dataclasses.dataclass
class News:
    text: str
    tags: tuple[str, ...] = ()


class Even:
    """A matcher as users write them."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int) and other % 2 == 0

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "Even()"


@pytest.mark.parametrize(
    ("expected", "published"),
    [
        ({"a": 1, "b": [1, {"c": None}]}, b'{"b":[1,{"c":null}],"a":1}'),
        ((1, 2), b"[1,2]"),
        (1, b"1.0"),
        (True, b"true"),
        (0.1, b"0.1"),
        (2**70, b"1180591620717411303424"),
        (decimal.Decimal("0.10000000000000000000001"), b"0.10000000000000000000001"),
        ({1: "a"}, b'{"1":"a"}'),
        (News("hi", ("x",)), b'{"text":"hi","tags":["x"]}'),
        ([News("hi")], b'[{"text":"hi","tags":[]}]'),
        (datetime.date(2017, 7, 14), b'"2017-07-14"'),
        (b'{"n": 1}', b'{"n":1}'),
        (ANYTHING, b"null"),
        ({"id": ANYTHING, "n": ANY, "m": Even()}, b'{"id":"x","n":true,"m":4}'),
        ({"price": pytest.approx(0.3)}, b'{"price":0.30000000000000004}'),
        (pytest.approx({"price": 0.3}), b'{"price":0.30000000000000004}'),
    ],
)
def test_equal_data_match(expected: Any, published: bytes) -> None:
    """What a test may write for what was published: the same values, in whatever form `publish` takes; matchers."""
    assert matches(expected, decoded(published))
    assert differences(expected, decoded(published)) == []


@pytest.mark.parametrize(
    ("expected", "published", "told"),
    [
        (1, b"2", ["- data = 1", "+ data = 2"]),
        (1, b"true", ["- data = 1", "+ data = True"]),
        (False, b"0", ["- data = False", "+ data = 0"]),
        (2**53, b"9007199254740993", ["- data = 9007199254740992", "+ data = 9007199254740993"]),
        (0.1, b"0.1000000000000000000001", ["- data = 0.1", "+ data = Decimal('0.1000000000000000000001')"]),
        (None, b'""', ["- data = None", "+ data = ''"]),
        ({"a": 1}, b"[1]", ["- data = {'a': 1}", "+ data = [1]"]),
        ({"a": 1, "b": 2}, b'{"a":1}', ["- data['b'] = 2"]),
        ({"a": 1}, b'{"a":1,"b":{"c":2}}', ["+ data['b'] = {'c': 2}"]),
        ({"a": [1, {"b": 2}]}, b'{"a":[1,{"b":3}]}', ["- data['a'][1]['b'] = 2", "+ data['a'][1]['b'] = 3"]),
        ([1, 2, 3], b"[1]", ["- data[1] = 2", "- data[2] = 3"]),
        ([1], b"[1,2]", ["+ data[1] = 2"]),
        ({"n": Even()}, b'{"n":3}', ["- data['n'] = Even()", "+ data['n'] = 3"]),
        (News("hi"), b'{"text":"ho","tags":[]}', ["- data['text'] = 'hi'", "+ data['text'] = 'ho'"]),
        ({1, 2}, b"[1,2]", ["- data = {1, 2}", "+ data = [1, 2]"]),
    ],
)
def test_other_data_differ_by_member(expected: Any, published: bytes, told: list[str]) -> None:
    """Each member that is missing, unexpected or of another value is named with its place."""
    assert not matches(expected, decoded(published))
    assert differences(expected, decoded(published)) == told


def test_long_values_are_cut_where_they_differ() -> None:
    """Of two long texts the part is shown that tells them apart."""
    (here, there) = differences("a" * 500 + "b" + "x" * 500, "a" * 500 + "c" + "x" * 500)
    assert here == f"- data = …{'a' * 20}b{'x' * 139}…"
    assert there == f"+ data = …{'a' * 20}c{'x' * 139}…"


def test_long_values_say_how_long_they_are() -> None:
    """A value that is too long to be read is cut."""
    assert clipped("a" * 2000) == f"'{'a' * 159}… (2,002 characters)"


def test_anything_is_shown_by_its_name() -> None:
    """It is itself in a text, and can be kept in a set as other values can."""
    assert clipped({"id": ANYTHING}) == "{'id': ANYTHING}"
    assert len({ANYTHING, ANYTHING}) == 1


def test_what_is_no_json_stays_bytes() -> None:
    """Data in another format are compared as bytes."""
    assert decoded(b"\x01{") == b"\x01{"
    assert matches(b"\x01{", decoded(b"\x01{"))


@given(VALUES)
def test_a_value_matches_what_it_becomes(value: Any) -> None:
    """Any JSON value matches itself after it was published."""
    assert matches(value, decoded(json.dumps(value).encode()))


@given(VALUES, VALUES)
def test_differences_are_told_if_and_only_if_there_are_any(one: Any, other: Any) -> None:
    """No match without a reason, no reason without a mismatch."""
    published = decoded(json.dumps(other).encode())
    assert bool(differences(one, published)) is not matches(one, published)
