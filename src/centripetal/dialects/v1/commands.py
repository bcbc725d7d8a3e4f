"""The API commands of Centrifugo 1.x (protocol 1: commands; server 1.8.0).

A class defines the method's name, its parameters and, by its base `Command[R]`, the type of its result. To add a
command, write a class and add it to COMMANDS.
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
                raise UsageError(
                    "uid must not contain quotes, backslashes or control characters: the server does not escape them"
                )


class Publish(_MessageOptions, frozen=True):
    """Publish *data* to *channel*; the result is True.

    Args:
        channel: the channel's name, not empty. The API does not limit its length, but clients can only subscribe to
            names of at most 255 bytes (`max_channel_length`).
        data: any JSON value, including None (JSON null); `bytes` must be ready-made JSON and are sent unchanged.
        client: the connection id of the originator. The server copies it into the message, so that the originator can
            ignore messages that it caused.
        uid: the message's uid; by default, the server generates one. Servers before 1.7.7 ignore it. Quotes,
            backslashes and control characters are rejected: the server does not escape a uid, so they would break the
            JSON that clients receive (protocol 1: publish).
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: "namespace not found", or the text of a storage failure.
    """

    name = "publish"
    channel: str
    data: Any

    def check(self) -> None:
        channel = self.channel
        if type(channel) is not str or not channel or not channel.isascii():  # otherwise the check cannot fail
            check_name("channel", channel)
        if self.client is not None or self.uid is not None:
            super().check()

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class Broadcast(_PublishOptions, frozen=True):
    """Publish *data* to each of *channels*; the result is True. Requires a server of at least 1.2.0.

    The server processes the list in order and stops at the first name in an unknown namespace. The data is published
    to the channels before that name, but not to the later channels (protocol 1: broadcast).

    Args:
        channels: names of the channels, at least one, not empty. A channel that is listed twice receives the data
            twice.
        data: any JSON value, including None (JSON null); `bytes` must be ready-made JSON and are sent unchanged.
        client: the connection id of the originator.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

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
    """Unsubscribe all connections of *user* from *channel*; the result is True, even if *user* was not subscribed.

    Args:
        channel: the channel's name; an empty name means all channels of the user.
        user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
        timeout: time limit of this call in seconds; by default the client's `timeout`.

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
    """Close all connections of *user*; the result is True, even if *user* was not connected.

    Args:
        user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
        timeout: time limit of this call in seconds; by default the client's `timeout`.

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
    """List the clients subscribed to *channel*: a dict from connection id to `ClientInfo`.

    Args:
        channel: the channel's name, not empty.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: "not available" (presence is disabled for the channel), "namespace not found".
    """

    name = "presence"
    reads = True


class History(_OfChannel[list[Message]], frozen=True):
    """Return the messages in the history of *channel*, newest first.

    Args:
        channel: the channel's name, not empty.
        timeout: time limit of this call in seconds; by default the client's `timeout`.

    Raises:
        ServerError: "not available" (history is disabled for the channel), "namespace not found".
    """

    name = "history"
    reads = True


class Channels(Command[list[str]], frozen=True):
    """List the channels that have at least one subscriber on any node, in no particular order.

    Args:
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "channels"
    reads = True


class StatsCommand(Command[Stats], frozen=True):
    """Return the latest announcement of every node: a `Stats`.

    Args:
        timeout: time limit of this call in seconds; by default the client's `timeout`.
    """

    name = "stats"
    reads = True


class Node(Command[NodeInfo], frozen=True):
    """Return the answering node with its counters since the start: a `NodeInfo`. Requires a server of at least 1.4.0.

    Args:
        timeout: time limit of this call in seconds; by default the client's `timeout`.
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
