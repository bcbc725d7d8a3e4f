"""Results of the methods of map channels and shared polling, with the server's field names.

See protocol 6: map-channels.
"""

from typing import Any

import msgspec

from centripetal.dialects.current.results.standard import Nothing
from centripetal.protocol.result import ABSENT, Result, decoded, json_of

__all__ = [
    "MapClearResult",
    "MapEntry",
    "MapPublishResult",
    "MapReadStateResult",
    "MapReadStreamResult",
    "MapRemoveResult",
    "MapStatsResult",
    "SharedPollPublishResult",
]


class MapClearResult(Nothing, frozen=True):
    """The result of `map_clear`, without fields: the map is empty."""


class SharedPollPublishResult(Nothing, frozen=True):
    """The result of `shared_poll_publish`, without fields: the value is published."""


class MapPublishResult(msgspec.Struct, frozen=True):
    """The result of `map_publish`.

    Attributes:
        offset, epoch: position of the map after the change; 0 and "" for an ephemeral map.
        suppressed: whether the server made no change.
        suppress_reason: why it made no change: "key_exists", "key_not_found", "version" or "idempotency".
    """

    offset: int = 0
    epoch: str = ""
    suppressed: bool = False
    suppress_reason: str = ""


class MapRemoveResult(MapPublishResult, frozen=True):
    """The result of `map_remove`, with the same fields as `MapPublishResult`."""


class MapEntry(Result, frozen=True):
    """A key of a map, or a change to one.

    Attributes:
        key: the key.
        data: the value, decoded at each access; None also if the key has no value.
        data_json: the value as the JSON bytes that the server sent; None if the key has no value.
        tags: the tags it was published with.
        offset: offset of the change in the map's stream.
        score: position in an ordered map.
        removed: in the stream: whether the key was removed.
        time: time of the change in Unix milliseconds.
    """

    key: str = ""
    raw_data: msgspec.Raw = msgspec.field(default=ABSENT, name="data")
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    offset: int = 0
    score: int = 0
    removed: bool = False
    time: int = 0

    @property
    def data_json(self) -> bytes | None:
        return json_of(self.raw_data)

    @property
    def data(self) -> Any:
        return decoded(self.data_json, "data")


class MapReadStateResult(msgspec.Struct, frozen=True):
    """A page of the keys of a map.

    Attributes:
        entries: the keys in order.
        offset, epoch: position of the map.
        cursor: the last key of the page if there are more keys; otherwise "".
    """

    entries: list[MapEntry] = []
    offset: int = 0
    epoch: str = ""
    cursor: str = ""


class MapReadStreamResult(msgspec.Struct, frozen=True):
    """A page of the changes to a map.

    Attributes:
        entries: the changes, oldest first unless the call has `reverse=True`.
        offset, epoch: position of the map.
    """

    entries: list[MapEntry] = []
    offset: int = 0
    epoch: str = ""


class MapStatsResult(msgspec.Struct, frozen=True):
    """The result of `map_stats`.

    Attributes:
        num_keys: number of keys.
    """

    num_keys: int = 0
