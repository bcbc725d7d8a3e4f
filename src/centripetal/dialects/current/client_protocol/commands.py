"""Commands of clients (protocol 6: client-protocol): PURE, both directions."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

import msgspec

from centripetal.dialects.current.client_protocol.objects import (
    NO_JSON,
    BadMessageError,
    ClientMessage,
)
from centripetal.dialects.current.objects import FilterNode, StreamPosition
from centripetal.protocol import gostructs
from centripetal.protocol.field_kinds import Int32, Int64, UInt32, UInt64
from centripetal.protocol.gojson import JSONError

__all__ = [
    "Command",
    "Connect",
    "History",
    "OfChannel",
    "Ping",
    "Presence",
    "PresenceStats",
    "Publish",
    "Refresh",
    "Request",
    "Rpc",
    "Send",
    "SubRefresh",
    "Subscribe",
    "Unsubscribe",
    "encode_commands",
    "read_commands",
]


class Request(ClientMessage, frozen=True, forbid_unknown_fields=True):
    """Base class of the requests that a command can contain."""

    name: ClassVar[str]


class OfChannel(Request, frozen=True, forbid_unknown_fields=True):
    """Base class of requests about one channel. The channel is empty if it is missing."""

    channel: str = ""


class Subscribe(OfChannel, frozen=True, forbid_unknown_fields=True):
    """A subscribe request; in `Connect.subs`, the options for a server-side subscription.

    See protocol 6: client-connect, client-subscribe.
    """

    name = "subscribe"

    token: str = ""
    recover: bool = False
    epoch: str = ""
    offset: UInt64 = 0
    data: msgspec.Raw = NO_JSON
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
    data: msgspec.Raw = NO_JSON
    subs: dict[str, Subscribe] = msgspec.field(default_factory=dict)
    client_name: str = ""
    version: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    flag: Int64 = 0


class Unsubscribe(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "unsubscribe"


class Publish(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "publish"

    data: msgspec.Raw = NO_JSON
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
    """A ping request of the protocol definition. Clients do not send it, and servers reject it.

    See protocol 6: client-frames.
    """

    name = "ping"


class Rpc(Request, frozen=True, forbid_unknown_fields=True):
    name = "rpc"

    data: msgspec.Raw = NO_JSON
    method: str = ""


class Send(Request, frozen=True, forbid_unknown_fields=True):
    name = "send"

    data: msgspec.Raw = NO_JSON


class Refresh(Request, frozen=True, forbid_unknown_fields=True):
    name = "refresh"

    token: str = ""


class SubRefresh(OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "sub_refresh"

    token: str = ""
    type: Int32 = 0


class Command(ClientMessage, frozen=True, forbid_unknown_fields=True):
    """A command of a client. A command with neither an *id* nor a request is a pong."""

    id: UInt32 = 0
    # The order matters: if a command contains several requests, the server runs only the first
    # (protocol 6: client-frames).
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

    @property
    def may_wait(self) -> bool:
        """Whether the server may ask the application before it answers."""
        return bool(self.id) and self.unsubscribe is None and self.send is None

    def request(self) -> Request | None:
        """Return the request of this command; None if it has no request, or only a ping, which servers reject."""
        for name in _REQUESTS:
            found: Request | None = getattr(self, name)
            if found is not None:
                return found
        return None


_REQUESTS = Command.__struct_fields__[1:-1]


def read_commands(message: bytes) -> Iterator[Command]:
    """Yield the commands in a message of a client.

    Raises:
        BadMessageError: a line is not a command. The server still executes the commands before it.
    """
    # A trailing newline is allowed; any other empty line is an invalid command.
    for line in message.removesuffix(b"\n").split(b"\n"):
        try:
            yield gostructs.read_first(line, Command)
        except JSONError as error:
            raise BadMessageError(f"not a command: {error}") from None


def encode_commands(commands: Iterable[Command]) -> bytes:
    """Return a message with these commands."""
    return b"\n".join(map(gostructs.write, commands))
