"""A Centrifugo 6 node: what its API and the sessions of its clients stand on (spec v6 §5, §7): PURE.

Time and randomness come in from outside: `now` is Unix time in seconds, epochs come from the function given. Call
`tick(now)` once a second.

A session uses `config`, `options`, `publish`, `join` and `leave`, `history`, `engine` (who is subscribed and present)
and `hub` (to be found under its user), and tells `events` what it does. Publications and announcements come to it
through its methods as a `Connection`, before `publish`, `join` or `leave` return: a push comes before the reply to the
command that caused it.
"""

from collections.abc import Callable

import msgspec

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.error_codes import API_MESSAGES
from centripetal.dialects.current.server_results import NodeAnswer
from centripetal.errors import ServerError
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.config import Config
from centripetal.server.current.connection import Announcement, Connection, Told
from centripetal.server.engine.engine import NO_HISTORY, ClientInfo, Delivery, Engine, Position, Publication
from centripetal.server.engine.events import Events, Published
from centripetal.server.engine.hub import Hub

__all__ = ["VERSION", "Node", "failure"]

VERSION = "6.9.1 OSS"
"""The server that this one stands in for, as it reports it."""

_ANNOUNCED_EVERY = 3.0  # seconds, as in the real server


def failure(code: int) -> ServerError:
    """An error of the API, in the real server's words (spec v6 §6)."""
    return ServerError(API_MESSAGES[code], code=code)


class Node:
    """One server process.

    Args:
        config: how it is set up.
        name: what it is called in `info`.
        uid: its id, new at each start.
        now: when it starts.
        new_epoch: makes the epochs of streams.
        events: who is told what happens.
    """

    def __init__(
        self,
        config: Config,
        *,
        name: str,
        uid: str,
        now: float,
        new_epoch: Callable[[], str],
        events: Events | None = None,
    ) -> None:
        self.config = config
        self.uid = uid
        self.name = name
        self.events = Events() if events is None else events
        self.engine = Engine(new_epoch)
        self.hub: Hub[Connection] = Hub()
        self._started = now
        self._announce(now)

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

    def join(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who came."""
        self._announce_in(channel, Announcement(channel, info, joined=True))

    def leave(self, channel: str, info: ClientInfo) -> None:
        """Tell the subscribers of *channel* who is gone."""
        self._announce_in(channel, Announcement(channel, info, joined=False))

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

    def tick(self, now: float) -> None:
        """Do what is due: call it about once a second."""
        self.engine.sweep(now)
        if now >= self._next_announcement:
            self._announce(now)

    def _deliver(self, delivery: Delivery, now: float, *, delta: bool) -> None:
        publication = delivery.publication
        if delivery.subscribers:
            told = Told(publication, delivery.position, delivery.previous, delta=delta)
            for connection in self.hub.those(delivery.subscribers):
                connection.deliver(told)
        if self.events:
            author = publication.info
            self.events.tell(
                Published(
                    at=now,
                    channel=publication.channel,
                    data=msgspec.Raw(publication.data),
                    client="" if author is None else author.client,
                    user="" if author is None else author.user,
                    by_client=author is not None,
                    tags=publication.tags,
                    receivers=len(delivery.subscribers),
                )
            )

    def _announce_in(self, channel: str, announcement: Announcement) -> None:
        for connection in self.hub.those(self.engine.subscribers(channel)):
            connection.announce(announcement)

    def _announce(self, now: float) -> None:
        """Do as a node does that tells others of itself; `info` shows what was told last (spec v6 §5.10)."""
        self._next_announcement = now + _ANNOUNCED_EVERY
        self.announced = NodeAnswer(
            uid=self.uid,
            name=self.name,
            version=VERSION,
            num_clients=self.hub.count_connections(),
            num_users=self.hub.count_users(),
            num_channels=self.engine.count_channels(),
            uptime=max(int(now - self._started), 0),
            num_subs=self.engine.count_subscriptions(),
        )
