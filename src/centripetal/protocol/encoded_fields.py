"""The JSON values in the fields of a command, converted with the client's encoder. PURE.

The encoder runs once for each value, before the command is checked and encoded as usual.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from centripetal.protocol.encoder import Encoder
from centripetal.protocol.field_kinds import JSONValue
from centripetal.protocol.fields import ObjectOf, fields_of
from centripetal.protocol.payload import plain_data

__all__ = ["with_plain_data"]

S = TypeVar("S", bound=msgspec.Struct)


def with_plain_data(struct: S, encoder: Encoder, prefix: str = "") -> S:
    """Return *struct*, a command or an object in it, with JSON values of types that need no encoder.

    Args:
        struct: the struct.
        encoder: the client's encoder.
        prefix: place of the struct for error messages.

    Raises:
        UsageError: a value has no JSON form, or the encoder failed; the message names the place.
    """
    changes = {}
    for name, default, convert in _conversions(type(struct)):
        value = getattr(struct, name)
        if value is not default and (new := convert(value, prefix + name, encoder)) is not value:
            changes[name] = new
    return msgspec.structs.replace(struct, **changes) if changes else struct


@functools.cache
def _conversions(struct: type[msgspec.Struct]) -> list[tuple[str, Any, Callable[[Any, str, Encoder], Any]]]:
    found: list[tuple[str, Any, Callable[[Any, str, Encoder], Any]]] = []
    for field in fields_of(struct):
        if isinstance(field.kind, JSONValue):
            found.append((field.name, field.default, plain_data))
        elif isinstance(field.kind, ObjectOf):
            found.append((field.name, field.default, _plain_object))
    return found


def _plain_object(value: Any, place: str, encoder: Encoder) -> Any:
    # Other values are rejected by the check of the field.
    return with_plain_data(value, encoder, f"{place}.") if issubclass(type(value), msgspec.Struct) else value
