"""PRO: push notifications (spec v6 §18.5)."""

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
    number = 30
    recipient: PushRecipient
    notification: PushNotification


class _UpdatePushStatusOptions(ProMethod[UpdatePushStatusResult], frozen=True, kw_only=True):
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
    number = 31
    repeatable = True
    analytics_uid: Name
    status: Name


class CancelPush(ProMethod[CancelPushResult], frozen=True):
    """Do not send a push that is to be sent later.

    Args:
        uid: the push's id.
        timeout: seconds, instead of the client's own limit.
    """

    name = "cancel_push"
    number = 32
    repeatable = True
    uid: Name
