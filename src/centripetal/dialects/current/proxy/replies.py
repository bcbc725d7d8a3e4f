"""Replies to proxy events. They can only hold values that a 6.9.1 server accepts. PURE.

See protocol 6: proxy-connect, proxy-refresh, proxy-subscribe, proxy-publish, proxy-sub-refresh.

A reply checks its fields when it is created, so an error shows the line that passed the wrong value: the server answers
a wrong type with error 100 to the client, and takes null and negative times for something else than their writer.
`result_body` writes a reply as the body of the response.
"""

import binascii
import copy
import datetime
import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from centripetal.dialects.current.objects import FilterNode, Sendable, SubscribeOptionOverride, SubscribeOptions
from centripetal.dialects.current.payloads import payload_of
from centripetal.errors import CentripetalError, UsageError, shown
from centripetal.protocol.checks import unreadable
from centripetal.protocol.encoder import no_encoder
from centripetal.protocol.field_kinds import Base64, FieldKind, Name, Payload, UInt64, UnixSeconds, UserId
from centripetal.protocol.fields import ListOf, MapOf, ObjectOf, checks_of, fields_of
from centripetal.protocol.gojson import JSONError, check
from centripetal.protocol.payload import encode_plain, plain_data

__all__ = ["ChannelsCapability", "ConnectReply", "Expired", "PublishReply", "RPCReply", "RefreshReply", "Reply"]
__all__ += ["SharedPollReply", "SharedPollResult", "SubRefreshReply", "SubscribeReply", "check_bytes", "result_body"]
__all__ += ["value_body"]


class _Deadline(UnixSeconds):
    """A time in Unix seconds after 1970. The server takes a negative time for *never*."""

    def __init__(self, *, or_never: bool = False) -> None:
        super().__init__()
        self._or_never = or_never

    def check(self, what: str, value: Any) -> Any:
        seconds = super().check(what, value)
        if seconds < 0 or (seconds == 0 and not self._or_never):
            never = " or 0 for never" if self._or_never else "; to end it now, return Expired()"
            raise UsageError(f"{what} must be a time after 1970{never}, not {shown(value)}")
        return seconds


Deadline = Annotated[int | datetime.datetime, _Deadline()]
DeadlineOrNever = Annotated[int | datetime.datetime, _Deadline(or_never=True)]


class Reply(msgspec.Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True, kw_only=True):
    """Base class of the replies that handlers return.

    Raises:
        UsageError: a field has a value that the server would reject or misread; the message names the field.
    """

    payloads: ClassVar[tuple[str, ...]] = ()
    """Names of the JSON fields. Each `x` may have a field `b64x` for bytes instead."""

    encoded: ClassVar[tuple[str, ...]] = ()
    """Names of the fields for bytes."""

    def __post_init__(self) -> None:
        given = zip(checks_of(type(self)), msgspec.structs.astuple(self), strict=True)
        for (name, default, check_value), value in given:
            if value is default:
                continue
            is_payload = name in self.payloads
            if is_payload and value is None:
                self._take_none(name)
                continue
            try:
                # Replies have no `encoder`, so errors must not advise it.
                sent = plain_data(value, name, no_encoder) if is_payload else check_value(name, value)
            except CentripetalError:
                raise
            except Exception as error:  # raised by code of the value
                raise unreadable(name, error) from error
            # Objects keep their Python form, in which they can be read and compared; `result_body` converts them.
            if sent is not value and name not in _objects(type(self)):
                msgspec.structs.force_setattr(self, name, sent)
            if name in self.encoded:
                payload_of(getattr(self, name[3:]), value, what=name[3:], required=False)

    def _take_none(self, name: str) -> None:
        """Treat None as "not given": the server would take JSON null for a value, and store or send it."""
        msgspec.structs.force_setattr(self, name, UNSET)


@functools.cache
def _objects(reply: type[Reply]) -> Mapping[str, FieldKind]:
    """Return the kinds of the fields that hold objects, by name."""
    return {field.name: field.kind for field in fields_of(reply) if _holds_objects(field.kind)}


def _holds_objects(kind: FieldKind) -> bool:
    return isinstance(kind, ObjectOf) or (isinstance(kind, ListOf | MapOf) and _holds_objects(kind.item))


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

    def __post_init__(self) -> None:
        super().__post_init__()
        for channel, options in (self.subs or {}).items():
            for name, encoded in (("info", options.b64info), ("data", options.b64data)):
                payload_of(getattr(options, name), encoded, what=f"subs[{channel!r:.80}].{name}", required=False)


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


# ---- bodies


def result_body(reply: Reply) -> bytes:
    """Return the body of the response with *reply*.

    Raises:
        UsageError: a value inside the reply was changed after its creation, and cannot be sent any more.
    """
    if type(reply) is Expired:
        return b'{"result":{"expired":true}}'
    changed = reply
    for name, kind in _objects(type(reply)).items():
        value = getattr(reply, name)
        if value:
            if changed is reply:
                changed = copy.copy(reply)  # unlike `replace`, it does not check again
            msgspec.structs.force_setattr(changed, name, kind.check(name, value))
    return b'{"result":%b}' % encode_plain(changed, "the reply")


def value_body(value: Any) -> bytes:
    """Return the body of the response with *value*, the result of an RPC: any JSON value, also None.

    Raises:
        UsageError: the value has no JSON form; the message names the place.
    """
    return b'{"result":{"data":%b}}' % encode_plain(plain_data(value, "the result", no_encoder), "the result")


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
