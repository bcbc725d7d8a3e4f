"""All methods of the server API of Centrifugo 3 to 6 (spec v6 §5): a new one is a class in its chapter and a line here.

A class says the method's name, its fields and, by its base `Method[R]`, the type of its result. Fields have the
server's names; what is required is positional, options are keyword-only.
"""

from typing import Any

from centripetal.dialects.current.commands.channels import Channels, History, HistoryRemove, Presence, PresenceStats
from centripetal.dialects.current.commands.connections import (
    Disconnect,
    DisconnectReason,
    Refresh,
    Subscribe,
    Unsubscribe,
)
from centripetal.dialects.current.commands.custom import Custom, custom
from centripetal.dialects.current.commands.maps import (
    MAP_METHODS,
    MapClear,
    MapPublish,
    MapReadState,
    MapReadStream,
    MapRemove,
    MapStats,
    SharedPollPublish,
)
from centripetal.dialects.current.commands.node import RPC, Info
from centripetal.dialects.current.commands.pro.devices import (
    DeviceList,
    DeviceRegister,
    DeviceRemove,
    DeviceTopicList,
    DeviceTopicUpdate,
    DeviceUpdate,
    UserTopicList,
    UserTopicUpdate,
)
from centripetal.dialects.current.commands.pro.pushes import CancelPush, SendPushNotification, UpdatePushStatus
from centripetal.dialects.current.commands.pro.users import (
    BlockUser,
    Connections,
    DeleteUserStatus,
    GetUserStatus,
    InvalidateUserTokens,
    RevokeToken,
    UnblockUser,
    UpdateUserStatus,
)
from centripetal.dialects.current.commands.publishing import Broadcast, Publish
from centripetal.protocol.command import Command

__all__ = [
    "COMMANDS",
    "RPC",
    "BlockUser",
    "Broadcast",
    "CancelPush",
    "Channels",
    "Connections",
    "Custom",
    "DeleteUserStatus",
    "DeviceList",
    "DeviceRegister",
    "DeviceRemove",
    "DeviceTopicList",
    "DeviceTopicUpdate",
    "DeviceUpdate",
    "Disconnect",
    "DisconnectReason",
    "GetUserStatus",
    "History",
    "HistoryRemove",
    "Info",
    "InvalidateUserTokens",
    "MapClear",
    "MapPublish",
    "MapReadState",
    "MapReadStream",
    "MapRemove",
    "MapStats",
    "Presence",
    "PresenceStats",
    "Publish",
    "Refresh",
    "RevokeToken",
    "SendPushNotification",
    "SharedPollPublish",
    "Subscribe",
    "UnblockUser",
    "Unsubscribe",
    "UpdatePushStatus",
    "UpdateUserStatus",
    "UserTopicList",
    "UserTopicUpdate",
    "custom",
]

COMMANDS: tuple[type[Command[Any]], ...] = (
    Publish,
    Broadcast,
    Subscribe,
    Unsubscribe,
    Disconnect,
    Refresh,
    Presence,
    PresenceStats,
    History,
    HistoryRemove,
    Channels,
    Info,
    RPC,
    *MAP_METHODS,
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
