"""What the server API of Centrifugo 6 is asked, as a server reads it (spec v6 §5, §18.3 to §18.5): PURE.

A server must take anything: whatever is missing, null or of no use is told from a mistake only when the request is
carried out. So these are not the commands of `api`, which hold what somebody means to send. Names and types of
the fields are those of the API's definition; unknown ones are for `gostructs` to pass over. `data`, `info` and `params`
are JSON as it was written; empty: they are not there.
"""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

__all__ = ["METHODS", "NUMBERS", "PRO_METHODS", "Broadcast", "Channels", "Disconnect", "DisconnectReason", "Flag"]
__all__ += ["History", "HistoryRemove", "Info", "MapClear", "MapPublish", "MapReadState", "MapReadStream", "MapRemove"]
__all__ += ["NONE", "MapRequest", "MapStats", "OfUser", "Override", "Presence", "PresenceStats", "Publish", "Refresh"]
__all__ += ["Request", "Rpc", "SharedPollPublish", "StreamPosition", "Subscribe", "UInt32", "Unsubscribe"]

NONE = msgspec.Raw(b"")
"""No JSON at all."""

Int32 = Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]
UInt32 = Annotated[int, Meta(ge=0, lt=1 << 32)]
# msgspec has no such bounds; `reading` looks at them.
Int64 = int
UInt64 = Annotated[int, Meta(ge=0)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a request."""


class Request(_Part, frozen=True, forbid_unknown_fields=True):
    """What one command asks for."""

    method: ClassVar[str]


class StreamPosition(_Part, frozen=True, forbid_unknown_fields=True):
    offset: UInt64 = 0
    epoch: str = ""


class Flag(_Part, frozen=True, forbid_unknown_fields=True):
    value: bool = False


class Override(_Part, frozen=True, forbid_unknown_fields=True):
    presence: Flag | None = None
    join_leave: Flag | None = None
    force_recovery: Flag | None = None
    force_positioning: Flag | None = None
    force_push_join_leave: Flag | None = None


class FilterNode(_Part, frozen=True, forbid_unknown_fields=True):
    op: str = ""
    key: str = ""
    cmp: str = ""
    val: str = ""
    vals: list[str] = []
    nodes: "list[FilterNode | None]" = []


class DisconnectReason(_Part, frozen=True, forbid_unknown_fields=True):
    code: UInt32 = 0
    reason: str = ""


class _Publishing(Request, frozen=True, forbid_unknown_fields=True):
    data: msgspec.Raw = NONE
    b64data: str = ""
    skip_history: bool = False
    tags: dict[str, str] = {}
    idempotency_key: str = ""
    delta: bool = False
    version: UInt64 = 0
    version_epoch: str = ""


class Publish(_Publishing, frozen=True, forbid_unknown_fields=True):
    method = "publish"
    channel: str = ""


class Broadcast(_Publishing, frozen=True, forbid_unknown_fields=True):
    method = "broadcast"
    channels: list[str] = []


class OfUser(Request, frozen=True, forbid_unknown_fields=True):
    """About connections of a user; `label_filter` and `all_users` count in the PRO edition only."""

    user: str = ""
    client: str = ""
    session: str = ""
    label_filter: FilterNode | None = None
    all_users: bool = False


class Subscribe(OfUser, frozen=True, forbid_unknown_fields=True):
    method = "subscribe"
    channel: str = ""
    expire_at: Int64 = 0
    info: msgspec.Raw = NONE
    b64info: str = ""
    data: msgspec.Raw = NONE
    b64data: str = ""
    recover_since: StreamPosition | None = None
    override: Override | None = None


class Unsubscribe(OfUser, frozen=True, forbid_unknown_fields=True):
    method = "unsubscribe"
    channel: str = ""


class Disconnect(OfUser, frozen=True, forbid_unknown_fields=True):
    method = "disconnect"
    disconnect: DisconnectReason | None = None
    whitelist: list[str] = []


class Refresh(OfUser, frozen=True, forbid_unknown_fields=True):
    method = "refresh"
    expired: bool = False
    expire_at: Int64 = 0
    info: msgspec.Raw = NONE


class _OfChannel(Request, frozen=True, forbid_unknown_fields=True):
    channel: str = ""


class Presence(_OfChannel, frozen=True, forbid_unknown_fields=True):
    method = "presence"


class PresenceStats(_OfChannel, frozen=True, forbid_unknown_fields=True):
    method = "presence_stats"


class History(_OfChannel, frozen=True, forbid_unknown_fields=True):
    method = "history"
    limit: Int32 = 0
    since: StreamPosition | None = None
    reverse: bool = False


class HistoryRemove(_OfChannel, frozen=True, forbid_unknown_fields=True):
    method = "history_remove"


class Info(Request, frozen=True, forbid_unknown_fields=True):
    method = "info"


class Rpc(Request, frozen=True, forbid_unknown_fields=True, rename={"name": "method"}):
    method = "rpc"
    name: str = ""
    params: msgspec.Raw = NONE


class Channels(Request, frozen=True, forbid_unknown_fields=True):
    method = "channels"
    pattern: str = ""


class MapRequest(_OfChannel, frozen=True, forbid_unknown_fields=True):
    """About a map channel, or one of shared polling (spec v6 §15)."""


class MapPublish(MapRequest, frozen=True, forbid_unknown_fields=True):
    method = "map_publish"
    key: str = ""
    data: msgspec.Raw = NONE
    b64data: str = ""
    stream_data: msgspec.Raw = NONE
    b64stream_data: str = ""
    tags: dict[str, str] = {}
    idempotency_key: str = ""
    delta: bool = False
    version: UInt64 = 0
    version_epoch: str = ""
    score: Int64 = 0
    key_mode: str = ""


class MapRemove(MapRequest, frozen=True, forbid_unknown_fields=True):
    method = "map_remove"
    key: str = ""
    idempotency_key: str = ""


class MapReadState(MapRequest, frozen=True, forbid_unknown_fields=True):
    method = "map_read_state"
    cursor: str = ""
    limit: Int32 = 0
    key: str = ""
    asc: bool = False
    revision_offset: UInt64 = 0
    revision_epoch: str = ""


class MapReadStream(MapRequest, frozen=True, forbid_unknown_fields=True):
    method = "map_read_stream"
    since_offset: UInt64 = 0
    since_epoch: str = ""
    limit: Int32 = 0
    reverse: bool = False


class MapStats(MapRequest, frozen=True, forbid_unknown_fields=True):
    method = "map_stats"


class MapClear(MapRequest, frozen=True, forbid_unknown_fields=True):
    method = "map_clear"


class SharedPollPublish(MapRequest, frozen=True, forbid_unknown_fields=True):
    method = "shared_poll_publish"
    key: str = ""
    data: msgspec.Raw = NONE
    b64data: str = ""
    version: UInt64 = 0
    epoch: str = ""


METHODS: dict[str, type[Request]] = {
    request.method: request
    for request in (
        *(Publish, Broadcast, Subscribe, Unsubscribe, Disconnect, History, HistoryRemove, Presence, PresenceStats),
        *(Info, Rpc, Refresh, Channels, MapPublish, MapRemove, MapReadState, MapReadStream, MapStats, MapClear),
        SharedPollPublish,
    )
}
"""The methods of the open edition. With several of them in one command of a batch, the first one counts."""

PRO_METHODS = (
    *("connections", "update_user_status", "get_user_status", "delete_user_status", "block_user", "unblock_user"),
    *("revoke_token", "invalidate_user_tokens", "device_register", "device_update", "device_remove", "device_list"),
    *("device_topic_list", "device_topic_update", "user_topic_list", "user_topic_update", "send_push_notification"),
    *("update_push_status", "cancel_push"),
)
"""The methods of the commercial edition, in the order of their numbers (from 14 on)."""

NUMBERS = dict(
    enumerate(
        (
            *("publish", "broadcast", "unsubscribe", "disconnect", "presence", "presence_stats", "history"),
            *("history_remove", "channels", "info", "rpc", "subscribe", "refresh"),
        )
    )
) | dict(
    enumerate(
        (
            *PRO_METHODS,
            *("map_publish", "map_remove", "map_read_state", "map_read_stream", "map_stats", "map_clear"),
            "shared_poll_publish",
        ),
        start=14,
    )
)
"""The methods by their numbers at the single endpoint (spec v6 §18.3)."""
