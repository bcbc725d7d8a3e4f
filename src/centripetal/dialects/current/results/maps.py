"""What the methods of map channels and shared polling answer (spec v6 §15). The names are the server's."""

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
    """The map is empty now; it has no fields."""


class SharedPollPublishResult(Nothing, frozen=True):
    """The value is published; it has no fields."""


class MapPublishResult(msgspec.Struct, frozen=True):
    """What became of a change to a map.

    Attributes:
        offset, epoch: where the map stands now; 0 and "" for an ephemeral one.
        suppressed: whether nothing was changed.
        suppress_reason: why: "key_exists", "key_not_found", "version" or "idempotency".
    """

    offset: int = 0
    epoch: str = ""
    suppressed: bool = False
    suppress_reason: str = ""


class MapRemoveResult(MapPublishResult, frozen=True):
    """What became of a removal from a map; the fields are those of `MapPublishResult`."""


class MapEntry(Result, frozen=True):
    """A key of a map, or a change to one.

    Attributes:
        key: the key.
        data: its value, decoded; None also if it has none.
        data_json: the same as the bytes that the server sent; None if there are none.
        tags: the tags it was published with.
        offset: the number of the change.
        score: its place in an ordered map.
        removed: in the stream: whether the key was removed.
        time: when, in Unix milliseconds.
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
        entries: in the order of their keys.
        offset, epoch: where the map stands.
        cursor: the last key of the page if there are more; "" otherwise.
    """

    entries: list[MapEntry] = []
    offset: int = 0
    epoch: str = ""
    cursor: str = ""


class MapReadStreamResult(msgspec.Struct, frozen=True):
    """A page of the changes to a map.

    Attributes:
        entries: oldest first, unless asked for in reverse.
        offset, epoch: where the map stands.
    """

    entries: list[MapEntry] = []
    offset: int = 0
    epoch: str = ""


class MapStatsResult(msgspec.Struct, frozen=True):
    """How large a map is.

    Attributes:
        num_keys: its keys.
    """

    num_keys: int = 0
