"""Events of a server, for listeners such as the console and the test kit: PURE.

    stop = events.listen(print)     print(event) for each event from now on, in the server's thread
    if events: events.emit(Joined(...))

Events are values that do not depend on the dialect. Check `if events:` before you create an event, so that a server
without listeners does not create any.
"""

from collections.abc import Callable

import msgspec

__all__ = [
    "ApplicationAsked",
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
    "TokenSent",
]


class Event(msgspec.Struct, frozen=True, tag_field="kind", kw_only=True):
    """Base class of all events.

    Attributes:
        at: time of the event in Unix seconds.
    """

    at: float


class Published(Event, frozen=True, tag="published"):
    """A client or the API published into a channel.

    Attributes:
        channel: the channel.
        data: the JSON, exactly as it was published.
        client: id of the publishing connection, or of the originator that the back end gave; "" if missing.
        user: user of the publishing client; "" for the API.
        by_client: whether a connected client published, not the API.
        tags: the tags of the publication; empty in 1.x.
        receivers: number of connections that the publication was pushed to.
        offset: its offset in the channel's stream; 0 if it was not stored, and in 1.x.
        epoch: the epoch of the stream; "" if it was not stored, and in 1.x.
    """

    channel: str
    data: msgspec.Raw
    client: str = ""
    user: str = ""
    by_client: bool = False
    tags: dict[str, str] = {}
    receivers: int = 0
    offset: int = 0
    epoch: str = ""


class CommandRun(Event, frozen=True, tag="command"):
    """A command of the API was executed or rejected.

    Attributes:
        method: the command's name.
        channels: the channels that the command names.
        user: the user that the command names; "" if missing.
        error: message of the error in the reply; "" on success.
    """

    method: str
    channels: tuple[str, ...] = ()
    user: str = ""
    error: str = ""


class RequestRefused(Event, frozen=True, tag="request_refused"):
    """A whole request to the API, or the handshake of a browser, was rejected.

    Attributes:
        status: the HTTP status of the answer.
        reason: the reason as in the log of the real server; the answer does not contain it.
    """

    status: int
    reason: str


class ClientEvent(Event, frozen=True):
    """Base class of events that concern one client.

    Attributes:
        client: the connection id.
        user: the user id; "" before the client has authenticated.
    """

    client: str
    user: str


class Connected(ClientEvent, frozen=True, tag="connected"):
    """A client has authenticated."""


class Disconnected(ClientEvent, frozen=True, tag="disconnected"):
    """A client disconnected, or was rejected before it had authenticated.

    Attributes:
        code: code of the close frame that the server sent; 0 if it sent no close frame.
        reason: reason in the close frame.
    """

    code: int = 0
    reason: str = ""


class Joined(ClientEvent, frozen=True, tag="joined"):
    """A client subscribed to a channel; sent regardless of the channel's join and leave options."""

    channel: str


class Left(ClientEvent, frozen=True, tag="left"):
    """A client is no longer subscribed to a channel."""

    channel: str


class CommandRefused(ClientEvent, frozen=True, tag="command_refused"):
    """A command of a connected client failed.

    Attributes:
        method: the command's name.
        error: message of the error in the reply.
        channel: the channel of the command; "" if it does not name a channel.
    """

    method: str
    error: str
    channel: str = ""


class TokenSent(ClientEvent, frozen=True, tag="token"):
    """A client sent a token, which the server is about to check. The token does not appear in `repr`.

    Attributes:
        method: the command that contains the token.
        channel: the channel of a subscription token; "" for a connection token.
        token: the token as the client sent it.
        signed: the values that the token of 1.x signs, by name; empty for later generations.
    """

    method: str
    channel: str
    token: str
    signed: dict[str, str] = {}

    def __repr__(self) -> str:
        where = f", channel={self.channel!r}" if self.channel else ""
        return f"TokenSent(at={self.at!r}, client={self.client!r}, user={self.user!r}, method={self.method!r}{where})"


class ApplicationAsked(ClientEvent, frozen=True, tag="application_asked"):
    """The server asked the application about a client, and got an answer or none.

    Attributes:
        event: the kind of the event, such as `subscribe`.
        channel: the channel of the event; "" without one.
        method: the method of an RPC; "" for other events.
        endpoint: the address in the configuration, without credentials and query.
        question: JSON of the event.
        status: HTTP status of the answer; 0 without an answer.
        answer: the body of the answer, or the reason why there is none.
        problem: why the answer is useless; "" if it is not.
        meaning: what the answer means to the client, in words.
        seconds: time until the answer was complete.
    """

    event: str
    channel: str = ""
    method: str = ""
    endpoint: str = ""
    question: str = ""
    status: int = 0
    answer: str = ""
    problem: str = ""
    meaning: str = ""
    seconds: float = 0.0


class Events:
    """The listeners of one server."""

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[Event], object], ...] = ()

    def __bool__(self) -> bool:
        """Return whether there are listeners."""
        return bool(self._listeners)

    def listen(self, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Call *listener* with each event from now on, and return a function that stops this.

        The listener runs in the server's thread, in the middle of its work: it must neither block nor raise.
        """

        def once(event: Event) -> object:
            return listener(event)

        # Replace the tuple instead of changing a list, because another thread may be iterating over it.
        self._listeners = (*self._listeners, once)

        def stop() -> None:
            self._listeners = tuple(each for each in self._listeners if each is not once)

        return stop

    def emit(self, event: Event) -> None:
        """Call all listeners with *event*."""
        for listener in self._listeners:
            listener(event)
