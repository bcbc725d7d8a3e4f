"""The methods that only the PRO edition of Centrifugo knows (spec v6 §5.17, §18.5): users, tokens, devices and pushes.

The open server answers 404 (error 104 in a batch); the error says so. The fields were read from the published API, no
PRO server was there to try them. The objects that they take are in `push.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic

from centripetal.dialects.current.base import FilterNode, Method
from centripetal.dialects.current.pro_results import (
    BlockUserResult,
    CancelPushResult,
    ConnectionsResult,
    DeleteUserStatusResult,
    DeviceListResult,
    DeviceRegisterResult,
    DeviceRemoveResult,
    DeviceTopicListResult,
    DeviceTopicUpdateResult,
    DeviceUpdateResult,
    GetUserStatusResult,
    InvalidateUserTokensResult,
    RevokeTokenResult,
    SendPushNotificationResult,
    UnblockUserResult,
    UpdatePushStatusResult,
    UpdateUserStatusResult,
    UserTopicListResult,
    UserTopicUpdateResult,
)
from centripetal.dialects.current.push import (
    DeviceFilter,
    DeviceLocaleUpdate,
    DeviceMetaUpdate,
    DeviceTimezoneUpdate,
    DeviceTopicFilter,
    DeviceTopicsUpdate,
    DeviceUserUpdate,
    PushLimitStrategy,
    PushLocalization,
    PushNotification,
    PushRecipient,
    UserTopicFilter,
)
from centripetal.errors import UsageError
from centripetal.protocol.command import R
from centripetal.protocol.fields import Int32, Moment, Name, UserId, user_id

__all__ = [
    "PRO_METHODS",
    "BlockUser",
    "CancelPush",
    "Connections",
    "DeleteUserStatus",
    "DeviceList",
    "DeviceRegister",
    "DeviceRemove",
    "DeviceTopicList",
    "DeviceTopicUpdate",
    "DeviceUpdate",
    "GetUserStatus",
    "InvalidateUserTokens",
    "RevokeToken",
    "SendPushNotification",
    "UnblockUser",
    "UpdatePushStatus",
    "UpdateUserStatus",
    "UserTopicList",
    "UserTopicUpdate",
]


def _some_user(what: str, value: Any) -> Any:
    if value == "":
        raise UsageError(f"{what} must not be empty")
    return user_id(what, value)


_User = Annotated[str | int, _some_user]


class _Pro(Method[R], Generic[R], frozen=True, kw_only=True):
    pro = True
    newer = True


class Connections(_Pro[ConnectionsResult], frozen=True, kw_only=True):
    """The connections that fit, with their state.

    Args:
        user: only this user's; an int becomes text.
        expression: only those for which this CEL expression is true.
        label_filter: only those whose labels fit (6.8.4).
        timeout: seconds, instead of the client's own limit.
    """

    name = "connections"
    reads = True
    user: UserId = ""
    expression: str = ""
    label_filter: FilterNode | None = None


class UpdateUserStatus(_Pro[UpdateUserStatusResult], frozen=True):
    """Set the state of users.

    Args:
        users: their ids; ints become text.
        state: any text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "update_user_status"
    repeatable = True
    users: Sequence[UserId]
    state: str


class GetUserStatus(_Pro[GetUserStatusResult], frozen=True):
    """When users were last active and online, and their state.

    Args:
        users: their ids; ints become text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "get_user_status"
    reads = True
    users: Sequence[UserId]


class DeleteUserStatus(_Pro[DeleteUserStatusResult], frozen=True):
    """Forget the status of users.

    Args:
        users: their ids; ints become text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "delete_user_status"
    repeatable = True
    users: Sequence[UserId]


class _BlockUserOptions(_Pro[BlockUserResult], frozen=True, kw_only=True):
    expire_at: Moment = 0


class BlockUser(_BlockUserOptions, frozen=True):
    """Close the connections of *user* and accept none any more.

    Args:
        user: the user's id; an int becomes text.
        expire_at: until then, Unix seconds or a datetime with time zone; not given: for good.
        timeout: seconds, instead of the client's own limit.
    """

    name = "block_user"
    repeatable = True
    user: _User


class UnblockUser(_Pro[UnblockUserResult], frozen=True):
    """Accept connections of *user* again.

    Args:
        user: the user's id; an int becomes text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "unblock_user"
    repeatable = True
    user: _User


class _RevokeTokenOptions(_Pro[RevokeTokenResult], frozen=True, kw_only=True):
    expire_at: Moment = 0


class RevokeToken(_RevokeTokenOptions, frozen=True):
    """Accept one token no more.

    Args:
        uid: the token's `jti`.
        expire_at: how long to remember that, Unix seconds or a datetime with time zone.
        timeout: seconds, instead of the client's own limit.
    """

    name = "revoke_token"
    repeatable = True
    uid: Name


class _InvalidateUserTokensOptions(_Pro[InvalidateUserTokensResult], frozen=True, kw_only=True):
    issued_before: Moment = 0
    expire_at: Moment = 0
    channel: str = ""


class InvalidateUserTokens(_InvalidateUserTokensOptions, frozen=True):
    """Accept tokens of *user* no more.

    Args:
        user: the user's id; an int becomes text.
        issued_before: only tokens older than this (by `iat`), Unix seconds or a datetime with time zone.
        expire_at: how long to remember that.
        channel: only subscription tokens for this channel.
        timeout: seconds, instead of the client's own limit.
    """

    name = "invalidate_user_tokens"
    repeatable = True
    user: _User


class _DeviceRegisterOptions(_Pro[DeviceRegisterResult], frozen=True, kw_only=True):
    id: str = ""
    user: UserId = ""
    meta: Mapping[str, str] | None = None
    topics: Sequence[str] = ()
    timezone: str = ""
    locale: str = ""


class DeviceRegister(_DeviceRegisterOptions, frozen=True):
    """Register a device for push notifications, or update it.

    Args:
        provider: "fcm", "hms", "apns" or "webpush".
        token: the device's token at the provider.
        platform: "ios", "android" or "web".
        id: the id of a device that is known already.
        user: whose it is; an int becomes text.
        meta: anything about it.
        topics: its topics.
        timezone: its time zone.
        locale: its locale.
        timeout: seconds, instead of the client's own limit.
    """

    name = "device_register"
    provider: Name
    token: Name
    platform: Name


class DeviceUpdate(_Pro[DeviceUpdateResult], frozen=True, kw_only=True):
    """Change devices.

    Args:
        ids: devices by id.
        users: devices by user.
        user_update: their new user.
        meta_update: their new meta data.
        topics_update: what changes in their topics.
        timezone_update: their new time zone.
        locale_update: their new locale.
        timeout: seconds, instead of the client's own limit.
    """

    name = "device_update"
    repeatable = True
    ids: Sequence[str] = ()
    users: Sequence[UserId] = ()
    user_update: DeviceUserUpdate | None = None
    meta_update: DeviceMetaUpdate | None = None
    topics_update: DeviceTopicsUpdate | None = None
    timezone_update: DeviceTimezoneUpdate | None = None
    locale_update: DeviceLocaleUpdate | None = None

    def check(self) -> None:
        if not self.ids and not self.users:
            raise UsageError("neither ids nor users are given: say which devices are meant")


class DeviceRemove(_Pro[DeviceRemoveResult], frozen=True, kw_only=True):
    """Remove devices.

    Args:
        ids: devices by id.
        users: devices by user.
        timeout: seconds, instead of the client's own limit.
    """

    name = "device_remove"
    repeatable = True
    ids: Sequence[str] = ()
    users: Sequence[UserId] = ()

    def check(self) -> None:
        if not self.ids and not self.users:
            raise UsageError("neither ids nor users are given: say which devices are meant")


class DeviceList(_Pro[DeviceListResult], frozen=True, kw_only=True):
    """A page of devices.

    Args:
        filter: which devices.
        include_total_count: count them all.
        include_meta: with their meta data.
        include_topics: with their topics.
        include_webpush_keys: with their web push keys.
        cursor: the last page's `next_cursor`.
        limit: how many at most.
        timeout: seconds, instead of the client's own limit.
    """

    name = "device_list"
    reads = True
    filter: DeviceFilter | None = None
    include_total_count: bool = False
    include_meta: bool = False
    include_topics: bool = False
    include_webpush_keys: bool = False
    cursor: str = ""
    limit: Int32 = 0


class DeviceTopicList(_Pro[DeviceTopicListResult], frozen=True, kw_only=True):
    """A page of the topics of devices.

    Args:
        filter: which topics.
        include_total_count: count them all.
        include_device: with the devices.
        cursor: the last page's `next_cursor`.
        limit: how many at most.
        timeout: seconds, instead of the client's own limit.
    """

    name = "device_topic_list"
    reads = True
    filter: DeviceTopicFilter | None = None
    include_total_count: bool = False
    include_device: bool = False
    cursor: str = ""
    limit: Int32 = 0


class _DeviceTopicUpdateOptions(_Pro[DeviceTopicUpdateResult], frozen=True, kw_only=True):
    user: UserId = ""


class DeviceTopicUpdate(_DeviceTopicUpdateOptions, frozen=True):
    """Change the topics of a device.

    Args:
        device_id: the device.
        op: "add", "remove" or "set".
        topics: the topics.
        user: whose topics they are; an int becomes text.
        timeout: seconds, instead of the client's own limit.
    """

    name = "device_topic_update"
    repeatable = True
    device_id: Name
    op: Name
    topics: Sequence[str]


class UserTopicList(_Pro[UserTopicListResult], frozen=True, kw_only=True):
    """A page of the topics of users.

    Args:
        filter: which topics.
        include_total_count: count them all.
        cursor: the last page's `next_cursor`.
        limit: how many at most.
        timeout: seconds, instead of the client's own limit.
    """

    name = "user_topic_list"
    reads = True
    filter: UserTopicFilter | None = None
    include_total_count: bool = False
    cursor: str = ""
    limit: Int32 = 0


class UserTopicUpdate(_Pro[UserTopicUpdateResult], frozen=True):
    """Change the topics of a user.

    Args:
        user: the user's id; an int becomes text.
        op: "add", "remove" or "set".
        topics: the topics.
        timeout: seconds, instead of the client's own limit.
    """

    name = "user_topic_update"
    repeatable = True
    user: _User
    op: Name
    topics: Sequence[str]


class _SendPushNotificationOptions(_Pro[SendPushNotificationResult], frozen=True, kw_only=True):
    uid: str = ""
    send_at: Moment = 0
    optimize_for_reliability: bool = False
    limit_strategy: PushLimitStrategy | None = None
    analytics_uid: str = ""
    localizations: Mapping[str, PushLocalization] | None = None
    use_templating: bool = False
    use_meta: bool = False


class SendPushNotification(_SendPushNotificationOptions, frozen=True):
    """Send a push notification to devices.

    Args:
        recipient: who gets it.
        notification: what they get.
        uid: its id, instead of one that the server makes.
        send_at: when, Unix seconds or a datetime with time zone; not given: now.
        optimize_for_reliability: rather twice than never.
        limit_strategy: how often, and at which time of day, a device may be disturbed.
        analytics_uid: what it is counted under.
        localizations: texts by language.
        use_templating: fill in templates.
        use_meta: templates see the devices' meta data.
        timeout: seconds, instead of the client's own limit.
    """

    name = "send_push_notification"
    recipient: PushRecipient
    notification: PushNotification


class _UpdatePushStatusOptions(_Pro[UpdatePushStatusResult], frozen=True, kw_only=True):
    device_id: str = ""
    msg_id: str = ""


class UpdatePushStatus(_UpdatePushStatusOptions, frozen=True):
    """Note what became of a push.

    Args:
        analytics_uid: what the push is counted under.
        status: "delivered" or "interacted".
        device_id: on which device.
        msg_id: the provider's id of the message.
        timeout: seconds, instead of the client's own limit.
    """

    name = "update_push_status"
    repeatable = True
    analytics_uid: Name
    status: Name


class CancelPush(_Pro[CancelPushResult], frozen=True):
    """Do not send a push that is to be sent later.

    Args:
        uid: the push's id.
        timeout: seconds, instead of the client's own limit.
    """

    name = "cancel_push"
    repeatable = True
    uid: Name


PRO_METHODS = (
    Connections,
    UpdateUserStatus,
    GetUserStatus,
    DeleteUserStatus,
    BlockUser,
    UnblockUser,
    RevokeToken,
    InvalidateUserTokens,
    DeviceRegister,
    DeviceUpdate,
    DeviceRemove,
    DeviceList,
    DeviceTopicList,
    DeviceTopicUpdate,
    UserTopicList,
    UserTopicUpdate,
    SendPushNotification,
    UpdatePushStatus,
    CancelPush,
)
