"""The methods of map channels and shared polling, new in Centrifugo 6.8 (spec v6 §15)."""

from collections.abc import Mapping
from typing import Annotated, Generic

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import OfMap, payload_of
from centripetal.dialects.current.results.maps import (
    MapClearResult,
    MapPublishResult,
    MapReadStateResult,
    MapReadStreamResult,
    MapRemoveResult,
    MapStatsResult,
    SharedPollPublishResult,
)
from centripetal.protocol.command import R
from centripetal.protocol.field_kinds import Base64, Int32, Int64, Name, OneOf, Payload, UInt64, WholeNumber

__all__ = [
    "MapClear",
    "MapPublish",
    "MapReadState",
    "MapReadStream",
    "MapRemove",
    "MapStats",
    "SharedPollPublish",
]


class _OfKey(OfMap[R], Generic[R], frozen=True):
    key: Name


class _MapPublishOptions(_OfKey[MapPublishResult], frozen=True, kw_only=True):
    b64data: Base64 | None = None
    stream_data: Payload | UnsetType = UNSET
    b64stream_data: Base64 | None = None
    tags: Mapping[str, str] | None = None
    idempotency_key: str | None = None
    delta: bool = False
    version: UInt64 = 0
    version_epoch: str = ""
    score: Int64 = 0
    key_mode: Annotated[str, OneOf("if_new", "if_exists")] = ""


class MapPublish(_MapPublishOptions, frozen=True):
    """Give *key* a value in a map channel.

    Args:
        channel: the channel's name.
        key: the key.
        data: the value, any JSON value; a key may have none.
        b64data: instead of *data*: bytes of any kind, or base64 text.
        stream_data, b64stream_data: what goes into the stream instead; does nothing in the open server 6.9.
        tags, idempotency_key, delta: as in `Publish`; what was suppressed for its key is said in the result.
        version, version_epoch: of the value: one that is not above the key's last is suppressed.
        score: the key's place in an ordered map; does nothing in the open server 6.9.
        key_mode: "if_new" or "if_exists": only then.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 107, the namespace is of another type; 102, an unknown namespace.
    """

    name = "map_publish"
    number = 33
    keyed = True
    data: Payload | UnsetType = UNSET

    def check(self) -> None:
        payload_of(self.data, self.b64data, required=False)
        payload_of(self.stream_data, self.b64stream_data, what="stream_data", required=False)


class MapRemove(_OfKey[MapRemoveResult], frozen=True, kw_only=True):
    """Remove *key* from a map channel.

    Args:
        channel: the channel's name.
        key: the key.
        idempotency_key: as in `MapPublish`.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 107, the namespace is of another type; 102, an unknown namespace.
    """

    name = "map_remove"
    number = 34
    keyed = True
    idempotency_key: str | None = None


class MapReadState(OfMap[MapReadStateResult], frozen=True, kw_only=True):
    """The keys and values of a map channel, page by page.

    Args:
        channel: the channel's name.
        limit: how many at most; 0, as if not given: none, only the position; -1: all.
        cursor: the page after this key: the last page's `cursor`.
        key: only this key.
        asc: in ascending order.
        revision_offset, revision_epoch: the position that the pages shall be of.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
    """

    name = "map_read_state"
    number = 35
    reads = True
    limit: Int32 = 0
    cursor: str = ""
    key: str = ""
    asc: bool = False
    revision_offset: UInt64 = 0
    revision_epoch: str = ""


class MapReadStream(OfMap[MapReadStreamResult], frozen=True, kw_only=True):
    """The changes to a map channel.

    Args:
        channel: the channel's name.
        since_offset, since_epoch: only changes after (reverse: before) this position.
        limit: how many at most; 0, as if not given: none, only the position; -1: all.
        reverse: newest first.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
    """

    name = "map_read_stream"
    number = 36
    reads = True
    since_offset: UInt64 = 0
    since_epoch: str = ""
    limit: Int32 = 0
    reverse: bool = False


class MapStats(OfMap[MapStatsResult], frozen=True):
    """How many keys a map channel has.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.
    """

    name = "map_stats"
    number = 37
    reads = True


class MapClear(OfMap[MapClearResult], frozen=True):
    """Remove everything from a map channel; its next epoch is new.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.
    """

    name = "map_clear"
    number = 38
    repeatable = True


class _SharedPollOptions(_OfKey[SharedPollPublishResult], frozen=True, kw_only=True):
    b64data: Base64 | None = None
    epoch: str = ""


class SharedPollPublish(_SharedPollOptions, frozen=True):
    """Give *key* of a shared-poll channel a value, without waiting for the next poll.

    Args:
        channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
        key: the key.
        version: of the value, above 0.
        data, b64data: the value: any JSON value, or bytes.
        epoch: what the version counts in.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 107, the namespace is of another type.
    """

    name = "shared_poll_publish"
    number = 39
    repeatable = True  # its version sees to that
    version: Annotated[int, WholeNumber(0, 2**64 - 1, at_least=1)]
    data: Payload | UnsetType = UNSET

    def check(self) -> None:
        payload_of(self.data, self.b64data, required=False)
