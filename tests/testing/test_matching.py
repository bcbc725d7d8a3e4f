"""Tests of matching expected data, and of describing the differences."""

import dataclasses
import datetime
import decimal
import json
from typing import Any
from unittest.mock import ANY

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.payload import encode_json
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
    """Custom matcher, as a user would write it."""

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
    """Expected data matches an equal JSON value in any form that `publish` accepts, and can contain matchers."""
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
def test_differences_name_each_member(expected: Any, published: bytes, told: list[str]) -> None:
    """Each missing, unexpected or different member is listed with its path."""
    assert not matches(expected, decoded(published))
    assert differences(expected, decoded(published)) == told


def test_long_values_are_cut_where_they_differ() -> None:
    """Two long texts are shortened to the part in which they differ."""
    (here, there) = differences("a" * 500 + "b" + "x" * 500, "a" * 500 + "c" + "x" * 500)
    assert here == f"- data = …{'a' * 20}b{'x' * 139}…"
    assert there == f"+ data = …{'a' * 20}c{'x' * 139}…"


def test_long_values_are_cut_with_their_length() -> None:
    """A long value is cut, and its length is shown."""
    assert clipped("a" * 2000) == f"'{'a' * 159}… (2,002 characters)"


def test_anything_has_a_short_repr() -> None:
    """ANYTHING is shown by its name and is hashable."""
    assert clipped({"id": ANYTHING}) == "{'id': ANYTHING}"
    assert len({ANYTHING, ANYTHING}) == 1


def test_data_that_is_not_json_stays_bytes() -> None:
    """Data that is not JSON is compared as bytes."""
    assert decoded(b"\x01{") == b"\x01{"
    assert matches(b"\x01{", decoded(b"\x01{"))


@given(VALUES)
def test_a_value_matches_its_published_form(value: Any) -> None:
    """Every JSON value matches its published form."""
    assert matches(value, decoded(json.dumps(value).encode()))


@given(VALUES, VALUES)
def test_differences_exist_only_for_a_mismatch(one: Any, other: Any) -> None:
    """Differences are listed if and only if the values do not match."""
    published = decoded(json.dumps(other).encode())
    assert bool(differences(one, published)) is not matches(one, published)


DEEP = b'{"a":[' * 2_000 + b"1" + b"]}" * 2_000


def test_deep_data_is_compared_as_text() -> None:
    """Data of more than 200 levels is raw JSON, which equals the same JSON and nothing else."""
    found = decoded(DEEP)
    assert found == msgspec.Raw(DEEP)
    for expected in (DEEP, msgspec.Raw(DEEP), ANYTHING, ANY):
        assert matches(expected, found)
        assert not differences(expected, found)
    others: list[Any] = [1, None, [], DEEP.replace(b"1", b"2"), msgspec.Raw(b"1"), "text"]
    for other in others:
        assert not matches(other, found)
        assert differences(other, found)
    assert not matches(DEEP, 1)
    assert clipped(found, 12) == 'Raw(b\'{"a":[… (16,009 characters)'
    assert decoded(DEEP[:-1]) == DEEP[:-1]


def test_data_of_the_deepest_values_is_compared() -> None:
    """Python values that are nested as deeply as `publish` allows are compared by value."""
    value: Any = {"n": 1.5}
    for _ in range(98):
        value = [{"a": value}]
    found = decoded(encode_json(value))
    assert matches(value, found)
    assert differences([value], found)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"1" * 5_000, decimal.Decimal("1" * 5_000)),
        (b"1e99999999999999999999", float("inf")),
        (b"1e999", decimal.Decimal("1e999")),
        (b"-0", 0),
    ],
)
def test_unusual_numbers_are_decoded(text: bytes, value: Any) -> None:
    """Numbers of any size are decoded, so that recording a publication never fails."""
    assert decoded(text) == value
