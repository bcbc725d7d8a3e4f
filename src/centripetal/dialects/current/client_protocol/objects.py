"""Objects shared by commands and replies of the client protocol (protocol 6: client-protocol): PURE."""

from typing import Annotated, ClassVar

import msgspec

__all__ = [
    "NO_JSON",
    "BadMessageError",
    "ClientInfo",
    "ClientMessage",
    "Disconnect",
    "Publication",
    "Seconds",
    "ServerMessage",
    "StreamOffset",
    "UnreadablePublication",
    "UnsubscribePush",
]

NO_JSON = msgspec.Raw(b"")
"""The value of a JSON field that is missing."""


StreamOffset = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""The number of a publication in a stream, within bounds that can be sent back to the server."""

Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
"""A number of seconds, within the bounds of the server's type."""


class BadMessageError(ValueError):
    """A message of a client contains a line that is not a command. Lines before it may have been valid."""


class Disconnect(msgspec.Struct, frozen=True):
    """Code and reason with which the server closes a connection (protocol 6: table-close-codes)."""

    code: int
    reason: str

    @property
    def reconnects(self) -> bool:
        """Whether client libraries reconnect after this close."""
        return not 3500 <= self.code <= 3999 and not 4500 <= self.code <= 4999


class ClientMessage(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base class of objects that clients send. Unknown members are an error, which `gostructs` relies on."""


class ServerMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base class of objects that servers send. Unknown members are ignored: later servers may add fields."""


class UnsubscribePush(ServerMessage, frozen=True):
    """Code and reason with which the server ends a subscription (protocol 6: table-close-codes)."""

    code: int = 0
    reason: str = ""

    @property
    def resubscribes(self) -> bool:
        """Whether the client should subscribe again."""
        return self.code >= 2500


class ClientInfo(ServerMessage, frozen=True):
    """A connection as other clients see it. Both infos are JSON."""

    # No defaults, so that these fields are always written (protocol 6: client-pushes).
    user: str
    client: str
    conn_info: msgspec.Raw = NO_JSON
    chan_info: msgspec.Raw = NO_JSON


class Publication(ServerMessage, frozen=True):
    """A publication. *data* is the published JSON; in a delta subscription, a string with the payload or a delta."""

    stand_in: ClassVar[type[msgspec.Struct]]

    data: msgspec.Raw = NO_JSON
    info: ClientInfo | None = None
    offset: StreamOffset = 0
    tags: dict[str, str] = {}
    delta: bool = False
    time: int = 0
    channel: str = ""
    key: str = ""
    removed: bool = False
    score: int = 0
    epoch: str = ""
    version: int = 0


class UnreadablePublication(Publication, frozen=True):
    """A recovered publication that cannot be read completely; *error* says why."""

    error: str = ""


Publication.stand_in = UnreadablePublication
