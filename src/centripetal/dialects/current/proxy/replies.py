"""Replies to proxy events. They can only hold values that a 6.9.1 server accepts. PURE.

See protocol 6: proxy-connect, proxy-refresh, proxy-subscribe, proxy-publish, proxy-sub-refresh, map-shared-polling.
"""

import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from centripetal.dialects.current.objects import FilterNode, Sendable, SubscribeOptionOverride, SubscribeOptions
from centripetal.dialects.current.proxy.reply import Deadline, DeadlineOrNever, Reply
from centripetal.errors import UsageError
from centripetal.protocol.field_kinds import Base64, Name, Payload, UInt64, UserId
from centripetal.protocol.gojson import JSONError, check

__all__ = ["ChannelsCapability", "ConnectReply", "Expired", "PublishReply", "RPCReply", "RefreshReply"]
__all__ += ["SharedPollReply", "SharedPollResult", "SubRefreshReply", "SubscribeReply", "check_bytes"]


class ChannelsCapability(Sendable, frozen=True):
    """Channels with the actions that a connection may take in them (PRO).

    Args:
        channels: names or patterns.
        allow: `sub`, `pub`, `prs`, `hst`, ….
        match: how *channels* are matched: "", `wildcard` or `regex`.
    """

    channels: Sequence[str] = ()
    allow: Sequence[str] = ()
    match: str = ""


class _ConnectOptions(Reply, frozen=True, kw_only=True):
    payloads = ("info", "data", "meta")
    encoded = ("b64info", "b64data")

    expire_at: DeadlineOrNever = 0
    info: Payload | UnsetType = UNSET
    b64info: Base64 | None = None
    data: Payload | UnsetType = UNSET
    b64data: Base64 | None = None
    channels: Sequence[Name] = ()
    subs: Mapping[str, SubscribeOptions] | None = None
    meta: Payload | UnsetType = UNSET
    caps: Sequence[ChannelsCapability] = ()
    labels: Mapping[str, str] | None = None


class ConnectReply(_ConnectOptions, frozen=True):
    """Let the client connect.

    Args:
        user: the user's id; an int becomes text. "" is the anonymous user.
        expire_at: when the server asks again with a `RefreshEvent`: Unix seconds or a timezone-aware datetime; 0, the
            default: never. With a time in the past the client gets error 110.
        info, b64info: shown to other clients in presence, join messages and publications: any JSON value, or bytes.
        data, b64data: sent to the client: any JSON value, or bytes.
        channels: channels to which the server subscribes the client. An unknown namespace is error 102.
        subs: channels like *channels*, each with options.
        meta: any JSON value for the application: later events have it, and clients never see it.
        caps: what the connection may do in channels (PRO).
        labels: labels of the connection, by name (PRO).

    Raises:
        UsageError: a value that the server would reject; the message names the argument.
    """

    user: UserId


class _RefreshOptions(Reply, frozen=True, kw_only=True):
    payloads = ("info", "meta")
    encoded = ("b64info",)

    info: Payload | UnsetType = UNSET
    b64info: Base64 | None = None
    meta: Payload | UnsetType = UNSET
    caps: Sequence[ChannelsCapability] = ()


class RefreshReply(_RefreshOptions, frozen=True):
    """Let the connection live on.

    Args:
        expire_at: when the server asks again: Unix seconds or a timezone-aware datetime. If the time has passed, the
            server closes the connection as expired (3005).
        info, b64info: replaces the info that other clients see: any JSON value, or bytes.
        meta: replaces the value for the application: any JSON value.
        caps: replaces what the connection may do in channels (PRO).

    Raises:
        UsageError: a value that the server would reject; the message names the argument.
    """

    expire_at: Deadline


class SubscribeReply(Reply, frozen=True, kw_only=True):
    """Let the client subscribe.

    The server grants the client's own wishes (recovery, positioning, join messages) only if the namespace forces them
    (`force_recovery` and the like) or *override* does.

    Args:
        expire_at: when the subscription expires, or the server asks again with a `SubRefreshEvent`: Unix seconds or a
            timezone-aware datetime; 0, the default: never.
        info, b64info: shown to other clients in this channel: any JSON value, or bytes.
        data, b64data: sent to the client with the reply: any JSON value, or bytes.
        override: options that replace the options of the channel's namespace.
        allow: what the client may do in the channel (PRO).
        server_tags_filter: only publications whose tags match (PRO; other servers send all).

    Raises:
        UsageError: a value that the server would reject; the message names the argument.
    """

    payloads = ("info", "data")
    encoded = ("b64info", "b64data")

    expire_at: DeadlineOrNever = 0
    info: Payload | UnsetType = UNSET
    b64info: Base64 | None = None
    data: Payload | UnsetType = UNSET
    b64data: Base64 | None = None
    override: SubscribeOptionOverride | None = None
    allow: Sequence[str] = ()
    server_tags_filter: FilterNode | None = None


class _PublishOptions(Reply, frozen=True, kw_only=True):
    payloads = ("data",)
    encoded = ("b64data",)

    b64data: Base64 | None = None
    skip_history: bool = False
    tags: Mapping[str, str] | None = None
    idempotency_key: str = ""
    delta: bool = False
    version: UInt64 = 0
    version_epoch: str = ""


class PublishReply(_PublishOptions, frozen=True):
    """Let the client publish.

    Args:
        data, b64data: publish this instead of the client's data: any JSON value except None, or bytes. Without both,
            the server publishes the client's data. To publish JSON null, pass `b"null"`.
        skip_history: do not add the publication to the history.
        tags: tags of the publication, by name.
        idempotency_key: the server publishes only once with the same key.
        delta: let the server send the difference to the previous publication.
        version, version_epoch: the server drops publications whose version is not above the channel's last version.

    Raises:
        UsageError: a value that the server would reject; the message names the argument.
    """

    data: Payload | UnsetType = UNSET

    def _take_none(self, name: str) -> None:
        raise UsageError(
            f"{name} is None, which would publish null instead of the client's data: "
            'leave it out to publish the client\'s data, or pass b"null" to publish null'
        )


class _SubRefreshOptions(Reply, frozen=True, kw_only=True):
    payloads = ("info",)
    encoded = ("b64info",)

    info: Payload | UnsetType = UNSET
    b64info: Base64 | None = None


class SubRefreshReply(_SubRefreshOptions, frozen=True):
    """Let the subscription live on.

    Args:
        expire_at: when the server asks again: Unix seconds or a timezone-aware datetime.
        info, b64info: replaces the info that other clients see in this channel: any JSON value, or bytes.

    Raises:
        UsageError: a value that the server would reject; the message names the argument.
    """

    expire_at: Deadline


class Expired(Reply, frozen=True):
    """End the connection (after a `RefreshEvent`) or the subscription (after a `SubRefreshEvent`).

    Client libraries come back at once, so the handlers of connect and subscribe must refuse the user, too.
    """

    body = b'{"result":{"expired":true}}'


class RPCReply(Reply, frozen=True):
    """The answer to an RPC. Handlers may also return the JSON value itself.

    Args:
        data: any JSON value; None is null.
        b64data: bytes instead, for clients with the binary protocol.

    Raises:
        UsageError: a value that the server would reject; the message names the argument.
    """

    payloads = ("data",)
    encoded = ("b64data",)

    data: Payload | UnsetType = UNSET
    b64data: Base64 | None = None

    def _take_none(self, name: str) -> None:
        pass


class _SharedPollResultOptions(Reply, frozen=True, kw_only=True):
    payloads = ("data", "prev_data")

    data: Payload | UnsetType = UNSET
    version: UInt64 = 0
    removed: bool = False
    prev_data: Payload | UnsetType = UNSET


class SharedPollResult(_SharedPollResultOptions, frozen=True):
    """The state of one key.

    Args:
        key: the key.
        data: its data: any JSON value.
        version: version of the data, if the channel uses versions.
        removed: whether the key does not exist any more.
        prev_data: the data of the previous version, for deltas.

    Raises:
        UsageError: neither *data* nor *removed* is given, or a value is invalid.
    """

    key: Name

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.data is UNSET and not self.removed:
            raise UsageError("data is missing: pass the data of the key, or removed=True")

    def _take_none(self, name: str) -> None:
        pass


class SharedPollReply(Reply, frozen=True):
    """The data of keys. Keys that are missing keep their data.

    Args:
        items: the keys with their data.
        epoch: identifies the versions: with another epoch, all versions begin again.

    Raises:
        UsageError: a value that the server would reject; the message names the argument.
    """

    items: Sequence[SharedPollResult] = ()
    epoch: str = ""


def check_bytes(reply: Reply) -> None:
    """Check that the bytes in *reply* are JSON, which a client with the JSON protocol needs.

    Otherwise the server closes the connection with 3506; if they were published, it closes every subscriber with the
    JSON protocol.

    Raises:
        UsageError: `b64data` or `b64info` is not JSON.
    """
    for name in reply.encoded:
        if encoded := getattr(reply, name):
            _check_json(name, encoded)
    if isinstance(reply, ConnectReply) and reply.subs:
        for channel, options in reply.subs.items():
            for name in reply.encoded:
                if encoded := getattr(options, name):
                    _check_json(f"subs[{channel!r:.80}].{name}", encoded)


def _check_json(what: str, encoded: Any) -> None:
    try:
        check(binascii.a2b_base64(encoded) if isinstance(encoded, str) else bytes(encoded))
    except JSONError:
        raise UsageError(
            f"{what} is not JSON, but the client uses the JSON protocol: the server would close connections"
        ) from None
