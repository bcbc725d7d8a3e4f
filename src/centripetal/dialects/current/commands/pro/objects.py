"""The objects that methods about devices and push notifications take (PRO; spec v6 §18.5), in the server's names."""

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
    """The new user of devices; "" for none."""

    user: UserId


class DeviceTimezoneUpdate(Sendable, frozen=True):
    """The new time zone of devices, such as "Europe/Berlin"."""

    timezone: str


class DeviceLocaleUpdate(Sendable, frozen=True):
    """The new locale of devices."""

    locale: str


class DeviceMetaUpdate(Sendable, frozen=True):
    """The new meta data of devices."""

    meta: Mapping[str, str]


class DeviceTopicsUpdate(Sendable, frozen=True):
    """A change to the topics of devices: *op* is "add", "remove" or "set"."""

    op: str
    topics: Sequence[str]


class DeviceFilter(Sendable, frozen=True, kw_only=True):
    """Which devices: those that fit every list that is given."""

    ids: Sequence[str] = ()
    users: Sequence[UserId] = ()
    topics: Sequence[str] = ()
    providers: Sequence[str] = ()
    platforms: Sequence[str] = ()


class DeviceTopicFilter(Sendable, frozen=True, kw_only=True):
    """Which topics of devices: those that fit everything that is given."""

    device_ids: Sequence[str] = ()
    device_providers: Sequence[str] = ()
    device_platforms: Sequence[str] = ()
    device_users: Sequence[UserId] = ()
    topics: Sequence[str] = ()
    topic_prefix: str = ""


class UserTopicFilter(Sendable, frozen=True, kw_only=True):
    """Which topics of users: those that fit everything that is given."""

    users: Sequence[UserId] = ()
    topics: Sequence[str] = ()
    topic_prefix: str = ""


class PushRecipient(Sendable, frozen=True, kw_only=True):
    """Who gets a push: registered devices by *filter*, or tokens, a topic or a condition of one provider."""

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
    """What goes to Google's service: any JSON value."""

    message: Payload


class HmsPushNotification(Sendable, frozen=True):
    """What goes to Huawei's service: any JSON value."""

    message: Payload


class ApnsPushNotification(Sendable, frozen=True, kw_only=True):
    """What goes to Apple's service: headers, and any JSON value."""

    headers: Mapping[str, str] | None = None
    payload: Payload | UnsetType = UNSET


class WebPushPushNotification(Sendable, frozen=True, kw_only=True):
    """What goes to browsers: headers, and any JSON value."""

    headers: Mapping[str, str] | None = None
    payload: Payload | UnsetType = UNSET


class PushNotification(Sendable, frozen=True, kw_only=True):
    """A push: what each provider is to deliver, until *expire_at* (Unix seconds or a datetime)."""

    fcm: FcmPushNotification | None = None
    hms: HmsPushNotification | None = None
    apns: ApnsPushNotification | None = None
    webpush: WebPushPushNotification | None = None
    expire_at: Moment = 0


class PushLocalization(Sendable, frozen=True):
    """The texts of one language, by their names in the templates."""

    translations: Mapping[str, str]


class PushTimeLimitStrategy(Sendable, frozen=True, kw_only=True):
    """The times of day between which a device gets pushes, such as "09:00:00", in its own time zone."""

    send_after_time: str = ""
    send_before_time: str = ""
    no_tz_send_now: bool = False


class RateLimitPolicy(Sendable, frozen=True):
    """So many pushes in so many milliseconds."""

    rate: Int64
    interval_ms: Int32


class PushRateLimitStrategy(Sendable, frozen=True, kw_only=True):
    """How often a device gets pushes: policies, counted by *key*."""

    key: str = ""
    policies: Sequence[RateLimitPolicy] = ()
    drop_if_rate_limited: bool = False


class PushLimitStrategy(Sendable, frozen=True, kw_only=True):
    """Limits of pushes, by rate and by time of day."""

    rate_limit: PushRateLimitStrategy | None = None
    time_limit: PushTimeLimitStrategy | None = None
