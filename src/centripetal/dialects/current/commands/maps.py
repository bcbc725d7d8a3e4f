"""Methods of map channels and shared polling, added in Centrifugo 6.8 (protocol 6: map-channels)."""

from collections.abc import Mapping
from typing import Annotated, Generic

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.commands.base import OfMap
from centripetal.dialects.current.results.maps import (
    MapClearResult,
    MapPublishResult,
    MapReadStateResult,
    MapReadStreamResult,
    MapRemoveResult,
    MapStatsResult,
    SharedPollPublishResult,
)
from centripetal.protocol.checks import check_given_once
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
    """Set the value of *key* in a map channel.

    Args:
        channel: the channel's name.
        key: the key.
        data: the value: any JSON value. A key may have no value.
        b64data: binary data instead of *data*: bytes, or text in base64.
        stream_data, b64stream_data: data for the stream instead of the value. The open-source server 6.9 ignores both.
        tags, idempotency_key, delta: as in `Publish`. The result tells whether the server suppressed a repeated key.
        version, version_epoch: version of the value. The server suppresses a version that is not above the key's last.
        score: the key's position in an ordered map. The open-source server 6.9 ignores it.
        key_mode: "if_new" to only add new keys, "if_exists" to only change existing keys.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
    """

    name = "map_publish"
    number = 33
    keyed = True
    data: Payload | UnsetType = UNSET

    def check(self) -> None:
        check_given_once(self.data, self.b64data, required=False)
        check_given_once(self.stream_data, self.b64stream_data, what="stream_data", required=False)


class MapRemove(_OfKey[MapRemoveResult], frozen=True, kw_only=True):
    """Remove *key* from a map channel.

    Args:
        channel: the channel's name.
        key: the key.
        idempotency_key: as in `MapPublish`.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
    """

    name = "map_remove"
    number = 34
    keyed = True
    idempotency_key: str | None = None


class MapReadState(OfMap[MapReadStateResult], frozen=True, kw_only=True):
    """Return up to *limit* keys and values of a map channel, and its position; without *limit*, no keys.

    Args:
        channel: the channel's name.
        limit: maximum number of keys. 0, the default, returns only the position; -1 returns all keys.
        cursor: return the page after this key; pass the `cursor` of the previous page.
        key: return only this key.
        asc: sort in ascending order.
        revision_offset, revision_epoch: position of the map that all pages must belong to.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
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
    """Return up to *limit* changes to a map channel, and its position; without *limit*, no changes.

    Args:
        channel: the channel's name.
        since_offset, since_epoch: return only changes after this position (with *reverse*, before it).
        limit: maximum number of changes. 0, the default, returns only the position; -1 returns all changes.
        reverse: return the newest change first.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
    """

    name = "map_read_stream"
    number = 36
    reads = True
    since_offset: UInt64 = 0
    since_epoch: str = ""
    limit: Int32 = 0
    reverse: bool = False


class MapStats(OfMap[MapStatsResult], frozen=True):
    """Count the keys of a map channel.

    Args:
        channel: the channel's name.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "map_stats"
    number = 37
    reads = True


class MapClear(OfMap[MapClearResult], frozen=True):
    """Remove all keys from a map channel, which then starts a new epoch.

    Args:
        channel: the channel's name.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "map_clear"
    number = 38
    repeatable = True


class _SharedPollOptions(_OfKey[SharedPollPublishResult], frozen=True, kw_only=True):
    b64data: Base64 | None = None
    epoch: str = ""


class SharedPollPublish(_SharedPollOptions, frozen=True):
    """Set the value of *key* in a shared-poll channel without waiting for the next poll.

    Args:
        channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
        key: the key.
        version: version of the value, 1 or more.
        data, b64data: the value: any JSON value, or bytes.
        epoch: versions are compared only within the same epoch.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: 107 if the namespace has another type.
    """

    name = "shared_poll_publish"
    number = 39
    repeatable = True  # the server ignores a version that it already has
    version: Annotated[int, WholeNumber(0, 2**64 - 1, at_least=1)]
    data: Payload | UnsetType = UNSET

    def check(self) -> None:
        check_given_once(self.data, self.b64data, required=False)
