"""What a Centrifugo 6 node can do to a connected client, and what it tells subscribers: PURE."""

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.server.engine.hub import Connection as AnyConnection

__all__ = ["Connection", "OutgoingJoinLeave", "OutgoingPublication", "ServerSubscription"]


MessageT = TypeVar("MessageT", bound="_EncodedOnce")


class _EncodedOnce:
    """A message to many clients; each encoding of it is made once.

    Connections that send the very same bytes object share its frame, too (see `ClientConnection.send`).
    """

    __slots__ = ("_encodings",)

    def __init__(self) -> None:
        self._encodings: dict[Callable[..., bytes], bytes] = {}

    def encoded(self: MessageT, encode: Callable[[MessageT], bytes]) -> bytes:
        """Return `encode(self)`, made at the first call with *encode*."""
        payload = self._encodings.get(encode)
        if payload is None:
            payload = self._encodings[encode] = encode(self)
        return payload


class OutgoingPublication(_EncodedOnce):
    """A publication on its way to the subscribers of its channel.

    Attributes:
        publication: with its channel, offset, tags and version.
        position: of the stream after it; its epoch is empty in a channel without history.
        previous: the one before it in the stream, if it is known.
        delta: whether those who asked for deltas are to get one.
    """

    __slots__ = ("delta", "position", "previous", "publication")

    def __init__(
        self, publication: Publication, position: Position, previous: Publication | None, *, delta: bool
    ) -> None:
        super().__init__()
        self.publication = publication
        self.position = position
        self.previous = previous
        self.delta = delta


class OutgoingJoinLeave(_EncodedOnce):
    """A join or leave on its way to the subscribers of its channel.

    Attributes:
        channel: where.
        info: who.
        joined: whether they came, and did not go.
    """

    __slots__ = ("channel", "info", "joined")

    def __init__(self, channel: str, info: ClientInfo, *, joined: bool) -> None:
        super().__init__()
        self.channel = channel
        self.info = info
        self.joined = joined


class ServerSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that the server makes for a client (spec v6 §5.11); the options are what counts in the end.

    Attributes:
        channel: where to.
        chan_info: of the subscription, JSON; empty: none.
        data: goes to the client with it, JSON; empty: none.
        expire_at: when it ends, Unix seconds; 0: never.
        recover_since: the position that the client is told instead of the current one.
        presence, join_leave, force_push_join_leave, force_recovery, force_positioning: the namespace's options, or
            what overrides them.
    """

    channel: str
    chan_info: bytes = b""
    data: bytes = b""
    expire_at: int = 0
    recover_since: Position | None = None
    presence: bool = False
    join_leave: bool = False
    force_push_join_leave: bool = False
    force_recovery: bool = False
    force_positioning: bool = False


class Connection(AnyConnection, Protocol):
    """A client that has authenticated; each method queues what the client gets."""

    @property
    def session(self) -> str:
        """The id that API calls may name it by instead of its connection id; empty: it has none."""
        ...

    def deliver(self, outgoing: OutgoingPublication) -> None:
        """Take note of a publication in a channel that it is subscribed to, and push it as the subscription wants."""
        ...

    def announce(self, outgoing: OutgoingJoinLeave) -> None:
        """Push a join or leave, if its subscription is told of those."""
        ...

    def subscribe(self, subscription: ServerSubscription) -> None:
        """Be subscribed from the server's side, and be told; nothing but the push, if it is already.

        Raises:
            ServerError: the subscription has expired, or its data cannot be told.
        """
        ...

    def unsubscribe(self, channel: str, code: int, reason: str) -> None:
        """Leave *channel* and be told, also if it is not subscribed there (spec v6 §5.12)."""
        ...

    def disconnect(self, code: int, reason: str) -> None:
        """Close, because the back end says so."""
        ...

    def refresh(self, *, expired: bool, expire_at: int, conn_info: bytes) -> None:
        """Live until *expire_at* (0: for ever) and be told, or end as expired (spec v6 §5.14)."""
        ...
