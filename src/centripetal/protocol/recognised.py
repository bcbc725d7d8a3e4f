"""Values of other packages, recognised by their classes and attributes, so no package is imported for it. PURE."""

import sys
from typing import Any

import msgspec

from centripetal.protocol.exact import python_value

__all__ = ["behind_proxy", "members_of", "text_of"]

_LAZY_TEXT = {
    "Promise": "django.utils.functional",  # what gettext_lazy and reverse_lazy return
    "LazyProxy": "babel.support",
}
"""Base classes of texts that are translated when they are read, and their modules."""

_LAZY_TEXT_ANYWHERE = frozenset({"LazyString", "_LazyString"})  # of speaklater, Flask-Babel and others


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
