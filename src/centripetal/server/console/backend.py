"""What the console needs of a server, whatever generation it stands in for: PURE.

Each generation has an adapter (`console_backend.py`). Reading leaves no trace; what changes something goes the way of
an API request, so that it shows among the calls of the API.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar

import msgspec

from centripetal.errors import ServerError
from centripetal.server.console.problems import Explain
from centripetal.server.engine.engine import NO_HISTORY, ClientInfo, Publication
from centripetal.server.engine.hub import Hub
from centripetal.server.node import BaseNode

__all__ = ["BaseConsoleBackend", "ChannelView", "KeptPublication", "Member", "tags_as_text"]


def tags_as_text(tags: Mapping[str, str]) -> str:
    """*tags* as people read them."""
    return ", ".join(f"{name}={value}" for name, value in tags.items())


class Member(msgspec.Struct, frozen=True):
    """One connection.

    Attributes:
        client: its connection id.
        user: who it is; "" for an anonymous one.
        info: JSON that the application has told of it, as text; "" if it told nothing.
    """

    client: str
    user: str
    info: str = ""


class KeptPublication(msgspec.Struct, frozen=True):
    """A publication that a channel remembers; *data* is JSON, exactly as it was published.

    Attributes:
        id: what tells it from others in its channel.
        data: the JSON.
        user: who published it; "" if the API did.
        tags: what it is tagged with, as people read it.
    """

    id: str
    data: str
    user: str = ""
    tags: str = ""


class ChannelView(msgspec.Struct, frozen=True):
    """What a channel is.

    Attributes:
        subscribers: how many there are.
        members: the first of them.
        presence: whether clients and the API can ask who is there.
        history: what is remembered, newest first; None if nothing ever is.
        advice: what to do so that more of this is on; "" if there is nothing to do.
    """

    subscribers: int = 0
    members: tuple[Member, ...] = ()
    presence: bool = False
    history: tuple[KeptPublication, ...] | None = None
    advice: str = ""


class BaseConsoleBackend(ABC):
    """One server, as the console sees it.

    Args:
        node: the server.

    Attributes:
        version: the version of Centrifugo that the server stands in for.
        history_options: the configuration keys that turn on history, for people.
        explain: explains the errors of this generation.
    """

    version: ClassVar[str]
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
        """Which server this stands in for, for people."""
        return f"Centrifugo {self.version}"

    def channels(self) -> Mapping[str, int]:
        """Return the channels with a subscriber, and how many subscribers each one has."""
        return self._engine.sizes()

    def connections(self) -> list[Member]:
        """Return the clients that are connected."""
        return [Member(each.id, each.user) for each in self._hub.connections()]

    def channel(self, channel: str, limit: int) -> ChannelView:
        """Return the members and history of *channel*, at most *limit* of each. The channel need not exist."""
        try:
            options = self._channels.options_of(channel)
        except ServerError:
            namespace = self._channels.namespace_of(channel)
            return ChannelView(advice=f"The configuration has no namespace “{namespace}”: nobody can use this channel.")
        off = [] if options.presence else ["`presence`"]
        off += [] if options.history.is_kept else [self.history_options]
        advice = f"To have more of this channel, turn on {' and '.join(off)} in the configuration." if off else ""
        subscribers = self._engine.subscribers(channel)
        members = islice(_members(self._hub, subscribers, self._engine.presence(channel)), limit)
        # With these options no stream is made and no lifetime is renewed: reading leaves no trace.
        found, _ = self._engine.history(channel, NO_HISTORY, self._now(), limit=limit, reverse=True)
        kept = tuple(map(_kept, found)) if options.history.is_kept else None
        return ChannelView(len(subscribers), tuple(members), options.presence, kept, advice)

    @abstractmethod
    def publish(self, channel: str, data: bytes) -> str:
        """Publish JSON; return the server's error, "" if there is none."""

    @abstractmethod
    def unsubscribe(self, channel: str, user: str) -> str:
        """Unsubscribe *user* from *channel*; return the server's error, "" if there is none."""

    @abstractmethod
    def disconnect(self, user: str) -> str:
        """Close all connections of *user*; return the server's error, "" if there is none."""


def _members(hub: Hub[Any], clients: Iterable[str], known: Mapping[str, ClientInfo]) -> Iterator[Member]:
    for connection in hub.find(clients):
        info = known.get(connection.id)
        shown = b"" if info is None else info.chan_info or info.conn_info
        yield Member(connection.id, connection.user, shown.decode(errors="replace"))


def _kept(publication: Publication) -> KeptPublication:
    user = "" if publication.info is None else publication.info.user
    id_ = publication.uid or str(publication.offset)
    return KeptPublication(id_, publication.data.decode(errors="replace"), user, tags_as_text(publication.tags))
