"""What all methods of the current server API share: their bases."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic

import msgspec

from centripetal.dialects.current.objects import FilterNode
from centripetal.errors import UsageError
from centripetal.protocol.command import Command, R
from centripetal.protocol.field_kinds import Base64, Name
from centripetal.protocol.fields import changed_fields

__all__ = [
    "Method",
    "OfChannel",
    "OfMap",
    "OfUser",
    "Version",
    "WithData",
    "payload_of",
]

Version = tuple[int, int, int]


class Method(Command[R], Generic[R], frozen=True, omit_defaults=True, repr_omit_defaults=True, kw_only=True):
    """A method of the server API. Its fields have the server's names; a field that is not given is not sent."""

    number: ClassVar[int]
    """Its number at the single endpoint (spec v6 §18.3)."""

    pro: ClassVar[bool] = False
    """Whether only the commercial edition knows it."""

    keyed: ClassVar[bool] = False
    """Whether it takes an `idempotency_key`, so that it can be repeated."""

    released: ClassVar[Version] = (3, 0, 0)
    """The first server that knows it."""

    added: ClassVar[Mapping[str, Version]] = {}
    """Fields that servers before a version ignore without a word (spec v6 §16.1)."""

    def changes(self) -> dict[str, Any]:
        self.check()
        return changed_fields(self)


class OfChannel(Method[R], Generic[R], frozen=True):
    """A method about one channel."""

    channel: Name

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class OfMap(OfChannel[R], Generic[R], frozen=True):
    """A method about a map channel, or a channel of shared polling (spec v6 §15)."""

    released = (6, 8, 0)
    newer = True


class OfUser(Method[R], Generic[R], frozen=True, kw_only=True):
    """What narrows or widens the connections that a method about a user is for.

    `label_filter` and `all_users` need PRO: the open server ignores them without a word.
    """

    added: ClassVar[Mapping[str, Version]] = {"session": (3, 2, 0), "label_filter": (6, 8, 4), "all_users": (6, 8, 4)}

    client: str = ""
    session: str = ""
    label_filter: FilterNode | None = None
    all_users: bool = False


class WithData(Method[R], Generic[R], frozen=True, kw_only=True):
    """A method with a payload: `data` is its own field, this is the alternative for bytes that are no JSON."""

    b64data: Base64 | None = None


def payload_of(given: Any, encoded: Any, *, what: str = "data", required: bool = True) -> None:
    """A payload must be given once, as JSON or as base64."""
    if encoded is None:
        if given is msgspec.UNSET and required:
            raise UsageError(
                f"there is no {what}: give {what}= (None is JSON null) or b64{what}= (b'' for nothing at all)"
            )
    elif given is not msgspec.UNSET:
        raise UsageError(f"{what} and b64{what} are both given, and the server would take the latter: give one")
