"""Interface between the console and a server of any generation: PURE.

Each generation has an adapter (`console_backend.py`). Reading has no side effects. Changes run as API requests, so that
the page lists them among the API calls.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar, NamedTuple

import msgspec

from centripetal.errors import ServerError
from centripetal.server.console.problems import Explain, literal
from centripetal.server.console.token_checks import TokenCheck
from centripetal.server.engine.engine import NO_HISTORY, ClientInfo, Position, Publication
from centripetal.server.engine.events import TokenSent
from centripetal.server.engine.hub import Hub
from centripetal.server.node import BaseNode

__all__ = ["BaseConsoleBackend", "ChannelSize", "ChannelView", "KeptPublication", "Member", "tags_as_text"]


_LONGEST = 65_536  # bytes of a text in a view


def tags_as_text(tags: Mapping[str, str]) -> str:
    """Format *tags* for display."""
    return ", ".join(f"{name}={value}" for name, value in tags.items())


class ChannelSize(NamedTuple):
    """A channel in the list.

    Attributes:
        name: the channel.
        subscribers: number of its subscribers.
        stored: number of publications in its history.
    """

    name: str
    subscribers: int
    stored: int


class Member(msgspec.Struct, frozen=True):
    """One connection.

    Attributes:
        client: its connection id.
        user: its user id; "" for an anonymous connection.
        info: the JSON info that the application attached to it, as text; "" without info.
    """

    client: str
    user: str
    info: str = ""


class KeptPublication(msgspec.Struct, frozen=True):
    """A publication in a channel's history.

    Attributes:
        id: unique in its channel.
        data: the JSON, exactly as it was published; of long data, only the beginning.
        user: the user who published it; "" if it came through the API.
        tags: its tags; empty if they are long.
        size: the size of the complete data in bytes.
        time: when it was published, in Unix seconds.
        offset: its offset in the stream; 0 in 1.x, which has no offsets.
        epoch: the epoch of the stream; "" in 1.x.
    """

    id: str
    data: str
    user: str = ""
    tags: dict[str, str] = {}
    size: int = 0
    time: float = 0
    offset: int = 0
    epoch: str = ""


class ChannelView(msgspec.Struct, frozen=True):
    """A channel as the page shows it.

    Attributes:
        subscribers: number of subscribers.
        members: the first subscribers, up to the page's limit.
        presence: whether presence is on, so that clients and the API can list the subscribers.
        history: the stored publications, newest first; None if history is off.
        stored: number of publications in the history.
        advice: how to turn on the features that are off; "" if all are on.
    """

    subscribers: int = 0
    members: tuple[Member, ...] = ()
    presence: bool = False
    history: tuple[KeptPublication, ...] | None = None
    stored: int = 0
    advice: str = ""


class BaseConsoleBackend(ABC):
    """One server, as the console sees it.

    Args:
        node: the server.
        websocket_path: the path for WebSocket clients.

    Attributes:
        version: the version of Centrifugo that the server emulates.
        generation: "1.x" or "6".
        history_options: the configuration keys that turn on history, formatted for display.
        explain: returns the problem that an event of this generation reports.
    """

    version: ClassVar[str]
    generation: ClassVar[str]
    history_options: ClassVar[str]
    explain: Explain

    def __init__(self, node: BaseNode[Any, Any], websocket_path: str) -> None:
        self.websocket_path = websocket_path
        self._channels = node.config.channels
        self._engine = node.engine
        self._hub = node.hub
        self._now = node.now

    @property
    def name(self) -> str:
        """Name and version of the emulated server, for display."""
        return f"Centrifugo {self.version}"

    def channels(self) -> list[ChannelSize]:
        """Return the channels that have subscribers or stored publications."""
        sizes, stored = self._engine.sizes(), self._engine.stored(self._now())
        return [ChannelSize(name, sizes.get(name, 0), stored.get(name, 0)) for name in {**sizes, **stored}]

    def connections(self) -> list[Member]:
        """Return the connected clients."""
        return [Member(each.id, each.user) for each in self._hub.connections()]

    def channel(self, channel: str, limit: int) -> ChannelView:
        """Return the members and history of *channel*, at most *limit* of each. The channel need not exist."""
        try:
            options = self._channels.options_of(channel)
        except ServerError:
            namespace = literal(self._channels.namespace_of(channel))
            return ChannelView(advice=f"The configuration has no namespace “{namespace}”, so this channel is unusable.")
        off = [] if options.presence else ["`presence`"]
        off += [] if options.history.is_kept else [self.history_options]
        advice = f"To see more of this channel, turn on {' and '.join(off)} in the configuration." if off else ""
        subscribers = self._engine.subscribers(channel)
        members = islice(_members(self._hub, subscribers, self._engine.presence(channel)), limit)
        # `NO_HISTORY` creates no stream and renews no lifetime, so reading has no side effects.
        found, position = self._engine.history(channel, NO_HISTORY, self._now(), limit=limit, reverse=True)
        kept = tuple(self._kept(each, position) for each in found) if options.history.is_kept else None
        stored = self._engine.stored(self._now()).get(channel, 0)
        return ChannelView(len(subscribers), tuple(members), options.presence, kept, stored, advice)

    def _kept(self, publication: Publication, position: Position) -> KeptPublication:
        """Return a stored publication for display."""
        return KeptPublication(
            publication.uid or str(publication.offset),
            publication.data[:_LONGEST].decode(errors="replace"),
            "" if publication.info is None else publication.info.user,
            publication.tags if len(tags_as_text(publication.tags)) <= _LONGEST else {},
            len(publication.data),
            publication.time,
            publication.offset,
            position.epoch,
        )

    @abstractmethod
    def check_token(self, sent: TokenSent, *, pasted: bool = False) -> TokenCheck:
        """Explain a token that a client sent, or that a person *pasted* into the page."""

    @abstractmethod
    def publish(self, channel: str, data: bytes) -> str:
        """Publish JSON. Return the server's error, or "" on success."""

    @abstractmethod
    def unsubscribe(self, channel: str, user: str) -> str:
        """Unsubscribe *user* from *channel*. Return the server's error, or "" on success."""

    @abstractmethod
    def disconnect(self, user: str) -> str:
        """Close all connections of *user*. Return the server's error, or "" on success."""


def _members(hub: Hub[Any], clients: Iterable[str], known: Mapping[str, ClientInfo]) -> Iterator[Member]:
    for connection in hub.find(clients):
        info = known.get(connection.id)
        shown = b"" if info is None else info.chan_info or info.conn_info
        yield Member(connection.id, connection.user, shown[:_LONGEST].decode(errors="replace"))
