"""Classes with the names and attributes of other packages, which the library recognises without importing them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

__all__ = ["NUMPY", "NumpyBool", "NumpyDatetime", "NumpyInteger", "NumpyTimedelta", "generic", "named"]


def named(name: str, **members: Any) -> type:
    """Return a class with the full *name*, such as `django.db.models.base.Model`, and these members."""
    module, _, own = name.rpartition(".")
    return type(own, (), {"__module__": module, "__slots__": ("__dict__",), **members})


class generic:
    """The base class of numpy's scalars."""

    def __init__(self, value: Any, text: str = "") -> None:
        self._value = value
        self._text = text

    def item(self) -> Any:
        return self._value

    def __str__(self) -> str:
        return self._text or str(self._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, generic) and bool(self._value == other._value)

    def __float__(self) -> float:
        return float(self._value)


def _scalar(name: str) -> Callable[..., Any]:
    return type(name, (generic,), {"__module__": "numpy"})


class _Long(generic):
    """A scalar like `numpy.longdouble`, whose `item` is a scalar again."""

    def item(self) -> Any:
        return self


NumpyInteger, NumpyBool = _scalar("int64"), _scalar("bool")
NumpyDatetime, NumpyTimedelta = _scalar("datetime64"), _scalar("timedelta64")
_Long.__name__ = "longdouble"

MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5)
NUMPY: list[tuple[Any, str]] = [
    (NumpyInteger(5), "5"),
    (NumpyInteger(2**64 - 1), "18446744073709551615"),
    (NumpyBool(True), "true"),
    (_scalar("float32")(0.5), "0.5"),
    (_Long(0.5), "0.5"),
    (NumpyDatetime(MOMENT), '"2020-01-02T03:04:05"'),
    (NumpyDatetime(MOMENT.date()), '"2020-01-02"'),
    # In nanoseconds, `item` is an int.
    (NumpyDatetime(1577934245000000001, "2020-01-02T03:04:05.000000001"), '"2020-01-02T03:04:05.000000001"'),
    (NumpyTimedelta(dt.timedelta(seconds=5)), '"PT5S"'),
]
"""Scalars, and their JSON."""
