"""What a Centrifugo server remembers: subscriptions, history and presence of channels (spec v1 §8): PURE.

The engine knows neither dialect nor connection: subscribers are ids, times are Unix seconds that the caller passes in,
message ids are the caller's too. It checks nothing: whether a channel has history or presence is said by the
`ChannelOptions` that the caller looked up for it. What goes out comes back as a value: `publish` returns the
`Delivery` to carry out.

Call `sweep(now)` about once a second: history ends there, in whole seconds, as in the real server.
"""

import heapq
from collections import deque
from itertools import islice

import msgspec

__all__ = ["ChannelOptions", "ClientInfo", "Delivery", "Engine", "Publication"]


class ChannelOptions(msgspec.Struct, frozen=True):
    """What a channel is allowed and remembers (spec v1 §3.3); all off unless a configuration says so."""

    watch: bool = False
    publish: bool = False
    anonymous: bool = False
    presence: bool = False
    join_leave: bool = False
    history_size: int = 0
    history_lifetime: int = 0
    recover: bool = False
    history_drop_inactive: bool = False

    @property
    def has_history(self) -> bool:
        return self.history_size > 0 and self.history_lifetime > 0


class ClientInfo(msgspec.Struct, frozen=True):
    """One connection as others see it. The two infos are JSON that nobody has looked at; empty: none."""

    user: str
    client: str
    default_info: bytes = b""
    channel_info: bytes = b""


class Publication(msgspec.Struct, frozen=True):
    """One message in a channel. *data* is JSON exactly as it was published."""

    uid: str
    channel: str
    data: bytes
    client: str = ""
    info: ClientInfo | None = None


class Delivery(msgspec.Struct, frozen=True):
    """A publication to push to these subscribers, in this order, before the publisher gets its reply."""

    publication: Publication
    subscribers: tuple[str, ...]


class _History:
    """The publications of one channel, newest first; it vanishes as a whole."""

    __slots__ = ("expires", "publications", "queued")

    def __init__(self, expires: int) -> None:
        self.publications: deque[Publication] = deque()
        self.expires = expires
        self.queued = expires


class Engine:
    """Channels in memory."""

    def __init__(self) -> None:
        # Both dicts of dicts keep the order in which clients came.
        self._subscribers: dict[str, dict[str, None]] = {}
        self._presence: dict[str, dict[str, ClientInfo]] = {}
        self._history: dict[str, _History] = {}
        self._expiries: list[tuple[int, str]] = []

    # ---- subscriptions

    def subscribe(self, channel: str, client: str) -> None:
        """From now on *client* is among the receivers of *channel*."""
        self._subscribers.setdefault(channel, {})[client] = None

    def unsubscribe(self, channel: str, client: str, options: ChannelOptions, now: float) -> None:
        """*client* leaves *channel*; the last one of all may leave it marked as active (`history_drop_inactive`)."""
        subscribers = self._subscribers.get(channel, {})
        if client not in subscribers:
            return
        del subscribers[client]
        if not subscribers:
            del self._subscribers[channel]
            if options.history_drop_inactive and channel not in self._history:
                self._keep(channel, options, now)

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

    # ---- messages

    def publish(self, publication: Publication, options: ChannelOptions, now: float) -> Delivery:
        """Remember *publication* as *options* say; the result says whom it goes to."""
        channel = publication.channel
        subscribers = self.subscribers(channel)
        if options.has_history:
            history = self._history.get(channel)
            if history is not None or subscribers or not options.history_drop_inactive:
                history = self._keep(channel, options, now)
                history.publications.appendleft(publication)
                while len(history.publications) > options.history_size:
                    history.publications.pop()
        return Delivery(publication, subscribers)

    def history(self, channel: str, now: float, limit: int | None = None) -> list[Publication]:
        """What is remembered of *channel*, newest first."""
        history = self._history.get(channel)
        if history is None:
            return []
        # A list is found through its last second, whether or not a sweep came before us.
        if history.expires < int(now):
            del self._history[channel]
            return []
        return list(islice(history.publications, limit))

    def sweep(self, now: float) -> None:
        """Forget the history whose time is over."""
        second = int(now)
        while self._expiries and self._expiries[0][0] <= second:
            queued, channel = heapq.heappop(self._expiries)
            history = self._history.get(channel)
            if history is None or history.queued != queued:
                continue  # that list is gone already, this one has an entry of its own
            if history.expires <= second:
                del self._history[channel]
            else:
                self._queue(channel, history)

    def _keep(self, channel: str, options: ChannelOptions, now: float) -> _History:
        """The history of *channel*, made if needed, with a lifetime that starts anew."""
        expires = int(now) + options.history_lifetime
        history = self._history.get(channel)
        if history is None:
            history = self._history[channel] = _History(expires)
            self._queue(channel, history)
        elif expires < history.queued:
            # The clock was set back, or a new configuration shortened the lifetime.
            history.expires = expires
            self._queue(channel, history)
        history.expires = expires
        return history

    def _queue(self, channel: str, history: _History) -> None:
        # One entry a list is enough, however often it is published into: what comes up too early is queued again.
        history.queued = history.expires
        heapq.heappush(self._expiries, (history.expires, channel))

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
