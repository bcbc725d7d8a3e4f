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

    def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> bool:
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

    def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> bool:
        """Unsubscribe *user* from *channel* on all its connections; the result is True, also if nobody was there.

        Args:
            channel: the channel's name; an empty one stands for every channel the user is in.
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def disconnect(self, user: str, *, timeout: float | None = None) -> bool:
        """Close all connections of *user*; the result is True, also if there were none.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "internal server error".
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> dict[str, ClientInfo]:
        """Who is subscribed to *channel* now: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (presence is off for the channel), "namespace not found".
        """

    def history(self, channel: str, *, timeout: float | None = None) -> list[Message]:
        """The messages that the server keeps of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (history is off for the channel), "namespace not found".
        """

    def channels(self, *, timeout: float | None = None) -> list[str]:
        """The names of all channels with a subscriber on any node, in no particular order.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def stats(self, *, timeout: float | None = None) -> Stats:
        """What every node last announced of itself: a `Stats`.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def node(self, *, timeout: float | None = None) -> NodeInfo:
        """The node that answers, with its counters since it started: a `NodeInfo`. Needs a server of at least 1.4.0.

        Args:
            timeout: seconds, instead of the client's own limit.
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

    def add_broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> None:
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

    def add_unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> None:
        """Unsubscribe *user* from *channel* on all its connections; the result is True, also if nobody was there.

        Args:
            channel: the channel's name; an empty one stands for every channel the user is in.
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def add_disconnect(self, user: str, *, timeout: float | None = None) -> None:
        """Close all connections of *user*; the result is True, also if there were none.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "internal server error".
        """

    def add_presence(self, channel: str, *, timeout: float | None = None) -> None:
        """Who is subscribed to *channel* now: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (presence is off for the channel), "namespace not found".
        """

    def add_history(self, channel: str, *, timeout: float | None = None) -> None:
        """The messages that the server keeps of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (history is off for the channel), "namespace not found".
        """

    def add_channels(self, *, timeout: float | None = None) -> None:
        """The names of all channels with a subscriber on any node, in no particular order.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def add_stats(self, *, timeout: float | None = None) -> None:
        """What every node last announced of itself: a `Stats`.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def add_node(self, *, timeout: float | None = None) -> None:
        """The node that answers, with its counters since it started: a `NodeInfo`. Needs a server of at least 1.4.0.

        Args:
            timeout: seconds, instead of the client's own limit.
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

    async def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> bool:
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

    async def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> bool:
        """Unsubscribe *user* from *channel* on all its connections; the result is True, also if nobody was there.

        Args:
            channel: the channel's name; an empty one stands for every channel the user is in.
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    async def disconnect(self, user: str, *, timeout: float | None = None) -> bool:
        """Close all connections of *user*; the result is True, also if there were none.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "internal server error".
        """

    async def presence(self, channel: str, *, timeout: float | None = None) -> dict[str, ClientInfo]:
        """Who is subscribed to *channel* now: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (presence is off for the channel), "namespace not found".
        """

    async def history(self, channel: str, *, timeout: float | None = None) -> list[Message]:
        """The messages that the server keeps of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (history is off for the channel), "namespace not found".
        """

    async def channels(self, *, timeout: float | None = None) -> list[str]:
        """The names of all channels with a subscriber on any node, in no particular order.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    async def stats(self, *, timeout: float | None = None) -> Stats:
        """What every node last announced of itself: a `Stats`.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    async def node(self, *, timeout: float | None = None) -> NodeInfo:
        """The node that answers, with its counters since it started: a `NodeInfo`. Needs a server of at least 1.4.0.

        Args:
            timeout: seconds, instead of the client's own limit.
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

    def add_broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> None:
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

    def add_unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> None:
        """Unsubscribe *user* from *channel* on all its connections; the result is True, also if nobody was there.

        Args:
            channel: the channel's name; an empty one stands for every channel the user is in.
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def add_disconnect(self, user: str, *, timeout: float | None = None) -> None:
        """Close all connections of *user*; the result is True, also if there were none.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "internal server error".
        """

    def add_presence(self, channel: str, *, timeout: float | None = None) -> None:
        """Who is subscribed to *channel* now: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (presence is off for the channel), "namespace not found".
        """

    def add_history(self, channel: str, *, timeout: float | None = None) -> None:
        """The messages that the server keeps of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (history is off for the channel), "namespace not found".
        """

    def add_channels(self, *, timeout: float | None = None) -> None:
        """The names of all channels with a subscriber on any node, in no particular order.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def add_stats(self, *, timeout: float | None = None) -> None:
        """What every node last announced of itself: a `Stats`.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def add_node(self, *, timeout: float | None = None) -> None:
        """The node that answers, with its counters since it started: a `NodeInfo`. Needs a server of at least 1.4.0.

        Args:
            timeout: seconds, instead of the client's own limit.
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

    def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> Slot[bool]:
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

    def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Unsubscribe *user* from *channel* on all its connections; the result is True, also if nobody was there.

        Args:
            channel: the channel's name; an empty one stands for every channel the user is in.
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def disconnect(self, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Close all connections of *user*; the result is True, also if there were none.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "internal server error".
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[dict[str, ClientInfo]]:
        """Who is subscribed to *channel* now: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (presence is off for the channel), "namespace not found".
        """

    def history(self, channel: str, *, timeout: float | None = None) -> Slot[list[Message]]:
        """The messages that the server keeps of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (history is off for the channel), "namespace not found".
        """

    def channels(self, *, timeout: float | None = None) -> Slot[list[str]]:
        """The names of all channels with a subscriber on any node, in no particular order.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def stats(self, *, timeout: float | None = None) -> Slot[Stats]:
        """What every node last announced of itself: a `Stats`.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def node(self, *, timeout: float | None = None) -> Slot[NodeInfo]:
        """The node that answers, with its counters since it started: a `NodeInfo`. Needs a server of at least 1.4.0.

        Args:
            timeout: seconds, instead of the client's own limit.
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

    def broadcast(
        self, channels: Sequence[str], data: Any, *, client: str | None = None, timeout: float | None = None
    ) -> Slot[bool]:
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

    def unsubscribe(self, channel: str, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Unsubscribe *user* from *channel* on all its connections; the result is True, also if nobody was there.

        Args:
            channel: the channel's name; an empty one stands for every channel the user is in.
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "namespace not found", "internal server error".
        """

    def disconnect(self, user: str, *, timeout: float | None = None) -> Slot[bool]:
        """Close all connections of *user*; the result is True, also if there were none.

        Args:
            user: the user's id, not empty: the anonymous user cannot be addressed (spec v1 §6.4).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "internal server error".
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[dict[str, ClientInfo]]:
        """Who is subscribed to *channel* now: a dict from connection id to `ClientInfo`.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (presence is off for the channel), "namespace not found".
        """

    def history(self, channel: str, *, timeout: float | None = None) -> Slot[list[Message]]:
        """The messages that the server keeps of *channel*, newest first.

        Args:
            channel: the channel's name, not empty.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: "not available" (history is off for the channel), "namespace not found".
        """

    def channels(self, *, timeout: float | None = None) -> Slot[list[str]]:
        """The names of all channels with a subscriber on any node, in no particular order.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def stats(self, *, timeout: float | None = None) -> Slot[Stats]:
        """What every node last announced of itself: a `Stats`.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def node(self, *, timeout: float | None = None) -> Slot[NodeInfo]:
        """The node that answers, with its counters since it started: a `NodeInfo`. Needs a server of at least 1.4.0.

        Args:
            timeout: seconds, instead of the client's own limit.
        """
