"""Values in the built-in type that they derive from: `exact_text(StrEnum member)` is a plain str. PURE.

Callers pass subclasses of built-in types: members of enums, template-safe strings, numpy scalars. Code of such a class
must not run later, in the middle of a call, so values are converted when they are checked, with methods of the built-in
type. `type(value)` is used instead of `isinstance`, which may run code of the value (`__class__`).

Values of other packages are recognised by their classes and attributes, so no package is imported for it.
"""

import math
import sys
from typing import Any

import msgspec

__all__ = ["behind_proxy", "exact_bytes", "exact_flag", "exact_float", "exact_integer", "exact_text", "members_of"]
__all__ += ["python_value", "text_of"]


_LAZY_TEXT = {
    "Promise": "django.utils.functional",  # what gettext_lazy and reverse_lazy return
    "LazyProxy": "babel.support",
}
"""Base classes of texts that are translated when they are read, and their modules."""

_LAZY_TEXT_ANYWHERE = frozenset({"LazyString", "_LazyString"})  # of speaklater, Flask-Babel and others

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


def behind_proxy(value: Any) -> Any:
    """Return the object for which *value* stands; *value* itself if it is not a proxy.

    Such as Django's `SimpleLazyObject` (`request.user`), and proxies of Werkzeug (`current_user`) and wrapt.
    """
    kind = type(value)
    if value.__class__ is kind:  # this also loads the object behind a SimpleLazyObject
        return value
    if hasattr(kind, "_get_current_object"):
        return value._get_current_object()
    if any(base.__name__ == "LazyObject" for base in kind.__mro__):
        return value._wrapped
    return value.__wrapped__ if hasattr(kind, "__wrapped__") else value


def members_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of a dataclass or of an attrs class, except those that are UNSET; None for other values."""
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        # Slow to import; a program with dataclasses has loaded it, and a call must not import anything.
        fields = sys.modules["dataclasses"].fields(value)
    else:
        fields = getattr(kind, "__attrs_attrs__", None)
        if fields is None:
            return None
    members = ((field.name, getattr(value, field.name)) for field in fields)
    return {name: item for name, item in members if item is not msgspec.UNSET}


def text_of(value: Any) -> str | None:
    """Return the text that represents *value*; None if it is something else.

    That is the text of a path, of an IP address, network or interface, of a lazy translation, and of a `datetime64`
    that Python's datetime cannot hold exactly.
    """
    kind = type(value)
    if hasattr(kind, "__fspath__"):
        path = value.__fspath__()
        return path if isinstance(path, str) else None
    for base in kind.__mro__:
        name, module = base.__name__, base.__module__
        if module == "ipaddress" or name in _LAZY_TEXT_ANYWHERE or _LAZY_TEXT.get(name) == module:
            return str(value)
        if name == "datetime64" and module == "numpy" and python_value(value) is value:
            return str(value)
    return None
