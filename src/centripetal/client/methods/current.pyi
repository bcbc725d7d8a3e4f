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
from centripetal.dialects.current.results.standard import (
    BroadcastResult,
    ChannelsResult,
    DisconnectResult,
    HistoryRemoveResult,
    HistoryResult,
    InfoResult,
    PresenceResult,
    PresenceStatsResult,
    PublishResult,
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
        """Publish *data* into *channel*; the result says where in the history it stands, if the channel has one.

        Args:
            channel: the channel's name. By default, names that no client can subscribe to are refused.
            data: any JSON value, also None (JSON null); `bytes` are ready-made JSON and travel as they are.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            skip_history: deliver it, but keep it out of the history.
            tags: text by name, for subscribers' filters.
            idempotency_key: a publication whose key the server has seen in the last five minutes, in this channel, is not
                published again; the result is the first one's. Ignored by servers before 5.2.
            delta: let subscribers that asked for it get only what changed. Ignored by servers before 5.4.
            version: of what *data* describes: one that is not above the channel's last is not published, and the result
                does not say so (6.2).
            version_epoch: a version counts only among those of the same epoch (6.2).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: neither or both of *data* and *b64data*, and whatever else no server accepts.
            ServerError: 102, an unknown namespace; 107, data against the namespace's format.
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
        """Publish *data* into each of *channels*; the result has a response for each, which may be an error.

        Args:
            channels: names, at least one. The server works on many at once: one given twice gets it twice, in any order.
            data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: as for `Publish`.
            ServerError: the whole call was refused; a channel's own error is in its response.
        """

    def subscribe(
        self,
        channel: str,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        info: Any = ...,
        b64info: bytes | str | None = None,
        data: Any = ...,
        b64data: bytes | str | None = None,
        expire_at: int | datetime = 0,
        recover_since: StreamPosition | None = None,
        override: SubscribeOptionOverride | None = None,
        timeout: float | None = None,
    ) -> SubscribeResult:
        """Subscribe the connections that *user* has now to *channel*, from the server's side.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            info, b64info: what others see of the subscription (`chan_info`): any JSON value, or bytes.
            data, b64data: goes to the client with the subscription: any JSON value, or bytes.
            expire_at: when the subscription ends, Unix seconds or a datetime with time zone.
            recover_since: the position from which the client is to recover.
            override: options for this subscription, instead of the namespace's.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace; 100, if *expire_at* has passed and somebody is there.
        """

    def unsubscribe(
        self,
        channel: str,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace.
        """

    def disconnect(
        self,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            whitelist: connections (client ids) to spare.
            disconnect: the code and reason, instead of 3503, "force disconnect".
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.
        """

    def refresh(
        self,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        expired: bool = False,
        expire_at: int | datetime = 0,
        info: Any = ...,
        timeout: float | None = None,
    ) -> RefreshResult:
        """Say until when the connections of *user* may live.

        Args:
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            expired: close them now, as expired.
            expire_at: when they expire, Unix seconds or a datetime with time zone; not given: never.
            info: the new `conn_info`, any JSON value; the server drops it unless *expire_at* is in the future.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: *info* without *expire_at*, which the server would drop without a word.
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> PresenceResult:
        """Who is subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
        """

    def presence_stats(self, channel: str, *, timeout: float | None = None) -> PresenceStatsResult:
        """How many are subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
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
        """Publications that the server keeps of *channel*, and the position of its history.

        `history_pages` of a client goes through all of them and notices what is missing.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            since: only publications after (reverse: before) this one.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace; 112, *since* is of another epoch.
        """

    def history_remove(self, channel: str, *, timeout: float | None = None) -> HistoryRemoveResult:
        """Remove the publications of a history; its position stays.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace.
        """

    def channels(self, *, pattern: str = "", timeout: float | None = None) -> ChannelsResult:
        """The channels with at least one subscriber on any node.

        Args:
            pattern: a glob over the whole name: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 100, the pattern is wrong.
        """

    def info(self, *, timeout: float | None = None) -> InfoResult:
        """The nodes of the cluster. A client also learns from it which version its server has.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> RPCResult:
        """Call a method that the server itself offers; the open edition has none.

        Args:
            method: its name.
            params: any JSON value.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 104, there is no such method.
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
        """Give *key* a value in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value, any JSON value; a key may have none.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            stream_data, b64stream_data: what goes into the stream instead; does nothing in the open server 6.9.
            tags, idempotency_key, delta: as in `Publish`; what was suppressed for its key is said in the result.
            version, version_epoch: of the value: one that is not above the key's last is suppressed.
            score: the key's place in an ordered map; does nothing in the open server 6.9.
            key_mode: "if_new" or "if_exists": only then.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
        """

    def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> MapRemoveResult:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
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
        """The keys and values of a map channel, page by page.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            cursor: the page after this key: the last page's `cursor`.
            key: only this key.
            asc: in ascending order.
            revision_offset, revision_epoch: the position that the pages shall be of.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
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
        """The changes to a map channel.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: only changes after (reverse: before) this position.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
        """

    def map_stats(self, channel: str, *, timeout: float | None = None) -> MapStatsResult:
        """How many keys a map channel has.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
        """

    def map_clear(self, channel: str, *, timeout: float | None = None) -> MapClearResult:
        """Remove everything from a map channel; its next epoch is new.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
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
        """Give *key* of a shared-poll channel a value, without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: of the value, above 0.
            data, b64data: the value: any JSON value, or bytes.
            epoch: what the version counts in.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type.
        """

    def connections(
        self,
        *,
        user: str | int = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> ConnectionsResult:
        """The connections that fit, with their state.

        Args:
            user: only this user's; an int becomes text.
            expression: only those for which this CEL expression is true.
            label_filter: only those whose labels fit (6.8.4).
            timeout: seconds, instead of the client's own limit.
        """

    def update_user_status(
        self, users: Sequence[str | int], state: str, *, timeout: float | None = None
    ) -> UpdateUserStatusResult:
        """Set the state of users.

        Args:
            users: their ids; ints become text.
            state: any text.
            timeout: seconds, instead of the client's own limit.
        """

    def get_user_status(self, users: Sequence[str | int], *, timeout: float | None = None) -> GetUserStatusResult:
        """When users were last active and online, and their state.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    def delete_user_status(self, users: Sequence[str | int], *, timeout: float | None = None) -> DeleteUserStatusResult:
        """Forget the status of users.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    def block_user(
        self, user: str | int, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> BlockUserResult:
        """Close the connections of *user* and accept none any more.

        Args:
            user: the user's id; an int becomes text.
            expire_at: until then, Unix seconds or a datetime with time zone; not given: for good.
            timeout: seconds, instead of the client's own limit.
        """

    def unblock_user(self, user: str | int, *, timeout: float | None = None) -> UnblockUserResult:
        """Accept connections of *user* again.

        Args:
            user: the user's id; an int becomes text.
            timeout: seconds, instead of the client's own limit.
        """

    def revoke_token(
        self, uid: str, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> RevokeTokenResult:
        """Accept one token no more.

        Args:
            uid: the token's `jti`.
            expire_at: how long to remember that, Unix seconds or a datetime with time zone.
            timeout: seconds, instead of the client's own limit.
        """

    def invalidate_user_tokens(
        self,
        user: str | int,
        *,
        issued_before: int | datetime = 0,
        expire_at: int | datetime = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> InvalidateUserTokensResult:
        """Accept tokens of *user* no more.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens older than this (by `iat`), Unix seconds or a datetime with time zone.
            expire_at: how long to remember that.
            channel: only subscription tokens for this channel.
            timeout: seconds, instead of the client's own limit.
        """

    def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: str | int = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> DeviceRegisterResult:
        """Register a device for push notifications, or update it.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: the id of a device that is known already.
            user: whose it is; an int becomes text.
            meta: anything about it.
            topics: its topics.
            timezone: its time zone.
            locale: its locale.
            timeout: seconds, instead of the client's own limit.
        """

    def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[str | int] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> DeviceUpdateResult:
        """Change devices.

        Args:
            ids: devices by id.
            users: devices by user.
            user_update: their new user.
            meta_update: their new meta data.
            topics_update: what changes in their topics.
            timezone_update: their new time zone.
            locale_update: their new locale.
            timeout: seconds, instead of the client's own limit.
        """

    def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[str | int] = (), timeout: float | None = None
    ) -> DeviceRemoveResult:
        """Remove devices.

        Args:
            ids: devices by id.
            users: devices by user.
            timeout: seconds, instead of the client's own limit.
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
        """A page of devices.

        Args:
            filter: which devices.
            include_total_count: count them all.
            include_meta: with their meta data.
            include_topics: with their topics.
            include_webpush_keys: with their web push keys.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of devices.

        Args:
            filter: which topics.
            include_total_count: count them all.
            include_device: with the devices.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: str | int = "", timeout: float | None = None
    ) -> DeviceTopicUpdateResult:
        """Change the topics of a device.

        Args:
            device_id: the device.
            op: "add", "remove" or "set".
            topics: the topics.
            user: whose topics they are; an int becomes text.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of users.

        Args:
            filter: which topics.
            include_total_count: count them all.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    def user_topic_update(
        self, user: str | int, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> UserTopicUpdateResult:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set".
            topics: the topics.
            timeout: seconds, instead of the client's own limit.
        """

    def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: int | datetime = 0,
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
            recipient: who gets it.
            notification: what they get.
            uid: its id, instead of one that the server makes.
            send_at: when, Unix seconds or a datetime with time zone; not given: now.
            optimize_for_reliability: rather twice than never.
            limit_strategy: how often, and at which time of day, a device may be disturbed.
            analytics_uid: what it is counted under.
            localizations: texts by language.
            use_templating: fill in templates.
            use_meta: templates see the devices' meta data.
            timeout: seconds, instead of the client's own limit.
        """

    def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> UpdatePushStatusResult:
        """Note what became of a push.

        Args:
            analytics_uid: what the push is counted under.
            status: "delivered" or "interacted".
            device_id: on which device.
            msg_id: the provider's id of the message.
            timeout: seconds, instead of the client's own limit.
        """

    def cancel_push(self, uid: str, *, timeout: float | None = None) -> CancelPushResult:
        """Do not send a push that is to be sent later.

        Args:
            uid: the push's id.
            timeout: seconds, instead of the client's own limit.
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
        """Publish *data* into *channel*; the result says where in the history it stands, if the channel has one.

        Args:
            channel: the channel's name. By default, names that no client can subscribe to are refused.
            data: any JSON value, also None (JSON null); `bytes` are ready-made JSON and travel as they are.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            skip_history: deliver it, but keep it out of the history.
            tags: text by name, for subscribers' filters.
            idempotency_key: a publication whose key the server has seen in the last five minutes, in this channel, is not
                published again; the result is the first one's. Ignored by servers before 5.2.
            delta: let subscribers that asked for it get only what changed. Ignored by servers before 5.4.
            version: of what *data* describes: one that is not above the channel's last is not published, and the result
                does not say so (6.2).
            version_epoch: a version counts only among those of the same epoch (6.2).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: neither or both of *data* and *b64data*, and whatever else no server accepts.
            ServerError: 102, an unknown namespace; 107, data against the namespace's format.
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
        """Publish *data* into each of *channels*; the result has a response for each, which may be an error.

        Args:
            channels: names, at least one. The server works on many at once: one given twice gets it twice, in any order.
            data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: as for `Publish`.
            ServerError: the whole call was refused; a channel's own error is in its response.
        """

    async def subscribe(
        self,
        channel: str,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        info: Any = ...,
        b64info: bytes | str | None = None,
        data: Any = ...,
        b64data: bytes | str | None = None,
        expire_at: int | datetime = 0,
        recover_since: StreamPosition | None = None,
        override: SubscribeOptionOverride | None = None,
        timeout: float | None = None,
    ) -> SubscribeResult:
        """Subscribe the connections that *user* has now to *channel*, from the server's side.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            info, b64info: what others see of the subscription (`chan_info`): any JSON value, or bytes.
            data, b64data: goes to the client with the subscription: any JSON value, or bytes.
            expire_at: when the subscription ends, Unix seconds or a datetime with time zone.
            recover_since: the position from which the client is to recover.
            override: options for this subscription, instead of the namespace's.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace; 100, if *expire_at* has passed and somebody is there.
        """

    async def unsubscribe(
        self,
        channel: str,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace.
        """

    async def disconnect(
        self,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            whitelist: connections (client ids) to spare.
            disconnect: the code and reason, instead of 3503, "force disconnect".
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.
        """

    async def refresh(
        self,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        expired: bool = False,
        expire_at: int | datetime = 0,
        info: Any = ...,
        timeout: float | None = None,
    ) -> RefreshResult:
        """Say until when the connections of *user* may live.

        Args:
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            expired: close them now, as expired.
            expire_at: when they expire, Unix seconds or a datetime with time zone; not given: never.
            info: the new `conn_info`, any JSON value; the server drops it unless *expire_at* is in the future.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: *info* without *expire_at*, which the server would drop without a word.
        """

    async def presence(self, channel: str, *, timeout: float | None = None) -> PresenceResult:
        """Who is subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
        """

    async def presence_stats(self, channel: str, *, timeout: float | None = None) -> PresenceStatsResult:
        """How many are subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
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
        """Publications that the server keeps of *channel*, and the position of its history.

        `history_pages` of a client goes through all of them and notices what is missing.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            since: only publications after (reverse: before) this one.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace; 112, *since* is of another epoch.
        """

    async def history_remove(self, channel: str, *, timeout: float | None = None) -> HistoryRemoveResult:
        """Remove the publications of a history; its position stays.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace.
        """

    async def channels(self, *, pattern: str = "", timeout: float | None = None) -> ChannelsResult:
        """The channels with at least one subscriber on any node.

        Args:
            pattern: a glob over the whole name: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 100, the pattern is wrong.
        """

    async def info(self, *, timeout: float | None = None) -> InfoResult:
        """The nodes of the cluster. A client also learns from it which version its server has.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    async def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> RPCResult:
        """Call a method that the server itself offers; the open edition has none.

        Args:
            method: its name.
            params: any JSON value.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 104, there is no such method.
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
        """Give *key* a value in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value, any JSON value; a key may have none.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            stream_data, b64stream_data: what goes into the stream instead; does nothing in the open server 6.9.
            tags, idempotency_key, delta: as in `Publish`; what was suppressed for its key is said in the result.
            version, version_epoch: of the value: one that is not above the key's last is suppressed.
            score: the key's place in an ordered map; does nothing in the open server 6.9.
            key_mode: "if_new" or "if_exists": only then.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
        """

    async def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> MapRemoveResult:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
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
        """The keys and values of a map channel, page by page.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            cursor: the page after this key: the last page's `cursor`.
            key: only this key.
            asc: in ascending order.
            revision_offset, revision_epoch: the position that the pages shall be of.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
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
        """The changes to a map channel.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: only changes after (reverse: before) this position.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
        """

    async def map_stats(self, channel: str, *, timeout: float | None = None) -> MapStatsResult:
        """How many keys a map channel has.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
        """

    async def map_clear(self, channel: str, *, timeout: float | None = None) -> MapClearResult:
        """Remove everything from a map channel; its next epoch is new.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
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
        """Give *key* of a shared-poll channel a value, without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: of the value, above 0.
            data, b64data: the value: any JSON value, or bytes.
            epoch: what the version counts in.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type.
        """

    async def connections(
        self,
        *,
        user: str | int = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> ConnectionsResult:
        """The connections that fit, with their state.

        Args:
            user: only this user's; an int becomes text.
            expression: only those for which this CEL expression is true.
            label_filter: only those whose labels fit (6.8.4).
            timeout: seconds, instead of the client's own limit.
        """

    async def update_user_status(
        self, users: Sequence[str | int], state: str, *, timeout: float | None = None
    ) -> UpdateUserStatusResult:
        """Set the state of users.

        Args:
            users: their ids; ints become text.
            state: any text.
            timeout: seconds, instead of the client's own limit.
        """

    async def get_user_status(self, users: Sequence[str | int], *, timeout: float | None = None) -> GetUserStatusResult:
        """When users were last active and online, and their state.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    async def delete_user_status(
        self, users: Sequence[str | int], *, timeout: float | None = None
    ) -> DeleteUserStatusResult:
        """Forget the status of users.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    async def block_user(
        self, user: str | int, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> BlockUserResult:
        """Close the connections of *user* and accept none any more.

        Args:
            user: the user's id; an int becomes text.
            expire_at: until then, Unix seconds or a datetime with time zone; not given: for good.
            timeout: seconds, instead of the client's own limit.
        """

    async def unblock_user(self, user: str | int, *, timeout: float | None = None) -> UnblockUserResult:
        """Accept connections of *user* again.

        Args:
            user: the user's id; an int becomes text.
            timeout: seconds, instead of the client's own limit.
        """

    async def revoke_token(
        self, uid: str, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> RevokeTokenResult:
        """Accept one token no more.

        Args:
            uid: the token's `jti`.
            expire_at: how long to remember that, Unix seconds or a datetime with time zone.
            timeout: seconds, instead of the client's own limit.
        """

    async def invalidate_user_tokens(
        self,
        user: str | int,
        *,
        issued_before: int | datetime = 0,
        expire_at: int | datetime = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> InvalidateUserTokensResult:
        """Accept tokens of *user* no more.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens older than this (by `iat`), Unix seconds or a datetime with time zone.
            expire_at: how long to remember that.
            channel: only subscription tokens for this channel.
            timeout: seconds, instead of the client's own limit.
        """

    async def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: str | int = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> DeviceRegisterResult:
        """Register a device for push notifications, or update it.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: the id of a device that is known already.
            user: whose it is; an int becomes text.
            meta: anything about it.
            topics: its topics.
            timezone: its time zone.
            locale: its locale.
            timeout: seconds, instead of the client's own limit.
        """

    async def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[str | int] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> DeviceUpdateResult:
        """Change devices.

        Args:
            ids: devices by id.
            users: devices by user.
            user_update: their new user.
            meta_update: their new meta data.
            topics_update: what changes in their topics.
            timezone_update: their new time zone.
            locale_update: their new locale.
            timeout: seconds, instead of the client's own limit.
        """

    async def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[str | int] = (), timeout: float | None = None
    ) -> DeviceRemoveResult:
        """Remove devices.

        Args:
            ids: devices by id.
            users: devices by user.
            timeout: seconds, instead of the client's own limit.
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
        """A page of devices.

        Args:
            filter: which devices.
            include_total_count: count them all.
            include_meta: with their meta data.
            include_topics: with their topics.
            include_webpush_keys: with their web push keys.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of devices.

        Args:
            filter: which topics.
            include_total_count: count them all.
            include_device: with the devices.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    async def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: str | int = "", timeout: float | None = None
    ) -> DeviceTopicUpdateResult:
        """Change the topics of a device.

        Args:
            device_id: the device.
            op: "add", "remove" or "set".
            topics: the topics.
            user: whose topics they are; an int becomes text.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of users.

        Args:
            filter: which topics.
            include_total_count: count them all.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    async def user_topic_update(
        self, user: str | int, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> UserTopicUpdateResult:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set".
            topics: the topics.
            timeout: seconds, instead of the client's own limit.
        """

    async def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: int | datetime = 0,
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
            recipient: who gets it.
            notification: what they get.
            uid: its id, instead of one that the server makes.
            send_at: when, Unix seconds or a datetime with time zone; not given: now.
            optimize_for_reliability: rather twice than never.
            limit_strategy: how often, and at which time of day, a device may be disturbed.
            analytics_uid: what it is counted under.
            localizations: texts by language.
            use_templating: fill in templates.
            use_meta: templates see the devices' meta data.
            timeout: seconds, instead of the client's own limit.
        """

    async def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> UpdatePushStatusResult:
        """Note what became of a push.

        Args:
            analytics_uid: what the push is counted under.
            status: "delivered" or "interacted".
            device_id: on which device.
            msg_id: the provider's id of the message.
            timeout: seconds, instead of the client's own limit.
        """

    async def cancel_push(self, uid: str, *, timeout: float | None = None) -> CancelPushResult:
        """Do not send a push that is to be sent later.

        Args:
            uid: the push's id.
            timeout: seconds, instead of the client's own limit.
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
        """Publish *data* into *channel*; the result says where in the history it stands, if the channel has one.

        Args:
            channel: the channel's name. By default, names that no client can subscribe to are refused.
            data: any JSON value, also None (JSON null); `bytes` are ready-made JSON and travel as they are.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            skip_history: deliver it, but keep it out of the history.
            tags: text by name, for subscribers' filters.
            idempotency_key: a publication whose key the server has seen in the last five minutes, in this channel, is not
                published again; the result is the first one's. Ignored by servers before 5.2.
            delta: let subscribers that asked for it get only what changed. Ignored by servers before 5.4.
            version: of what *data* describes: one that is not above the channel's last is not published, and the result
                does not say so (6.2).
            version_epoch: a version counts only among those of the same epoch (6.2).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: neither or both of *data* and *b64data*, and whatever else no server accepts.
            ServerError: 102, an unknown namespace; 107, data against the namespace's format.
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
        """Publish *data* into each of *channels*; the result has a response for each, which may be an error.

        Args:
            channels: names, at least one. The server works on many at once: one given twice gets it twice, in any order.
            data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: as for `Publish`.
            ServerError: the whole call was refused; a channel's own error is in its response.
        """

    def subscribe(
        self,
        channel: str,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        info: Any = ...,
        b64info: bytes | str | None = None,
        data: Any = ...,
        b64data: bytes | str | None = None,
        expire_at: int | datetime = 0,
        recover_since: StreamPosition | None = None,
        override: SubscribeOptionOverride | None = None,
        timeout: float | None = None,
    ) -> Slot[SubscribeResult]:
        """Subscribe the connections that *user* has now to *channel*, from the server's side.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            info, b64info: what others see of the subscription (`chan_info`): any JSON value, or bytes.
            data, b64data: goes to the client with the subscription: any JSON value, or bytes.
            expire_at: when the subscription ends, Unix seconds or a datetime with time zone.
            recover_since: the position from which the client is to recover.
            override: options for this subscription, instead of the namespace's.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace; 100, if *expire_at* has passed and somebody is there.
        """

    def unsubscribe(
        self,
        channel: str,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace.
        """

    def disconnect(
        self,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            whitelist: connections (client ids) to spare.
            disconnect: the code and reason, instead of 3503, "force disconnect".
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.
        """

    def refresh(
        self,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        expired: bool = False,
        expire_at: int | datetime = 0,
        info: Any = ...,
        timeout: float | None = None,
    ) -> Slot[RefreshResult]:
        """Say until when the connections of *user* may live.

        Args:
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            expired: close them now, as expired.
            expire_at: when they expire, Unix seconds or a datetime with time zone; not given: never.
            info: the new `conn_info`, any JSON value; the server drops it unless *expire_at* is in the future.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: *info* without *expire_at*, which the server would drop without a word.
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceResult]:
        """Who is subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
        """

    def presence_stats(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceStatsResult]:
        """How many are subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
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
        """Publications that the server keeps of *channel*, and the position of its history.

        `history_pages` of a client goes through all of them and notices what is missing.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            since: only publications after (reverse: before) this one.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace; 112, *since* is of another epoch.
        """

    def history_remove(self, channel: str, *, timeout: float | None = None) -> Slot[HistoryRemoveResult]:
        """Remove the publications of a history; its position stays.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace.
        """

    def channels(self, *, pattern: str = "", timeout: float | None = None) -> Slot[ChannelsResult]:
        """The channels with at least one subscriber on any node.

        Args:
            pattern: a glob over the whole name: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 100, the pattern is wrong.
        """

    def info(self, *, timeout: float | None = None) -> Slot[InfoResult]:
        """The nodes of the cluster. A client also learns from it which version its server has.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> Slot[RPCResult]:
        """Call a method that the server itself offers; the open edition has none.

        Args:
            method: its name.
            params: any JSON value.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 104, there is no such method.
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
        """Give *key* a value in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value, any JSON value; a key may have none.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            stream_data, b64stream_data: what goes into the stream instead; does nothing in the open server 6.9.
            tags, idempotency_key, delta: as in `Publish`; what was suppressed for its key is said in the result.
            version, version_epoch: of the value: one that is not above the key's last is suppressed.
            score: the key's place in an ordered map; does nothing in the open server 6.9.
            key_mode: "if_new" or "if_exists": only then.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
        """

    def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> Slot[MapRemoveResult]:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
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
        """The keys and values of a map channel, page by page.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            cursor: the page after this key: the last page's `cursor`.
            key: only this key.
            asc: in ascending order.
            revision_offset, revision_epoch: the position that the pages shall be of.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
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
        """The changes to a map channel.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: only changes after (reverse: before) this position.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
        """

    def map_stats(self, channel: str, *, timeout: float | None = None) -> Slot[MapStatsResult]:
        """How many keys a map channel has.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
        """

    def map_clear(self, channel: str, *, timeout: float | None = None) -> Slot[MapClearResult]:
        """Remove everything from a map channel; its next epoch is new.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
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
        """Give *key* of a shared-poll channel a value, without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: of the value, above 0.
            data, b64data: the value: any JSON value, or bytes.
            epoch: what the version counts in.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type.
        """

    def connections(
        self,
        *,
        user: str | int = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> Slot[ConnectionsResult]:
        """The connections that fit, with their state.

        Args:
            user: only this user's; an int becomes text.
            expression: only those for which this CEL expression is true.
            label_filter: only those whose labels fit (6.8.4).
            timeout: seconds, instead of the client's own limit.
        """

    def update_user_status(
        self, users: Sequence[str | int], state: str, *, timeout: float | None = None
    ) -> Slot[UpdateUserStatusResult]:
        """Set the state of users.

        Args:
            users: their ids; ints become text.
            state: any text.
            timeout: seconds, instead of the client's own limit.
        """

    def get_user_status(self, users: Sequence[str | int], *, timeout: float | None = None) -> Slot[GetUserStatusResult]:
        """When users were last active and online, and their state.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    def delete_user_status(
        self, users: Sequence[str | int], *, timeout: float | None = None
    ) -> Slot[DeleteUserStatusResult]:
        """Forget the status of users.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    def block_user(
        self, user: str | int, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> Slot[BlockUserResult]:
        """Close the connections of *user* and accept none any more.

        Args:
            user: the user's id; an int becomes text.
            expire_at: until then, Unix seconds or a datetime with time zone; not given: for good.
            timeout: seconds, instead of the client's own limit.
        """

    def unblock_user(self, user: str | int, *, timeout: float | None = None) -> Slot[UnblockUserResult]:
        """Accept connections of *user* again.

        Args:
            user: the user's id; an int becomes text.
            timeout: seconds, instead of the client's own limit.
        """

    def revoke_token(
        self, uid: str, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> Slot[RevokeTokenResult]:
        """Accept one token no more.

        Args:
            uid: the token's `jti`.
            expire_at: how long to remember that, Unix seconds or a datetime with time zone.
            timeout: seconds, instead of the client's own limit.
        """

    def invalidate_user_tokens(
        self,
        user: str | int,
        *,
        issued_before: int | datetime = 0,
        expire_at: int | datetime = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> Slot[InvalidateUserTokensResult]:
        """Accept tokens of *user* no more.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens older than this (by `iat`), Unix seconds or a datetime with time zone.
            expire_at: how long to remember that.
            channel: only subscription tokens for this channel.
            timeout: seconds, instead of the client's own limit.
        """

    def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: str | int = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> Slot[DeviceRegisterResult]:
        """Register a device for push notifications, or update it.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: the id of a device that is known already.
            user: whose it is; an int becomes text.
            meta: anything about it.
            topics: its topics.
            timezone: its time zone.
            locale: its locale.
            timeout: seconds, instead of the client's own limit.
        """

    def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[str | int] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> Slot[DeviceUpdateResult]:
        """Change devices.

        Args:
            ids: devices by id.
            users: devices by user.
            user_update: their new user.
            meta_update: their new meta data.
            topics_update: what changes in their topics.
            timezone_update: their new time zone.
            locale_update: their new locale.
            timeout: seconds, instead of the client's own limit.
        """

    def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[str | int] = (), timeout: float | None = None
    ) -> Slot[DeviceRemoveResult]:
        """Remove devices.

        Args:
            ids: devices by id.
            users: devices by user.
            timeout: seconds, instead of the client's own limit.
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
        """A page of devices.

        Args:
            filter: which devices.
            include_total_count: count them all.
            include_meta: with their meta data.
            include_topics: with their topics.
            include_webpush_keys: with their web push keys.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of devices.

        Args:
            filter: which topics.
            include_total_count: count them all.
            include_device: with the devices.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: str | int = "", timeout: float | None = None
    ) -> Slot[DeviceTopicUpdateResult]:
        """Change the topics of a device.

        Args:
            device_id: the device.
            op: "add", "remove" or "set".
            topics: the topics.
            user: whose topics they are; an int becomes text.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of users.

        Args:
            filter: which topics.
            include_total_count: count them all.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    def user_topic_update(
        self, user: str | int, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> Slot[UserTopicUpdateResult]:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set".
            topics: the topics.
            timeout: seconds, instead of the client's own limit.
        """

    def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: int | datetime = 0,
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
            recipient: who gets it.
            notification: what they get.
            uid: its id, instead of one that the server makes.
            send_at: when, Unix seconds or a datetime with time zone; not given: now.
            optimize_for_reliability: rather twice than never.
            limit_strategy: how often, and at which time of day, a device may be disturbed.
            analytics_uid: what it is counted under.
            localizations: texts by language.
            use_templating: fill in templates.
            use_meta: templates see the devices' meta data.
            timeout: seconds, instead of the client's own limit.
        """

    def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> Slot[UpdatePushStatusResult]:
        """Note what became of a push.

        Args:
            analytics_uid: what the push is counted under.
            status: "delivered" or "interacted".
            device_id: on which device.
            msg_id: the provider's id of the message.
            timeout: seconds, instead of the client's own limit.
        """

    def cancel_push(self, uid: str, *, timeout: float | None = None) -> Slot[CancelPushResult]:
        """Do not send a push that is to be sent later.

        Args:
            uid: the push's id.
            timeout: seconds, instead of the client's own limit.
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
        """Publish *data* into *channel*; the result says where in the history it stands, if the channel has one.

        Args:
            channel: the channel's name. By default, names that no client can subscribe to are refused.
            data: any JSON value, also None (JSON null); `bytes` are ready-made JSON and travel as they are.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            skip_history: deliver it, but keep it out of the history.
            tags: text by name, for subscribers' filters.
            idempotency_key: a publication whose key the server has seen in the last five minutes, in this channel, is not
                published again; the result is the first one's. Ignored by servers before 5.2.
            delta: let subscribers that asked for it get only what changed. Ignored by servers before 5.4.
            version: of what *data* describes: one that is not above the channel's last is not published, and the result
                does not say so (6.2).
            version_epoch: a version counts only among those of the same epoch (6.2).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: neither or both of *data* and *b64data*, and whatever else no server accepts.
            ServerError: 102, an unknown namespace; 107, data against the namespace's format.
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
        """Publish *data* into each of *channels*; the result has a response for each, which may be an error.

        Args:
            channels: names, at least one. The server works on many at once: one given twice gets it twice, in any order.
            data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: as for `Publish`.
            ServerError: the whole call was refused; a channel's own error is in its response.
        """

    def subscribe(
        self,
        channel: str,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        info: Any = ...,
        b64info: bytes | str | None = None,
        data: Any = ...,
        b64data: bytes | str | None = None,
        expire_at: int | datetime = 0,
        recover_since: StreamPosition | None = None,
        override: SubscribeOptionOverride | None = None,
        timeout: float | None = None,
    ) -> Slot[SubscribeResult]:
        """Subscribe the connections that *user* has now to *channel*, from the server's side.

        Args:
            channel: the channel's name.
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            info, b64info: what others see of the subscription (`chan_info`): any JSON value, or bytes.
            data, b64data: goes to the client with the subscription: any JSON value, or bytes.
            expire_at: when the subscription ends, Unix seconds or a datetime with time zone.
            recover_since: the position from which the client is to recover.
            override: options for this subscription, instead of the namespace's.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace; 100, if *expire_at* has passed and somebody is there.
        """

    def unsubscribe(
        self,
        channel: str,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 102, an unknown namespace.
        """

    def disconnect(
        self,
        user: str | int,
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
            user: the user's id; an int becomes text. An empty one needs *anonymous*.
            client, session: only this connection of the user.
            whitelist: connections (client ids) to spare.
            disconnect: the code and reason, instead of 3503, "force disconnect".
            anonymous: with an empty user: the anonymous connections are meant. It is not sent.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.
        """

    def refresh(
        self,
        user: str | int,
        *,
        client: str = "",
        session: str = "",
        label_filter: FilterNode | None = None,
        all_users: bool = False,
        expired: bool = False,
        expire_at: int | datetime = 0,
        info: Any = ...,
        timeout: float | None = None,
    ) -> Slot[RefreshResult]:
        """Say until when the connections of *user* may live.

        Args:
            user: the user's id; an int becomes text. The empty one means the anonymous connections.
            client, session: only this connection of the user.
            expired: close them now, as expired.
            expire_at: when they expire, Unix seconds or a datetime with time zone; not given: never.
            info: the new `conn_info`, any JSON value; the server drops it unless *expire_at* is in the future.
            label_filter, all_users: which connections, of which users (PRO).
            timeout: seconds, instead of the client's own limit.

        Raises:
            UsageError: *info* without *expire_at*, which the server would drop without a word.
        """

    def presence(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceResult]:
        """Who is subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
        """

    def presence_stats(self, channel: str, *, timeout: float | None = None) -> Slot[PresenceStatsResult]:
        """How many are subscribed to *channel* now.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
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
        """Publications that the server keeps of *channel*, and the position of its history.

        `history_pages` of a client goes through all of them and notices what is missing.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            since: only publications after (reverse: before) this one.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace; 112, *since* is of another epoch.
        """

    def history_remove(self, channel: str, *, timeout: float | None = None) -> Slot[HistoryRemoveResult]:
        """Remove the publications of a history; its position stays.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 108, history is off in the namespace; 102, an unknown namespace.
        """

    def channels(self, *, pattern: str = "", timeout: float | None = None) -> Slot[ChannelsResult]:
        """The channels with at least one subscriber on any node.

        Args:
            pattern: a glob over the whole name: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 100, the pattern is wrong.
        """

    def info(self, *, timeout: float | None = None) -> Slot[InfoResult]:
        """The nodes of the cluster. A client also learns from it which version its server has.

        Args:
            timeout: seconds, instead of the client's own limit.
        """

    def rpc(self, method: str, *, params: Any = ..., timeout: float | None = None) -> Slot[RPCResult]:
        """Call a method that the server itself offers; the open edition has none.

        Args:
            method: its name.
            params: any JSON value.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 104, there is no such method.
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
        """Give *key* a value in a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            data: the value, any JSON value; a key may have none.
            b64data: instead of *data*: bytes of any kind, or base64 text.
            stream_data, b64stream_data: what goes into the stream instead; does nothing in the open server 6.9.
            tags, idempotency_key, delta: as in `Publish`; what was suppressed for its key is said in the result.
            version, version_epoch: of the value: one that is not above the key's last is suppressed.
            score: the key's place in an ordered map; does nothing in the open server 6.9.
            key_mode: "if_new" or "if_exists": only then.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
        """

    def map_remove(
        self, channel: str, key: str, *, idempotency_key: str | None = None, timeout: float | None = None
    ) -> Slot[MapRemoveResult]:
        """Remove *key* from a map channel.

        Args:
            channel: the channel's name.
            key: the key.
            idempotency_key: as in `MapPublish`.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 102, an unknown namespace.
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
        """The keys and values of a map channel, page by page.

        Args:
            channel: the channel's name.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            cursor: the page after this key: the last page's `cursor`.
            key: only this key.
            asc: in ascending order.
            revision_offset, revision_epoch: the position that the pages shall be of.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
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
        """The changes to a map channel.

        Args:
            channel: the channel's name.
            since_offset, since_epoch: only changes after (reverse: before) this position.
            limit: how many at most; 0, as if not given: none, only the position; -1: all.
            reverse: newest first.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type; 112, the map is of another epoch.
        """

    def map_stats(self, channel: str, *, timeout: float | None = None) -> Slot[MapStatsResult]:
        """How many keys a map channel has.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
        """

    def map_clear(self, channel: str, *, timeout: float | None = None) -> Slot[MapClearResult]:
        """Remove everything from a map channel; its next epoch is new.

        Args:
            channel: the channel's name.
            timeout: seconds, instead of the client's own limit.
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
        """Give *key* of a shared-poll channel a value, without waiting for the next poll.

        Args:
            channel: the channel's name; its namespace needs `shared_poll.publish_enabled`.
            key: the key.
            version: of the value, above 0.
            data, b64data: the value: any JSON value, or bytes.
            epoch: what the version counts in.
            timeout: seconds, instead of the client's own limit.

        Raises:
            ServerError: 107, the namespace is of another type.
        """

    def connections(
        self,
        *,
        user: str | int = "",
        expression: str = "",
        label_filter: FilterNode | None = None,
        timeout: float | None = None,
    ) -> Slot[ConnectionsResult]:
        """The connections that fit, with their state.

        Args:
            user: only this user's; an int becomes text.
            expression: only those for which this CEL expression is true.
            label_filter: only those whose labels fit (6.8.4).
            timeout: seconds, instead of the client's own limit.
        """

    def update_user_status(
        self, users: Sequence[str | int], state: str, *, timeout: float | None = None
    ) -> Slot[UpdateUserStatusResult]:
        """Set the state of users.

        Args:
            users: their ids; ints become text.
            state: any text.
            timeout: seconds, instead of the client's own limit.
        """

    def get_user_status(self, users: Sequence[str | int], *, timeout: float | None = None) -> Slot[GetUserStatusResult]:
        """When users were last active and online, and their state.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    def delete_user_status(
        self, users: Sequence[str | int], *, timeout: float | None = None
    ) -> Slot[DeleteUserStatusResult]:
        """Forget the status of users.

        Args:
            users: their ids; ints become text.
            timeout: seconds, instead of the client's own limit.
        """

    def block_user(
        self, user: str | int, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> Slot[BlockUserResult]:
        """Close the connections of *user* and accept none any more.

        Args:
            user: the user's id; an int becomes text.
            expire_at: until then, Unix seconds or a datetime with time zone; not given: for good.
            timeout: seconds, instead of the client's own limit.
        """

    def unblock_user(self, user: str | int, *, timeout: float | None = None) -> Slot[UnblockUserResult]:
        """Accept connections of *user* again.

        Args:
            user: the user's id; an int becomes text.
            timeout: seconds, instead of the client's own limit.
        """

    def revoke_token(
        self, uid: str, *, expire_at: int | datetime = 0, timeout: float | None = None
    ) -> Slot[RevokeTokenResult]:
        """Accept one token no more.

        Args:
            uid: the token's `jti`.
            expire_at: how long to remember that, Unix seconds or a datetime with time zone.
            timeout: seconds, instead of the client's own limit.
        """

    def invalidate_user_tokens(
        self,
        user: str | int,
        *,
        issued_before: int | datetime = 0,
        expire_at: int | datetime = 0,
        channel: str = "",
        timeout: float | None = None,
    ) -> Slot[InvalidateUserTokensResult]:
        """Accept tokens of *user* no more.

        Args:
            user: the user's id; an int becomes text.
            issued_before: only tokens older than this (by `iat`), Unix seconds or a datetime with time zone.
            expire_at: how long to remember that.
            channel: only subscription tokens for this channel.
            timeout: seconds, instead of the client's own limit.
        """

    def device_register(
        self,
        provider: str,
        token: str,
        platform: str,
        *,
        id: str = "",
        user: str | int = "",
        meta: Mapping[str, str] | None = None,
        topics: Sequence[str] = (),
        timezone: str = "",
        locale: str = "",
        timeout: float | None = None,
    ) -> Slot[DeviceRegisterResult]:
        """Register a device for push notifications, or update it.

        Args:
            provider: "fcm", "hms", "apns" or "webpush".
            token: the device's token at the provider.
            platform: "ios", "android" or "web".
            id: the id of a device that is known already.
            user: whose it is; an int becomes text.
            meta: anything about it.
            topics: its topics.
            timezone: its time zone.
            locale: its locale.
            timeout: seconds, instead of the client's own limit.
        """

    def device_update(
        self,
        *,
        ids: Sequence[str] = (),
        users: Sequence[str | int] = (),
        user_update: DeviceUserUpdate | None = None,
        meta_update: DeviceMetaUpdate | None = None,
        topics_update: DeviceTopicsUpdate | None = None,
        timezone_update: DeviceTimezoneUpdate | None = None,
        locale_update: DeviceLocaleUpdate | None = None,
        timeout: float | None = None,
    ) -> Slot[DeviceUpdateResult]:
        """Change devices.

        Args:
            ids: devices by id.
            users: devices by user.
            user_update: their new user.
            meta_update: their new meta data.
            topics_update: what changes in their topics.
            timezone_update: their new time zone.
            locale_update: their new locale.
            timeout: seconds, instead of the client's own limit.
        """

    def device_remove(
        self, *, ids: Sequence[str] = (), users: Sequence[str | int] = (), timeout: float | None = None
    ) -> Slot[DeviceRemoveResult]:
        """Remove devices.

        Args:
            ids: devices by id.
            users: devices by user.
            timeout: seconds, instead of the client's own limit.
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
        """A page of devices.

        Args:
            filter: which devices.
            include_total_count: count them all.
            include_meta: with their meta data.
            include_topics: with their topics.
            include_webpush_keys: with their web push keys.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of devices.

        Args:
            filter: which topics.
            include_total_count: count them all.
            include_device: with the devices.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    def device_topic_update(
        self, device_id: str, op: str, topics: Sequence[str], *, user: str | int = "", timeout: float | None = None
    ) -> Slot[DeviceTopicUpdateResult]:
        """Change the topics of a device.

        Args:
            device_id: the device.
            op: "add", "remove" or "set".
            topics: the topics.
            user: whose topics they are; an int becomes text.
            timeout: seconds, instead of the client's own limit.
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
        """A page of the topics of users.

        Args:
            filter: which topics.
            include_total_count: count them all.
            cursor: the last page's `next_cursor`.
            limit: how many at most.
            timeout: seconds, instead of the client's own limit.
        """

    def user_topic_update(
        self, user: str | int, op: str, topics: Sequence[str], *, timeout: float | None = None
    ) -> Slot[UserTopicUpdateResult]:
        """Change the topics of a user.

        Args:
            user: the user's id; an int becomes text.
            op: "add", "remove" or "set".
            topics: the topics.
            timeout: seconds, instead of the client's own limit.
        """

    def send_push_notification(
        self,
        recipient: PushRecipient,
        notification: PushNotification,
        *,
        uid: str = "",
        send_at: int | datetime = 0,
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
            recipient: who gets it.
            notification: what they get.
            uid: its id, instead of one that the server makes.
            send_at: when, Unix seconds or a datetime with time zone; not given: now.
            optimize_for_reliability: rather twice than never.
            limit_strategy: how often, and at which time of day, a device may be disturbed.
            analytics_uid: what it is counted under.
            localizations: texts by language.
            use_templating: fill in templates.
            use_meta: templates see the devices' meta data.
            timeout: seconds, instead of the client's own limit.
        """

    def update_push_status(
        self, analytics_uid: str, status: str, *, device_id: str = "", msg_id: str = "", timeout: float | None = None
    ) -> Slot[UpdatePushStatusResult]:
        """Note what became of a push.

        Args:
            analytics_uid: what the push is counted under.
            status: "delivered" or "interacted".
            device_id: on which device.
            msg_id: the provider's id of the message.
            timeout: seconds, instead of the client's own limit.
        """

    def cancel_push(self, uid: str, *, timeout: float | None = None) -> Slot[CancelPushResult]:
        """Do not send a push that is to be sent later.

        Args:
            uid: the push's id.
            timeout: seconds, instead of the client's own limit.
        """
