"""What servers answer, as Python values: the base of all results.

JSON that users put into the server is kept as the bytes that the server sent (`…_json`) and decoded when asked for, so
that no digit is lost and nobody pays for what nobody reads.
"""

from typing import Any

import msgspec

from centripetal.errors import MalformedResponseError
from centripetal.protocol.payload import decode_json

__all__ = ["ABSENT", "Result", "decoded", "json_of"]

ABSENT = msgspec.Raw()
"""What stands for a raw member that is not there; null is a value."""


def json_of(raw: msgspec.Raw) -> bytes | None:
    """The JSON as bytes; None if there is none."""
    return bytes(raw) or None


def decoded(raw: bytes | None, what: str) -> Any:
    """The value of JSON that may be absent: then None."""
    return None if raw is None else decode_json(raw, what)


class Result(msgspec.Struct, frozen=True):
    """A struct whose repr shows decoded values instead of raw JSON, and leaves out what is not there."""

    def __repr__(self) -> str:
        members = [f"{name}={value!r}" for name, value, _ in self.__rich_repr__() if value not in (None, "")]
        return f"{type(self).__name__}({', '.join(members)})"

    def __rich_repr__(self) -> Any:
        for field in self.__struct_fields__:
            name = field.removeprefix("raw_")
            yield name, self._shown(name), None

    def _shown(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except MalformedResponseError:  # a repr never fails: what cannot be decoded shows as the bytes it is
            return getattr(self, f"{name}_json")
