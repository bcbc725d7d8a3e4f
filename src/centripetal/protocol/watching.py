"""Watching channels: the events, and the client's side of the protocol, shared by all generations of servers. PURE.

A `Watcher` implements the client's side of a dialect's protocol without the connection. The driver, which has a
connection and a clock, calls the methods below. Each returns a `Step`: the driver sends its frames and passes its
events to the caller.

    opened(now)              a new connection was opened
    received(frame, now)     a message arrived on it
    tick(now)                the time `wake_at()` was reached
    closed(code, reason)     the connection was closed

After `Lost` or `Ended`, the driver must close the connection. After `Lost` it may open another and call `opened`; after
`Ended` it must not call the watcher again. `now` is in Unix seconds, because tokens contain times; the clock must not
jump while a connection is open.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

import msgspec

from centripetal.errors import CentripetalError, ConnectionLostError, MalformedResponseError, ServerError, TimeoutError
from centripetal.protocol.advice import AdviceTable
from centripetal.protocol.checks import check_names, check_text
from centripetal.protocol.http import parse_url

__all__ = ["Connected", "Conversation", "Ended", "Event", "Gap", "Joined", "Left", "Lost", "Person", "Published"]
__all__ += ["Refused", "Step", "Subscribed", "Unreadable", "Unsubscribed", "Watcher", "websocket_url"]

_REFRESH_AT = 0.75  # fraction of a connection's lifetime: 1.x may close the connection as soon as it expires
_LONGEST_LIFE = 10**9  # a lifetime in seconds that a float can hold; the server's type is larger

_QUEUED = 10  # time limits that a reply may wait behind other messages

ChannelT = TypeVar("ChannelT")
RequestT = TypeVar("RequestT", bound="_Named")
FrameT = TypeVar("FrameT")


class Person(msgspec.Struct, frozen=True):
    """One connection of a user.

    Attributes:
        client: the connection id.
        user: the user's id, empty for the anonymous user; None if unknown.
        conn_info, chan_info: JSON about the user, for the connection and for this channel; None if absent.
    """

    client: str
    user: str | None = None
    conn_info: bytes | None = None
    chan_info: bytes | None = None


class Event(msgspec.Struct, frozen=True):
    """Base class of all events."""


class Connected(Event, frozen=True):
    """The server accepted the connection. *client* is its id, *version* the server's version, or empty if unknown."""

    client: str
    version: str = ""


class Subscribed(Event, frozen=True):
    """Events of *channel* are received from now on.

    *recovered* is True after an interruption without loss: the missed publications follow.
    """

    channel: str
    recovered: bool = False


class Gap(Event, frozen=True):
    """Publications to *channel* may be missing here after an interruption; *reason* explains why."""

    channel: str
    reason: str


class Published(Event, frozen=True):
    """*data*, JSON as the publisher wrote it, was published to *channel*. It may be nested too deeply to be decoded.

    *sender* is the connection that published it, if the message names it; *uid* is the message id, if it has an id;
    *recovered* is True if it was published during an interruption; *offset* is its offset in the history, if the
    channel keeps history; *tags* are the tags of the publication.
    """

    channel: str
    data: bytes
    sender: Person | None = None
    uid: str | None = None
    recovered: bool = False
    offset: int | None = None
    tags: dict[str, str] | None = None


class Joined(Event, frozen=True):
    """*who* subscribed to *channel*."""

    channel: str
    who: Person


class Left(Event, frozen=True):
    """The subscription of *who* to *channel* ended."""

    channel: str
    who: Person


class Refused(Event, frozen=True):
    """The server rejected the subscription to *channel*; other channels are not affected."""

    channel: str
    error: ServerError


class Unsubscribed(Event, frozen=True):
    """The back end unsubscribed this client from *channel*; other channels are not affected."""

    channel: str


class Unreadable(Event, frozen=True):
    """The server sent a message that cannot be decoded, for example because a publisher's uid or info is not JSON.

    Other messages are not affected. If the message was a publication, it is lost.
    """

    error: CentripetalError


class Lost(Event, frozen=True):
    """The connection was lost or could not be opened; it will be opened again.

    *pause* is the number of seconds until then; the driver sets it.
    """

    error: CentripetalError
    pause: float = 0.0


class Ended(Event, frozen=True):
    """The end of the watch: connecting again would not help."""

    error: CentripetalError


class Step(NamedTuple):
    """Result of a call of a watcher: the messages to send now, in order, and the events for the caller."""

    send: tuple[bytes, ...] = ()
    events: tuple[Event, ...] = ()

    @classmethod
    def ended(cls, error: CentripetalError) -> Self:
        """Return a step that ends the watch with *error*."""
        return cls((), (Ended(error),))

    @classmethod
    def lost(cls, error: CentripetalError) -> Self:
        """Return a step that closes the connection because of *error*, to open another."""
        return cls((), (Lost(error),))

    @classmethod
    def joined(cls, steps: Iterable["Step"]) -> Self:
        """Return one step with the messages and events of *steps*."""
        each = list(steps)
        return cls(tuple(chain.from_iterable(s.send for s in each)), tuple(chain.from_iterable(s.events for s in each)))


class Watcher(Protocol):
    """The client's side of a dialect's protocol; the module's docstring describes the order of calls."""

    def opened(self, now: float) -> Step:
        """Start a new connection; recover publications that were missed since the last connection."""
        ...

    def received(self, frame: bytes, now: float) -> Step:
        """Handle a message, text or binary; it may be invalid UTF-8."""
        ...

    def tick(self, now: float) -> Step:
        """Handle a timer: the time `wake_at()` was reached."""
        ...

    def wake_at(self) -> float:
        """Return the time at which to call `tick` if nothing happens earlier."""
        ...

    def closed(self, code: int | None, reason: str) -> Step:
        """Handle the end of the connection, with or without (None) a close frame; the event is `Lost` or `Ended`."""
        ...

    def held_up(self, seconds: float) -> None:
        """Extend the time limits of the server by *seconds*, in which the driver's caller handled an event."""
        ...


class _Named(Protocol):
    name: ClassVar[str]


class Conversation(ABC, Generic[ChannelT, RequestT, FrameT]):
    """State shared by the watchers of both dialects: pending requests, refreshes, and the end of the connection.

    Args:
        channels: channel names; duplicates are ignored.
        new_channel: creates the state of one channel, which is kept across connections.
        user: the user to connect as, for advice; "" for the anonymous user, None if unknown.
        patience: seconds within which the server must reply.

    Raises:
        UsageError: no channels, or an invalid name.
    """

    advice: ClassVar[AdviceTable]

    def __init__(
        self, channels: Sequence[str], new_channel: Callable[[], ChannelT], *, user: str | None, patience: float
    ) -> None:
        check_names("channels", channels)
        if user is not None:
            check_text("user", user)
        self._channels = {name: new_channel() for name in channels}
        self._user = user
        self._patience = patience
        self._client = ""
        self._number = 0
        self._asked: dict[str, RequestT] = {}
        self._asked_at = 0.0
        self._heard = 0.0
        self._refresh_at: float | None = None

    @abstractmethod
    def _encode(self, number: int, request: RequestT) -> bytes:
        """Encode *request*, with this number, as a frame."""

    @abstractmethod
    def _decode(self, frame: bytes) -> Sequence[FrameT | MalformedResponseError]:
        """Decode the replies and pushes in *frame*; an error takes the place of each one that cannot be decoded."""

    @abstractmethod
    def _take(self, each: FrameT, now: float) -> Step:
        """Handle one reply or push."""

    def received(self, frame: bytes, now: float) -> Step:
        """Handle a frame of replies and pushes."""
        self._heard = now
        return Step.joined(
            self._invalid(each) if isinstance(each, MalformedResponseError) else self._take(each, now)
            for each in self._decode(frame)
        )

    def _invalid(self, error: MalformedResponseError) -> Step:
        # Invalid data from a publisher can break a push (protocol 1: client-pushes), but not the first reply.
        error.executed = "no"
        return Step((), (Unreadable(error) if self._client else Ended(error),))

    def _begin(self, now: float) -> None:
        """Forget the requests of an earlier connection."""
        self._client, self._refresh_at, self._heard = "", None, now
        self._asked.clear()

    def _ask(self, request: RequestT, now: float) -> bytes:
        """Return the frame with *request*, and wait for its reply from now on."""
        self._number += 1
        self._asked[str(self._number)] = request
        self._asked_at = now
        return self._encode(self._number, request)

    def held_up(self, seconds: float) -> None:
        """Extend the time limits: the server's messages were not read meanwhile."""
        if self._client:  # before the reply to connect, a server has nothing to tell
            self._asked_at += seconds
            self._heard += seconds

    def _answer_by(self) -> float:
        if not self._client:  # no message can come before the reply to connect
            return self._asked_at + self._patience
        # A server that sends other messages is alive: its reply may be queued behind them, but not endlessly.
        return min(max(self._asked_at, self._heard), self._asked_at + _QUEUED * self._patience) + self._patience

    def _unanswered(self, now: float) -> Step | None:
        """Return the step that closes the connection if the server has not replied in time, or None."""
        if not self._asked or now < self._answer_by():
            return None
        name = next(iter(self._asked.values())).name
        text = f"the server did not reply to {name} within {self._patience:g} s"
        return Step.lost(TimeoutError(text, executed="no"))

    def _refresh_before(self, ttl: int | None, now: float) -> None:
        """Schedule a refresh before the connection expires in *ttl* seconds; None if it does not expire."""
        self._refresh_at = None if ttl is None else now + min(max(ttl, 1), _LONGEST_LIFE) * _REFRESH_AT

    def _hung_up(self, why: str) -> Step:
        """Return the step for a connection that the server closed for a reason that allows clients to reconnect."""
        text = f"the server closed the connection {f'with {why}' if why else 'without a reason'}"
        return Step.lost(ConnectionLostError(text, executed="no"))

    def _refusal(self, message: str, hint: str = "", code: int | None = None) -> ServerError:
        return ServerError(message, code=code, hint=hint, executed="no")

    def _refused(self, name: str, message: str, code: int | None = None, hint: str = "") -> tuple[Event, ...]:
        """Remove a channel whose subscription was rejected; after the last channel, end the watch."""
        if not hint:
            found = self.advice.for_error(message if code is None else code, "subscribe", (name,), self._user)
            hint = "not subscribed" if found is None else found.hint
        error = self._refusal(message, f"channel {name!r}: {hint}", code)
        del self._channels[name]
        return (Refused(name, error),) if self._channels else (Ended(error),)

    def _removed(self, name: str, message: str, code: int | None = None) -> tuple[Event, ...]:
        """Remove a channel that the back end unsubscribed this client from; after the last channel, end the watch."""
        del self._channels[name]
        if self._channels:
            return (Unsubscribed(name),)
        return (
            Unsubscribed(name),
            Ended(self._refusal(message, "the back end unsubscribed this client from all channels", code)),
        )


def websocket_url(url: str) -> str:
    """Return the WebSocket URL of the server whose API is at *url*, with or without a trailing `/` or `/api`.

    Raises:
        UsageError: invalid URL.
    """
    parts = parse_url(url)
    # Remove "/api" from the path only: a host may have the name "api".
    path = parts.path.rstrip("/").removesuffix("/api")
    return parts._replace(scheme=parts.scheme.replace("http", "ws"), path=f"{path}/connection/websocket").geturl()
