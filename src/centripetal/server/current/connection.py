"""What a Centrifugo 6 node can do to a connected client, and what it tells subscribers: PURE."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.server.engine.hub import Connection as AnyConnection

__all__ = ["Connection", "OutgoingJoinLeave", "OutgoingPublication"]


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

    def subscribe(self, channel: str, options: SubscribeOptions, since: Position | None) -> None:
        """Subscribe the client from the server's side and tell it (spec v6 §5.11); if it is subscribed, only tell it.

        Args:
            channel: the channel.
            options: what the subscription is granted.
            since: the position that the client is told instead of the current one.

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
