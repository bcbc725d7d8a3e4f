"""What commands and replies of the client protocol share (spec v6 §11): PURE."""

import msgspec

__all__ = [
    "NO_JSON",
    "BadMessageError",
    "ClientInfo",
    "ClientMessage",
    "Disconnect",
    "Publication",
    "ServerMessage",
    "UnsubscribePush",
]

NO_JSON = msgspec.Raw(b"")
"""No JSON at all."""


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


class ClientMessage(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a client sends; the reader needs to hear of members that are no fields, see `gostructs`."""


class ServerMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a server sends; later servers may add fields."""


class UnsubscribePush(ServerMessage, frozen=True):
    """A subscription was ended by the server (spec v6 §18.2)."""

    code: int = 0
    reason: str = ""

    @property
    def resubscribes(self) -> bool:
        """Whether the client is to subscribe again."""
        return self.code >= 2500


class ClientInfo(ServerMessage, frozen=True):
    """One connection as others see it; the two infos are JSON."""

    # Without defaults, so they are always there (spec v6 §11.5).
    user: str
    client: str
    conn_info: msgspec.Raw = NO_JSON
    chan_info: msgspec.Raw = NO_JSON


class Publication(ServerMessage, frozen=True):
    """*data* is JSON as it was published; with a *delta* subscription it is a string with the payload or a delta."""

    data: msgspec.Raw = NO_JSON
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
