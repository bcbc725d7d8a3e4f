"""Interface of a client connection to the Centrifugo 6 node, and the messages for subscribers: PURE."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.server.engine.hub import Connection as AnyConnection

__all__ = ["Connection", "OutgoingJoinLeave", "OutgoingPublication"]


MessageT = TypeVar("MessageT", bound="_EncodedOnce")


class _EncodedOnce:
    """A message to many clients, which caches its encodings.

    Connections that send the same bytes object also share its frame (see `ClientConnection.send`).
    """

    __slots__ = ("_encodings",)

    def __init__(self) -> None:
        self._encodings: dict[Callable[..., bytes], bytes] = {}

    def encoded(self: MessageT, encode: Callable[[MessageT], bytes]) -> bytes:
        """Return `encode(self)`, cached after the first call with *encode*."""
        payload = self._encodings.get(encode)
        if payload is None:
            payload = self._encodings[encode] = encode(self)
        return payload


class OutgoingPublication(_EncodedOnce):
    """A publication on its way to the subscribers of its channel.

    Attributes:
        publication: the publication, with its channel, offset, tags and version.
        position: position of the stream after it; the epoch is empty in a channel without history.
        previous: the previous publication in the stream, if it is known.
        delta: whether subscribers that asked for deltas get a delta.
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
        channel: the channel.
        info: the client that joined or left.
        joined: True for a join, False for a leave.
    """

    __slots__ = ("channel", "info", "joined")

    def __init__(self, channel: str, info: ClientInfo, *, joined: bool) -> None:
        super().__init__()
        self.channel = channel
        self.info = info
        self.joined = joined


class Connection(AnyConnection, Protocol):
    """The connection of an authenticated client. Each method enqueues the messages to the client."""

    @property
    def session(self) -> str:
        """The session id, which API calls can use instead of the connection id; "" without a session id."""
        ...

    def deliver(self, outgoing: OutgoingPublication) -> None:
        """Record a publication in a subscribed channel, and push it in the format of the subscription."""
        ...

    def announce(self, outgoing: OutgoingJoinLeave) -> None:
        """Push a join or leave, if the subscription receives joins and leaves."""
        ...

    def subscribe(self, channel: str, options: SubscribeOptions, since: Position | None) -> None:
        """Create a server-side subscription and push it to the client (protocol 6: subscribe).

        If the client is already subscribed, only the push is sent.

        Args:
            channel: the channel.
            options: the options of the subscription.
            since: the position from which to recover publications; None for the current position.

        Raises:
            ServerError: the subscription has expired, or its data is not JSON.
        """
        ...

    def unsubscribe(self, channel: str, code: int, reason: str) -> None:
        """Unsubscribe the client from *channel* and push that, even if it is not subscribed.

        See protocol 6: unsubscribe.
        """
        ...

    def disconnect(self, code: int, reason: str) -> None:
        """Disconnect the client at the request of the back end."""
        ...

    def refresh(self, *, expired: bool, expire_at: int, conn_info: bytes) -> None:
        """Set the expiry to *expire_at* (0: never) and push it, or close the connection as expired.

        See protocol 6: refresh.
        """
        ...
