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

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple, Protocol, Self

import msgspec

from centripetal.errors import CentripetalError, ServerError
from centripetal.protocol.http import parse_url

__all__ = ["Connected", "Ended", "Event", "Gap", "Joined", "Left", "Lost", "Person", "Published", "Refused", "Step"]
__all__ += ["Subscribed", "Unreadable", "Unsubscribed", "Watcher", "websocket_url"]


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


def websocket_url(url: str) -> str:
    """Where clients connect to at the server whose API is at *url*, which may end in `/` or `/api` or not.

    Raises:
        UsageError: no URL of a server.
    """
    parts = parse_url(url)
    # The path decides and not the text: a host may be called "api".
    path = parts.path.rstrip("/").removesuffix("/api")
    return parts._replace(scheme=parts.scheme.replace("http", "ws"), path=f"{path}/connection/websocket").geturl()
