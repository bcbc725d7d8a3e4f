"""What the methods of the PRO edition answer (spec v6 §18.5). The names are the server's."""

from typing import Any

import msgspec

from centripetal.protocol.result import ABSENT, Result, decoded, json_of

__all__ = [
    "BlockUserResult",
    "CancelPushResult",
    "ChannelContext",
    "ConnectionInfo",
    "ConnectionState",
    "ConnectionTokenInfo",
    "ConnectionsResult",
    "DeleteUserStatusResult",
    "Device",
    "DeviceListResult",
    "DeviceRegisterResult",
    "DeviceRemoveResult",
    "DeviceTopic",
    "DeviceTopicListResult",
    "DeviceTopicUpdateResult",
    "DeviceUpdateResult",
    "GetUserStatusResult",
    "InvalidateUserTokensResult",
    "RevokeTokenResult",
    "SendPushNotificationResult",
    "SubscriptionTokenInfo",
    "UnblockUserResult",
    "UpdatePushStatusResult",
    "UpdateUserStatusResult",
    "UserStatus",
    "UserTopic",
    "UserTopicListResult",
    "UserTopicUpdateResult",
]


class ChannelContext(msgspec.Struct, frozen=True):
    """How a connection came to a channel: `source` is a number of the server's."""

    source: int = 0


class ConnectionTokenInfo(msgspec.Struct, frozen=True):
    """The token of a connection: its `uid`, and when it was issued (Unix seconds)."""

    uid: str = ""
    issued_at: int = 0


class SubscriptionTokenInfo(msgspec.Struct, frozen=True):
    """The token of a subscription: its `uid`, and when it was issued (Unix seconds)."""

    uid: str = ""
    issued_at: int = 0


class ConnectionState(Result, frozen=True):
    """What a connection has.

    Attributes:
        channels: its channels.
        connection_token: what is known of its token.
        subscription_tokens: what is known of its subscriptions' tokens, by channel.
        meta: the connection's meta data, decoded; None if there are none.
        meta_json: the same as the bytes that the server sent; None if there are none.
    """

    channels: dict[str, ChannelContext] = msgspec.field(default_factory=dict)
    connection_token: ConnectionTokenInfo | None = None
    subscription_tokens: dict[str, SubscriptionTokenInfo] = msgspec.field(default_factory=dict)
    raw_meta: msgspec.Raw = msgspec.field(default=ABSENT, name="meta")

    @property
    def meta_json(self) -> bytes | None:
        return json_of(self.raw_meta)

    @property
    def meta(self) -> Any:
        return decoded(self.meta_json, "meta")


class ConnectionInfo(msgspec.Struct, frozen=True):
    """A connection of a user: its application, transport, state and labels."""

    app_name: str = ""
    app_version: str = ""
    transport: str = ""
    protocol: str = ""
    user: str = ""
    state: ConnectionState | None = None
    connected_at_ms: int = 0
    ping_pong_latency_ms: int = 0
    labels: dict[str, str] = {}


class ConnectionsResult(msgspec.Struct, frozen=True):
    """Connections by their ids."""

    connections: dict[str, ConnectionInfo] = {}


class UserStatus(msgspec.Struct, frozen=True):
    """When a user was last active and online (Unix seconds), and the state that was set."""

    user: str = ""
    active: int = 0
    online: int = 0
    state: str = ""


class GetUserStatusResult(msgspec.Struct, frozen=True):
    """The statuses of users."""

    statuses: list[UserStatus] = []


class Device(msgspec.Struct, frozen=True):
    """A device that gets push notifications."""

    id: str = ""
    platform: str = ""
    provider: str = ""
    token: str = ""
    user: str = ""
    created_at: int = 0
    updated_at: int = 0
    meta: dict[str, str] = {}
    topics: list[str] = []
    timezone: str = ""
    locale: str = ""
    webpush_keys: str = ""

    def __repr__(self) -> str:
        # Who has the token or the keys can send to the device: they belong in no log.
        return f"Device(id={self.id!r}, provider={self.provider!r}, platform={self.platform!r}, user={self.user!r})"


class DeviceRegisterResult(msgspec.Struct, frozen=True):
    """The id of a device that was registered."""

    id: str = ""


class DeviceListResult(msgspec.Struct, frozen=True):
    """A page of devices; `next_cursor` asks for the next one, "" after the last."""

    items: list[Device] = []
    next_cursor: str = ""
    total_count: int = 0


class DeviceTopic(msgspec.Struct, frozen=True):
    """A topic of a device."""

    id: str = ""
    topic: str = ""
    device: Device | None = None


class DeviceTopicListResult(msgspec.Struct, frozen=True):
    """A page of topics of devices; `next_cursor` asks for the next one, "" after the last."""

    items: list[DeviceTopic] = []
    next_cursor: str = ""
    total_count: int = 0


class UserTopic(msgspec.Struct, frozen=True):
    """A topic of a user."""

    id: str = ""
    user: str = ""
    topic: str = ""


class UserTopicListResult(msgspec.Struct, frozen=True):
    """A page of topics of users; `next_cursor` asks for the next one, "" after the last."""

    items: list[UserTopic] = []
    next_cursor: str = ""
    total_count: int = 0


class SendPushNotificationResult(msgspec.Struct, frozen=True):
    """The id of a push, with which it can be cancelled."""

    uid: str = ""


class UpdateUserStatusResult(msgspec.Struct, frozen=True):
    """The statuses are set; it has no fields."""


class DeleteUserStatusResult(msgspec.Struct, frozen=True):
    """The statuses are deleted; it has no fields."""


class BlockUserResult(msgspec.Struct, frozen=True):
    """The user is blocked; it has no fields."""


class UnblockUserResult(msgspec.Struct, frozen=True):
    """The user is not blocked any more; it has no fields."""


class RevokeTokenResult(msgspec.Struct, frozen=True):
    """The token is revoked; it has no fields."""


class InvalidateUserTokensResult(msgspec.Struct, frozen=True):
    """The user's tokens are worth nothing any more; it has no fields."""


class DeviceUpdateResult(msgspec.Struct, frozen=True):
    """The devices are changed; it has no fields."""


class DeviceRemoveResult(msgspec.Struct, frozen=True):
    """The devices are removed; it has no fields."""


class DeviceTopicUpdateResult(msgspec.Struct, frozen=True):
    """The device's topics are changed; it has no fields."""


class UserTopicUpdateResult(msgspec.Struct, frozen=True):
    """The user's topics are changed; it has no fields."""


class UpdatePushStatusResult(msgspec.Struct, frozen=True):
    """The push's status is noted; it has no fields."""


class CancelPushResult(msgspec.Struct, frozen=True):
    """The push will not be sent; it has no fields."""
