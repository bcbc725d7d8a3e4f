"""Values in the built-in type that they derive from: `exact_text(StrEnum member)` is a plain str. PURE.

Callers pass subclasses of built-in types: members of enums, template-safe strings, numpy scalars. Code of such a class
must not run later, in the middle of a call, so values are converted when they are checked, with methods of the built-in
type. `type(value)` is used instead of `isinstance`, which may run code of the value (`__class__`).
"""

import math
import sys
from typing import Any

__all__ = ["exact_bytes", "exact_flag", "exact_float", "exact_integer", "exact_text", "python_value"]


_MOMENTS = frozenset({"datetime64", "timedelta64"})


def exact_text(value: Any) -> str | None:
    """Return *value* as a str; None if it is not text."""
    return str.__str__(value) if issubclass(type(value), str) else None


def exact_bytes(value: Any) -> bytes | None:
    """Return *value* as bytes; None if it is not bytes, a bytearray or a memoryview."""
    return bytes(memoryview(value)) if issubclass(type(value), bytes | bytearray | memoryview) else None


def exact_flag(value: Any) -> bool | None:
    """Return *value* as a bool; None if it is not True or False."""
    value = python_value(value)
    return value if type(value) is bool else None


def exact_integer(value: Any) -> int | None:
    """Return *value* as an int; None if it is not an integer, also for True and False."""
    value = python_value(value)
    return int.__int__(value) if issubclass(type(value), int) and type(value) is not bool else None


def exact_float(value: Any) -> float | None:
    """Return *value*, an int or a float, as a float; None if it is neither, also for True and False."""
    value = python_value(value)
    if issubclass(type(value), float):
        return float.__float__(value)
    number = exact_integer(value)
    if number is None:
        return None
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, 1 if number > 0 else -1)


def python_value(value: Any) -> Any:
    """Return the Python value of a numpy scalar, and any other value unchanged.

    Also unchanged is a numpy scalar that only an int without its unit could replace, such as a `datetime64` in
    nanoseconds. NaT becomes None.
    """
    scalar = getattr(sys.modules.get("numpy"), "generic", None)  # without numpy, there are no numpy scalars
    if scalar is None or not issubclass(type(value), scalar):
        return value
    python, kind = value.item(), type(value).__name__
    if kind in _MOMENTS:
        return value if type(python) is int else python
    return float(value) if kind == "longdouble" else python
