"""Public API for Centrifugo 5 and 6, and for 3 and 4; `centripetal` exports the same names. For 1.x: `centripetal.v1`.

    from centripetal import Client

    client = Client("http://localhost:8000", "api-key")
    client.publish("news", {"text": "hello"})

The public names are listed in `__all__`, literally, as mypy wants it; the imports take what the modules export.
"""

from centripetal.client.bulk.tally import BulkError, PublishSummary
from centripetal.client.current import *
from centripetal.client.misuse import BlockingCallWarning
from centripetal.client.options import ClientOptions, CurrentOptions, Limits, Retry
from centripetal.dialects.current.commands.channels import *
from centripetal.dialects.current.commands.connections import *
from centripetal.dialects.current.commands.custom import Custom, custom
from centripetal.dialects.current.commands.maps import *
from centripetal.dialects.current.commands.node import *
from centripetal.dialects.current.commands.pro.devices import *
from centripetal.dialects.current.commands.pro.objects import *
from centripetal.dialects.current.commands.pro.pushes import *
from centripetal.dialects.current.commands.pro.users import *
from centripetal.dialects.current.commands.publishing import *
from centripetal.dialects.current.objects import FilterNode, StreamPosition, SubscribeOptionOverride
from centripetal.dialects.current.results.maps import *
from centripetal.dialects.current.results.pro import *
from centripetal.dialects.current.results.standard import *
from centripetal.errors import (
    AuthenticationError,
    BroadcastError,
    CentripetalError,
    ClientNotEmptyError,
    ConnectError,
    ConnectionLostError,
    HistoryGapError,
    HTTPStatusError,
    MalformedResponseError,
    ServerError,
    TimeoutError,
    TransportError,
    UsageError,
)
from centripetal.protocol.command import Command
from centripetal.transport.base import *
from centripetal.version import __version__

__all__ = ["RPC", "ApnsPushNotification", "AsyncBatch", "AsyncClient", "AsyncTransport", "AuthenticationError"]
__all__ += [
    "Batch",
    "BlockUser",
    "BlockUserResult",
    "BlockingCallWarning",
    "Broadcast",
    "BroadcastError",
    "BroadcastResult",
    "BulkError",
    "CancelPush",
    "CancelPushResult",
]
__all__ += ["CentripetalError", "ChannelContext", "ChannelInfo", "Channels", "ChannelsResult", "Client", "ClientInfo"]
__all__ += ["ClientNotEmptyError", "ClientOptions", "Command", "ConnectError", "ConnectionInfo", "ConnectionLostError"]
__all__ += ["ConnectionState", "ConnectionTokenInfo", "Connections", "ConnectionsResult", "CurrentOptions", "Custom"]
__all__ += ["DeleteUserStatus", "DeleteUserStatusResult", "Device", "DeviceFilter", "DeviceList", "DeviceListResult"]
__all__ += ["DeviceLocaleUpdate", "DeviceMetaUpdate", "DeviceRegister", "DeviceRegisterResult", "DeviceRemove"]
__all__ += ["DeviceRemoveResult", "DeviceTimezoneUpdate", "DeviceTopic", "DeviceTopicFilter", "DeviceTopicList"]
__all__ += ["DeviceTopicListResult", "DeviceTopicUpdate", "DeviceTopicUpdateResult", "DeviceTopicsUpdate"]
__all__ += ["DeviceUpdate", "DeviceUpdateResult", "DeviceUserUpdate", "Disconnect", "DisconnectReason"]
__all__ += ["DisconnectResult", "FcmPushNotification", "FilterNode", "GetUserStatus", "GetUserStatusResult"]
__all__ += ["HTTPReply", "HTTPRequest", "HTTPStatusError", "History", "HistoryGapError", "HistoryRemove"]
__all__ += ["HistoryRemoveResult", "HistoryResult", "HmsPushNotification", "Info", "InfoResult", "InvalidateUserTokens"]
__all__ += ["InvalidateUserTokensResult", "Limits", "MalformedResponseError", "MapClear", "MapClearResult", "MapEntry"]
__all__ += ["MapPublish", "MapPublishResult", "MapReadState", "MapReadStateResult", "MapReadStream"]
__all__ += ["MapReadStreamResult", "MapRemove", "MapRemoveResult", "MapStats", "MapStatsResult", "Metrics"]
__all__ += ["NodeResult", "Presence", "PresenceResult", "PresenceStats", "PresenceStatsResult", "Process"]
__all__ += [
    "Publication",
    "Publish",
    "PublishResponse",
    "PublishResult",
    "PublishSummary",
    "PushLimitStrategy",
    "PushLocalization",
]
__all__ += ["PushNotification", "PushRateLimitStrategy", "PushRecipient", "PushTimeLimitStrategy", "RPCResult"]
__all__ += ["RateLimitPolicy", "Refresh", "RefreshResult", "ReplyError", "Retry", "RevokeToken", "RevokeTokenResult"]
__all__ += ["SendPushNotification", "SendPushNotificationResult", "ServerError", "SharedPollPublish"]
__all__ += ["SharedPollPublishResult", "StreamPosition", "Subscribe", "SubscribeOptionOverride", "SubscribeResult"]
__all__ += ["SubscriptionTokenInfo", "TimeoutError", "Transport", "TransportError", "TransportOptions", "UnblockUser"]
__all__ += ["UnblockUserResult", "Unsubscribe", "UnsubscribeResult", "UpdatePushStatus", "UpdatePushStatusResult"]
__all__ += ["UpdateUserStatus", "UpdateUserStatusResult", "UsageError", "UserStatus", "UserTopic", "UserTopicFilter"]
__all__ += ["UserTopicList", "UserTopicListResult", "UserTopicUpdate", "UserTopicUpdateResult"]
__all__ += ["WebPushPushNotification", "__version__", "custom"]
