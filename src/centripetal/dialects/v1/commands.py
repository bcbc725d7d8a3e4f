"""The API commands of Centrifugo 1.x (spec v1 §6, server 1.8.0): a new one is a class here and a line in COMMANDS.

A class says the method's name, its parameters and, by its base `Command[R]`, the type of its result.
"""

import re
from collections.abc import Sequence
from typing import Any, Generic

from centripetal.dialects.v1.results import ClientInfo, Message, NodeInfo, Stats
from centripetal.errors import UsageError
from centripetal.protocol.checks import check_name, check_names, check_text
from centripetal.protocol.command import Command, R

__all__ = [
    "Broadcast",
    "Channels",
    "Disconnect",
    "History",
    "Node",
    "Presence",
    "Publish",
    "StatsCommand",
    "Unsubscribe",
]


_UNSAFE_IN_UID = r'["\\\x00-\x1f]'


class _PublishOptions(Command[bool], frozen=True, kw_only=True):
    client: str | None = None

    def check(self) -> None:
        if self.client is not None:
            check_text("client", self.client)


class _MessageOptions(_PublishOptions, frozen=True, kw_only=True):
    uid: str | None = None

    def check(self) -> None:
        super().check()
        if self.uid is not None:
            check_name("uid", self.uid)
            if re.search(_UNSAFE_IN_UID, self.uid):
                raise UsageError("uid holds a quote, a backslash or a control character, which breaks what clients get")


class Publish(_MessageOptions, frozen=True):
    """Publish *data* into *channel*; the result is True.

    Args:
        channel: the channel's name, not empty. The server sets no limit on its length here, but clients can only
            subscribe to names of at most 255 bytes (`max_channel_length`).
        data: any JSON value, also None (JSON null); `bytes` are ready-made JSON and travel as they are.
        client: the connection id of the originator, copied into the message so that it can ignore its own echo.
        uid: the message's uid, instead of one that the server makes; servers before 1.7.7 ignore it. Quotes,
            backslashes and control characters are refused: the server pushes a uid unescaped, which would break
            the JSON that clients get (spec v1 §6.2).
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: "namespace not found", or the text of a storage failure.
    """

    name = "publish"
    channel: str
    data: Any

    def check(self) -> None:
        channel = self.channel
        if type(channel) is not str or not channel or not channel.isascii():  # else there is nothing to find
            check_name("channel", channel)
        if self.client is not None or self.uid is not None:
            super().check()

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class Broadcast(_PublishOptions, frozen=True):
    """Publish *data* into each of *channels*; the result is True. Needs a server of at least 1.2.0.

    The server works through the list in order and stops at the first name in an unknown namespace: channels before
    it have been published to then, later ones have not (spec v1 §6.3).

    Args:
        channels: names, at least one, none empty; a name given twice gets the message twice.
        data: any JSON value, also None; `bytes` are ready-made JSON.
        client: the connection id of the originator.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: "namespace not found", or the text of a storage failure.
    """

    name = "broadcast"
    newer = True
    channels: Sequence[str]
    data: Any

    def check(self) -> None:
        check_names("channels", self.channels)
        super().check()

    def touches(self) -> Sequence[str]:
        return self.channels


class Unsubscribe(Command[bool], frozen=True):
    """Unsubscribe *user* from *channel* on all its connections; the result is True, also if nobody was there.

    Args:
        channel: the channel's name; an empty one stands for every channel the user is in.
        user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: "namespace not found", "internal server error".
    """

    name = "unsubscribe"
    channel: str
    user: str

    def check(self) -> None:
        check_text("channel", self.channel)
        check_name("user", self.user)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class Disconnect(Command[bool], frozen=True):
    """Close all connections of *user*; the result is True, also if there were none.

    Args:
        user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: "internal server error".
    """

    name = "disconnect"
    user: str

    def check(self) -> None:
        check_name("user", self.user)


class _OfChannel(Command[R], Generic[R], frozen=True):
    channel: str

    def check(self) -> None:
        check_name("channel", self.channel)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class Presence(_OfChannel[dict[str, ClientInfo]], frozen=True):
    """Who is subscribed to *channel* now: a dict from connection id to `ClientInfo`.

    Args:
        channel: the channel's name, not empty.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: "not available" (presence is off for the channel), "namespace not found".
    """

    name = "presence"
    reads = True


class History(_OfChannel[list[Message]], frozen=True):
    """The messages that the server keeps of *channel*, newest first.

    Args:
        channel: the channel's name, not empty.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: "not available" (history is off for the channel), "namespace not found".
    """

    name = "history"
    reads = True


class Channels(Command[list[str]], frozen=True):
    """The names of all channels with a subscriber on any node, in no particular order.

    Args:
        timeout: seconds, instead of the client's own limit.
    """

    name = "channels"
    reads = True


class StatsCommand(Command[Stats], frozen=True):
    """What every node last announced of itself: a `Stats`.

    Args:
        timeout: seconds, instead of the client's own limit.
    """

    name = "stats"
    reads = True


class Node(Command[NodeInfo], frozen=True):
    """The node that answers, with its counters since it started: a `NodeInfo`. Needs a server of at least 1.4.0.

    Args:
        timeout: seconds, instead of the client's own limit.
    """

    name = "node"
    reads = True


COMMANDS: tuple[type[Command[Any]], ...] = (
    Publish,
    Broadcast,
    Unsubscribe,
    Disconnect,
    Presence,
    History,
    Channels,
    StatsCommand,
    Node,
)
