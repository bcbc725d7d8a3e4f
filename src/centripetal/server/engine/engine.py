"""The in-memory engine: subscriptions, history and presence of channels: PURE.

One engine serves all generations (protocol 1: storage; protocol 6: history-and-positions, presence); the differences
are in the `HistoryOptions` that each call receives. The engine does not depend on dialects or connections: subscribers
are ids, times are Unix seconds that the caller passes in, and the caller's functions make message ids and epochs. The
engine sends nothing: `publish` returns a `Delivery` for the caller to send.

A channel with history has a *stream*: its latest publications, numbered by offset, and an epoch. All publications
expire together, `ttl` seconds after the last one; offset and epoch are kept for `meta_ttl` seconds after the last use.
Call `sweep(now)` about once a second: as in the real servers, data expires there, in whole seconds.
"""

import heapq
from collections import deque
from collections.abc import Callable
from itertools import islice

import msgspec

__all__ = ["NOTHING", "NO_HISTORY", "ClientInfo", "Delivery", "Engine", "HistoryOptions", "Position", "Publication"]

_IDEMPOTENCY_TTL = 300  # seconds (protocol 6: idempotency-key)
_OFFSETS = 1 << 64  # the real server counts in 64 bits


class HistoryOptions(msgspec.Struct, frozen=True):
    """The history options of a channel. It keeps history only if *size* and *ttl* are positive.

    Attributes:
        size: maximum number of publications.
        ttl: seconds to keep publications.
        meta_ttl: seconds to keep offset and epoch after their last use; None: forever; 0: as long as the publications
            (1.x, which does not expose offset and epoch).
        drop_inactive: whether to store nothing while the channel has no subscribers and is not marked as active
            (1.x; protocol 1: storage).
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
    """One connection, as presence and publications show it. Both infos are unparsed JSON; empty if missing.

    Attributes:
        user: the user id.
        client: the connection id.
        conn_info: the info from the connection's credentials (1.x: default_info).
        chan_info: the info from the subscription's credentials (1.x: channel_info).
    """

    user: str
    client: str
    conn_info: bytes = b""
    chan_info: bytes = b""


class Publication(msgspec.Struct):
    """One message in a channel. The engine sets the offset; everything else stays unchanged.

    Attributes:
        uid: the message id in 1.x.
        channel: the channel's name.
        data: JSON exactly as it was published.
        client: the connection id that the back end gave as the originator (1.x).
        info: the publishing connection; None if the API published the message.
        offset: its number in the stream; 0 if the channel does not have a stream.
        tags: the tags of the publication.
        version: the version given by the publisher; 0 if missing.
        time: when it was stored, in Unix seconds; 0 if the channel does not have a stream.
    """

    uid: str
    channel: str
    data: bytes
    client: str = ""
    info: ClientInfo | None = None
    offset: int = 0
    tags: dict[str, str] = {}
    version: int = 0
    time: float = 0


class Position(msgspec.Struct, frozen=True):
    """A position in the stream of a channel; the epoch is empty if the channel does not have a stream."""

    offset: int = 0
    epoch: str = ""


NOTHING = Position()
"""The position in a channel without history."""


class Delivery(msgspec.Struct, frozen=True):
    """A publication to push to the subscribers, in order, before the publisher gets its reply.

    Attributes:
        publication: the publication, with its offset.
        subscribers: the ids of the receiving connections; empty if the publication was suppressed.
        position: the position in the stream that the publisher gets as the result.
        previous: the publication before it in the stream, or None if it is not stored.
        suppressed: why it was not published: "idempotency" or "version"; "" if it was published.
    """

    publication: Publication
    subscribers: tuple[str, ...]
    position: Position = NOTHING
    previous: Publication | None = None
    suppressed: str = ""


class _Stream:
    """The publications of one channel, oldest first, and the position of its stream."""

    __slots__ = ("ends", "epoch", "expires", "offset", "publications", "queued", "version", "version_epoch")

    def __init__(self, epoch: str) -> None:
        self.publications: deque[Publication] = deque()
        self.offset = 0
        self.epoch = epoch
        self.version = 0
        self.version_epoch = ""
        self.expires: int | None = None  # when the publications expire; None if the stream is empty
        self.ends: int | None = None  # when the whole stream expires; None: never
        self.queued: int | None = None  # the time of the entry in the expiry queue

    def due(self) -> int | None:
        """Return when the publications or the stream expire, whichever is first."""
        if self.expires is None or self.ends is None:
            return self.expires if self.ends is None else self.ends
        return min(self.expires, self.ends)

    @property
    def position(self) -> Position:
        return Position(self.offset, self.epoch)

    def clear(self) -> None:
        """Remove the publications; the position stays."""
        self.publications.clear()
        self.expires = None

    def has_seen(self, version: int, version_epoch: str) -> bool:
        """Return whether a publication with *version* is outdated (protocol 6: version)."""
        return version <= self.version and version_epoch in ("", self.version_epoch)

    def page(self, since: int | None, limit: int, *, reverse: bool) -> list[Publication]:
        """Return up to *limit* publications (negative: all) after the offset *since*, or before it in reverse."""
        kept = self.publications
        first = kept[0].offset if kept else 0
        if since is None:
            skipped = 0
        elif reverse:
            # As in the real server, if the publication at *since* has expired, the result is empty.
            skipped = self.offset + 1 - since if first < since <= self.offset + 1 else len(kept)
        else:
            start = (since + 1) % _OFFSETS
            # As in the real server, if the publication at *since* has expired, the result starts with the oldest one.
            skipped = len(kept) if start > self.offset else max(start - first, 0)
        found = islice(reversed(kept) if reverse else kept, skipped, None)
        return list(found if limit < 0 else islice(found, limit))


class Engine:
    """Subscriptions, history and presence of all channels.

    Args:
        new_epoch: returns the epoch for a new stream.
    """

    def __init__(self, new_epoch: Callable[[], str] = lambda: "") -> None:
        self._new_epoch = new_epoch
        # The inner dicts keep the order in which clients subscribed.
        self._subscribers: dict[str, dict[str, None]] = {}
        self._presence: dict[str, dict[str, ClientInfo]] = {}
        self._streams: dict[str, _Stream] = {}
        self._expiries: list[tuple[int, str]] = []
        # In order of expiry.
        self._results: dict[tuple[str, str], tuple[float, Position]] = {}

    # ---- subscriptions

    def subscribe(self, channel: str, client: str) -> None:
        """Add *client* to the subscribers of *channel*."""
        self._subscribers.setdefault(channel, {})[client] = None

    def unsubscribe(self, channel: str, client: str, history: HistoryOptions, now: float) -> None:
        """Remove *client* from *channel*; with `drop_inactive`, an empty channel is marked as active."""
        subscribers = self._subscribers.get(channel, {})
        if client not in subscribers:
            return
        del subscribers[client]
        if not subscribers:
            del self._subscribers[channel]
            if history.drop_inactive and channel not in self._streams:
                self._keep(channel, history, now)

    def subscribers(self, channel: str) -> tuple[str, ...]:
        """Return the ids of the subscribers of *channel*."""
        return tuple(self._subscribers.get(channel, ()))

    def channels(self) -> list[str]:
        """Return the channels with at least one subscriber; channels that only have history do not count."""
        return list(self._subscribers)

    def sizes(self) -> dict[str, int]:
        """Return the number of subscribers of each channel that has any."""
        return {channel: len(subscribers) for channel, subscribers in self._subscribers.items()}

    def count_channels(self) -> int:
        return len(self._subscribers)

    def count_subscribers(self, channel: str) -> int:
        return len(self._subscribers.get(channel, ()))

    def count_subscriptions(self) -> int:
        """Return the number of subscriptions to all channels."""
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
        """Store *publication* if *history* says so, and return the subscribers to push it to."""
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
            publication.time = now
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
        """Return the stored publications of *channel*, oldest first, and the position of its stream.

        Args:
            channel: the channel's name. If `options.meta_ttl` is not 0, reading creates the stream if needed, and
                counts as a use of its position.
            options: the history options of the channel.
            now: Unix time in seconds.
            since: return only publications after this offset, or before it in reverse.
            limit: maximum number of publications; negative: all.
            reverse: return the newest publication first.
        """
        stream = self._found(channel, now)
        if options.meta_ttl != 0:
            stream = self._use(channel, options, now)
        if stream is None:
            return [], NOTHING
        return stream.page(since, limit, reverse=reverse), stream.position

    def stored(self, now: float) -> dict[str, int]:
        """Return the number of stored publications of each channel that has any."""
        current = {channel: self._found(channel, now) for channel in list(self._streams)}
        return {
            channel: len(stream.publications) for channel, stream in current.items() if stream and stream.publications
        }

    def remove_history(self, channel: str) -> None:
        """Remove the publications of *channel*; its position stays."""
        if (stream := self._streams.get(channel)) is not None:
            stream.clear()

    def sweep(self, now: float) -> None:
        """Remove expired streams, publications and idempotency keys."""
        second = int(now)
        while self._expiries and self._expiries[0][0] <= second:
            queued, channel = heapq.heappop(self._expiries)
            stream = self._streams.get(channel)
            # The entry may belong to an earlier stream of the channel; the current stream has a separate entry.
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
        """Return the stream of *channel*. It exists until the end of its last second, even if `sweep` ran late."""
        stream = self._streams.get(channel)
        if stream is not None and (due := stream.due()) is not None and due < int(now):
            self._lapse(channel, stream, int(now) - 1)
        return self._streams.get(channel)

    def _lapse(self, channel: str, stream: _Stream, second: int) -> None:
        """Remove the stream, or its publications, if they expire at or before *second*."""
        if stream.ends is not None and stream.ends <= second:
            del self._streams[channel]
            return
        if stream.expires is not None and stream.expires <= second:
            stream.clear()
        self._queue(channel, stream)

    def _keep(self, channel: str, options: HistoryOptions, now: float) -> _Stream:
        """Return the stream of *channel*, created if needed, and restart the lifetime of its publications."""
        stream = self._use(channel, options, now)
        stream.expires = int(now) + options.ttl
        if options.meta_ttl == 0:
            stream.ends = stream.expires
        self._queue_if_sooner(channel, stream)
        return stream

    def _use(self, channel: str, options: HistoryOptions, now: float) -> _Stream:
        """Return the stream of *channel*, created if needed, and restart the lifetime of its position."""
        stream = self._streams.get(channel)
        if stream is None:
            stream = self._streams[channel] = _Stream(self._new_epoch())
        if options.meta_ttl != 0:
            stream.ends = None if options.meta_ttl is None else int(now) + options.meta_ttl
            self._queue_if_sooner(channel, stream)
        return stream

    def _queue_if_sooner(self, channel: str, stream: _Stream) -> None:
        # One entry per stream is enough, even with many publications: an entry that is processed too early is queued
        # again. An earlier entry is needed if the stream is new, the clock was set back, or an option was shortened.
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
        """Add a client to the presence of *channel*, or replace its info."""
        self._presence.setdefault(channel, {})[info.client] = info

    def remove_presence(self, channel: str, client: str) -> None:
        """Remove *client* from the presence of *channel*. Does nothing if it is not present."""
        clients = self._presence.get(channel, {})
        clients.pop(client, None)
        if not clients:
            self._presence.pop(channel, None)

    def presence(self, channel: str) -> dict[str, ClientInfo]:
        """Return the clients present in *channel*, by connection id."""
        return dict(self._presence.get(channel, {}))
