"""What happens in a server, told to whoever listens: the console and the test kit: PURE.

    stop = events.listen(print)     print(event) for each event from now on, in the server's thread
    if events: events.emit(Joined(...))

Events are values that know no dialect. Emitting them costs nothing while nobody listens: ask `if events:` before
making one.
"""

from collections.abc import Callable

import msgspec

__all__ = [
    "CommandRefused",
    "CommandRun",
    "Connected",
    "Disconnected",
    "Event",
    "Events",
    "Joined",
    "Left",
    "Published",
    "RequestRefused",
]


class Event(msgspec.Struct, frozen=True, tag_field="kind", kw_only=True):
    """Something that happened.

    Attributes:
        at: when, Unix seconds.
    """

    at: float


class Published(Event, frozen=True, tag="published"):
    """A publication went into a channel, whoever made it.

    Attributes:
        channel: the channel.
        data: the JSON, exactly as it was published.
        client: the connection id that it came from, or that the back end named as originator; "" if none.
        user: the user of the client that published it; "" if the API did.
        by_client: whether a connected client published it, and not the API.
        tags: what the publication was tagged with; 1.x has no tags.
        receivers: how many connections it was pushed to.
    """

    channel: str
    data: msgspec.Raw
    client: str = ""
    user: str = ""
    by_client: bool = False
    tags: dict[str, str] = {}
    receivers: int = 0


class CommandRun(Event, frozen=True, tag="command"):
    """A command of the API was carried out, or refused.

    Attributes:
        method: its name.
        channels: the channels that it is about.
        user: the user that it is about; "" if none.
        error: what the server answered instead of a result; "" if it went well.
    """

    method: str
    channels: tuple[str, ...] = ()
    user: str = ""
    error: str = ""


class RequestRefused(Event, frozen=True, tag="request_refused"):
    """A whole request to the API, or the handshake of a browser, was refused.

    Attributes:
        status: the HTTP status of the answer.
        reason: why, in the words of the real server's log, which its answer does not say.
    """

    status: int
    reason: str


class ClientEvent(Event, frozen=True):
    """Something that happened to a client.

    Attributes:
        client: its connection id.
        user: who it is; "" before it has authenticated.
    """

    client: str
    user: str


class Connected(ClientEvent, frozen=True, tag="connected"):
    """A client has authenticated."""


class Disconnected(ClientEvent, frozen=True, tag="disconnected"):
    """A client is gone, or was refused before it had authenticated.

    Attributes:
        code: of the close frame that it was sent; 0 if it was sent none.
        reason: the reason in that frame.
    """

    code: int = 0
    reason: str = ""


class Joined(ClientEvent, frozen=True, tag="joined"):
    """A client has subscribed to a channel, whether or not others are told of it."""

    channel: str


class Left(ClientEvent, frozen=True, tag="left"):
    """A client is no longer subscribed to a channel."""

    channel: str


class CommandRefused(ClientEvent, frozen=True, tag="command_refused"):
    """A command of a connected client failed.

    Attributes:
        method: the command's name.
        error: what the server answered.
        channel: the channel of the command; "" if it has none.
    """

    method: str
    error: str
    channel: str = ""


class Events:
    """Who listens, and the telling."""

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[Event], object], ...] = ()

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def listen(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Have *listener* called with each event from now on; the result ends that.

        It is called in the server's thread, between two steps of its work: it must neither wait nor raise.
        """

        def once(event: Event) -> object:
            return listener(event)

        # A new tuple, not a longer list: another thread may be going through the old one.
        self._listeners = (*self._listeners, once)

        def stop() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not once)

        return stop

    def emit(self, event: Event) -> None:
        """Call all listeners with *event*."""
        for listener in self._listeners:
            listener(event)
