"""PRO methods for devices and the topics they are subscribed to (protocol 6: table-pro-requests)."""

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
    """Register a device for push notifications, or update a registered device.

    Args:
        provider: "fcm", "hms", "apns" or "webpush".
        token: the device's token at the provider.
        platform: "ios", "android" or "web".
        id: id of a device that is registered already.
        user: id of the device's user; an int becomes text.
        meta: metadata of the device: names and text values.
        topics: topics of the device.
        timezone: time zone of the device, such as "Europe/Berlin".
        locale: locale of the device.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "device_register"
    number = 22
    provider: Name
    token: Name
    platform: Name


class DeviceUpdate(ProMethod[DeviceUpdateResult], frozen=True, kw_only=True):
    """Update devices. At least one of *ids* and *users* is required.

    Args:
        ids: ids of devices to update.
        users: ids of users whose devices are updated; ints become text.
        user_update: the new user.
        meta_update: the new metadata.
        topics_update: a change to the topics.
        timezone_update: the new time zone.
        locale_update: the new locale.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
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
            raise UsageError("neither ids nor users are given: pass at least one of them to select devices")


class DeviceRemove(ProMethod[DeviceRemoveResult], frozen=True, kw_only=True):
    """Remove devices. At least one of *ids* and *users* is required.

    Args:
        ids: ids of devices to remove.
        users: ids of users whose devices are removed; ints become text.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "device_remove"
    number = 24
    repeatable = True
    ids: Sequence[str] = ()
    users: Sequence[UserId] = ()

    def check(self) -> None:
        if not self.ids and not self.users:
            raise UsageError("neither ids nor users are given: pass at least one of them to select devices")


class DeviceList(ProMethod[DeviceListResult], frozen=True, kw_only=True):
    """Return a page of devices.

    Args:
        filter: only devices that match this filter.
        include_total_count: include the total number of devices.
        include_meta: include metadata.
        include_topics: include topics.
        include_webpush_keys: include web push keys.
        cursor: `next_cursor` of the previous page.
        limit: maximum number of items on the page.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
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
    """Return a page of the topics of devices.

    Args:
        filter: only topics that match this filter.
        include_total_count: include the total number of topics.
        include_device: include the devices.
        cursor: `next_cursor` of the previous page.
        limit: maximum number of items on the page.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
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
        device_id: id of the device.
        op: "add", "remove" or "set" (replace all topics).
        topics: the topics to add, remove or set.
        user: id of the user whose topics they are; an int becomes text.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "device_topic_update"
    number = 27
    repeatable = True
    device_id: Name
    op: Name
    topics: Sequence[str]


class UserTopicList(ProMethod[UserTopicListResult], frozen=True, kw_only=True):
    """Return a page of the topics of users.

    Args:
        filter: only topics that match this filter.
        include_total_count: include the total number of topics.
        cursor: `next_cursor` of the previous page.
        limit: maximum number of items on the page.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
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
        op: "add", "remove" or "set" (replace all topics).
        topics: the topics to add, remove or set.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "user_topic_update"
    number = 29
    repeatable = True
    user: SomeUser
    op: Name
    topics: Sequence[str]
