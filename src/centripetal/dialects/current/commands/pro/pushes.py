"""PRO methods for push notifications (protocol 6: table-pro-requests)."""

from collections.abc import Mapping

from centripetal.dialects.current.commands.pro.method import ProMethod
from centripetal.dialects.current.commands.pro.objects import (
    PushLimitStrategy,
    PushLocalization,
    PushNotification,
    PushRecipient,
)
from centripetal.dialects.current.results.pro import (
    CancelPushResult,
    SendPushNotificationResult,
    UpdatePushStatusResult,
)
from centripetal.protocol.field_kinds import Moment, Name

__all__ = ["CancelPush", "SendPushNotification", "UpdatePushStatus"]


class _SendPushNotificationOptions(ProMethod[SendPushNotificationResult], frozen=True, kw_only=True):
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
        recipient: the devices that receive the push.
        notification: the messages for the providers.
        uid: id of the push; by default the server creates one.
        send_at: when to send it: Unix seconds or a timezone-aware datetime. 0, the default: now.
        optimize_for_reliability: prefer duplicates over loss.
        limit_strategy: limits for pushes to a device by rate and by time of day.
        analytics_uid: id under which the push is counted in analytics.
        localizations: translations by language.
        use_templating: fill in templates in the notification.
        use_meta: let templates use the devices' metadata.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "send_push_notification"
    number = 30
    recipient: PushRecipient
    notification: PushNotification


class _UpdatePushStatusOptions(ProMethod[UpdatePushStatusResult], frozen=True, kw_only=True):
    device_id: str = ""
    msg_id: str = ""


class UpdatePushStatus(_UpdatePushStatusOptions, frozen=True):
    """Record the status of a push.

    Args:
        analytics_uid: id under which the push is counted in analytics.
        status: "delivered" or "interacted".
        device_id: id of the device.
        msg_id: the provider's id of the message.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "update_push_status"
    number = 31
    repeatable = True
    analytics_uid: Name
    status: Name


class CancelPush(ProMethod[CancelPushResult], frozen=True):
    """Cancel a push that was scheduled for later.

    Args:
        uid: id of the push.
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "cancel_push"
    number = 32
    repeatable = True
    uid: Name
