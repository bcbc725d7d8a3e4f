"""What the console needs of a server, whatever generation it stands in for: PURE.

Each generation has an adapter (`console_backend.py`). Reading leaves no trace; what changes something goes the way of
an API request, so that it shows among the calls of the API.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from centripetal.server.console.problems import Explain

__all__ = ["Backend", "ChannelView", "Kept", "Member", "listed"]


def listed(tags: Mapping[str, str]) -> str:
    """*tags* as people read them."""
    return ", ".join(f"{name}={value}" for name, value in tags.items())


class Member(msgspec.Struct, frozen=True):
    """One connection.

    Attributes:
        client: its connection id.
        user: who it is; "" for an anonymous one.
        info: JSON that the application has told of it, as text; "" if it told nothing.
    """

    client: str
    user: str
    info: str = ""


class Kept(msgspec.Struct, frozen=True):
    """A publication that a channel remembers; *data* is JSON, exactly as it was published.

    Attributes:
        id: what tells it from others in its channel.
        data: the JSON.
        user: who published it; "" if the API did.
        tags: what it is tagged with, as people read it.
    """

    id: str
    data: str
    user: str = ""
    tags: str = ""


class ChannelView(msgspec.Struct, frozen=True):
    """What a channel is.

    Attributes:
        subscribers: how many there are.
        members: the first of them.
        presence: whether clients and the API can ask who is there.
        history: what is remembered, newest first; None if nothing ever is.
        advice: what to do so that more of this is on; "" if there is nothing to do.
    """

    subscribers: int = 0
    members: tuple[Member, ...] = ()
    presence: bool = False
    history: tuple[Kept, ...] | None = None
    advice: str = ""


class Backend(Protocol):
    """One server, as the console sees it."""

    @property
    def name(self) -> str:
        """Which server this stands in for, for people."""
        ...

    @property
    def websocket_path(self) -> str:
        """Where clients connect, as a path."""
        ...

    @property
    def explain(self) -> Explain:
        """What the errors of this generation mean."""
        ...

    def channels(self) -> Mapping[str, int]:
        """The channels with a subscriber, and how many each one has."""
        ...

    def channel(self, channel: str, limit: int) -> ChannelView:
        """Who is in *channel* and what it remembers; at most *limit* of each. The channel need not exist."""
        ...

    def connections(self) -> list[Member]:
        """Who is connected."""
        ...

    def publish(self, channel: str, data: bytes) -> str:
        """Publish JSON; the server's error, "" if there is none."""
        ...

    def unsubscribe(self, channel: str, user: str) -> str:
        """Take *user* out of *channel*; the server's error, "" if there is none."""
        ...

    def disconnect(self, user: str) -> str:
        """End all connections of *user*; the server's error, "" if there is none."""
        ...
