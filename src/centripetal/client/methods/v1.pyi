"""Methods of the API of Centrifugo 1.x.

Written by `scripts/methods` from the commands; run it after a change of a command.
"""

from abc import ABCMeta
from collections.abc import Sequence
from typing import Any

from centripetal.client.call import Awaiting, Blocking, Buffering, Collecting, Slot
from centripetal.dialects.v1.results import ClientInfo, Message, NodeInfo, Stats

__all__ = ["AsyncBatch", "AsyncClient", "Batch", "Client"]

class Client(Blocking, Buffering, metaclass=ABCMeta):
    """Commands as methods that return results, and as `add_…` for the buffer."""

    def publish(
        self,
        channel: str,
        data: Any,
        *,
        client: str | None = None,
        uid: str | None = None,
        timeout: float | None = None,
    ) -> bool:
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

    def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> bool:
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

    def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> bool:
        """Unsubscribe all connections of *user* from *channel*; the result is True, even if *user* was not subscribed.

        Args:
            channel: the channel's name; an empty name means all channels of the user.
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def disconnect(self, user: str, *, timeout: float | None = None) -> bool:
        """Close all connections of *user*; the result is True, even if *user* was not connected.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "internal server error".
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> dict[str, ClientInfo]:
        """List the clients subscribed to *channel*: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (presence is disabled for the channel), "namespace not found".
        """

    def history(self, channel: str, *, timeout: float | None = None) -> list[Message]:
        """Return the messages in the history of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (history is disabled for the channel), "namespace not found".
        """

    def channels(self, *, timeout: float | None = None) -> list[str]:
        """List the channels that have at least one subscriber on any node, in no particular order.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def stats(self, *, timeout: float | None = None) -> Stats:
        """Return the latest announcement of every node: a `Stats`.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def node(self, *, timeout: float | None = None) -> NodeInfo:
        """Return the answering node with its counters since the start: a `NodeInfo`. Requires a server of at least 1.4.0.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def add_publish(
        self,
        channel: str,
        data: Any,
        *,
        client: str | None = None,
        uid: str | None = None,
        timeout: float | None = None,
    ) -> None:
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

    def add_broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> None:
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

    def add_unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> None:
        """Unsubscribe all connections of *user* from *channel*; the result is True, even if *user* was not subscribed.

        Args:
            channel: the channel's name; an empty name means all channels of the user.
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def add_disconnect(self, user: str, *, timeout: float | None = None) -> None:
        """Close all connections of *user*; the result is True, even if *user* was not connected.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "internal server error".
        """

    def add_presence(self, channel: str, *, timeout: float | None = None) -> None:
        """List the clients subscribed to *channel*: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (presence is disabled for the channel), "namespace not found".
        """

    def add_history(self, channel: str, *, timeout: float | None = None) -> None:
        """Return the messages in the history of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (history is disabled for the channel), "namespace not found".
        """

    def add_channels(self, *, timeout: float | None = None) -> None:
        """List the channels that have at least one subscriber on any node, in no particular order.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def add_stats(self, *, timeout: float | None = None) -> None:
        """Return the latest announcement of every node: a `Stats`.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def add_node(self, *, timeout: float | None = None) -> None:
        """Return the answering node with its counters since the start: a `NodeInfo`. Requires a server of at least 1.4.0.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

class AsyncClient(Awaiting, Buffering, metaclass=ABCMeta):
    """Commands as coroutine functions, and as `add_…` for the buffer."""

    async def publish(
        self,
        channel: str,
        data: Any,
        *,
        client: str | None = None,
        uid: str | None = None,
        timeout: float | None = None,
    ) -> bool:
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

    async def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> bool:
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

    async def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> bool:
        """Unsubscribe all connections of *user* from *channel*; the result is True, even if *user* was not subscribed.

        Args:
            channel: the channel's name; an empty name means all channels of the user.
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    async def disconnect(self, user: str, *, timeout: float | None = None) -> bool:
        """Close all connections of *user*; the result is True, even if *user* was not connected.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "internal server error".
        """

    async def presence(self, channel: str, *, timeout: float | None = None) -> dict[str, ClientInfo]:
        """List the clients subscribed to *channel*: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (presence is disabled for the channel), "namespace not found".
        """

    async def history(self, channel: str, *, timeout: float | None = None) -> list[Message]:
        """Return the messages in the history of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (history is disabled for the channel), "namespace not found".
        """

    async def channels(self, *, timeout: float | None = None) -> list[str]:
        """List the channels that have at least one subscriber on any node, in no particular order.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def stats(self, *, timeout: float | None = None) -> Stats:
        """Return the latest announcement of every node: a `Stats`.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def node(self, *, timeout: float | None = None) -> NodeInfo:
        """Return the answering node with its counters since the start: a `NodeInfo`. Requires a server of at least 1.4.0.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def add_publish(
        self,
        channel: str,
        data: Any,
        *,
        client: str | None = None,
        uid: str | None = None,
        timeout: float | None = None,
    ) -> None:
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

    def add_broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> None:
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

    def add_unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> None:
        """Unsubscribe all connections of *user* from *channel*; the result is True, even if *user* was not subscribed.

        Args:
            channel: the channel's name; an empty name means all channels of the user.
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def add_disconnect(self, user: str, *, timeout: float | None = None) -> None:
        """Close all connections of *user*; the result is True, even if *user* was not connected.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "internal server error".
        """

    def add_presence(self, channel: str, *, timeout: float | None = None) -> None:
        """List the clients subscribed to *channel*: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (presence is disabled for the channel), "namespace not found".
        """

    def add_history(self, channel: str, *, timeout: float | None = None) -> None:
        """Return the messages in the history of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (history is disabled for the channel), "namespace not found".
        """

    def add_channels(self, *, timeout: float | None = None) -> None:
        """List the channels that have at least one subscriber on any node, in no particular order.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def add_stats(self, *, timeout: float | None = None) -> None:
        """Return the latest announcement of every node: a `Stats`.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def add_node(self, *, timeout: float | None = None) -> None:
        """Return the answering node with its counters since the start: a `NodeInfo`. Requires a server of at least 1.4.0.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

class Batch(Collecting, metaclass=ABCMeta):
    """Commands as methods that return slots."""

    def publish(
        self,
        channel: str,
        data: Any,
        *,
        client: str | None = None,
        uid: str | None = None,
        timeout: float | None = None,
    ) -> Slot[bool]:
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

    def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> Slot[bool]:
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

    def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Unsubscribe all connections of *user* from *channel*; the result is True, even if *user* was not subscribed.

        Args:
            channel: the channel's name; an empty name means all channels of the user.
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def disconnect(self, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Close all connections of *user*; the result is True, even if *user* was not connected.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "internal server error".
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[dict[str, ClientInfo]]:
        """List the clients subscribed to *channel*: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (presence is disabled for the channel), "namespace not found".
        """

    def history(self, channel: str, *, timeout: float | None = None) -> Slot[list[Message]]:
        """Return the messages in the history of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (history is disabled for the channel), "namespace not found".
        """

    def channels(self, *, timeout: float | None = None) -> Slot[list[str]]:
        """List the channels that have at least one subscriber on any node, in no particular order.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def stats(self, *, timeout: float | None = None) -> Slot[Stats]:
        """Return the latest announcement of every node: a `Stats`.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def node(self, *, timeout: float | None = None) -> Slot[NodeInfo]:
        """Return the answering node with its counters since the start: a `NodeInfo`. Requires a server of at least 1.4.0.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

class AsyncBatch(Collecting, metaclass=ABCMeta):
    """Commands as methods that return slots."""

    def publish(
        self,
        channel: str,
        data: Any,
        *,
        client: str | None = None,
        uid: str | None = None,
        timeout: float | None = None,
    ) -> Slot[bool]:
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

    def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> Slot[bool]:
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

    def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Unsubscribe all connections of *user* from *channel*; the result is True, even if *user* was not subscribed.

        Args:
            channel: the channel's name; an empty name means all channels of the user.
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def disconnect(self, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Close all connections of *user*; the result is True, even if *user* was not connected.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (protocol 1: unsubscribe-disconnect).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "internal server error".
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[dict[str, ClientInfo]]:
        """List the clients subscribed to *channel*: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (presence is disabled for the channel), "namespace not found".
        """

    def history(self, channel: str, *, timeout: float | None = None) -> Slot[list[Message]]:
        """Return the messages in the history of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: "not available" (history is disabled for the channel), "namespace not found".
        """

    def channels(self, *, timeout: float | None = None) -> Slot[list[str]]:
        """List the channels that have at least one subscriber on any node, in no particular order.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def stats(self, *, timeout: float | None = None) -> Slot[Stats]:
        """Return the latest announcement of every node: a `Stats`.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def node(self, *, timeout: float | None = None) -> Slot[NodeInfo]:
        """Return the answering node with its counters since the start: a `NodeInfo`. Requires a server of at least 1.4.0.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """
