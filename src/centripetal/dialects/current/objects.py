"""Objects that the HTTP API and the client protocol share: positions, filters, overridden options (spec v6 §5, §11)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.field_kinds import Flag, UInt64
from centripetal.protocol.fields import ObjectOf

__all__ = ["FilterNode", "Position", "Sendable", "StreamPosition", "SubscribeOptionOverride"]


class Sendable(msgspec.Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True, forbid_unknown_fields=True):
    """The base of the objects that are fields of methods."""


class StreamPosition(Sendable, frozen=True):
    """A place in a history.

    Args:
        offset: the number of a publication.
        epoch: the life of the history that it belongs to; an empty one is not checked.
    """

    offset: UInt64
    epoch: str = ""


class _PositionKind(ObjectOf):
    """A position, which a command line may also give as OFFSET:EPOCH."""

    json_start = "{"
    metavar = "OFFSET:EPOCH"

    def __init__(self) -> None:
        super().__init__(StreamPosition)
        self.help = ""

    def parse(self, what: str, given: Any) -> Any:
        if isinstance(given, bytes):
            return super().parse(what, given)
        offset, _, epoch = given.partition(":")
        if not offset.isascii() or not offset.isdigit():
            raise UsageError(f"{what}: {given!r} is neither OFFSET:EPOCH nor a JSON object")
        return StreamPosition(int(offset), epoch)


Position = Annotated[StreamPosition, _PositionKind()]


class SubscribeOptionOverride(Sendable, frozen=True, kw_only=True):
    """Options of one subscription that differ from those of its namespace; None: as the namespace has it.

    Attributes:
        presence: whether the subscriber is in the channel's presence.
        join_leave: whether joins and leaves of the subscriber are sent.
        force_recovery: whether what the subscriber missed is sent when it comes back.
        force_positioning: whether the server watches that the subscriber misses nothing.
        force_push_join_leave: whether the subscriber gets joins and leaves unasked.
    """

    presence: Flag | None = None
    join_leave: Flag | None = None
    force_recovery: Flag | None = None
    force_positioning: Flag | None = None
    force_push_join_leave: Flag | None = None


class FilterNode(Sendable, frozen=True, kw_only=True):
    """A condition on labels of connections (PRO, since 6.8.4), or on the tags of publications.

    Args:
        op: "" for a leaf, or "and", "or", "not" over *nodes*.
        key, cmp, val, vals: in a leaf: a label or tag, how to compare it ("eq", "in", …), and with what.
        nodes: the conditions below.
    """

    op: str = ""
    key: str = ""
    cmp: str = ""
    val: str = ""
    vals: Sequence[str] = ()
    nodes: Sequence["FilterNode"] = ()
