"""The methods of the server API of Centrifugo 3 to 6 (spec v6 §5): a new one is a class and a line in COMMANDS.

A class says the method's name, its fields and, by its base `Method[R]`, the type of its result. Fields have the
server's names; what is required is positional, options are keyword-only. Map and shared-poll methods are in `maps.py`,
those of the PRO edition in `pro.py`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import msgspec
from msgspec import UNSET, UnsetType

from centripetal.dialects.current.base import (
    Data,
    Method,
    OfUser,
    Sendable,
    StreamPosition,
    SubscribeOptionOverride,
    Version,
    payload_of,
)
from centripetal.dialects.current.maps import MAP_METHODS
from centripetal.dialects.current.pro import PRO_METHODS
from centripetal.dialects.current.results import (
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
from centripetal.errors import UsageError
from centripetal.protocol.checks import check_names
from centripetal.protocol.command import Command, R
from centripetal.protocol.fields import (
    Base64,
    Int32,
    Moment,
    Name,
    Payload,
    UInt32,
    UInt64,
    UserId,
    changed_fields,
)
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = [
    "COMMANDS",
    "RPC",
    "Broadcast",
    "Channels",
    "Custom",
    "Disconnect",
    "DisconnectReason",
    "History",
    "HistoryRemove",
    "Info",
    "Presence",
    "PresenceStats",
    "Publish",
    "Refresh",
    "Subscribe",
    "Unsubscribe",
    "custom",
]


_NO_VERSION = 0  # the default itself is known by its identity: False and 0.0 are to be looked at


class _PublishOptions(Data[R], frozen=True, kw_only=True):
    keyed = True
    added: ClassVar[Mapping[str, Version]] = {
        "tags": (3, 2, 0),
        "idempotency_key": (5, 2, 0),
        "delta": (5, 4, 0),
        "version": (6, 2, 0),
        "version_epoch": (6, 2, 0),
    }

    skip_history: bool = False
    tags: Mapping[str, str] | None = None
    idempotency_key: str | None = None
    delta: bool = False
    version: UInt64 = 0
    version_epoch: str = ""

    def plain(self) -> bool:
        """Whether no option is given, as in most publications."""
        return (
            self.b64data is None
            and self.idempotency_key is None
            and self.tags is None
            and self.skip_history is False
            and self.delta is False
            and self.version is _NO_VERSION
            and self.version_epoch == ""
        )


class Publish(_PublishOptions[PublishResult], frozen=True):
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

    name = "publish"
    channel: Name
    data: Payload | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        channel, data = self.channel, self.data
        if type(channel) is str and channel and channel.isascii() and data is not UNSET and self.plain():
            return {} if (json := plain_data(data, "data")) is data else {"data": json}
        payload_of(data, self.b64data)
        return changed_fields(self)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class Broadcast(_PublishOptions[BroadcastResult], frozen=True):
    """Publish *data* into each of *channels*; the result has a response for each, which may be an error.

    Args:
        channels: names, at least one. The server works on many at once: one given twice gets it twice, in any order.
        data, b64data, skip_history, tags, idempotency_key, delta, version, version_epoch: as in `Publish`.
        timeout: seconds, instead of the client's own limit.

    Raises:
        UsageError: as for `Publish`.
        ServerError: the whole call was refused; a channel's own error is in its response.
    """

    name = "broadcast"
    channels: Sequence[str]
    data: Payload | UnsetType = UNSET

    def changes(self) -> dict[str, Any]:
        channels, data = self.channels, self.data
        if type(channels) is not list or not _all_names(channels):
            check_names("channels", channels)
        payload_of(data, self.b64data)
        if self.plain():
            return {} if (json := plain_data(data, "data")) is data else {"data": json}
        return changed_fields(self)

    def touches(self) -> Sequence[str]:
        return self.channels


def _all_names(names: list[Any]) -> bool:
    """Whether all is well with *names*, found out quickly; if not, `check_names` says what is wrong."""
    try:
        return bool(names) and "".join(names).isascii() and all(names)
    except TypeError:
        return False


class _SubscribeOptions(OfUser[SubscribeResult], frozen=True, kw_only=True):
    info: Payload | UnsetType = UNSET
    b64info: Base64 | None = None
    data: Payload | UnsetType = UNSET
    b64data: Base64 | None = None
    expire_at: Moment = 0
    recover_since: StreamPosition | None = None
    override: SubscribeOptionOverride | None = None


class Subscribe(_SubscribeOptions, frozen=True):
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

    name = "subscribe"
    repeatable = True
    channel: Name
    user: UserId

    def check(self) -> None:
        payload_of(self.info, self.b64info, what="info", required=False)
        payload_of(self.data, self.b64data, required=False)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class _Anonymous(OfUser[R], frozen=True, kw_only=True):
    """What can be said of users, where an empty id would hit everybody who is anonymous."""

    anonymous: bool = False

    def _refuse_nobody(self, user: Any) -> None:
        if user == "" and self.anonymous is not True and self.all_users is not True:
            raise UsageError(
                "user is empty, which means every anonymous connection: "
                "give the user's id, or anonymous=True if you do mean them"
            )

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        if self.anonymous:
            changes["anonymous"] = False  # it is between the caller and us
        return changes


class Unsubscribe(_Anonymous[UnsubscribeResult], frozen=True):
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

    name = "unsubscribe"
    repeatable = True
    channel: Name
    user: UserId

    def check(self) -> None:
        self._refuse_nobody(self.user)

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class DisconnectReason(Sendable, frozen=True):
    """What a connection is told when it is closed.

    Args:
        code: 4000 to 4499 (client libraries reconnect) or 4500 to 4999 (they do not).
        reason: a few words.
    """

    code: UInt32
    reason: str = ""


class _DisconnectOptions(_Anonymous[DisconnectResult], frozen=True, kw_only=True):
    whitelist: Sequence[str] = ()
    disconnect: DisconnectReason | None = None


class Disconnect(_DisconnectOptions, frozen=True):
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

    name = "disconnect"
    repeatable = True
    user: UserId

    def check(self) -> None:
        self._refuse_nobody(self.user)


class _RefreshOptions(OfUser[RefreshResult], frozen=True, kw_only=True):
    expired: bool = False
    expire_at: Moment = 0
    info: Payload | UnsetType = UNSET


class Refresh(_RefreshOptions, frozen=True):
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

    name = "refresh"
    repeatable = True
    user: UserId

    def check(self) -> None:
        if self.info is not UNSET and not self.expire_at:
            raise UsageError("info without expire_at is dropped by the server: give expire_at, too")


class Presence(Method[PresenceResult], frozen=True):
    """Who is subscribed to *channel* now.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
    """

    name = "presence"
    reads = True
    channel: Name

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class PresenceStats(Method[PresenceStatsResult], frozen=True):
    """How many are subscribed to *channel* now.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 108, presence is off in the namespace; 102, an unknown namespace.
    """

    name = "presence_stats"
    reads = True
    channel: Name

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class _HistoryOptions(Method[HistoryResult], frozen=True, kw_only=True):
    limit: Int32 = 0
    since: StreamPosition | None = None
    reverse: bool = False


class History(_HistoryOptions, frozen=True):
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

    name = "history"
    reads = True
    channel: Name

    def check(self) -> None:
        if self.reverse is True and self.since is not None and getattr(self.since, "offset", 1) == 0:
            raise UsageError("there is nothing before offset 0: leave out since to begin with the newest publication")

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class HistoryRemove(Method[HistoryRemoveResult], frozen=True):
    """Remove the publications of a history; its position stays.

    Args:
        channel: the channel's name.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 108, history is off in the namespace; 102, an unknown namespace.
    """

    name = "history_remove"
    repeatable = True
    channel: Name

    def touches(self) -> Sequence[str]:
        return (self.channel,)


class _ChannelsOptions(Method[ChannelsResult], frozen=True, kw_only=True):
    pattern: str = ""


class Channels(_ChannelsOptions, frozen=True):
    """The channels with at least one subscriber on any node.

    Args:
        pattern: a glob over the whole name: `*` (any characters), `?`, `[a-z]`, `{a,b}`.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 100, the pattern is wrong.
    """

    name = "channels"
    reads = True


class Info(Method[InfoResult], frozen=True):
    """The nodes of the cluster. A client also learns from it which version its server has.

    Args:
        timeout: seconds, instead of the client's own limit.
    """

    name = "info"
    reads = True


class _RPCOptions(Method[RPCResult], frozen=True, kw_only=True):
    params: Payload | UnsetType = UNSET


class RPC(_RPCOptions, frozen=True):
    """Call a method that the server itself offers; the open edition has none.

    Args:
        method: its name.
        params: any JSON value.
        timeout: seconds, instead of the client's own limit.

    Raises:
        ServerError: 104, there is no such method.
    """

    name = "rpc"
    method: Name


class Custom(Method[Any], frozen=True):
    """A method that this library does not know, or one with fields it does not know: see `custom`."""

    alone = True  # nobody knows whether it decodes
    params: Mapping[str, Any] = {}

    def body(self) -> bytes:
        """The fields as they travel."""
        if not isinstance(self.params, Mapping) or not all(isinstance(field, str) for field in self.params):
            raise UsageError("params must be a dict of the method's fields, with their names as keys")
        return encode_plain({field: plain_data(value, field) for field, value in self.params.items()}, "params")


_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_customs: dict[str, type[Custom]] = {}


def custom(name: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Custom:
    """Any method by its name, with its fields as they are: what `client.call("name", {…})` sends.

    Args:
        name: the method's name on the wire.
        params: its fields; values are JSON values, `bytes` on the top level ready-made JSON.
        timeout: seconds, instead of the client's own limit.

    Returns:
        A command whose result is the decoded `result` of the reply.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == "batch":
        advice = "collect calls with client.batch()" if name == "batch" else "such as 'publish'"
        raise UsageError(f"{name!r:.100} is no name of a method: {advice}")
    kind = _customs.get(name)
    if kind is None:
        kind = cast(
            type[Custom],
            msgspec.defstruct(
                "Custom", [], bases=(Custom,), namespace={"name": name, "__doc__": Custom.__doc__}, frozen=True
            ),
        )
        if len(_customs) < 256:
            _customs[name] = kind
    return kind({} if params is None else params, timeout=timeout)


COMMANDS: tuple[type[Command[Any]], ...] = (
    Publish,
    Broadcast,
    Subscribe,
    Unsubscribe,
    Disconnect,
    Refresh,
    Presence,
    PresenceStats,
    History,
    HistoryRemove,
    Channels,
    Info,
    RPC,
    *MAP_METHODS,
    *PRO_METHODS,
)
