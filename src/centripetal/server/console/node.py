"""What the console sees of a server of either generation; what only one of them has is in its own adapter: PURE."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar

from centripetal.server.console.backend import ChannelView, Kept, Member, listed
from centripetal.server.console.problems import Explain
from centripetal.server.engine.engine import NO_HISTORY, ClientInfo, Engine, Publication
from centripetal.server.engine.hub import Hub

__all__ = ["NodeBackend", "UnknownNamespaceError"]


class UnknownNamespaceError(LookupError):
    """A channel of a namespace, the argument, that the configuration does not have."""


class NodeBackend(ABC):
    """The console's side of a node.

    Args:
        engine: what the node remembers.
        hub: who is connected to it.
        now: the clock, Unix seconds.

    Attributes:
        version: of the server that it stands in for.
        history_options: what the configuration calls the switches of a history.
        explain: what the server's errors mean, and what to do.
    """

    version: ClassVar[str]
    history_options: ClassVar[str]
    explain: Explain

    def __init__(self, engine: Engine, hub: Hub[Any], now: Callable[[], float]) -> None:
        self._engine = engine
        self._hub = hub
        self._now = now

    @property
    def name(self) -> str:
        return f"Centrifugo {self.version}"

    def channels(self) -> Mapping[str, int]:
        return self._engine.sizes()

    def connections(self) -> list[Member]:
        return [Member(each.id, each.user) for each in self._hub.connections()]

    def channel(self, channel: str, limit: int) -> ChannelView:
        try:
            presence, history = self._switches(channel)
        except UnknownNamespaceError as error:
            return ChannelView(advice=f"The configuration has no namespace “{error}”: nobody can use this channel.")
        off = [] if presence else ["`presence`"]
        off += [] if history else [self.history_options]
        advice = f"To have more of this channel, turn on {' and '.join(off)} in the configuration." if off else ""
        subscribers = self._engine.subscribers(channel)
        members = islice(_members(self._hub, subscribers, self._engine.presence(channel)), limit)
        # With these options nothing is made and no time starts anew: reading leaves no trace.
        found, _ = self._engine.history(channel, NO_HISTORY, self._now(), limit=limit, reverse=True)
        kept = tuple(map(_kept, found)) if history else None
        return ChannelView(len(subscribers), tuple(members), presence, kept, advice)

    @abstractmethod
    def _switches(self, channel: str) -> tuple[bool, bool]:
        """Whether *channel* has presence, and whether it keeps a history.

        Raises:
            UnknownNamespaceError: its namespace is unknown.
        """


def _members(hub: Hub[Any], clients: Iterable[str], known: Mapping[str, ClientInfo]) -> Iterator[Member]:
    for connection in hub.those(clients):
        info = known.get(connection.id)
        told = b"" if info is None else info.chan_info or info.conn_info
        yield Member(connection.id, connection.user, told.decode(errors="replace"))


def _kept(publication: Publication) -> Kept:
    user = "" if publication.info is None else publication.info.user
    id_ = publication.uid or str(publication.offset)
    return Kept(id_, publication.data.decode(errors="replace"), user, listed(publication.tags))
