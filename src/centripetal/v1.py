"""Centrifugo 1.x: everything that the Go client gocent v1 does, and more.

from centripetal.v1 import Client

client = Client("http://localhost:8000", "secret")
client.publish("news", {"text": "hello"})
"""

from centripetal.client.options import ClientOptions, Limits
from centripetal.client.v1 import AsyncBatch, AsyncClient, Batch, Client
from centripetal.dialects.v1.commands import (
    Broadcast,
    Channels,
    Disconnect,
    History,
    Node,
    Presence,
    Publish,
    StatsCommand,
    Unsubscribe,
)
from centripetal.dialects.v1.credentials import generate_api_sign, generate_channel_sign, generate_client_token
from centripetal.dialects.v1.replies import (
    Response,
    Result,
    decode_broadcast,
    decode_channels,
    decode_disconnect,
    decode_history,
    decode_node,
    decode_presence,
    decode_publish,
    decode_stats,
    decode_unsubscribe,
)
from centripetal.dialects.v1.results import ClientInfo, Message, NodeInfo, Stats
from centripetal.errors import (
    AuthenticationError,
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
from centripetal.transport.base import AsyncTransport, HTTPReply, HTTPRequest, Transport, TransportOptions

__all__ = [
    "AsyncBatch",
    "AsyncClient",
    "AsyncTransport",
    "AuthenticationError",
    "Batch",
    "Broadcast",
    "CentripetalError",
    "Channels",
    "Client",
    "ClientInfo",
    "ClientNotEmptyError",
    "ClientOptions",
    "Command",
    "ConnectError",
    "ConnectionLostError",
    "Disconnect",
    "HTTPReply",
    "HTTPRequest",
    "HTTPStatusError",
    "History",
    "HistoryGapError",
    "Limits",
    "MalformedResponseError",
    "Message",
    "Node",
    "NodeInfo",
    "Presence",
    "Publish",
    "Response",
    "Result",
    "ServerError",
    "Stats",
    "StatsCommand",
    "TimeoutError",
    "Transport",
    "TransportError",
    "TransportOptions",
    "Unsubscribe",
    "UsageError",
    "decode_broadcast",
    "decode_channels",
    "decode_disconnect",
    "decode_history",
    "decode_node",
    "decode_presence",
    "decode_publish",
    "decode_stats",
    "decode_unsubscribe",
    "generate_api_sign",
    "generate_channel_sign",
    "generate_client_token",
]
