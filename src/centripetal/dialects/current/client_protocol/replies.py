"""Replies and pushes of the server (protocol 6: client-protocol): PURE, both directions."""

from contextlib import suppress

import msgspec

from centripetal.dialects.current.client_protocol.objects import (
    NO_JSON,
    ClientInfo,
    Disconnect,
    Publication,
    Seconds,
    ServerMessage,
    StreamOffset,
    UnsubscribePush,
)
from centripetal.errors import MalformedResponseError
from centripetal.protocol import gostructs
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.tolerant_decoding import decode

__all__ = [
    "PING",
    "ConnectResult",
    "Empty",
    "Error",
    "HistoryResult",
    "Info",
    "Message",
    "PresenceResult",
    "PresenceStatsResult",
    "Push",
    "RefreshResult",
    "Reply",
    "RpcResult",
    "SubscribePush",
    "SubscribeResult",
    "decode_replies",
    "encode_push",
    "encode_reply",
]


class Empty(ServerMessage, frozen=True):
    """The result of `unsubscribe` and `publish`."""


class SubscribeResult(ServerMessage, frozen=True):
    expires: bool = False
    ttl: Seconds = 0
    recoverable: bool = False
    epoch: str = ""
    publications: list[Publication] = msgspec.field(default_factory=list)
    recovered: bool = False
    offset: StreamOffset = 0
    positioned: bool = False
    data: msgspec.Raw = NO_JSON
    was_recovering: bool = False
    delta: bool = False


class ConnectResult(ServerMessage, frozen=True):
    client: str = ""
    version: str = ""
    expires: bool = False
    ttl: Seconds = 0
    data: msgspec.Raw = NO_JSON
    subs: dict[str, SubscribeResult] = msgspec.field(default_factory=dict)
    ping: Seconds = 0
    pong: bool = False
    session: str = ""
    node: str = ""
    time: int = 0


class PresenceResult(ServerMessage, frozen=True):
    """The result of `presence`. If no client is subscribed, *presence* is an empty object, not missing."""

    presence: dict[str, ClientInfo] | None = None


class PresenceStatsResult(ServerMessage, frozen=True):
    num_clients: int
    num_users: int


class HistoryResult(ServerMessage, frozen=True):
    publications: list[Publication]
    epoch: str
    offset: StreamOffset


class RpcResult(ServerMessage, frozen=True):
    data: msgspec.Raw = NO_JSON


class RefreshResult(ServerMessage, frozen=True):
    """The result of `refresh` and `sub_refresh`, and the push that follows `refresh` in the server API."""

    expires: bool = False
    ttl: Seconds = 0


class Error(ServerMessage, frozen=True):
    code: int = 0
    message: str = ""
    temporary: bool = False


class Info(ServerMessage, frozen=True):
    """The content of a join or leave push."""

    info: ClientInfo


class SubscribePush(ServerMessage, frozen=True):
    """The push that follows `subscribe` in the server API: the connection is subscribed."""

    recoverable: bool = False
    epoch: str = ""
    offset: StreamOffset = 0
    positioned: bool = False
    data: msgspec.Raw = NO_JSON


class Message(ServerMessage, frozen=True):
    data: msgspec.Raw = NO_JSON


class Push(ServerMessage, frozen=True):
    """A message that the server sends without a command. One of the fields after *channel* is set."""

    channel: str = ""
    pub: Publication | None = None
    join: Info | None = None
    leave: Info | None = None
    unsubscribe: UnsubscribePush | None = None
    message: Message | None = None
    subscribe: SubscribePush | None = None
    connect: ConnectResult | None = None
    disconnect: Disconnect | None = None
    refresh: RefreshResult | None = None


class Numbered(ServerMessage, frozen=True):
    """The part of a reply that says to which command it belongs."""

    id: int = 0


class Reply(ServerMessage, frozen=True):
    """A line of a server: the reply to the command with this *id*, a push, or a ping if it is empty."""

    id: int = 0
    error: Error | None = None
    push: Push | None = None
    connect: ConnectResult | None = None
    subscribe: SubscribeResult | None = None
    unsubscribe: Empty | None = None
    publish: Empty | None = None
    presence: PresenceResult | None = None
    presence_stats: PresenceStatsResult | None = None
    history: HistoryResult | None = None
    rpc: RpcResult | None = None
    refresh: RefreshResult | None = None
    sub_refresh: RefreshResult | None = None


PING = b"{}"
"""The line that is a ping of the server or a pong of the client."""


def encode_reply(reply: Reply) -> bytes:
    """Return the line for this reply."""
    return gostructs.write(reply)


def encode_push(push: Push) -> bytes:
    """Return the line for this push."""
    return b'{"push":%b}' % gostructs.write(push)


_reply_decoder = msgspec.json.Decoder(Reply)
_numbered_decoder = msgspec.json.Decoder(Numbered)


def decode_replies(message: bytes) -> list[Reply | MalformedResponseError]:
    """Return the replies and pushes in a message of a server, in order.

    A line that does not follow the client protocol becomes an error. If its id can be read, an empty reply with this id
    comes after the error, so that the request does not wait for a reply that has arrived.
    """
    found: list[Reply | MalformedResponseError] = []
    for line in message.removesuffix(b"\n").split(b"\n"):
        try:
            found.append(decode(_reply_decoder, line))
        except JSONError as error:
            head = ascii(line[:100].decode("latin-1"))
            text = f"the server sent a message that does not follow its protocol ({error}): {head}"
            found.append(MalformedResponseError(text))
            with suppress(JSONError):
                if number := decode(_numbered_decoder, line).id:
                    found.append(Reply(number))
    return found
