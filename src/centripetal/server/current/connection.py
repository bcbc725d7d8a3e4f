"""What a Centrifugo 6 node can do to a connected client, and what it tells subscribers: PURE."""

from collections.abc import Callable, Hashable
from typing import Protocol

import msgspec

from centripetal.server.engine.engine import ClientInfo, Position, Publication
from centripetal.server.engine.hub import Connection as AnyConnection

__all__ = ["Announcement", "Connection", "ServerSubscription", "Shared", "Told"]


class Shared:
    """What many clients get, most of them in the same form: each form is encoded once.

    Connections that send the very same bytes object share its frame, too (see `Link.send`).
    """

    __slots__ = ("_forms",)

    def __init__(self) -> None:
        self._forms: dict[Hashable, bytes] = {}

    def form(self, key: Hashable, encode: Callable[[], bytes]) -> bytes:
        """The payload in the form called *key*, made by *encode* if nobody has asked for it yet."""
        payload = self._forms.get(key)
        if payload is None:
            payload = self._forms[key] = encode()
        return payload


class Told(Shared):
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


class Announcement(Shared):
    """Somebody has joined or left a channel.

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

    def deliver(self, told: Told) -> None:
        """Take note of a publication in a channel that it is subscribed to, and push it as the subscription wants."""
        ...

    def announce(self, announcement: Announcement) -> None:
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
