"""Arguments of the PRO methods for devices and push notifications, with the server's names.

See protocol 6: table-pro-requests.
"""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.objects import Sendable
from centripetal.protocol.field_kinds import Int32, Int64, Moment, Payload, UserId

__all__ = [
    "ApnsPushNotification",
    "DeviceFilter",
    "DeviceLocaleUpdate",
    "DeviceMetaUpdate",
    "DeviceTimezoneUpdate",
    "DeviceTopicFilter",
    "DeviceTopicsUpdate",
    "DeviceUserUpdate",
    "FcmPushNotification",
    "HmsPushNotification",
    "PushLimitStrategy",
    "PushLocalization",
    "PushNotification",
    "PushRateLimitStrategy",
    "PushRecipient",
    "PushTimeLimitStrategy",
    "RateLimitPolicy",
    "UserTopicFilter",
    "WebPushPushNotification",
]


class DeviceUserUpdate(Sendable, frozen=True):
    """The new user of devices; "" removes the user."""

    user: UserId


class DeviceTimezoneUpdate(Sendable, frozen=True):
    """The new time zone of devices, such as "Europe/Berlin"."""

    timezone: str


class DeviceLocaleUpdate(Sendable, frozen=True):
    """The new locale of devices."""

    locale: str


class DeviceMetaUpdate(Sendable, frozen=True):
    """The new metadata of devices."""

    meta: Mapping[str, str]


class DeviceTopicsUpdate(Sendable, frozen=True):
    """A change to the topics of devices. *op* is "add", "remove" or "set"."""

    op: str
    topics: Sequence[str]


class DeviceFilter(Sendable, frozen=True, kw_only=True):
    """A filter for devices. A device must match every list that is given."""

    ids: Sequence[str] = ()
    users: Sequence[UserId] = ()
    topics: Sequence[str] = ()
    providers: Sequence[str] = ()
    platforms: Sequence[str] = ()


class DeviceTopicFilter(Sendable, frozen=True, kw_only=True):
    """A filter for topics of devices. A topic must match every field that is given."""

    device_ids: Sequence[str] = ()
    device_providers: Sequence[str] = ()
    device_platforms: Sequence[str] = ()
    device_users: Sequence[UserId] = ()
    topics: Sequence[str] = ()
    topic_prefix: str = ""


class UserTopicFilter(Sendable, frozen=True, kw_only=True):
    """A filter for topics of users. A topic must match every field that is given."""

    users: Sequence[UserId] = ()
    topics: Sequence[str] = ()
    topic_prefix: str = ""


class PushRecipient(Sendable, frozen=True, kw_only=True):
    """The recipients of a push: registered devices that match *filter*, or a provider's tokens, topic or condition."""

    filter: DeviceFilter | None = None
    fcm_tokens: Sequence[str] = ()
    fcm_topic: str = ""
    fcm_condition: str = ""
    hms_tokens: Sequence[str] = ()
    hms_topic: str = ""
    hms_condition: str = ""
    apns_tokens: Sequence[str] = ()
    webpush_tokens: Sequence[str] = ()


class FcmPushNotification(Sendable, frozen=True):
    """The message for Firebase Cloud Messaging (Google): any JSON value."""

    message: Payload


class HmsPushNotification(Sendable, frozen=True):
    """The message for Huawei Mobile Services: any JSON value."""

    message: Payload


class ApnsPushNotification(Sendable, frozen=True, kw_only=True):
    """The headers and payload for the Apple Push Notification service. The payload is any JSON value."""

    headers: Mapping[str, str] | None = None
    payload: Payload | UnsetType = UNSET


class WebPushPushNotification(Sendable, frozen=True, kw_only=True):
    """The headers and payload for Web Push in browsers. The payload is any JSON value."""

    headers: Mapping[str, str] | None = None
    payload: Payload | UnsetType = UNSET


class PushNotification(Sendable, frozen=True, kw_only=True):
    """A push notification: one message per provider. *expire_at* is Unix seconds or a timezone-aware datetime."""

    fcm: FcmPushNotification | None = None
    hms: HmsPushNotification | None = None
    apns: ApnsPushNotification | None = None
    webpush: WebPushPushNotification | None = None
    expire_at: Moment = 0


class PushLocalization(Sendable, frozen=True):
    """The translations for one language: names used in the templates, and texts."""

    translations: Mapping[str, str]


class PushTimeLimitStrategy(Sendable, frozen=True, kw_only=True):
    """The times of day between which a device may receive pushes, such as "09:00:00", in the device's time zone."""

    send_after_time: str = ""
    send_before_time: str = ""
    no_tz_send_now: bool = False


class RateLimitPolicy(Sendable, frozen=True):
    """At most *rate* pushes in each interval of *interval_ms* milliseconds."""

    rate: Int64
    interval_ms: Int32


class PushRateLimitStrategy(Sendable, frozen=True, kw_only=True):
    """Rate limits for pushes to a device. Pushes with the same *key* are counted together."""

    key: str = ""
    policies: Sequence[RateLimitPolicy] = ()
    drop_if_rate_limited: bool = False


class PushLimitStrategy(Sendable, frozen=True, kw_only=True):
    """Limits for pushes by rate and by time of day."""

    rate_limit: PushRateLimitStrategy | None = None
    time_limit: PushTimeLimitStrategy | None = None
