"""A Centrifugo 6 node: what its API and the sessions of its clients stand on (spec v6 §5, §7): PURE.

A session uses `config`, `options`, `publish`, `announce_join` and `announce_leave`, `history`, `engine` (the
subscriptions and presence) and `hub` (the connections of each user), and emits `events`. Pushes reach it through its
methods as a `Connection` before the methods here return: a push comes before the reply to the command that caused it.
"""

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.server_results import NodeAnswer
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.config import Config
from centripetal.server.current.connection import Connection, OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.refusals import failure
from centripetal.server.engine.engine import NO_HISTORY, ClientInfo, Delivery, Position, Publication
from centripetal.server.engine.events import Events
from centripetal.server.environment import Environment
from centripetal.server.node import BaseNode

__all__ = ["VERSION", "Node"]

VERSION = "6.9.1 OSS"
"""The server that this one stands in for, as it reports it."""

_ANNOUNCED_EVERY = 3.0  # seconds, as in the real server


class Node(BaseNode[Config, Connection]):
    """One server process; `config.node.name` is its name. For the arguments see `BaseNode`."""

    def __init__(self, config: Config, environment: Environment, events: Events | None = None) -> None:
        super().__init__(config, environment, events)
        self._uid = environment.new_uuid()
        self._started = self.now()
        self._announce(self._started)

    # ---- what sessions and commands share

    def options(self, channel: str) -> ChannelOptions:
        """What is configured for *channel*.

        Raises:
            ServerError: 102, nothing is.
        """
        return self.config.channels.options_of(channel)

    def publish(
        self,
        publication: Publication,
        options: ChannelOptions,
        now: float,
        *,
        skip_history: bool = False,
        delta: bool = False,
        idempotency_key: str = "",
        version_epoch: str = "",
    ) -> Position:
        """Remember a publication and push it to whoever is subscribed; the position is the result of publishing.

        Args:
            publication: *info* says who published it, if a client did.
            options: of its channel.
            now: Unix time.
            skip_history: push it, but do not remember it.
            delta: make a delta for those who asked for deltas.
            idempotency_key: a repeated one publishes nothing.
            version_epoch: of the version in *publication*.
        """
        delivery = self.engine.publish(
            publication,
            NO_HISTORY if skip_history else options.history,
            now,
            idempotency_key=idempotency_key,
            version_epoch=version_epoch,
        )
        if not delivery.suppressed:
            self._deliver(delivery, now, delta=delta or options.delta_publish)
        return delivery.position

    def announce_join(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who came."""
        self._announce_in(channel, OutgoingJoinLeave(channel, info, joined=True))

    def announce_leave(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who is gone."""
        self._announce_in(channel, OutgoingJoinLeave(channel, info, joined=False))

    def history(
        self,
        channel: str,
        options: ChannelOptions,
        now: float,
        *,
        since: Position | None = None,
        limit: int = 0,
        reverse: bool = False,
    ) -> tuple[list[Publication], Position]:
        """What is remembered of *channel*, and where its stream is (spec v6 §5.7).

        Args:
            channel: its name.
            options: of it; whether it has history was looked at.
            now: Unix time.
            since: only what comes after it, or before it in reverse. An empty epoch is not checked.
            limit: how many publications; negative: all.
            reverse: newest first; without it oldest first.

        Raises:
            ServerError: 107, in reverse since offset 0; 112, *since* is in another epoch.
        """
        if reverse and since is not None and since.offset == 0:
            raise failure(error_codes.BAD_REQUEST)
        offset = None if since is None else since.offset
        found, top = self.engine.history(channel, options.history, now, since=offset, limit=limit, reverse=reverse)
        if since is not None and since.epoch not in ("", top.epoch):
            raise failure(error_codes.UNRECOVERABLE_POSITION)
        return found, top

    def tick(self) -> None:
        now = self.now()
        self.engine.sweep(now)
        if now >= self._next_announcement:
            self._announce(now)

    def _deliver(self, delivery: Delivery, now: float, *, delta: bool) -> None:
        publication = delivery.publication
        if delivery.subscribers:
            outgoing = OutgoingPublication(publication, delivery.position, delivery.previous, delta=delta)
            for connection in self.hub.find(delivery.subscribers):
                connection.deliver(outgoing)
        self._emit_published(publication, len(delivery.subscribers), now)

    def _announce_in(self, channel: str, outgoing: OutgoingJoinLeave) -> None:
        for connection in self.hub.find(self.engine.subscribers(channel)):
            connection.announce(outgoing)

    def _announce(self, now: float) -> None:
        """Do as a node does that tells others of itself; `info` shows what was told last (spec v6 §5.10)."""
        self._next_announcement = now + _ANNOUNCED_EVERY
        self.announced_info = NodeAnswer(
            uid=self._uid,
            name=self.config.node.name,
            version=VERSION,
            num_clients=self.hub.count_connections(),
            num_users=self.hub.count_users(),
            num_channels=self.engine.count_channels(),
            uptime=max(int(now - self._started), 0),
            num_subs=self.engine.count_subscriptions(),
        )
