"""Compare published JSON with the data that a test expects, and describe the differences: PURE.

A test writes the expected data as it was given to `publish` (a dict, a dataclass, a datetime…). Any part of it can be
an object that compares with `==`: `ANYTHING`, `pytest.approx(…)`, `unittest.mock.ANY`, an object from dirty-equals.
"""

import decimal
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.encoder import Encoder
from centripetal.protocol.gojson import check
from centripetal.protocol.json_parts import nesting
from centripetal.protocol.payload import DEEPEST_VALUE, encode_json, encode_plain, plain_data
from centripetal.protocol.tolerant_decoding import integer

__all__ = ["ANYTHING", "clipped", "decoded", "differences", "is_data", "matches", "with_encoder"]

_WIDEST = 160  # maximum number of characters shown of a value
_NO_JSON = object()


class _Anything:
    """Object that is equal to every other object."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "ANYTHING"


ANYTHING: Any = _Anything()
"""Matches any data, or any part of the data: `{"id": ANYTHING, "text": "hi"}`."""


def decoded(text: bytes) -> Any:
    """Decode JSON *text*, with a Decimal for each number that a float cannot hold exactly.

    Text that is nested more deeply than Python values can be published is returned as a `msgspec.Raw`. If *text* is not
    JSON, return *text* itself.
    """
    try:
        if text.count(b"[") + text.count(b"{") > DEEPEST_VALUE and nesting(text) > DEEPEST_VALUE:
            check(text)
            return msgspec.Raw(text)
        return json.loads(text.decode("utf-8", "replace"), parse_float=_number, parse_int=integer)
    except ValueError:
        return text


def _number(text: str) -> float | decimal.Decimal:
    number = float(text)
    try:
        exact = decimal.Decimal(text)
    except decimal.InvalidOperation:  # the exponent has too many digits for a Decimal
        return number
    return number if decimal.Decimal(repr(number)) == exact else exact


def matches(expected: Any, actual: Any) -> bool:
    """Return whether *actual*, decoded JSON, matches *expected*."""
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
        # In Python, True equals 1; in JSON, it does not.
        return isinstance(plain, bool) == isinstance(actual, bool) and bool(plain == actual)
    if bool(plain == actual):
        return True
    value = _as_json(plain)
    if isinstance(value, msgspec.Raw):
        return bool(value == actual)
    return value is not _NO_JSON and matches(value, actual)


def differences(expected: Any, actual: Any, place: str = "data") -> list[str]:
    """List the differences between *actual* and *expected*: expected parts with `-`, actual parts with `+`."""
    if matches(expected, actual):
        return []
    plain = _plain(expected)
    if not isinstance(plain, dict | list) and (value := _as_json(plain)) is not _NO_JSON:
        plain = value
    if isinstance(plain, dict) and isinstance(actual, dict):
        return [line for part in _in_dict(plain, actual, place) for line in part]
    if isinstance(plain, list) and isinstance(actual, list):
        return [line for part in _in_list(plain, actual, place) for line in part]
    here, there = _apart(_shown(expected), _shown(actual))
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
    """Return the repr of *value*, cut after *widest* characters."""
    text = _shown(value)
    return text if len(text) <= widest else f"{text[:widest]}… ({len(text):,} characters)"


def _shown(value: Any) -> str:
    """Return the repr of *value*, with the text of raw JSON."""
    return f"Raw({bytes(value)!r})" if isinstance(value, msgspec.Raw) else repr(value)


def _apart(one: str, other: str) -> tuple[str, str]:
    """Return both texts, cut so that the first difference is visible."""
    if max(len(one), len(other)) <= _WIDEST:
        return one, other
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - 20)

    def cut(text: str) -> str:
        end = start + _WIDEST
        return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")

    return cut(one), cut(other)


def _plain(value: Any) -> Any:
    """Return *value* as a JSON container if it is a container; its items are not converted."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        converted = _as_json(value)
        return value if converted is _NO_JSON else converted
    return value


def is_data(value: Any) -> bool:
    """Return whether *value* could be published, which an object that only compares, such as `ANYTHING`, could not."""
    return _as_json(value) is not _NO_JSON


class _Encoded:
    """Expected data of a type that only the client's encoder knows. It may also be an object that compares."""

    def __init__(self, value: Any, encoder: Encoder) -> None:
        self._value = value
        self._encoder = encoder

    def __eq__(self, actual: object) -> bool:
        if bool(self._value == actual):
            return True
        try:
            text = encode_plain(plain_data(self._value, "data", self._encoder), "data")
        except UsageError:
            return False
        return matches(decoded(text), actual)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._value)


def with_encoder(expected: Any, encoder: Encoder | None) -> Any:
    """Return *expected* so that values of types that only *encoder* knows match what it makes of them."""
    if encoder is None or expected is ANYTHING or is_data(expected):
        return expected
    if type(expected) is dict:
        return {key: with_encoder(value, encoder) for key, value in expected.items()}
    if type(expected) in (list, tuple):
        return [with_encoder(value, encoder) for value in expected]
    return _Encoded(expected, encoder)


def _as_json(value: Any) -> Any:
    """Return the value that subscribers would decode if *value* were published, or `_NO_JSON`."""
    try:
        return decoded(encode_json(value))
    except UsageError:
        return _NO_JSON
