"""Reading configuration values like the real servers."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server.configuration.value_readers import (
    boolean,
    duration,
    integer,
    lowercase_keys,
    read,
    read_objects,
    text,
    texts,
)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("25s", 25.0),
        ("1h30m", 5400.0),
        ("300ms", 0.3),
        ("1.5s", 1.5),
        (".5m", 30.0),
        ("-2s", -2.0),
        ("720h", 2592000.0),
        ("1µs", 1e-6),
        (0, 0.0),
        ("", 0.0),
        ("0", 0.0),
    ],
)
def test_durations_are_text_with_units(given: Any, seconds: float) -> None:
    """A duration is text in Go's syntax, and several parts add up."""
    assert duration(given, "x") == pytest.approx(seconds)


@pytest.mark.parametrize("given", [25, "25", "s", "1d", "1 s", True, None, [1]])
def test_a_bare_number_is_not_a_duration(given: Any) -> None:
    """A bare number is not a valid duration, because it would count nanoseconds."""
    with pytest.raises(UsageError, match='place must be a duration such as "300s"'):
        duration(given, "place")


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (int, "5", 5),
        (int, 5.0, 5),
        (bool, "true", True),
        (bool, 0, False),
        (bool, "", False),
        (str, 5, "5"),
        (list[str], "a b", ["a", "b"]),
        (list[str], ["a", 1], ["a", "1"]),
        (list[str], "", []),
        (float, "1s", 1.0),
    ],
)
def test_text_is_converted_to_other_types_and_back(kind: Any, given: Any, value: Any) -> None:
    """Text is converted to other types and back where the real servers do so."""
    assert read(given, kind, "x") == value


@pytest.mark.parametrize(
    ("reader", "given"),
    [(text, []), (text, True), (texts, 5), (texts, [[]]), (integer, "x"), (integer, 1.5), (boolean, "x"), (boolean, 2)],
)
def test_a_wrong_type_is_named(reader: Any, given: Any) -> None:
    """A value of the wrong type raises an error that names its place."""
    with pytest.raises(UsageError, match="somewhere"):
        reader(given, "somewhere")


def test_objects_have_folded_names_and_no_nulls() -> None:
    """Object keys are in lower case without nulls, and errors in a list name the place of the element."""
    assert lowercase_keys({"Name": 1, "x": None}, "place") == {"name": 1}
    assert read_objects([{"A": 1}, {}], "list") == [("list[0]", {"a": 1}), ("list[1]", {})]
    for wrong, of_what in ((5, "a list"), ([5], "an object")):
        with pytest.raises(UsageError, match=f"must be {of_what}"):
            read_objects(wrong, "list")
