"""Methods of the current API.

Written by `scripts/methods` from the commands; run it after a change of a command.
"""

from abc import ABCMeta
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from centripetal.client.call import Awaiting, Blocking, Collecting, Slot
from centripetal.dialects.current.commands.connections import DisconnectReason
from centripetal.dialects.current.commands.pro.objects import (
    DeviceFilter,
    DeviceLocaleUpdate,
    DeviceMetaUpdate,
    DeviceTimezoneUpdate,
    DeviceTopicFilter,
    DeviceTopicsUpdate,
    DeviceUserUpdate,
    PushLimitStrategy,
    PushLocalization,
    PushNotification,
    PushRecipient,
    UserTopicFilter,
)
from centripetal.dialects.current.objects import FilterNode, StreamPosition, SubscribeOptionOverride
from centripetal.dialects.current.results.maps import (
    MapClearResult,
    MapPublishResult,
    MapReadStateResult,
    MapReadStreamResult,
    MapRemoveResult,
    MapStatsResult,
    SharedPollPublishResult,
)
from centripetal.dialects.current.results.pro import (
    BlockUserResult,
    CancelPushResult,
    ConnectionsResult,
    DeleteUserStatusResult,
    DeviceListResult,
    DeviceRegisterResult,
    DeviceRemoveResult,
    DeviceTopicListResult,
    DeviceTopicUpdateResult,
    DeviceUpdateResult,
    GetUserStatusResult,
    InvalidateUserTokensResult,
    RevokeTokenResult,
    SendPushNotificationResult,
    UnblockUserResult,
    UpdatePushStatusResult,
    UpdateUserStatusResult,
    UserTopicListResult,
    UserTopicUpdateResult,
)
from centripetal.dialects.current.results.publishing import BroadcastResult, PublishResult
from centripetal.dialects.current.results.standard import (
    ChannelsResult,
    DisconnectResult,
    HistoryRemoveResult,
    HistoryResult,
    InfoResult,
    PresenceResult,
    PresenceStatsResult,
    RefreshResult,
    RPCResult,
    SubscribeResult,
    UnsubscribeResult,
)

__all__ = ["AsyncBatch", "AsyncClient", "Batch", "Client"]

class Client(Blocking, metaclass=ABCMeta):
    """Commands as methods that return results."""

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
    ) -> PublishResult:
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
    ) -> BroadcastResult:
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
    ) -> SubscribeResult:
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
    ) -> UnsubscribeResult:
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
    ) -> DisconnectResult:
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
    ) -> RefreshResult:
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

    def presence(self, channel: str, *, timeout: float | None = None) -> PresenceResult:
        """List the clients subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    def presence_stats(self, channel: str, *, timeout: float | None = None) -> PresenceStatsResult:
        """Count the clients and users subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    def history(
        self,
        channel: str,
        *,
        limit: int = 0,
        since: StreamPosition | None = None,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> HistoryResult:
        """Return up to *limit* publications from *channel*'s history, and its position; without *limit*, no publications.

        `Client.history_pages` reads a whole history page by page and raises an error if publications are missing.

        Args:
            channel: the channel's name.
            limit: maximum number of publications. 0, the default, returns only the position; -1 returns all publications
                (protocol 6: history).
            since: return only publications after this position (with *reverse*, before it).
            reverse: return the newest publication first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown; 112 if the history was
                reset, so the epoch of *since* no longer exists.
        """

    def history_remove(self, channel: str, *, timeout: float | None = None) -> HistoryRemoveResult:
        """Remove all publications from the history of *channel*. Its position does not change.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown.
        """

    def channels(self, *, pattern: str = "", timeout: float | None = None) -> ChannelsResult:
        """List the channels that have at least one subscriber on any node.

        Args:
            pattern: only channels whose whole name matches this glob: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 100 if the pattern is not a valid glob.
        """

    def info(self, *, timeout: float | None = None) -> InfoResult:
        """Return the nodes of the cluster. The client also learns the server's version from the reply.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> RPCResult:
        """Call an RPC method of the server. The open-source edition has no such methods.

        Args:
            method: name of the RPC method.
            params: parameters of the RPC method: any JSON value.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 104 if the server does not have the RPC method.
        """

    def map_publish(
        self,
        channel: str,
        key: str,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        stream_data: Any = ...,
        b64stream_data: bytes | str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        score: int = 0,
        key_mode: str = "",
        timeout: float | None = None,
    ) -> MapPublishResult:
        """Set the value of *key* in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value: any JSON value. A key may have no value.
            b64data: binary data instead of *data*: bytes, or text in base64.
            stream_data, b64stream_data: data for the stream instead of the value. The open-source server 6.9 ignores both.
            tags, idempotency_key, delta: as in `Publish`. The result tells whether the server suppressed a repeated key.
            version, version_epoch: version of the value. The server suppresses a version that is not above the key's last.
            score: the key's position in an ordered map. The open-source server 6.9 ignores it.
            key_mode: "if_new" to only add new keys, "if_exists" to only change existing keys.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> MapRemoveResult:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    def map_read_state(
        self,
        channel: str,
        *,
        limit: int = 0,
        cursor: str = "",
        key: str = "",
        asc: bool = False,
        revision_offset: int = 0,
        revision_epoch: str = "",
        timeout: float | None = None,
    ) -> MapReadStateResult:
        """Return up to *limit* keys and values of a map channel, and its position; without *limit*, no keys.

        Args:
            channel: the channel's name.
            limit: maximum number of keys. 0, the default, returns only the position; -1 returns all keys.
            cursor: return the page after this key; pass the `cursor` of the previous page.
            key: return only this key.
            asc: sort in ascending order.
            revision_offset, revision_epoch: position of the map that all pages must belong to.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    def map_read_stream(
        self,
        channel: str,
        *,
        since_offset: int = 0,
        since_epoch: str = "",
        limit: int = 0,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> MapReadStreamResult:
        """Return up to *limit* changes to a map channel, and its position; without *limit*, no changes.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: return only changes after this position (with *reverse*, before it).
            limit: maximum number of changes. 0, the default, returns only the position; -1 returns all changes.
            reverse: return the newest change first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    def map_stats(self, channel: str, *, timeout: float | None = None) -> MapStatsResult:
        """Count the keys of a map channel.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def map_clear(self, channel: str, *, timeout: float | None = None) -> MapClearResult:
        """Remove all keys from a map channel, which then starts a new epoch.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def shared_poll_publish(
        self,
        channel: str,
        key: str,
        version: int,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        epoch: str = "",
        timeout: float | None = None,
    ) -> SharedPollPublishResult:
        """Set the value of *key* in a shared-poll channel without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: version of the value, 1 or more.
            data, b64data: the value: any JSON value, or bytes.
            epoch: versions are compared only within the same epoch.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type.
        """

    def connections(
        self,
        *,
        user: int | str = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> ConnectionsResult:
        """List connections with their state.

        Args:
            user: only connections of this user; an int becomes text.
            expression: only connections for which this CEL expression is true.
            label_filter: only connections whose labels match this filter (6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def update_user_status(
        self, users: Sequence[int | str], state: str, *, timeout: float | None = None
    ) -> UpdateUserStatusResult:
        """Set the status of users.

        Args:
            users: ids of the users; ints become text.
            state: the new state, any text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def get_user_status(self, users: Sequence[int | str], *, timeout: float | None = None) -> GetUserStatusResult:
        """Return when users were last active and online, and their state.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def delete_user_status(self, users: Sequence[int | str], *, timeout: float | None = None) -> DeleteUserStatusResult:
        """Delete the status of users.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def block_user(
        self, user: int | str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> BlockUserResult:
        """Block *user*: close all connections of the user and reject new ones.

        Args:
            user: the user's id; an int becomes text.
            expire_at: when the block ends: Unix seconds or a timezone-aware datetime. 0, the default: never.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def unblock_user(self, user: int | str, *, timeout: float | None = None) -> UnblockUserResult:
        """Unblock *user*: accept connections of the user again.

        Args:
            user: the user's id; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def revoke_token(
        self, uid: str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> RevokeTokenResult:
        """Revoke a token.

        Args:
            uid: the token's `jti`.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def invalidate_user_tokens(
        self,
        user: int | str,
        *,
        issued_before: datetime | int = 0,
        expire_at: datetime | int = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> InvalidateUserTokensResult:
        """Revoke all tokens of *user*.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens issued before this time (`iat`): Unix seconds or a timezone-aware datetime.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            channel: only subscription tokens for this channel.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: int | str = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> DeviceRegisterResult:
        """Register a device for push notifications, or update a registered device.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: id of a device that is registered already.
            user: id of the device's user; an int becomes text.
            meta: metadata of the device: names and text values.
            topics: topics of the device.
            timezone: time zone of the device, such as "Europe/Berlin".
            locale: locale of the device.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[int | str] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> DeviceUpdateResult:
        """Update devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to update.
            users: ids of users whose devices are updated; ints become text.
            user_update: the new user.
            meta_update: the new metadata.
            topics_update: a change to the topics.
            timezone_update: the new time zone.
            locale_update: the new locale.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[int | str] = (), timeout: float | None = None
    ) -> DeviceRemoveResult:
        """Remove devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to remove.
            users: ids of users whose devices are removed; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_list(
        self,
        *,
        filter: DeviceFilter | None = None,
        include_total_count: bool = False,
        include_meta: bool = False,
        include_topics: bool = False,
        include_webpush_keys: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> DeviceListResult:
        """Return a page of devices.

        Args:
            filter: only devices that match this filter.
            include_total_count: include the total number of devices.
            include_meta: include metadata.
            include_topics: include topics.
            include_webpush_keys: include web push keys.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_topic_list(
        self,
        *,
        filter: DeviceTopicFilter | None = None,
        include_total_count: bool = False,
        include_device: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> DeviceTopicListResult:
        """Return a page of the topics of devices.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            include_device: include the devices.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: int | str = "", timeout: float | None = None
    ) -> DeviceTopicUpdateResult:
        """Change the topics of a device.

        Args:
            device_id: id of the device.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            user: id of the user whose topics they are; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def user_topic_list(
        self,
        *,
        filter: UserTopicFilter | None = None,
        include_total_count: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> UserTopicListResult:
        """Return a page of the topics of users.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def user_topic_update(
        self, user: int | str, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> UserTopicUpdateResult:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: datetime | int = 0,
        optimize_for_reliability: bool = False,
        limit_strategy: PushLimitStrategy | None = None,
        analytics_uid: str = "",
        localizations: Mapping[str, PushLocalization] | None = None,
        use_templating: bool = False,
        use_meta: bool = False,
        timeout: float | None = None,
    ) -> SendPushNotificationResult:
        """Send a push notification to devices.

        Args:
            recipient: the devices that receive the push.
            notification: the messages for the providers.
            uid: id of the push; by default the server creates one.
            send_at: when to send it: Unix seconds or a timezone-aware datetime. 0, the default: now.
            optimize_for_reliability: prefer duplicates over loss.
            limit_strategy: limits for pushes to a device by rate and by time of day.
            analytics_uid: id under which the push is counted in analytics.
            localizations: translations by language.
            use_templating: fill in templates in the notification.
            use_meta: let templates use the devices' metadata.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> UpdatePushStatusResult:
        """Record the status of a push.

        Args:
            analytics_uid: id under which the push is counted in analytics.
            status: "delivered" or "interacted".
            device_id: id of the device.
            msg_id: the provider's id of the message.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def cancel_push(self, uid: str, *, timeout: float | None = None) -> CancelPushResult:
        """Cancel a push that was scheduled for later.

        Args:
            uid: id of the push.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

class AsyncClient(Awaiting, metaclass=ABCMeta):
    """Commands as coroutine functions."""

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
    ) -> PublishResult:
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
    ) -> BroadcastResult:
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
    ) -> SubscribeResult:
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
    ) -> UnsubscribeResult:
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
    ) -> DisconnectResult:
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
    ) -> RefreshResult:
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

    async def presence(self, channel: str, *, timeout: float | None = None) -> PresenceResult:
        """List the clients subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    async def presence_stats(self, channel: str, *, timeout: float | None = None) -> PresenceStatsResult:
        """Count the clients and users subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    async def history(
        self,
        channel: str,
        *,
        limit: int = 0,
        since: StreamPosition | None = None,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> HistoryResult:
        """Return up to *limit* publications from *channel*'s history, and its position; without *limit*, no publications.

        `Client.history_pages` reads a whole history page by page and raises an error if publications are missing.

        Args:
            channel: the channel's name.
            limit: maximum number of publications. 0, the default, returns only the position; -1 returns all publications
                (protocol 6: history).
            since: return only publications after this position (with *reverse*, before it).
            reverse: return the newest publication first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown; 112 if the history was
                reset, so the epoch of *since* no longer exists.
        """

    async def history_remove(self, channel: str, *, timeout: float | None = None) -> HistoryRemoveResult:
        """Remove all publications from the history of *channel*. Its position does not change.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown.
        """

    async def channels(self, *, pattern: str = "", timeout: float | None = None) -> ChannelsResult:
        """List the channels that have at least one subscriber on any node.

        Args:
            pattern: only channels whose whole name matches this glob: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 100 if the pattern is not a valid glob.
        """

    async def info(self, *, timeout: float | None = None) -> InfoResult:
        """Return the nodes of the cluster. The client also learns the server's version from the reply.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> RPCResult:
        """Call an RPC method of the server. The open-source edition has no such methods.

        Args:
            method: name of the RPC method.
            params: parameters of the RPC method: any JSON value.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 104 if the server does not have the RPC method.
        """

    async def map_publish(
        self,
        channel: str,
        key: str,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        stream_data: Any = ...,
        b64stream_data: bytes | str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        score: int = 0,
        key_mode: str = "",
        timeout: float | None = None,
    ) -> MapPublishResult:
        """Set the value of *key* in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value: any JSON value. A key may have no value.
            b64data: binary data instead of *data*: bytes, or text in base64.
            stream_data, b64stream_data: data for the stream instead of the value. The open-source server 6.9 ignores both.
            tags, idempotency_key, delta: as in `Publish`. The result tells whether the server suppressed a repeated key.
            version, version_epoch: version of the value. The server suppresses a version that is not above the key's last.
            score: the key's position in an ordered map. The open-source server 6.9 ignores it.
            key_mode: "if_new" to only add new keys, "if_exists" to only change existing keys.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    async def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> MapRemoveResult:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    async def map_read_state(
        self,
        channel: str,
        *,
        limit: int = 0,
        cursor: str = "",
        key: str = "",
        asc: bool = False,
        revision_offset: int = 0,
        revision_epoch: str = "",
        timeout: float | None = None,
    ) -> MapReadStateResult:
        """Return up to *limit* keys and values of a map channel, and its position; without *limit*, no keys.

        Args:
            channel: the channel's name.
            limit: maximum number of keys. 0, the default, returns only the position; -1 returns all keys.
            cursor: return the page after this key; pass the `cursor` of the previous page.
            key: return only this key.
            asc: sort in ascending order.
            revision_offset, revision_epoch: position of the map that all pages must belong to.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    async def map_read_stream(
        self,
        channel: str,
        *,
        since_offset: int = 0,
        since_epoch: str = "",
        limit: int = 0,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> MapReadStreamResult:
        """Return up to *limit* changes to a map channel, and its position; without *limit*, no changes.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: return only changes after this position (with *reverse*, before it).
            limit: maximum number of changes. 0, the default, returns only the position; -1 returns all changes.
            reverse: return the newest change first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    async def map_stats(self, channel: str, *, timeout: float | None = None) -> MapStatsResult:
        """Count the keys of a map channel.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def map_clear(self, channel: str, *, timeout: float | None = None) -> MapClearResult:
        """Remove all keys from a map channel, which then starts a new epoch.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def shared_poll_publish(
        self,
        channel: str,
        key: str,
        version: int,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        epoch: str = "",
        timeout: float | None = None,
    ) -> SharedPollPublishResult:
        """Set the value of *key* in a shared-poll channel without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: version of the value, 1 or more.
            data, b64data: the value: any JSON value, or bytes.
            epoch: versions are compared only within the same epoch.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type.
        """

    async def connections(
        self,
        *,
        user: int | str = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> ConnectionsResult:
        """List connections with their state.

        Args:
            user: only connections of this user; an int becomes text.
            expression: only connections for which this CEL expression is true.
            label_filter: only connections whose labels match this filter (6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def update_user_status(
        self, users: Sequence[int | str], state: str, *, timeout: float | None = None
    ) -> UpdateUserStatusResult:
        """Set the status of users.

        Args:
            users: ids of the users; ints become text.
            state: the new state, any text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def get_user_status(self, users: Sequence[int | str], *, timeout: float | None = None) -> GetUserStatusResult:
        """Return when users were last active and online, and their state.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def delete_user_status(
        self, users: Sequence[int | str], *, timeout: float | None = None
    ) -> DeleteUserStatusResult:
        """Delete the status of users.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def block_user(
        self, user: int | str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> BlockUserResult:
        """Block *user*: close all connections of the user and reject new ones.

        Args:
            user: the user's id; an int becomes text.
            expire_at: when the block ends: Unix seconds or a timezone-aware datetime. 0, the default: never.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def unblock_user(self, user: int | str, *, timeout: float | None = None) -> UnblockUserResult:
        """Unblock *user*: accept connections of the user again.

        Args:
            user: the user's id; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def revoke_token(
        self, uid: str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> RevokeTokenResult:
        """Revoke a token.

        Args:
            uid: the token's `jti`.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def invalidate_user_tokens(
        self,
        user: int | str,
        *,
        issued_before: datetime | int = 0,
        expire_at: datetime | int = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> InvalidateUserTokensResult:
        """Revoke all tokens of *user*.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens issued before this time (`iat`): Unix seconds or a timezone-aware datetime.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            channel: only subscription tokens for this channel.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: int | str = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> DeviceRegisterResult:
        """Register a device for push notifications, or update a registered device.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: id of a device that is registered already.
            user: id of the device's user; an int becomes text.
            meta: metadata of the device: names and text values.
            topics: topics of the device.
            timezone: time zone of the device, such as "Europe/Berlin".
            locale: locale of the device.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[int | str] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> DeviceUpdateResult:
        """Update devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to update.
            users: ids of users whose devices are updated; ints become text.
            user_update: the new user.
            meta_update: the new metadata.
            topics_update: a change to the topics.
            timezone_update: the new time zone.
            locale_update: the new locale.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[int | str] = (), timeout: float | None = None
    ) -> DeviceRemoveResult:
        """Remove devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to remove.
            users: ids of users whose devices are removed; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def device_list(
        self,
        *,
        filter: DeviceFilter | None = None,
        include_total_count: bool = False,
        include_meta: bool = False,
        include_topics: bool = False,
        include_webpush_keys: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> DeviceListResult:
        """Return a page of devices.

        Args:
            filter: only devices that match this filter.
            include_total_count: include the total number of devices.
            include_meta: include metadata.
            include_topics: include topics.
            include_webpush_keys: include web push keys.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def device_topic_list(
        self,
        *,
        filter: DeviceTopicFilter | None = None,
        include_total_count: bool = False,
        include_device: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> DeviceTopicListResult:
        """Return a page of the topics of devices.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            include_device: include the devices.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: int | str = "", timeout: float | None = None
    ) -> DeviceTopicUpdateResult:
        """Change the topics of a device.

        Args:
            device_id: id of the device.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            user: id of the user whose topics they are; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def user_topic_list(
        self,
        *,
        filter: UserTopicFilter | None = None,
        include_total_count: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> UserTopicListResult:
        """Return a page of the topics of users.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def user_topic_update(
        self, user: int | str, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> UserTopicUpdateResult:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: datetime | int = 0,
        optimize_for_reliability: bool = False,
        limit_strategy: PushLimitStrategy | None = None,
        analytics_uid: str = "",
        localizations: Mapping[str, PushLocalization] | None = None,
        use_templating: bool = False,
        use_meta: bool = False,
        timeout: float | None = None,
    ) -> SendPushNotificationResult:
        """Send a push notification to devices.

        Args:
            recipient: the devices that receive the push.
            notification: the messages for the providers.
            uid: id of the push; by default the server creates one.
            send_at: when to send it: Unix seconds or a timezone-aware datetime. 0, the default: now.
            optimize_for_reliability: prefer duplicates over loss.
            limit_strategy: limits for pushes to a device by rate and by time of day.
            analytics_uid: id under which the push is counted in analytics.
            localizations: translations by language.
            use_templating: fill in templates in the notification.
            use_meta: let templates use the devices' metadata.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> UpdatePushStatusResult:
        """Record the status of a push.

        Args:
            analytics_uid: id under which the push is counted in analytics.
            status: "delivered" or "interacted".
            device_id: id of the device.
            msg_id: the provider's id of the message.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    async def cancel_push(self, uid: str, *, timeout: float | None = None) -> CancelPushResult:
        """Cancel a push that was scheduled for later.

        Args:
            uid: id of the push.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

class Batch(Collecting, metaclass=ABCMeta):
    """Commands as methods that return slots."""

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
    ) -> Slot[PublishResult]:
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
    ) -> Slot[BroadcastResult]:
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
    ) -> Slot[SubscribeResult]:
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
    ) -> Slot[UnsubscribeResult]:
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
    ) -> Slot[DisconnectResult]:
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
    ) -> Slot[RefreshResult]:
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

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceResult]:
        """List the clients subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    def presence_stats(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceStatsResult]:
        """Count the clients and users subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    def history(
        self,
        channel: str,
        *,
        limit: int = 0,
        since: StreamPosition | None = None,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> Slot[HistoryResult]:
        """Return up to *limit* publications from *channel*'s history, and its position; without *limit*, no publications.

        `Client.history_pages` reads a whole history page by page and raises an error if publications are missing.

        Args:
            channel: the channel's name.
            limit: maximum number of publications. 0, the default, returns only the position; -1 returns all publications
                (protocol 6: history).
            since: return only publications after this position (with *reverse*, before it).
            reverse: return the newest publication first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown; 112 if the history was
                reset, so the epoch of *since* no longer exists.
        """

    def history_remove(self, channel: str, *, timeout: float | None = None) -> Slot[HistoryRemoveResult]:
        """Remove all publications from the history of *channel*. Its position does not change.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown.
        """

    def channels(self, *, pattern: str = "", timeout: float | None = None) -> Slot[ChannelsResult]:
        """List the channels that have at least one subscriber on any node.

        Args:
            pattern: only channels whose whole name matches this glob: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 100 if the pattern is not a valid glob.
        """

    def info(self, *, timeout: float | None = None) -> Slot[InfoResult]:
        """Return the nodes of the cluster. The client also learns the server's version from the reply.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> Slot[RPCResult]:
        """Call an RPC method of the server. The open-source edition has no such methods.

        Args:
            method: name of the RPC method.
            params: parameters of the RPC method: any JSON value.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 104 if the server does not have the RPC method.
        """

    def map_publish(
        self,
        channel: str,
        key: str,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        stream_data: Any = ...,
        b64stream_data: bytes | str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        score: int = 0,
        key_mode: str = "",
        timeout: float | None = None,
    ) -> Slot[MapPublishResult]:
        """Set the value of *key* in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value: any JSON value. A key may have no value.
            b64data: binary data instead of *data*: bytes, or text in base64.
            stream_data, b64stream_data: data for the stream instead of the value. The open-source server 6.9 ignores both.
            tags, idempotency_key, delta: as in `Publish`. The result tells whether the server suppressed a repeated key.
            version, version_epoch: version of the value. The server suppresses a version that is not above the key's last.
            score: the key's position in an ordered map. The open-source server 6.9 ignores it.
            key_mode: "if_new" to only add new keys, "if_exists" to only change existing keys.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> Slot[MapRemoveResult]:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    def map_read_state(
        self,
        channel: str,
        *,
        limit: int = 0,
        cursor: str = "",
        key: str = "",
        asc: bool = False,
        revision_offset: int = 0,
        revision_epoch: str = "",
        timeout: float | None = None,
    ) -> Slot[MapReadStateResult]:
        """Return up to *limit* keys and values of a map channel, and its position; without *limit*, no keys.

        Args:
            channel: the channel's name.
            limit: maximum number of keys. 0, the default, returns only the position; -1 returns all keys.
            cursor: return the page after this key; pass the `cursor` of the previous page.
            key: return only this key.
            asc: sort in ascending order.
            revision_offset, revision_epoch: position of the map that all pages must belong to.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    def map_read_stream(
        self,
        channel: str,
        *,
        since_offset: int = 0,
        since_epoch: str = "",
        limit: int = 0,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> Slot[MapReadStreamResult]:
        """Return up to *limit* changes to a map channel, and its position; without *limit*, no changes.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: return only changes after this position (with *reverse*, before it).
            limit: maximum number of changes. 0, the default, returns only the position; -1 returns all changes.
            reverse: return the newest change first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    def map_stats(self, channel: str, *, timeout: float | None = None) -> Slot[MapStatsResult]:
        """Count the keys of a map channel.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def map_clear(self, channel: str, *, timeout: float | None = None) -> Slot[MapClearResult]:
        """Remove all keys from a map channel, which then starts a new epoch.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def shared_poll_publish(
        self,
        channel: str,
        key: str,
        version: int,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        epoch: str = "",
        timeout: float | None = None,
    ) -> Slot[SharedPollPublishResult]:
        """Set the value of *key* in a shared-poll channel without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: version of the value, 1 or more.
            data, b64data: the value: any JSON value, or bytes.
            epoch: versions are compared only within the same epoch.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type.
        """

    def connections(
        self,
        *,
        user: int | str = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> Slot[ConnectionsResult]:
        """List connections with their state.

        Args:
            user: only connections of this user; an int becomes text.
            expression: only connections for which this CEL expression is true.
            label_filter: only connections whose labels match this filter (6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def update_user_status(
        self, users: Sequence[int | str], state: str, *, timeout: float | None = None
    ) -> Slot[UpdateUserStatusResult]:
        """Set the status of users.

        Args:
            users: ids of the users; ints become text.
            state: the new state, any text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def get_user_status(self, users: Sequence[int | str], *, timeout: float | None = None) -> Slot[GetUserStatusResult]:
        """Return when users were last active and online, and their state.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def delete_user_status(
        self, users: Sequence[int | str], *, timeout: float | None = None
    ) -> Slot[DeleteUserStatusResult]:
        """Delete the status of users.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def block_user(
        self, user: int | str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> Slot[BlockUserResult]:
        """Block *user*: close all connections of the user and reject new ones.

        Args:
            user: the user's id; an int becomes text.
            expire_at: when the block ends: Unix seconds or a timezone-aware datetime. 0, the default: never.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def unblock_user(self, user: int | str, *, timeout: float | None = None) -> Slot[UnblockUserResult]:
        """Unblock *user*: accept connections of the user again.

        Args:
            user: the user's id; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def revoke_token(
        self, uid: str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> Slot[RevokeTokenResult]:
        """Revoke a token.

        Args:
            uid: the token's `jti`.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def invalidate_user_tokens(
        self,
        user: int | str,
        *,
        issued_before: datetime | int = 0,
        expire_at: datetime | int = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> Slot[InvalidateUserTokensResult]:
        """Revoke all tokens of *user*.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens issued before this time (`iat`): Unix seconds or a timezone-aware datetime.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            channel: only subscription tokens for this channel.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: int | str = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> Slot[DeviceRegisterResult]:
        """Register a device for push notifications, or update a registered device.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: id of a device that is registered already.
            user: id of the device's user; an int becomes text.
            meta: metadata of the device: names and text values.
            topics: topics of the device.
            timezone: time zone of the device, such as "Europe/Berlin".
            locale: locale of the device.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[int | str] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> Slot[DeviceUpdateResult]:
        """Update devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to update.
            users: ids of users whose devices are updated; ints become text.
            user_update: the new user.
            meta_update: the new metadata.
            topics_update: a change to the topics.
            timezone_update: the new time zone.
            locale_update: the new locale.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[int | str] = (), timeout: float | None = None
    ) -> Slot[DeviceRemoveResult]:
        """Remove devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to remove.
            users: ids of users whose devices are removed; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_list(
        self,
        *,
        filter: DeviceFilter | None = None,
        include_total_count: bool = False,
        include_meta: bool = False,
        include_topics: bool = False,
        include_webpush_keys: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> Slot[DeviceListResult]:
        """Return a page of devices.

        Args:
            filter: only devices that match this filter.
            include_total_count: include the total number of devices.
            include_meta: include metadata.
            include_topics: include topics.
            include_webpush_keys: include web push keys.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_topic_list(
        self,
        *,
        filter: DeviceTopicFilter | None = None,
        include_total_count: bool = False,
        include_device: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> Slot[DeviceTopicListResult]:
        """Return a page of the topics of devices.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            include_device: include the devices.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: int | str = "", timeout: float | None = None
    ) -> Slot[DeviceTopicUpdateResult]:
        """Change the topics of a device.

        Args:
            device_id: id of the device.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            user: id of the user whose topics they are; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def user_topic_list(
        self,
        *,
        filter: UserTopicFilter | None = None,
        include_total_count: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> Slot[UserTopicListResult]:
        """Return a page of the topics of users.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def user_topic_update(
        self, user: int | str, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> Slot[UserTopicUpdateResult]:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: datetime | int = 0,
        optimize_for_reliability: bool = False,
        limit_strategy: PushLimitStrategy | None = None,
        analytics_uid: str = "",
        localizations: Mapping[str, PushLocalization] | None = None,
        use_templating: bool = False,
        use_meta: bool = False,
        timeout: float | None = None,
    ) -> Slot[SendPushNotificationResult]:
        """Send a push notification to devices.

        Args:
            recipient: the devices that receive the push.
            notification: the messages for the providers.
            uid: id of the push; by default the server creates one.
            send_at: when to send it: Unix seconds or a timezone-aware datetime. 0, the default: now.
            optimize_for_reliability: prefer duplicates over loss.
            limit_strategy: limits for pushes to a device by rate and by time of day.
            analytics_uid: id under which the push is counted in analytics.
            localizations: translations by language.
            use_templating: fill in templates in the notification.
            use_meta: let templates use the devices' metadata.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> Slot[UpdatePushStatusResult]:
        """Record the status of a push.

        Args:
            analytics_uid: id under which the push is counted in analytics.
            status: "delivered" or "interacted".
            device_id: id of the device.
            msg_id: the provider's id of the message.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def cancel_push(self, uid: str, *, timeout: float | None = None) -> Slot[CancelPushResult]:
        """Cancel a push that was scheduled for later.

        Args:
            uid: id of the push.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

class AsyncBatch(Collecting, metaclass=ABCMeta):
    """Commands as methods that return slots."""

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
    ) -> Slot[PublishResult]:
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
    ) -> Slot[BroadcastResult]:
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
    ) -> Slot[SubscribeResult]:
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
    ) -> Slot[UnsubscribeResult]:
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
    ) -> Slot[DisconnectResult]:
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
    ) -> Slot[RefreshResult]:
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

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceResult]:
        """List the clients subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    def presence_stats(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceStatsResult]:
        """Count the clients and users subscribed to *channel*.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if presence is disabled for the channel; 102 if the namespace is unknown.
        """

    def history(
        self,
        channel: str,
        *,
        limit: int = 0,
        since: StreamPosition | None = None,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> Slot[HistoryResult]:
        """Return up to *limit* publications from *channel*'s history, and its position; without *limit*, no publications.

        `Client.history_pages` reads a whole history page by page and raises an error if publications are missing.

        Args:
            channel: the channel's name.
            limit: maximum number of publications. 0, the default, returns only the position; -1 returns all publications
                (protocol 6: history).
            since: return only publications after this position (with *reverse*, before it).
            reverse: return the newest publication first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown; 112 if the history was
                reset, so the epoch of *since* no longer exists.
        """

    def history_remove(self, channel: str, *, timeout: float | None = None) -> Slot[HistoryRemoveResult]:
        """Remove all publications from the history of *channel*. Its position does not change.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 108 if history is disabled for the channel; 102 if the namespace is unknown.
        """

    def channels(self, *, pattern: str = "", timeout: float | None = None) -> Slot[ChannelsResult]:
        """List the channels that have at least one subscriber on any node.

        Args:
            pattern: only channels whose whole name matches this glob: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 100 if the pattern is not a valid glob.
        """

    def info(self, *, timeout: float | None = None) -> Slot[InfoResult]:
        """Return the nodes of the cluster. The client also learns the server's version from the reply.

        Args:
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> Slot[RPCResult]:
        """Call an RPC method of the server. The open-source edition has no such methods.

        Args:
            method: name of the RPC method.
            params: parameters of the RPC method: any JSON value.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 104 if the server does not have the RPC method.
        """

    def map_publish(
        self,
        channel: str,
        key: str,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        stream_data: Any = ...,
        b64stream_data: bytes | str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        delta: bool = False,
        version: int = 0,
        version_epoch: str = "",
        score: int = 0,
        key_mode: str = "",
        timeout: float | None = None,
    ) -> Slot[MapPublishResult]:
        """Set the value of *key* in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value: any JSON value. A key may have no value.
            b64data: binary data instead of *data*: bytes, or text in base64.
            stream_data, b64stream_data: data for the stream instead of the value. The open-source server 6.9 ignores both.
            tags, idempotency_key, delta: as in `Publish`. The result tells whether the server suppressed a repeated key.
            version, version_epoch: version of the value. The server suppresses a version that is not above the key's last.
            score: the key's position in an ordered map. The open-source server 6.9 ignores it.
            key_mode: "if_new" to only add new keys, "if_exists" to only change existing keys.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> Slot[MapRemoveResult]:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 102 if the namespace is unknown.
        """

    def map_read_state(
        self,
        channel: str,
        *,
        limit: int = 0,
        cursor: str = "",
        key: str = "",
        asc: bool = False,
        revision_offset: int = 0,
        revision_epoch: str = "",
        timeout: float | None = None,
    ) -> Slot[MapReadStateResult]:
        """Return up to *limit* keys and values of a map channel, and its position; without *limit*, no keys.

        Args:
            channel: the channel's name.
            limit: maximum number of keys. 0, the default, returns only the position; -1 returns all keys.
            cursor: return the page after this key; pass the `cursor` of the previous page.
            key: return only this key.
            asc: sort in ascending order.
            revision_offset, revision_epoch: position of the map that all pages must belong to.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    def map_read_stream(
        self,
        channel: str,
        *,
        since_offset: int = 0,
        since_epoch: str = "",
        limit: int = 0,
        reverse: bool = False,
        timeout: float | None = None,
    ) -> Slot[MapReadStreamResult]:
        """Return up to *limit* changes to a map channel, and its position; without *limit*, no changes.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: return only changes after this position (with *reverse*, before it).
            limit: maximum number of changes. 0, the default, returns only the position; -1 returns all changes.
            reverse: return the newest change first.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type; 112 if the map has another epoch.
        """

    def map_stats(self, channel: str, *, timeout: float | None = None) -> Slot[MapStatsResult]:
        """Count the keys of a map channel.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def map_clear(self, channel: str, *, timeout: float | None = None) -> Slot[MapClearResult]:
        """Remove all keys from a map channel, which then starts a new epoch.

        Args:
            channel: the channel's name.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def shared_poll_publish(
        self,
        channel: str,
        key: str,
        version: int,
        data: Any = ...,
        *,
        b64data: bytes | str | None = None,
        epoch: str = "",
        timeout: float | None = None,
    ) -> Slot[SharedPollPublishResult]:
        """Set the value of *key* in a shared-poll channel without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: version of the value, 1 or more.
            data, b64data: the value: any JSON value, or bytes.
            epoch: versions are compared only within the same epoch.
            timeout: time limit of this call in seconds; by default the client's `timeout`.

        Raises:
            ServerError: 107 if the namespace has another type.
        """

    def connections(
        self,
        *,
        user: int | str = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> Slot[ConnectionsResult]:
        """List connections with their state.

        Args:
            user: only connections of this user; an int becomes text.
            expression: only connections for which this CEL expression is true.
            label_filter: only connections whose labels match this filter (6.8.4).
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def update_user_status(
        self, users: Sequence[int | str], state: str, *, timeout: float | None = None
    ) -> Slot[UpdateUserStatusResult]:
        """Set the status of users.

        Args:
            users: ids of the users; ints become text.
            state: the new state, any text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def get_user_status(self, users: Sequence[int | str], *, timeout: float | None = None) -> Slot[GetUserStatusResult]:
        """Return when users were last active and online, and their state.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def delete_user_status(
        self, users: Sequence[int | str], *, timeout: float | None = None
    ) -> Slot[DeleteUserStatusResult]:
        """Delete the status of users.

        Args:
            users: ids of the users; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def block_user(
        self, user: int | str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> Slot[BlockUserResult]:
        """Block *user*: close all connections of the user and reject new ones.

        Args:
            user: the user's id; an int becomes text.
            expire_at: when the block ends: Unix seconds or a timezone-aware datetime. 0, the default: never.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def unblock_user(self, user: int | str, *, timeout: float | None = None) -> Slot[UnblockUserResult]:
        """Unblock *user*: accept connections of the user again.

        Args:
            user: the user's id; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def revoke_token(
        self, uid: str, *, expire_at: datetime | int = 0, timeout: float | None = None
    ) -> Slot[RevokeTokenResult]:
        """Revoke a token.

        Args:
            uid: the token's `jti`.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def invalidate_user_tokens(
        self,
        user: int | str,
        *,
        issued_before: datetime | int = 0,
        expire_at: datetime | int = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> Slot[InvalidateUserTokensResult]:
        """Revoke all tokens of *user*.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens issued before this time (`iat`): Unix seconds or a timezone-aware datetime.
            expire_at: when the server may forget the revocation: Unix seconds or a timezone-aware datetime.
            channel: only subscription tokens for this channel.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: int | str = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> Slot[DeviceRegisterResult]:
        """Register a device for push notifications, or update a registered device.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: id of a device that is registered already.
            user: id of the device's user; an int becomes text.
            meta: metadata of the device: names and text values.
            topics: topics of the device.
            timezone: time zone of the device, such as "Europe/Berlin".
            locale: locale of the device.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[int | str] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> Slot[DeviceUpdateResult]:
        """Update devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to update.
            users: ids of users whose devices are updated; ints become text.
            user_update: the new user.
            meta_update: the new metadata.
            topics_update: a change to the topics.
            timezone_update: the new time zone.
            locale_update: the new locale.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[int | str] = (), timeout: float | None = None
    ) -> Slot[DeviceRemoveResult]:
        """Remove devices. At least one of *ids* and *users* is required.

        Args:
            ids: ids of devices to remove.
            users: ids of users whose devices are removed; ints become text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_list(
        self,
        *,
        filter: DeviceFilter | None = None,
        include_total_count: bool = False,
        include_meta: bool = False,
        include_topics: bool = False,
        include_webpush_keys: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> Slot[DeviceListResult]:
        """Return a page of devices.

        Args:
            filter: only devices that match this filter.
            include_total_count: include the total number of devices.
            include_meta: include metadata.
            include_topics: include topics.
            include_webpush_keys: include web push keys.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_topic_list(
        self,
        *,
        filter: DeviceTopicFilter | None = None,
        include_total_count: bool = False,
        include_device: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> Slot[DeviceTopicListResult]:
        """Return a page of the topics of devices.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            include_device: include the devices.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: int | str = "", timeout: float | None = None
    ) -> Slot[DeviceTopicUpdateResult]:
        """Change the topics of a device.

        Args:
            device_id: id of the device.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            user: id of the user whose topics they are; an int becomes text.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def user_topic_list(
        self,
        *,
        filter: UserTopicFilter | None = None,
        include_total_count: bool = False,
        cursor: str = "",
        limit: int = 0,
        timeout: float | None = None,
    ) -> Slot[UserTopicListResult]:
        """Return a page of the topics of users.

        Args:
            filter: only topics that match this filter.
            include_total_count: include the total number of topics.
            cursor: `next_cursor` of the previous page.
            limit: maximum number of items on the page.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def user_topic_update(
        self, user: int | str, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> Slot[UserTopicUpdateResult]:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set" (replace all topics).
            topics: the topics to add, remove or set.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: datetime | int = 0,
        optimize_for_reliability: bool = False,
        limit_strategy: PushLimitStrategy | None = None,
        analytics_uid: str = "",
        localizations: Mapping[str, PushLocalization] | None = None,
        use_templating: bool = False,
        use_meta: bool = False,
        timeout: float | None = None,
    ) -> Slot[SendPushNotificationResult]:
        """Send a push notification to devices.

        Args:
            recipient: the devices that receive the push.
            notification: the messages for the providers.
            uid: id of the push; by default the server creates one.
            send_at: when to send it: Unix seconds or a timezone-aware datetime. 0, the default: now.
            optimize_for_reliability: prefer duplicates over loss.
            limit_strategy: limits for pushes to a device by rate and by time of day.
            analytics_uid: id under which the push is counted in analytics.
            localizations: translations by language.
            use_templating: fill in templates in the notification.
            use_meta: let templates use the devices' metadata.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> Slot[UpdatePushStatusResult]:
        """Record the status of a push.

        Args:
            analytics_uid: id under which the push is counted in analytics.
            status: "delivered" or "interacted".
            device_id: id of the device.
            msg_id: the provider's id of the message.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """

    def cancel_push(self, uid: str, *, timeout: float | None = None) -> Slot[CancelPushResult]:
        """Cancel a push that was scheduled for later.

        Args:
            uid: id of the push.
            timeout: time limit of this call in seconds; by default the client's `timeout`.
        """
