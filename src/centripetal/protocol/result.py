"""Base class of all results.

JSON from users is kept as the bytes that the server sent (`…_json`) and decoded on access, so that numbers keep all
digits and unread values cost nothing. Servers accept JSON that is nested more deeply than Python can decode (about
1,000 levels). The decoded value is then a `msgspec.Raw`: test for it with `isinstance(value, msgspec.Raw)`.
"""

from typing import Any

import msgspec

from centripetal.errors import MalformedResponseError
from centripetal.protocol.tolerant_decoding import decode_json

__all__ = ["ABSENT", "Result", "decoded", "json_of"]

ABSENT = msgspec.Raw()
"""Placeholder for a raw member that is absent; null is a value."""


def json_of(raw: msgspec.Raw) -> bytes | None:
    """Return the JSON as bytes, or None if it is absent."""
    return bytes(raw) or None


def decoded(raw: bytes | None, what: str) -> Any:
    """Decode JSON; return None if it is absent."""
    return None if raw is None else decode_json(raw, what)


class Result(msgspec.Struct, frozen=True):
    """A struct whose repr shows decoded values instead of raw JSON, and omits absent values."""

    def __repr__(self) -> str:
        members = [f"{name}={value!r}" for name, value, _ in self.__rich_repr__() if value not in (None, "")]
        return f"{type(self).__name__}({', '.join(members)})"

    def __rich_repr__(self) -> Any:
        for field in self.__struct_fields__:
            name = field.removeprefix("raw_")
            yield name, self._shown(name), None

    def _shown(self, name: str) -> Any:
        # A repr must not fail: show the bytes if they cannot be decoded, or if the value cannot be shown.
        try:
            value = getattr(self, name)
            repr(value)
        except (MalformedResponseError, RecursionError):
            return getattr(self, f"{name}_json")
        return getattr(self, f"{name}_json") if isinstance(value, msgspec.Raw) else value
