"""What a Centrifugo server remembers: subscriptions, history and presence of channels: PURE.

One engine serves all generations (spec v1 §8, spec v6 §7, §8); what differs between them is said by the
`HistoryOptions` of each call. It knows neither dialect nor connection: subscribers are ids, times are Unix seconds that
the caller passes in, message ids and epochs are made by the caller's functions. What goes out comes back as a value:
`publish` returns the `Delivery` to carry out.

A channel with history owns a *stream*: its latest publications, numbered by offset, and an epoch. The publications
vanish together, `ttl` seconds after the last one; offset and epoch stay for `meta_ttl` after the last use. Call
`sweep(now)` about once a second: things end there, in whole seconds, as in the real servers.
"""

import heapq
from collections import deque
from collections.abc import Callable
from itertools import islice

import msgspec

__all__ = ["NOTHING", "NO_HISTORY", "ClientInfo", "Delivery", "Engine", "HistoryOptions", "Position", "Publication"]

_IDEMPOTENCY_TTL = 300  # seconds (spec v6 §7.4)
_OFFSETS = 1 << 64  # the real server counts in 64 bits


class HistoryOptions(msgspec.Struct, frozen=True):
    """How much a channel remembers: nothing, unless *size* and *ttl* are positive. Times are in seconds.

    Attributes:
        size: how many publications.
        ttl: for how long.
        meta_ttl: for how long offset and epoch, since they were last used; None: for ever; 0: as long as the
            publications, and nobody asks for them (1.x).
        drop_inactive: remember nothing while nobody is or was subscribed (1.x, spec v1 §8.2).
    """

    size: int = 0
    ttl: int = 0
    meta_ttl: int | None = 0
    drop_inactive: bool = False

    @property
    def is_kept(self) -> bool:
        return self.size > 0 and self.ttl > 0


NO_HISTORY = HistoryOptions()


class ClientInfo(msgspec.Struct, frozen=True):
    """One connection as others see it. The two infos are JSON that nobody has looked at; empty: none.

    Attributes:
        user: who it is.
        client: the connection id.
        conn_info: what the connection's credentials say (1.x: default_info).
        chan_info: what its subscription's credentials say (1.x: channel_info).
    """

    user: str
    client: str
    conn_info: bytes = b""
    chan_info: bytes = b""


class Publication(msgspec.Struct):
    """One message in a channel. The engine numbers it; nobody else changes it.

    Attributes:
        uid: its id in 1.x.
        channel: where it is.
        data: JSON exactly as it was published.
        client: the connection that the back end named as originator (1.x).
        info: who published it, if a client did.
        offset: its number in the stream; 0 if the channel has none.
        tags: what it is tagged with.
        version: the version that it was published with; 0 if none.
    """

    uid: str
    channel: str
    data: bytes
    client: str = ""
    info: ClientInfo | None = None
    offset: int = 0
    tags: dict[str, str] = {}
    version: int = 0


class Position(msgspec.Struct, frozen=True):
    """A place in the stream of a channel: nowhere, if the epoch is empty."""

    offset: int = 0
    epoch: str = ""


NOTHING = Position()
"""The position in a channel without history."""


class Delivery(msgspec.Struct, frozen=True):
    """A publication to push to these subscribers, in this order, before the publisher gets its reply.

    Attributes:
        publication: with its offset.
        subscribers: nobody, if it was suppressed.
        position: the result of publishing.
        previous: the publication before it in the stream, where it is known.
        suppressed: why it was not published: "idempotency", "version", or "" if it was.
    """

    publication: Publication
    subscribers: tuple[str, ...]
    position: Position = NOTHING
    previous: Publication | None = None
    suppressed: str = ""


class _Stream:
    """The publications of one channel, oldest first, and its position."""

    __slots__ = ("ends", "epoch", "expires", "offset", "publications", "queued", "version", "version_epoch")

    def __init__(self, epoch: str) -> None:
        self.publications: deque[Publication] = deque()
        self.offset = 0
        self.epoch = epoch
        self.version = 0
        self.version_epoch = ""
        self.expires: int | None = None  # when the publications vanish; None: there are none that could
        self.ends: int | None = None  # when all of it does; None: never
        self.queued: int | None = None  # when the next sweep looks at it

    def due(self) -> int | None:
        """When something happens to it next."""
        if self.expires is None or self.ends is None:
            return self.expires if self.ends is None else self.ends
        return min(self.expires, self.ends)

    @property
    def position(self) -> Position:
        return Position(self.offset, self.epoch)

    def clear(self) -> None:
        """Forget the publications; the position stays."""
        self.publications.clear()
        self.expires = None

    def has_seen(self, version: int, version_epoch: str) -> bool:
        """Whether a publication with that version comes too late (spec v6 §7.5)."""
        return version <= self.version and version_epoch in ("", self.version_epoch)

    def page(self, since: int | None, limit: int, *, reverse: bool) -> list[Publication]:
        """At most *limit* publications (negative: all) after the offset *since*, or before it in reverse."""
        kept = self.publications
        first = kept[0].offset if kept else 0
        if since is None:
            skipped = 0
        elif reverse:
            # Whoever asks for what is before a publication that is gone gets nothing.
            skipped = self.offset + 1 - since if first < since <= self.offset + 1 else len(kept)
        else:
            start = (since + 1) % _OFFSETS
            # Whoever asks for what comes after a publication that is gone gets what is left.
            skipped = len(kept) if start > self.offset else max(start - first, 0)
        found = islice(reversed(kept) if reverse else kept, skipped, None)
        return list(found if limit < 0 else islice(found, limit))


class Engine:
    """Channels in memory.

    Args:
        new_epoch: makes the epoch of a stream, if anybody asks for it.
    """

    def __init__(self, new_epoch: Callable[[], str] = lambda: "") -> None:
        self._new_epoch = new_epoch
        # Both dicts of dicts keep the order in which clients came.
        self._subscribers: dict[str, dict[str, None]] = {}
        self._presence: dict[str, dict[str, ClientInfo]] = {}
        self._streams: dict[str, _Stream] = {}
        self._expiries: list[tuple[int, str]] = []
        # In order of their ends.
        self._results: dict[tuple[str, str], tuple[float, Position]] = {}

    # ---- subscriptions

    def subscribe(self, channel: str, client: str) -> None:
        """From now on *client* is among the receivers of *channel*."""
        self._subscribers.setdefault(channel, {})[client] = None

    def unsubscribe(self, channel: str, client: str, history: HistoryOptions, now: float) -> None:
        """*client* leaves *channel*; the last one of all may leave it marked as active (`drop_inactive`)."""
        subscribers = self._subscribers.get(channel, {})
        if client not in subscribers:
            return
        del subscribers[client]
        if not subscribers:
            del self._subscribers[channel]
            if history.drop_inactive and channel not in self._streams:
                self._keep(channel, history, now)

    def subscribers(self, channel: str) -> tuple[str, ...]:
        """Who receives what is published into *channel*."""
        return tuple(self._subscribers.get(channel, ()))

    def channels(self) -> list[str]:
        """The channels with a subscriber: history alone does not make one."""
        return list(self._subscribers)

    def sizes(self) -> dict[str, int]:
        """The channels with a subscriber, and how many each one has."""
        return {channel: len(subscribers) for channel, subscribers in self._subscribers.items()}

    def count_channels(self) -> int:
        return len(self._subscribers)

    def count_subscribers(self, channel: str) -> int:
        return len(self._subscribers.get(channel, ()))

    def count_subscriptions(self) -> int:
        """In all channels together."""
        return sum(map(len, self._subscribers.values()))

    # ---- messages

    def publish(
        self,
        publication: Publication,
        history: HistoryOptions,
        now: float,
        *,
        idempotency_key: str = "",
        version_epoch: str = "",
    ) -> Delivery:
        """Remember *publication* as *history* says; the result says whom it goes to."""
        channel = publication.channel
        if idempotency_key and (result := self._results.get((channel, idempotency_key))) and now < result[0]:
            return Delivery(publication, (), result[1], suppressed="idempotency")
        subscribers = self.subscribers(channel)
        position, previous = NOTHING, None
        if history.is_kept and (channel in self._streams or subscribers or not history.drop_inactive):
            stream = self._keep(channel, history, now)
            if publication.version and stream.has_seen(publication.version, version_epoch):
                return Delivery(publication, (), stream.position, suppressed="version")
            previous = stream.publications[-1] if stream.publications else None
            self._add(stream, publication, history.size, version_epoch)
            position = stream.position
        if idempotency_key:
            self._results.pop((channel, idempotency_key), None)
            self._results[channel, idempotency_key] = now + _IDEMPOTENCY_TTL, position
        return Delivery(publication, subscribers, position, previous)

    def history(
        self,
        channel: str,
        options: HistoryOptions,
        now: float,
        *,
        since: int | None = None,
        limit: int = -1,
        reverse: bool = False,
    ) -> tuple[list[Publication], Position]:
        """What is remembered of *channel*, oldest first, and where its stream is.

        Args:
            channel: reading it makes its stream, and counts as using it, if positions outlive publications.
            options: what is configured for it.
            now: Unix time.
            since: only publications after the one with this offset, or before it in reverse.
            limit: how many at most; negative: all.
            reverse: newest first.
        """
        stream = self._found(channel, now)
        if options.meta_ttl != 0:
            stream = self._use(channel, options, now)
        if stream is None:
            return [], NOTHING
        return stream.page(since, limit, reverse=reverse), stream.position

    def remove_history(self, channel: str) -> None:
        """Forget the publications of *channel*; its position stays."""
        if (stream := self._streams.get(channel)) is not None:
            stream.clear()

    def sweep(self, now: float) -> None:
        """Forget what has had its time."""
        second = int(now)
        while self._expiries and self._expiries[0][0] <= second:
            queued, channel = heapq.heappop(self._expiries)
            stream = self._streams.get(channel)
            # That stream may be gone already; this one has an entry of its own.
            if stream is not None and stream.queued == queued:
                self._lapse(channel, stream, second)
        while self._results and next(iter(self._results.values()))[0] <= now:
            del self._results[next(iter(self._results))]

    def _add(self, stream: _Stream, publication: Publication, size: int, version_epoch: str) -> None:
        stream.offset += 1
        stream.version, stream.version_epoch = publication.version, version_epoch
        publication.offset = stream.offset
        stream.publications.append(publication)
        while len(stream.publications) > size:
            stream.publications.popleft()

    def _found(self, channel: str, now: float) -> _Stream | None:
        """The stream of *channel*: it is found through its last second, whether or not a sweep came before us."""
        stream = self._streams.get(channel)
        if stream is not None and (due := stream.due()) is not None and due < int(now):
            self._lapse(channel, stream, int(now) - 1)
        return self._streams.get(channel)

    def _lapse(self, channel: str, stream: _Stream, second: int) -> None:
        """Forget what of *stream* has its end in or before *second*."""
        if stream.ends is not None and stream.ends <= second:
            del self._streams[channel]
            return
        if stream.expires is not None and stream.expires <= second:
            stream.clear()
        self._queue(channel, stream)

    def _keep(self, channel: str, options: HistoryOptions, now: float) -> _Stream:
        """The stream of *channel*, made if needed, with publications whose time starts anew."""
        stream = self._use(channel, options, now)
        stream.expires = int(now) + options.ttl
        if options.meta_ttl == 0:
            stream.ends = stream.expires
        self._queue_if_sooner(channel, stream)
        return stream

    def _use(self, channel: str, options: HistoryOptions, now: float) -> _Stream:
        """The stream of *channel*, made if needed, with a position whose time starts anew."""
        stream = self._streams.get(channel)
        if stream is None:
            stream = self._streams[channel] = _Stream(self._new_epoch())
        if options.meta_ttl != 0:
            stream.ends = None if options.meta_ttl is None else int(now) + options.meta_ttl
            self._queue_if_sooner(channel, stream)
        return stream

    def _queue_if_sooner(self, channel: str, stream: _Stream) -> None:
        # One entry a stream is enough, however often it is published into: what comes up too early is queued again.
        # Sooner: it is new, the clock was set back, or a new configuration shortened a time.
        queued = stream.queued
        if (
            queued is None
            or (stream.expires is not None and stream.expires < queued)
            or (stream.ends is not None and stream.ends < queued)
        ):
            self._queue(channel, stream)

    def _queue(self, channel: str, stream: _Stream) -> None:
        stream.queued = stream.due()
        if stream.queued is not None:
            heapq.heappush(self._expiries, (stream.queued, channel))

    # ---- presence

    def add_presence(self, channel: str, info: ClientInfo) -> None:
        """That client is there, or its info is now this one."""
        self._presence.setdefault(channel, {})[info.client] = info

    def remove_presence(self, channel: str, client: str) -> None:
        """That client is no longer there; no harm if it was not."""
        clients = self._presence.get(channel, {})
        clients.pop(client, None)
        if not clients:
            self._presence.pop(channel, None)

    def presence(self, channel: str) -> dict[str, ClientInfo]:
        """Who is there, by connection id."""
        return dict(self._presence.get(channel, {}))
