"""Whether published JSON is what a test expects, and where it differs: PURE.

What a test expects is written as it was given to `publish` (a dict, a dataclass, a datetime…), and may hold, at any
place, an object that compares with `==`: `ANYTHING`, `pytest.approx(…)`, `unittest.mock.ANY`, those of dirty-equals.
"""

import decimal
import json
from collections.abc import Iterator
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.payload import encode_json

__all__ = ["ANYTHING", "clipped", "decoded", "differences", "matches"]

_WIDEST = 160  # characters of a value that are shown
_NO_JSON = object()


class _Anything:
    """Equal to whatever it is compared with."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "ANYTHING"


ANYTHING: Any = _Anything()
"""Stands for any data, or for any part of them: `{"id": ANYTHING, "text": "hi"}`."""


def decoded(text: bytes) -> Any:
    """The value of JSON *text*, every number exact: a Decimal where a float would lose digits. No JSON: the bytes."""
    try:
        return json.loads(text.decode("utf-8", "replace"), parse_float=_number)
    except (ValueError, RecursionError):
        return text


def _number(text: str) -> float | decimal.Decimal:
    number, exact = float(text), decimal.Decimal(text)
    return number if decimal.Decimal(repr(number)) == exact else exact


def matches(expected: Any, actual: Any) -> bool:
    """Whether *actual*, decoded JSON, is what *expected* says."""
    plain = _plain(expected)
    if isinstance(plain, dict):
        return (
            isinstance(actual, dict)
            and plain.keys() == actual.keys()
            and all(matches(value, actual[key]) for key, value in plain.items())
        )
    if isinstance(plain, list):
        return isinstance(actual, list) and len(plain) == len(actual) and all(map(matches, plain, actual))
    if isinstance(plain, bool | int | float | str | None):
        # To Python True is 1; to JSON it is not.
        return isinstance(plain, bool) == isinstance(actual, bool) and bool(plain == actual)
    if bool(plain == actual):
        return True
    value = _as_json(plain)
    return value is not _NO_JSON and matches(value, actual)


def differences(expected: Any, actual: Any, place: str = "data") -> list[str]:
    """Each part in which *actual* is not as *expected*: a line with - for what is missing, with + for what is there."""
    if matches(expected, actual):
        return []
    plain = _plain(expected)
    if not isinstance(plain, dict | list) and (value := _as_json(plain)) is not _NO_JSON:
        plain = value
    if isinstance(plain, dict) and isinstance(actual, dict):
        return [line for part in _in_dict(plain, actual, place) for line in part]
    if isinstance(plain, list) and isinstance(actual, list):
        return [line for part in _in_list(plain, actual, place) for line in part]
    here, there = _apart(repr(expected), repr(actual))
    return [f"- {place} = {here}", f"+ {place} = {there}"]


def _in_dict(expected: dict[str, Any], actual: dict[str, Any], place: str) -> Iterator[list[str]]:
    for key, value in expected.items():
        inside = f"{place}[{key!r}]"
        yield differences(value, actual[key], inside) if key in actual else [f"- {inside} = {clipped(value)}"]
    for key, value in actual.items():
        if key not in expected:
            yield [f"+ {place}[{key!r}] = {clipped(value)}"]


def _in_list(expected: list[Any], actual: list[Any], place: str) -> Iterator[list[str]]:
    for index in range(max(len(expected), len(actual))):
        inside = f"{place}[{index}]"
        if index >= len(actual):
            yield [f"- {inside} = {clipped(expected[index])}"]
        elif index >= len(expected):
            yield [f"+ {inside} = {clipped(actual[index])}"]
        else:
            yield differences(expected[index], actual[index], inside)


def clipped(value: Any, widest: int = _WIDEST) -> str:
    """The repr of *value*, cut where it gets too long to be read."""
    text = repr(value)
    return text if len(text) <= widest else f"{text[:widest]}… ({len(text):,} characters)"


def _apart(one: str, other: str) -> tuple[str, str]:
    """Both texts, cut so that what tells them apart can be seen."""
    if max(len(one), len(other)) <= _WIDEST:
        return one, other
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - 20)

    def cut(text: str) -> str:
        end = start + _WIDEST
        return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")

    return cut(one), cut(other)


def _plain(value: Any) -> Any:
    """*value* with the containers that JSON has; what is in them stays as it is."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        converted = _as_json(value)
        return value if converted is _NO_JSON else converted
    return value


def _as_json(value: Any) -> Any:
    """What comes out when *value* is published."""
    try:
        return decoded(encode_json(value))
    except UsageError:
        return _NO_JSON
