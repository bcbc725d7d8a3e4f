"""Objects of several protocols: positions, filters, and options of subscriptions.

The HTTP API, the client protocol, tokens and replies to proxy events use them. See protocol 6: methods,
client-protocol, connection-token, proxy-connect.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from centripetal.errors import UsageError
from centripetal.protocol.field_kinds import Base64, Flag, Payload, UInt64
from centripetal.protocol.fields import ObjectOf

__all__ = ["FilterNode", "Position", "Sendable", "StreamPosition", "SubscribeOptionOverride", "SubscribeOptions"]


class Sendable(msgspec.Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True, forbid_unknown_fields=True):
    """Base class of objects that are fields of methods."""


class StreamPosition(Sendable, frozen=True):
    """A position in the history of a channel.

    Args:
        offset: number of a publication in the history.
        epoch: identifies the history that the offset belongs to. The server does not check an empty epoch.
    """

    offset: UInt64
    epoch: str = ""


class _PositionKind(ObjectOf):
    """The kind of a field for a position. The command line also accepts it as OFFSET:EPOCH."""

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
            raise UsageError(f"{what}: {given!r:.100} is neither OFFSET:EPOCH, for example 12:xyz, nor a JSON object")
        return StreamPosition(int(offset), epoch)


Position = Annotated[StreamPosition, _PositionKind()]


class SubscribeOptionOverride(Sendable, frozen=True, kw_only=True):
    """Options of one subscription that replace options of its namespace. None keeps the namespace's option.

    Attributes:
        presence: whether the subscriber appears in the channel's presence.
        join_leave: whether join and leave messages are sent for the subscriber.
        force_recovery: whether the server sends missed publications when the subscriber reconnects.
        force_positioning: whether the server checks that the subscriber misses no publications.
        force_push_join_leave: whether the subscriber receives join and leave messages without requesting them.
    """

    presence: Flag | None = None
    join_leave: Flag | None = None
    force_recovery: Flag | None = None
    force_positioning: Flag | None = None
    force_push_join_leave: Flag | None = None


class FilterNode(Sendable, frozen=True, kw_only=True):
    """A condition on the labels of connections (PRO, since 6.8.4) or on the tags of publications.

    Args:
        op: "" for a comparison, or "and", "or", "not" to combine *nodes*.
        key: for a comparison: name of the label or tag.
        cmp: for a comparison: the operator, such as "eq" or "in".
        val, vals: for a comparison: the value, or the values, to compare with.
        nodes: the conditions that *op* combines.
    """

    op: str = ""
    key: str = ""
    cmp: str = ""
    val: str = ""
    vals: Sequence[str] = ()
    nodes: Sequence["FilterNode"] = ()


class SubscribeOptions(Sendable, frozen=True, kw_only=True):
    """Options of a server-side subscription, in a connection token or in the reply to a connect event.

    Attributes:
        info: any JSON value about the user in this channel, shown in presence and publications.
        b64info: the info as bytes, or as text in base64, for clients with the binary protocol.
        data: any JSON value that the server sends to the client with the subscription.
        b64data: the data as bytes, or as text in base64.
        override: options that replace the options of the channel's namespace.
        server_tags_filter: only publications whose tags match (PRO). Only in replies, not in tokens.
        cache_recover: send the latest publication of a channel with cache recovery at once. Only in replies, not in
            tokens.
    """

    info: Payload | UnsetType = UNSET
    b64info: Base64 | None = None
    data: Payload | UnsetType = UNSET
    b64data: Base64 | None = None
    override: SubscribeOptionOverride | None = None
    server_tags_filter: FilterNode | None = None
    cache_recover: bool = False
