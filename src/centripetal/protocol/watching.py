"""What somebody who watches channels sees, and how a dialect says it: PURE, the same for every generation of servers.

A `Watcher` is the client's side of a dialect's protocol without its connection. Whoever has a connection and a clock
calls, in this order, and does what the `Step` says: send its frames, hand on its events.

    opened(now)              there is a new connection; the next ones belong to it
    received(frame, now)     a message has come
    tick(now)                `wake_at()` has come
    closed(code, reason)     the connection has ended, for whatever reason

After a `Lost` or `Ended` the connection is to be closed, and nothing is called but `opened`, after a pause, if it was
`Lost`. `now` is in Unix seconds, because tokens have times in them; it must not jump between `opened` and the end.
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

_REFRESH_AT = 0.75  # of the life of a connection: 1.x may close it as soon as that is over

ChannelT = TypeVar("ChannelT")
RequestT = TypeVar("RequestT", bound="_Named")
FrameT = TypeVar("FrameT")


class Person(msgspec.Struct, frozen=True):
    """One connection of a user.

    Attributes:
        client: the connection id.
        user: the user's id, empty for the anonymous user; None if that is not known.
        conn_info, chan_info: JSON about the user, in general and in this channel; None if there is none.
    """

    client: str
    user: str | None = None
    conn_info: bytes | None = None
    chan_info: bytes | None = None


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""


class Connected(Event, frozen=True):
    """The server has accepted the connection, and calls it *client*; *version* is the server's, if it tells."""

    client: str
    version: str = ""


class Subscribed(Event, frozen=True):
    """From here on, what happens in *channel* is seen.

    *recovered* is True if there was a break and nothing is missing for it: what was missed follows.
    """

    channel: str
    recovered: bool = False


class Gap(Event, frozen=True):
    """There was a break, and publications into *channel* may be missing here; *reason* says why."""

    channel: str
    reason: str


class Published(Event, frozen=True):
    """*data*, JSON as the publisher wrote it, was published into *channel*.

    *sender* is whom the message names as its originator; *uid* is its id, where messages have one; *recovered* is
    True if it was published during a break; *offset* is its number in the history, where it has one; *tags* are what it
    was published with.
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
    """The server does not let us subscribe to *channel*; other channels go on."""

    channel: str
    error: ServerError


class Unsubscribed(Event, frozen=True):
    """The back end took us out of *channel*; other channels go on."""

    channel: str


class Unreadable(Event, frozen=True):
    """Something came that is none of what servers say, for example because of a uid or an info that is no JSON."""

    error: CentripetalError


class Lost(Event, frozen=True):
    """The connection is lost, or was not to be had; another is worth trying.

    *pause* is how many seconds pass before that; who has the clock decides.
    """

    error: CentripetalError
    pause: float = 0.0


class Ended(Event, frozen=True):
    """It is over; connecting again would not help."""

    error: CentripetalError


class Step(NamedTuple):
    """What comes of something that happened: the messages to send now, in order, and what to hand on."""

    send: tuple[bytes, ...] = ()
    events: tuple[Event, ...] = ()

    @classmethod
    def ended(cls, error: CentripetalError) -> Self:
        """It is over, with *error*."""
        return cls((), (Ended(error),))

    @classmethod
    def lost(cls, error: CentripetalError) -> Self:
        """The connection is lost because of *error*; another is worth trying."""
        return cls((), (Lost(error),))

    @classmethod
    def joined(cls, steps: Iterable["Step"]) -> Self:
        """*steps*, one after the other."""
        each = list(steps)
        return cls(tuple(chain.from_iterable(s.send for s in each)), tuple(chain.from_iterable(s.events for s in each)))


class Watcher(Protocol):
    """The client's side of a dialect, for who only watches; see the module for what to call when."""

    def opened(self, now: float) -> Step:
        """There is a new connection; what was known of an earlier one serves to recover."""
        ...

    def received(self, frame: bytes, now: float) -> Step:
        """A message has come, text or binary; it need not be UTF-8."""
        ...

    def tick(self, now: float) -> Step:
        """It is `wake_at()`, or later."""
        ...

    def wake_at(self) -> float:
        """When to call `tick` if nothing happens before."""
        ...

    def closed(self, code: int | None, reason: str) -> Step:
        """The connection has ended with this close frame, or without one (None); the event is `Lost` or `Ended`."""
        ...


class _Named(Protocol):
    name: ClassVar[str]


class Conversation(ABC, Generic[ChannelT, RequestT, FrameT]):
    """What the watchers of both dialects share: requests that wait for replies, refreshes, and how it all ends.

    Args:
        channels: their names; one that is given twice counts once.
        new_channel: makes what is known of one channel, over all connections.
        user: the user to connect as, for advice; "" is the anonymous user, None is a user that is not known.
        patience: seconds in which the server must answer.

    Raises:
        UsageError: no channel, or a name that cannot be.
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
        """The frame with *request*, which has this number."""

    @abstractmethod
    def _decode(self, frame: bytes) -> list[FrameT]:
        """The replies and pushes in *frame*."""

    @abstractmethod
    def _take(self, each: FrameT, now: float) -> Step:
        """What comes of one reply or push."""

    def received(self, frame: bytes, now: float) -> Step:
        """Take replies and pushes."""
        self._heard = now
        try:
            received = self._decode(frame)
        except MalformedResponseError as error:
            # Bad data of a publisher may break a push (spec v1 §9.6), but not the first reply.
            error.executed = "no"
            return Step((), (Unreadable(error) if self._client else Ended(error),))
        return Step.joined(self._take(each, now) for each in received)

    def _begin(self, now: float) -> None:
        """Forget the requests of an earlier connection."""
        self._client, self._refresh_at, self._heard = "", None, now
        self._asked.clear()

    def _ask(self, request: RequestT, now: float) -> bytes:
        """The frame with *request*, whose reply is waited for from now on."""
        self._number += 1
        self._asked[str(self._number)] = request
        self._asked_at = now
        return self._encode(self._number, request)

    def _answer_by(self) -> float:
        # A server that sends so much that the reply waits behind it is not silent.
        return max(self._asked_at, self._heard) + self._patience

    def _unanswered(self, now: float) -> Step | None:
        """The end of a connection whose server does not answer."""
        if not self._asked or now < self._answer_by():
            return None
        name = next(iter(self._asked.values())).name
        text = f"the server did not answer to {name} within {self._patience:g} s"
        return Step.lost(TimeoutError(text, executed="no"))

    def _refresh_before(self, ttl: int | None, now: float) -> None:
        """Ask for a refresh before the connection expires in *ttl* seconds; None: it does not expire."""
        self._refresh_at = None if ttl is None else now + max(ttl, 1) * _REFRESH_AT

    def _hung_up(self, why: str) -> Step:
        """The server closed the connection for a reason that lets clients come back."""
        text = f"the server ended the connection {f'with {why}' if why else 'without a word'}"
        return Step.lost(ConnectionLostError(text, executed="no"))

    def _refusal(self, message: str, hint: str = "", code: int | None = None) -> ServerError:
        return ServerError(message, code=code, hint=hint, executed="no")

    def _refused(self, name: str, message: str, code: int | None = None, hint: str = "") -> tuple[Event, ...]:
        """The server does not let us subscribe to the channel; without any other, this is the end."""
        if not hint:
            found = self.advice.for_error(message if code is None else code, "subscribe", (name,), self._user)
            hint = "not subscribed" if found is None else found.hint
        error = self._refusal(message, f"channel {name!r}: {hint}", code)
        del self._channels[name]
        return (Refused(name, error),) if self._channels else (Ended(error),)

    def _removed(self, name: str, message: str, code: int | None = None) -> tuple[Event, ...]:
        """The back end took us out of the channel; without any other, this is the end."""
        del self._channels[name]
        if self._channels:
            return (Unsubscribed(name),)
        return (Unsubscribed(name), Ended(self._refusal(message, "the back end took us out of all channels", code)))


def websocket_url(url: str) -> str:
    """Where clients connect to at the server whose API is at *url*, which may end in `/` or `/api` or not.

    Raises:
        UsageError: no URL of a server.
    """
    parts = parse_url(url)
    # The path decides and not the text: a host may be called "api".
    path = parts.path.rstrip("/").removesuffix("/api")
    return parts._replace(scheme=parts.scheme.replace("http", "ws"), path=f"{path}/connection/websocket").geturl()
