"""The server's replies and pushes (spec v6 §11): PURE, both directions."""

import msgspec

from centripetal.dialects.current.client_protocol.objects import (
    NO_JSON,
    ClientInfo,
    Disconnect,
    Publication,
    ServerMessage,
    UnsubscribePush,
)
from centripetal.errors import MalformedResponseError
from centripetal.protocol import gostructs
from centripetal.protocol.payload import decode_lenient

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
    """Of unsubscribe and publish."""


class SubscribeResult(ServerMessage, frozen=True):
    expires: bool = False
    ttl: int = 0
    recoverable: bool = False
    epoch: str = ""
    publications: list[Publication] = msgspec.field(default_factory=list)
    recovered: bool = False
    offset: int = 0
    positioned: bool = False
    data: msgspec.Raw = NO_JSON
    was_recovering: bool = False
    delta: bool = False


class ConnectResult(ServerMessage, frozen=True):
    client: str = ""
    version: str = ""
    expires: bool = False
    ttl: int = 0
    data: msgspec.Raw = NO_JSON
    subs: dict[str, SubscribeResult] = msgspec.field(default_factory=dict)
    ping: int = 0
    pong: bool = False
    session: str = ""
    node: str = ""
    time: int = 0


class PresenceResult(ServerMessage, frozen=True):
    """Nobody is an empty object, which is always there."""

    presence: dict[str, ClientInfo] | None = None


class PresenceStatsResult(ServerMessage, frozen=True):
    num_clients: int
    num_users: int


class HistoryResult(ServerMessage, frozen=True):
    publications: list[Publication]
    epoch: str
    offset: int


class RpcResult(ServerMessage, frozen=True):
    data: msgspec.Raw = NO_JSON


class RefreshResult(ServerMessage, frozen=True):
    """Of refresh and sub_refresh; the push of an API refresh says the same."""

    expires: bool = False
    ttl: int = 0


class Error(ServerMessage, frozen=True):
    code: int = 0
    message: str = ""
    temporary: bool = False


class Info(ServerMessage, frozen=True):
    """Of join and leave."""

    info: ClientInfo


class SubscribePush(ServerMessage, frozen=True):
    """The back end subscribed this connection."""

    recoverable: bool = False
    epoch: str = ""
    offset: int = 0
    positioned: bool = False
    data: msgspec.Raw = NO_JSON


class Message(ServerMessage, frozen=True):
    data: msgspec.Raw = NO_JSON


class Push(ServerMessage, frozen=True):
    """What nobody asked for; one of the fields after *channel* says what."""

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


class Reply(ServerMessage, frozen=True):
    """A line of a server: with an *id* it answers a command, otherwise it is a push, or a ping if it is empty."""

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
"""The line that is a ping from the server, and a pong from the client."""


def encode_reply(reply: Reply) -> bytes:
    """The line with this reply."""
    return gostructs.write(reply)


def encode_push(push: Push) -> bytes:
    """The line with this push."""
    return b'{"push":%b}' % gostructs.write(push)


_decode_reply = msgspec.json.Decoder(Reply).decode


def decode_replies(message: bytes) -> list[Reply]:
    """The replies and pushes in a message of a server, in order.

    Raises:
        MalformedResponseError: it is none of the protocol.
    """
    try:
        return [decode_lenient(_decode_reply, line) for line in message.removesuffix(b"\n").split(b"\n")]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        head = ascii(message[:100].decode("latin-1"))
        raise MalformedResponseError(f"what the server sent is no message of its protocol ({error}): {head}") from None
