"""Results of the methods of the PRO edition (protocol 6: table-pro-requests), with the server's field names."""

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
    """How a connection was subscribed to a channel. `source` is a number that the server assigns."""

    source: int = 0


class ConnectionTokenInfo(msgspec.Struct, frozen=True):
    """The `uid` of a connection's token, and the Unix time at which it was issued."""

    uid: str = ""
    issued_at: int = 0


class SubscriptionTokenInfo(msgspec.Struct, frozen=True):
    """The `uid` of a subscription's token, and the Unix time at which it was issued."""

    uid: str = ""
    issued_at: int = 0


class ConnectionState(Result, frozen=True):
    """The state of a connection.

    Attributes:
        channels: the connection's channels by name.
        connection_token: the connection's token.
        subscription_tokens: the tokens of the subscriptions by channel.
        meta: the connection's metadata, decoded at each access; None if it has no metadata.
        meta_json: the metadata as the JSON bytes that the server sent; None if it has no metadata.
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
    """A connection of a user, with its application, transport, state and labels. Times are in milliseconds."""

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
    """Connections by client id."""

    connections: dict[str, ConnectionInfo] = {}


class UserStatus(msgspec.Struct, frozen=True):
    """The state of a user, and when the user was last active and online (Unix seconds)."""

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
        # Anyone with the token or the keys can send to the device, so they must not appear in logs.
        return f"Device(id={self.id!r}, provider={self.provider!r}, platform={self.platform!r}, user={self.user!r})"


class DeviceRegisterResult(msgspec.Struct, frozen=True):
    """The id of a registered device."""

    id: str = ""


class DeviceListResult(msgspec.Struct, frozen=True):
    """A page of devices. Pass `next_cursor` to get the next page; it is "" on the last page."""

    items: list[Device] = []
    next_cursor: str = ""
    total_count: int = 0


class DeviceTopic(msgspec.Struct, frozen=True):
    """A topic of a device."""

    id: str = ""
    topic: str = ""
    device: Device | None = None


class DeviceTopicListResult(msgspec.Struct, frozen=True):
    """A page of topics of devices. Pass `next_cursor` to get the next page; it is "" on the last page."""

    items: list[DeviceTopic] = []
    next_cursor: str = ""
    total_count: int = 0


class UserTopic(msgspec.Struct, frozen=True):
    """A topic of a user."""

    id: str = ""
    user: str = ""
    topic: str = ""


class UserTopicListResult(msgspec.Struct, frozen=True):
    """A page of topics of users. Pass `next_cursor` to get the next page; it is "" on the last page."""

    items: list[UserTopic] = []
    next_cursor: str = ""
    total_count: int = 0


class SendPushNotificationResult(msgspec.Struct, frozen=True):
    """The id of a push. Pass it to `cancel_push` to cancel the push."""

    uid: str = ""


class UpdateUserStatusResult(msgspec.Struct, frozen=True):
    """The result of `update_user_status`, without fields: the statuses are set."""


class DeleteUserStatusResult(msgspec.Struct, frozen=True):
    """The result of `delete_user_status`, without fields: the statuses are deleted."""


class BlockUserResult(msgspec.Struct, frozen=True):
    """The result of `block_user`, without fields: the user is blocked."""


class UnblockUserResult(msgspec.Struct, frozen=True):
    """The result of `unblock_user`, without fields: the user is no longer blocked."""


class RevokeTokenResult(msgspec.Struct, frozen=True):
    """The result of `revoke_token`, without fields: the token is revoked."""


class InvalidateUserTokensResult(msgspec.Struct, frozen=True):
    """The result of `invalidate_user_tokens`, without fields: the user's tokens are revoked."""


class DeviceUpdateResult(msgspec.Struct, frozen=True):
    """The result of `device_update`, without fields: the devices are updated."""


class DeviceRemoveResult(msgspec.Struct, frozen=True):
    """The result of `device_remove`, without fields: the devices are removed."""


class DeviceTopicUpdateResult(msgspec.Struct, frozen=True):
    """The result of `device_topic_update`, without fields: the device's topics are changed."""


class UserTopicUpdateResult(msgspec.Struct, frozen=True):
    """The result of `user_topic_update`, without fields: the user's topics are changed."""


class UpdatePushStatusResult(msgspec.Struct, frozen=True):
    """The result of `update_push_status`, without fields: the status is recorded."""


class CancelPushResult(msgspec.Struct, frozen=True):
    """The result of `cancel_push`, without fields: the push will not be sent."""
