"""Values of subclasses become values of the built-in type, without code of the subclass."""

import enum
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from centripetal.protocol.exact import exact_bytes, exact_flag, exact_float, exact_integer, exact_text


def fails(*_: object) -> Any:
    raise RuntimeError("code of the value")


CODE = dict.fromkeys(("__str__", "__repr__", "__int__", "__float__", "__index__", "__len__", "__bool__"), fails)
Text = type("Text", (str,), CODE)
Whole = type("Whole", (int,), CODE)
Real = type("Real", (float,), CODE)
Binary = type("Binary", (bytes,), CODE)


class Colour(enum.StrEnum):
    RED = "red"


class Old(str, enum.Enum):  # noqa: UP042 - its str() differs from its value
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


CASES: list[tuple[Any, Any, Any]] = [
    (exact_text, "a", "a"),
    (exact_text, Text("a"), "a"),
    (exact_text, Colour.RED, "red"),
    (exact_text, Old.RED, "red"),
    (exact_text, b"a", None),
    (exact_text, None, None),
    (exact_bytes, Binary(b"a"), b"a"),
    (exact_bytes, bytearray(b"a"), b"a"),
    (exact_bytes, memoryview(b"abc")[::2], b"ac"),
    (exact_bytes, "a", None),
    (exact_integer, Whole(5), 5),
    (exact_integer, Level.HIGH, 3),
    (exact_integer, True, None),
    (exact_integer, 1.0, None),
    (exact_float, Real(1.5), 1.5),
    (exact_float, Whole(2), 2.0),
    (exact_float, -(10**400), float("-inf")),
    (exact_float, False, None),
    (exact_flag, True, True),
    (exact_flag, 1, None),
]


@pytest.mark.parametrize("place", range(len(CASES)))
def test_a_value_of_a_subclass(place: int) -> None:
    """The result has exactly the built-in type; other values are None."""
    convert, value, exact = CASES[place]
    found = convert(value)
    assert (type(found), found) == (type(exact), exact)


class generic:
    """Stands for the base class of numpy's scalars, which need not be installed."""

    def __init__(self, value: object) -> None:
        self._value = value

    def item(self) -> object:
        return self._value


@pytest.mark.parametrize(
    ("convert", "value"), [(exact_flag, True), (exact_integer, 7), (exact_float, 2.5), (exact_float, 7.0)]
)
def test_a_scalar_of_numpy(monkeypatch: pytest.MonkeyPatch, convert: Any, value: Any) -> None:
    """Scalars of numpy are accepted if numpy is loaded; the library does not load it."""
    scalar = generic(value)
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert convert(scalar) is None
    monkeypatch.setitem(sys.modules, "numpy", SimpleNamespace(generic=generic))
    assert convert(scalar) == value
