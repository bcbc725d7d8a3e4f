"""A Centrifugo 6 node: the state shared by its API and its client sessions: PURE.

See protocol 6: methods, history-and-positions.

A session uses `config`, `options`, `publish`, `announce_join` and `announce_leave`, `history`, `engine` (the
subscriptions and presence) and `hub` (the connections of each user), and emits `events`. The node
calls the session's `Connection` methods for pushes before its own methods return, so a push precedes the reply to the
command that caused it.
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
"""The version that this server reports, and emulates."""

_ANNOUNCED_EVERY = 3.0  # seconds between announcements, as in the real server


class Node(BaseNode[Config, Connection]):
    """One server process; `config.node.name` is its name. For the arguments see `BaseNode`."""

    def __init__(self, config: Config, environment: Environment, events: Events | None = None) -> None:
        super().__init__(config, environment, events)
        self._uid = environment.new_uuid()
        self._started = self.now()
        self._announce(self._started)

    # ---- used by sessions and commands

    def options(self, channel: str) -> ChannelOptions:
        """Return the options of *channel*.

        Raises:
            ServerError: 102, the namespace of *channel* is not configured.
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
        """Store a publication, push it to the subscribers, and return its position.

        Args:
            publication: the publication; its `info` describes the client that published it, if any.
            options: the options of its channel.
            now: the time in Unix seconds.
            skip_history: push it, but do not store it.
            delta: send deltas to subscribers that asked for deltas.
            idempotency_key: a publication with a repeated key is dropped.
            version_epoch: epoch of the version in *publication*.
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
        """Push a join to the subscribers of *channel*."""
        self._announce_in(channel, OutgoingJoinLeave(channel, info, joined=True))

    def announce_leave(self, channel: str, info: ClientInfo) -> None:
        """Push a leave to the subscribers of *channel*."""
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
        """Return the history of *channel*, and the position of its stream (protocol 6: history).

        Args:
            channel: the channel.
            options: the options of the channel; the caller has checked that history is on.
            now: the time in Unix seconds.
            since: return only publications after this position, or before it in reverse. An empty epoch is not checked.
            limit: maximum number of publications; negative for all.
            reverse: return the newest publication first, instead of the oldest.

        Raises:
            ServerError: 107, *reverse* since offset 0; 112, *since* is in another epoch.
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
        self._emit_published(publication, len(delivery.subscribers), now, delivery.position)

    def _announce_in(self, channel: str, outgoing: OutgoingJoinLeave) -> None:
        for connection in self.hub.find(self.engine.subscribers(channel)):
            connection.announce(outgoing)

    def _announce(self, now: float) -> None:
        """Update the node information that `info` returns. Real nodes announce it periodically (protocol 6: info)."""
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
