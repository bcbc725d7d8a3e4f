"""Methods of the writers of an outbox.

Written by `scripts/methods` from the commands; run it after a change of a command.
"""

from abc import ABCMeta
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from centripetal.client.call import AwaitedQueueing, Queueing
from centripetal.dialects.current.commands.connections import DisconnectReason
from centripetal.dialects.current.objects import FilterNode, StreamPosition, SubscribeOptionOverride

__all__ = ["AsyncWriter", "Writer"]

class Writer(Queueing, metaclass=ABCMeta):
    """Commands as methods that write a row."""

    def publish(
        self,
        channel: str,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        skip_history: bool = False,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        timeout: float | None = None,
    ) -> None:
        """Publish *data* to *channel*. The result has the offset and epoch if the channel keeps history.

        Args:
            channel: the channel's name. By default, names that no client could subscribe to are rejected.
            data: any JSON value, including None (JSON null); `bytes` must be ready-made JSON and are sent unchanged.
            b64data: binary data instead of *data*: bytes, or text in base64.
            skip_history: deliver the publication without adding it to the history.
            tags: names and values that subscribers can filter by.
            idempotency_key: if the server has seen this key in this channel within the last five minutes, it does not
                publish again and returns the first result. Ignored by servers before 5.2.
            delta: send only the difference to subscribers that negotiated deltas. Ignored by servers before 5.4.
            version: version of the state that *data* describes. The server silently drops a version that is not above the
                channel's last; the result does not show it (6.2).
            version_epoch: versions are compared only within the same epoch (6.2).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            UsageError: neither or both of *data* and *b64data* are given, or an argument is one that no server accepts.
            ServerError: 102 if the namespace is unknown; 107 if the data do not match the namespace's data format.
        """

    def broadcast(
        self,
        channels: Sequence[str],
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        skip_history: bool = False,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        timeout: float | None = None,
    ) -> None:
        """Publish *data* to each of *channels*. The result has one response per channel, which may be an error.

        Args:
            channels: names of the channels, at least one. The server publishes to many channels at once, in any order. A
                channel that is listed twice receives the data twice.
            data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            UsageError: as for `Publish`.
            ServerError: the server rejected the whole call. The error of a single channel is in its response.
        """

    def subscribe(
        self,
        channel: str,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        info: Any = ...,
        b64info: bytes | str | None = None,
        data: Any = ...,
        b64data: bytes | str | None = None,
        expire_at: datetime | int = 0,
        recover_since: StreamPosition | None = None,
        override: SubscribeOptionOverride | None = None,
        timeout: float | None = None,
    ) -> None:
        """Subscribe the current connections of *user* to *channel* from the server side.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. An empty id addresses all anonymous connections.
            client, session: only the connection with this client id or session id.
            info, b64info: the subscription's `chan_info`, which other clients see: any JSON value, or bytes.
            data, b64data: sent to the client with the subscription: any JSON value, or bytes.
            expire_at: when the subscription expires: Unix seconds or a timezone-aware datetime. 0, the default: never.
            recover_since: send the client the publications after this position.
            override: options for this subscription that replace the namespace's options.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 102 if the namespace is unknown; 100 if *expire_at* has passed and the user has a connection.
        """

    def unsubscribe(
        self,
        channel: str,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        anonymous: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Unsubscribe the connections of *user* from *channel*.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. An empty id requires *anonymous*.
            client, session: only the connection with this client id or session id.
            anonymous: confirms that an empty *user* addresses all anonymous connections. Not sent to the server.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 102 if the namespace is unknown.
        """

    def disconnect(
        self,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        anonymous: bool = False,
        whitelist: Sequence[str] = (),
        disconnect: DisconnectReason | None = None,
        timeout: float | None = None,
    ) -> None:
        """Close the connections of *user*.

        Args:
            user: the user's id; an int becomes text. An empty id requires *anonymous*.
            client, session: only the connection with this client id or session id.
            whitelist: client ids of connections that stay open.
            disconnect: the code and reason of the close, instead of 3503, "force disconnect".
            anonymous: confirms that an empty *user* addresses all anonymous connections. Not sent to the server.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def history_remove(self, channel: str, *, timeout: float | None = None) -> None:
        """Remove all publications from the history of *channel*. Its position does not change.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown.
        """

    def refresh(
        self,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        expired: bool = False,
        expire_at: datetime | int = 0,
        info: Any = ...,
        timeout: float | None = None,
    ) -> None:
        """Set when the connections of *user* expire.

        Args:
            user: the user's id; an int becomes text. An empty id addresses all anonymous connections.
            client, session: only the connection with this client id or session id.
            expired: close the connections now, as expired.
            expire_at: when the connections expire: Unix seconds or a timezone-aware datetime. 0, the default: never.
            info: the new `conn_info`: any JSON value. The server ignores it unless *expire_at* is in the future.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            UsageError: *info* is given without *expire_at*, so the server would ignore it silently.
        """

class AsyncWriter(AwaitedQueueing, metaclass=ABCMeta):
    """Commands as coroutine functions that write a row."""

    async def publish(
        self,
        channel: str,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        skip_history: bool = False,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        timeout: float | None = None,
    ) -> None:
        """Publish *data* to *channel*. The result has the offset and epoch if the channel keeps history.

        Args:
            channel: the channel's name. By default, names that no client could subscribe to are rejected.
            data: any JSON value, including None (JSON null); `bytes` must be ready-made JSON and are sent unchanged.
            b64data: binary data instead of *data*: bytes, or text in base64.
            skip_history: deliver the publication without adding it to the history.
            tags: names and values that subscribers can filter by.
            idempotency_key: if the server has seen this key in this channel within the last five minutes, it does not
                publish again and returns the first result. Ignored by servers before 5.2.
            delta: send only the difference to subscribers that negotiated deltas. Ignored by servers before 5.4.
            version: version of the state that *data* describes. The server silently drops a version that is not above the
                channel's last; the result does not show it (6.2).
            version_epoch: versions are compared only within the same epoch (6.2).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            UsageError: neither or both of *data* and *b64data* are given, or an argument is one that no server accepts.
            ServerError: 102 if the namespace is unknown; 107 if the data do not match the namespace's data format.
        """

    async def broadcast(
        self,
        channels: Sequence[str],
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        skip_history: bool = False,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        timeout: float | None = None,
    ) -> None:
        """Publish *data* to each of *channels*. The result has one response per channel, which may be an error.

        Args:
            channels: names of the channels, at least one. The server publishes to many channels at once, in any order. A
                channel that is listed twice receives the data twice.
            data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            UsageError: as for `Publish`.
            ServerError: the server rejected the whole call. The error of a single channel is in its response.
        """

    async def subscribe(
        self,
        channel: str,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        info: Any = ...,
        b64info: bytes | str | None = None,
        data: Any = ...,
        b64data: bytes | str | None = None,
        expire_at: datetime | int = 0,
        recover_since: StreamPosition | None = None,
        override: SubscribeOptionOverride | None = None,
        timeout: float | None = None,
    ) -> None:
        """Subscribe the current connections of *user* to *channel* from the server side.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. An empty id addresses all anonymous connections.
            client, session: only the connection with this client id or session id.
            info, b64info: the subscription's `chan_info`, which other clients see: any JSON value, or bytes.
            data, b64data: sent to the client with the subscription: any JSON value, or bytes.
            expire_at: when the subscription expires: Unix seconds or a timezone-aware datetime. 0, the default: never.
            recover_since: send the client the publications after this position.
            override: options for this subscription that replace the namespace's options.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 102 if the namespace is unknown; 100 if *expire_at* has passed and the user has a connection.
        """

    async def unsubscribe(
        self,
        channel: str,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        anonymous: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Unsubscribe the connections of *user* from *channel*.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. An empty id requires *anonymous*.
            client, session: only the connection with this client id or session id.
            anonymous: confirms that an empty *user* addresses all anonymous connections. Not sent to the server.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 102 if the namespace is unknown.
        """

    async def disconnect(
        self,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        anonymous: bool = False,
        whitelist: Sequence[str] = (),
        disconnect: DisconnectReason | None = None,
        timeout: float | None = None,
    ) -> None:
        """Close the connections of *user*.

        Args:
            user: the user's id; an int becomes text. An empty id requires *anonymous*.
            client, session: only the connection with this client id or session id.
            whitelist: client ids of connections that stay open.
            disconnect: the code and reason of the close, instead of 3503, "force disconnect".
            anonymous: confirms that an empty *user* addresses all anonymous connections. Not sent to the server.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def history_remove(self, channel: str, *, timeout: float | None = None) -> None:
        """Remove all publications from the history of *channel*. Its position does not change.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown.
        """

    async def refresh(
        self,
        user: int | str,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        expired: bool = False,
        expire_at: datetime | int = 0,
        info: Any = ...,
        timeout: float | None = None,
    ) -> None:
        """Set when the connections of *user* expire.

        Args:
            user: the user's id; an int becomes text. An empty id addresses all anonymous connections.
            client, session: only the connection with this client id or session id.
            expired: close the connections now, as expired.
            expire_at: when the connections expire: Unix seconds or a timezone-aware datetime. 0, the default: never.
            info: the new `conn_info`: any JSON value. The server ignores it unless *expire_at* is in the future.
            label_filter: only connections whose labels match this filter (PRO, 6.8.4).
            all_users: the connections of all users, not only of *user* (PRO, 6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            UsageError: *info* is given without *expire_at*, so the server would ignore it silently.
        """
