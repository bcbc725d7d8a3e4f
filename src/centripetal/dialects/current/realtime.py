"""The client protocol of Centrifugo 6, what its WebSocket messages hold in JSON (spec v6 §11): PURE, both directions.

    server                                        client
    read_commands(message): Command, ...     <-   encode_commands([Command(1, subscribe=Subscribe("c")), ...])
    encode_reply(Reply(1, subscribe=...))    ->   decode_replies(message): Reply, ...
    encode_push(Push("c", pub=...))          ->   a Reply with a push in it; `PING` is one with nothing in it
    Disconnect(3500, "invalid token")        ->   its code and reason are those of the close frame

A message holds lines, each one command or reply; the server may put any number of them together. What a line says is
the one of its fields that is not None: a command `kind()`s itself. Structs have the names and fields of the protocol's
definition; what is not there has the value that it has when it is missing.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from centripetal.dialects.current.tags import FilterNode
from centripetal.errors import MalformedResponseError
from centripetal.protocol import gostructs
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.payload import decode_lenient

__all__ = ["PING", "BadMessageError", "ClientInfo", "Command", "Connect", "ConnectResult", "Disconnect", "Empty"]
__all__ += [
    "Error",
    "FilterNode",
    "History",
    "HistoryResult",
    "Info",
    "OfChannel",
    "Presence",
    "PresenceResult",
    "PresenceStats",
]
__all__ += ["PresenceStatsResult", "Publication", "Publish", "Push", "Refresh", "RefreshResult", "Reply"]
__all__ += ["Request", "Rpc", "RpcResult", "Send", "StreamPosition", "SubRefresh", "Subscribe", "SubscribePush"]
__all__ += ["SubscribeResult", "Unsubscribe", "UnsubscribePush", "decode_replies", "encode_commands", "encode_push"]
__all__ += ["encode_reply", "read_commands"]

NONE = msgspec.Raw(b"")
"""No JSON at all."""

Int32 = Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]
UInt32 = Annotated[int, Meta(ge=0, lt=1 << 32)]
# Not checked by msgspec, which has no such bounds: whatever is bigger is an offset that no channel has.
Int64 = int
UInt64 = Annotated[int, Meta(ge=0)]


class BadMessageError(ValueError):
    """The message of a client is none of the protocol; what came before it in the message may have been fine."""


class Disconnect(msgspec.Struct, frozen=True):
    """Why a connection was ended by the server: code and reason of the close frame (spec v6 §18.2)."""

    code: int
    reason: str

    @property
    def reconnects(self) -> bool:
        """Whether client libraries come back after it."""
        return not 3500 <= self.code <= 3999 and not 4500 <= self.code <= 4999


# ---- what both sides say


class _Part(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a client sends; the reader needs to hear of members that are no fields, see `gostructs`."""


class _Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a server sends; later servers may add fields."""


class StreamPosition(_Part, frozen=True, forbid_unknown_fields=True):
    offset: UInt64 = 0
    epoch: str = ""


class ClientInfo(_Result, frozen=True):
    """One connection as others see it; the two infos are JSON."""

    # Without defaults, so they are always there (spec v6 §11.5).
    user: str
    client: str
    conn_info: msgspec.Raw = NONE
    chan_info: msgspec.Raw = NONE


class Publication(_Result, frozen=True):
    """*data* is JSON as it was published; with a *delta* subscription it is a string with the payload or a delta."""

    data: msgspec.Raw = NONE
    info: ClientInfo | None = None
    offset: int = 0
    tags: dict[str, str] = {}
    delta: bool = False
    time: int = 0
    channel: str = ""
    key: str = ""
    removed: bool = False
    score: int = 0
    epoch: str = ""
    version: int = 0


# ---- requests


class Request(_Part, frozen=True, forbid_unknown_fields=True):
    """What a command asks for."""

    name: ClassVar[str]


class OfChannel(Request, frozen=True, forbid_unknown_fields=True):
    """All of these need the channel; what is missing is empty."""

    channel: str = ""


class Subscribe(OfChannel, frozen=True, forbid_unknown_fields=True):
    """Also the wishes for one server-side subscription in `Connect.subs` (spec v6 §11.3, §11.4)."""

    name = "subscribe"

    token: str = ""
    recover: bool = False
    epoch: str = ""
    offset: UInt64 = 0
    data: msgspec.Raw = NONE
    positioned: bool = False
    recoverable: bool = False
    join_leave: bool = False
    delta: str = ""
    tf: FilterNode | None = None
    flag: Int64 = 0
    type: Int32 = 0
    phase: Int32 = 0
    cursor: str = ""
    limit: Int32 = 0


class Connect(Request, frozen=True, forbid_unknown_fields=True, rename={"client_name": "name"}):
    name = "connect"

    token: str = ""
    data: msgspec.Raw = NONE
    subs: dict[str, Subscribe] = {}
    client_name: str = ""
    version: str = ""
    headers: dict[str, str] = {}
    flag: Int64 = 0


class Unsubscribe(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "unsubscribe"


class Publish(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "publish"

    data: msgspec.Raw = NONE
    type: Int32 = 0
    key: str = ""
    removed: bool = False


class Presence(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "presence"


class PresenceStats(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "presence_stats"


class History(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "history"

    limit: Int32 = 0
    since: StreamPosition | None = None
    reverse: bool = False


class Ping(Request, frozen=True, forbid_unknown_fields=True):
    """Nobody sends it, servers don't take it (spec v6 §11.2)."""

    name = "ping"


class Rpc(Request, frozen=True, forbid_unknown_fields=True):
    name = "rpc"

    data: msgspec.Raw = NONE
    method: str = ""


class Send(Request, frozen=True, forbid_unknown_fields=True):
    name = "send"

    data: msgspec.Raw = NONE


class Refresh(Request, frozen=True, forbid_unknown_fields=True):
    name = "refresh"

    token: str = ""


class SubRefresh(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "sub_refresh"

    token: str = ""
    type: Int32 = 0


class Command(_Part, frozen=True, forbid_unknown_fields=True):
    """A line of a client. With neither *id* nor request it is a pong."""

    id: UInt32 = 0
    # In this order: with several requests in one command the first one counts (spec v6 §11.2).
    connect: Connect | None = None
    subscribe: Subscribe | None = None
    unsubscribe: Unsubscribe | None = None
    publish: Publish | None = None
    presence: Presence | None = None
    presence_stats: PresenceStats | None = None
    history: History | None = None
    rpc: Rpc | None = None
    send: Send | None = None
    refresh: Refresh | None = None
    sub_refresh: SubRefresh | None = None
    ping: Ping | None = None

    def request(self) -> Request | None:
        """What it asks for; None: nothing, or only a ping, which no server takes."""
        for name in _REQUESTS:
            found: Request | None = getattr(self, name)
            if found is not None:
                return found
        return None


_REQUESTS = Command.__struct_fields__[1:-1]


def read_commands(message: bytes) -> Iterator[Command]:
    """The commands in a message of a client, one by one.

    Raises:
        BadMessageError: at the first line that is none. The commands before it are to be carried out all the same.
    """
    # One newline at the end is allowed; an empty line is a command that is none.
    for line in message.removesuffix(b"\n").split(b"\n"):
        try:
            yield gostructs.read(line, Command)
        except JSONError as error:
            raise BadMessageError(f"not a command: {error}") from None


def encode_commands(commands: Iterable[Command]) -> bytes:
    """The message with these commands."""
    return b"\n".join(map(gostructs.write, commands))


# ---- results


class Empty(_Result, frozen=True):
    """Of unsubscribe and publish."""


class SubscribeResult(_Result, frozen=True):
    expires: bool = False
    ttl: int = 0
    recoverable: bool = False
    epoch: str = ""
    publications: list[Publication] = []
    recovered: bool = False
    offset: int = 0
    positioned: bool = False
    data: msgspec.Raw = NONE
    was_recovering: bool = False
    delta: bool = False


class ConnectResult(_Result, frozen=True):
    client: str = ""
    version: str = ""
    expires: bool = False
    ttl: int = 0
    data: msgspec.Raw = NONE
    subs: dict[str, SubscribeResult] = {}
    ping: int = 0
    pong: bool = False
    session: str = ""
    node: str = ""
    time: int = 0


class PresenceResult(_Result, frozen=True):
    """Nobody is an empty object, which is always there."""

    presence: dict[str, ClientInfo] | None = None


class PresenceStatsResult(_Result, frozen=True):
    num_clients: int
    num_users: int


class HistoryResult(_Result, frozen=True):
    publications: list[Publication]
    epoch: str
    offset: int


class RpcResult(_Result, frozen=True):
    data: msgspec.Raw = NONE


class RefreshResult(_Result, frozen=True):
    """Of refresh and sub_refresh; the push of an API refresh says the same."""

    expires: bool = False
    ttl: int = 0


class Error(_Result, frozen=True):
    code: int = 0
    message: str = ""
    temporary: bool = False


# ---- pushes


class Info(_Result, frozen=True):
    """Of join and leave."""

    info: ClientInfo


class SubscribePush(_Result, frozen=True):
    """The back end subscribed this connection."""

    recoverable: bool = False
    epoch: str = ""
    offset: int = 0
    positioned: bool = False
    data: msgspec.Raw = NONE


class UnsubscribePush(_Result, frozen=True):
    """A subscription was ended by the server; from code 2500 on the client is to subscribe again (spec v6 §18.2)."""

    code: int = 0
    reason: str = ""


class Message(_Result, frozen=True):
    data: msgspec.Raw = NONE


class Push(_Result, frozen=True):
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


class Reply(_Result, frozen=True):
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
