"""Base classes of the methods of the current server API."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from centripetal.dialects.current.objects import FilterNode
from centripetal.protocol.command import Command, R
from centripetal.protocol.encoder import Encoder
from centripetal.protocol.field_kinds import Base64, JSONValue, Name
from centripetal.protocol.fields import ObjectOf, changed_fields, fields_of
from centripetal.protocol.payload import plain_data
from centripetal.protocol.unread import Failures

__all__ = [
    "Method",
    "OfChannel",
    "OfMap",
    "OfUser",
    "Version",
    "WithData",
]

Version = tuple[int, int, int]


class Method(Command[R], Generic[R], frozen=True, omit_defaults=True, repr_omit_defaults=True, kw_only=True):
    """A method of the server API. Its fields have the server's names; only fields that are set are sent."""

    number: ClassVar[int]
    """Number of the method at the single endpoint (protocol 6: table-method-numbers)."""

    pro: ClassVar[bool] = False
    """Whether only the PRO edition has the method."""

    keyed: ClassVar[bool] = False
    """Whether the method accepts an `idempotency_key`, so that it can be retried safely."""

    released: ClassVar[Version] = (3, 0, 0)
    """First server version that has the method."""

    added: ClassVar[Mapping[str, Version]] = {}
    """First server version of each field that was added later. Older servers ignore it silently.

    See protocol 6: versions-server-api.
    """

    verifies: ClassVar[bool] = False
    """Whether `fault` checks the results of the method."""

    def changes(self) -> dict[str, Any]:
        self.check()
        return changed_fields(self)

    def with_plain_data(self, encoder: Encoder) -> Self:
        return _with_plain_data(self, encoder)

    def fault(self, result: Any) -> str:  # noqa: ARG002 - for methods that check results
        """Return how *result* contradicts the command, "" if it does not. Only called if `verifies` is set."""
        return ""

    def failures(self, result: Any, names: str) -> Failures | None:  # noqa: ARG002 - as for `fault`
        """Return the failures in *result*, None without any. Only called if `verifies` is set.

        *names* are the server's namespaces, separated by commas, if it has told them.
        """
        return None


class OfChannel(Method[R], Generic[R], frozen=True):
    """A method about one channel."""

    channel: Name

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class OfMap(OfChannel[R], Generic[R], frozen=True):
    """A method about a map channel or a shared-poll channel (protocol 6: map-channels)."""

    released = (6, 8, 0)
    newer = True


class OfUser(Method[R], Generic[R], frozen=True, kw_only=True):
    """A method about connections of a user, with the fields that select the connections.

    `label_filter` and `all_users` need Centrifugo PRO: the open-source server ignores them silently.
    """

    added: ClassVar[Mapping[str, Version]] = {"session": (3, 2, 0), "label_filter": (6, 8, 4), "all_users": (6, 8, 4)}

    client: str = ""
    session: str = ""
    label_filter: FilterNode | None = None
    all_users: bool = False


class WithData(Method[R], Generic[R], frozen=True, kw_only=True):
    """A method with a payload. Subclasses define `data` for JSON; `b64data` is for binary payloads."""

    b64data: Base64 | None = None


# ---- the client's encoder

S = TypeVar("S", bound=msgspec.Struct)


def _with_plain_data(struct: S, encoder: Encoder, prefix: str = "") -> S:
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
    return _with_plain_data(value, encoder, f"{place}.") if issubclass(type(value), msgspec.Struct) else value
