"""PRO: devices and the topics they listen to (spec v6 §18.5)."""

from collections.abc import Mapping, Sequence

from centripetal.dialects.current.commands.pro.method import ProMethod, SomeUser
from centripetal.dialects.current.commands.pro.objects import (
    DeviceFilter,
    DeviceLocaleUpdate,
    DeviceMetaUpdate,
    DeviceTimezoneUpdate,
    DeviceTopicFilter,
    DeviceTopicsUpdate,
    DeviceUserUpdate,
    UserTopicFilter,
)
from centripetal.dialects.current.results.pro import (
    DeviceListResult,
    DeviceRegisterResult,
    DeviceRemoveResult,
    DeviceTopicListResult,
    DeviceTopicUpdateResult,
    DeviceUpdateResult,
    UserTopicListResult,
    UserTopicUpdateResult,
)
from centripetal.errors import UsageError
from centripetal.protocol.field_kinds import Int32, Name, UserId

__all__ = [
    "DeviceList",
    "DeviceRegister",
    "DeviceRemove",
    "DeviceTopicList",
    "DeviceTopicUpdate",
    "DeviceUpdate",
    "UserTopicList",
    "UserTopicUpdate",
]


class _DeviceRegisterOptions(ProMethod[DeviceRegisterResult], frozen=True, kw_only=True):
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
    number = 22
    provider: Name
    token: Name
    platform: Name


class DeviceUpdate(ProMethod[DeviceUpdateResult], frozen=True, kw_only=True):
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
    number = 23
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


class DeviceRemove(ProMethod[DeviceRemoveResult], frozen=True, kw_only=True):
    """Remove devices.

    Args:
        ids: devices by id.
        users: devices by user.
        timeout: seconds, instead of the client's own limit.
    """

    name = "device_remove"
    number = 24
    repeatable = True
    ids: Sequence[str] = ()
    users: Sequence[UserId] = ()

    def check(self) -> None:
        if not self.ids and not self.users:
            raise UsageError("neither ids nor users are given: say which devices are meant")


class DeviceList(ProMethod[DeviceListResult], frozen=True, kw_only=True):
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
    number = 25
    reads = True
    filter: DeviceFilter | None = None
    include_total_count: bool = False
    include_meta: bool = False
    include_topics: bool = False
    include_webpush_keys: bool = False
    cursor: str = ""
    limit: Int32 = 0


class DeviceTopicList(ProMethod[DeviceTopicListResult], frozen=True, kw_only=True):
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
    number = 26
    reads = True
    filter: DeviceTopicFilter | None = None
    include_total_count: bool = False
    include_device: bool = False
    cursor: str = ""
    limit: Int32 = 0


class _DeviceTopicUpdateOptions(ProMethod[DeviceTopicUpdateResult], frozen=True, kw_only=True):
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
    number = 27
    repeatable = True
    device_id: Name
    op: Name
    topics: Sequence[str]


class UserTopicList(ProMethod[UserTopicListResult], frozen=True, kw_only=True):
    """A page of the topics of users.

    Args:
        filter: which topics.
        include_total_count: count them all.
        cursor: the last page's `next_cursor`.
        limit: how many at most.
        timeout: seconds, instead of the client's own limit.
    """

    name = "user_topic_list"
    number = 28
    reads = True
    filter: UserTopicFilter | None = None
    include_total_count: bool = False
    cursor: str = ""
    limit: Int32 = 0


class UserTopicUpdate(ProMethod[UserTopicUpdateResult], frozen=True):
    """Change the topics of a user.

    Args:
        user: the user's id; an int becomes text.
        op: "add", "remove" or "set".
        topics: the topics.
        timeout: seconds, instead of the client's own limit.
    """

    name = "user_topic_update"
    number = 29
    repeatable = True
    user: SomeUser
    op: Name
    topics: Sequence[str]
