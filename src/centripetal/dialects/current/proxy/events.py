"""Proxy events: questions about its clients that a Centrifugo 6 server asks the application over HTTP. PURE.

See protocol 6: proxy-requests. An event is a value that knows the type of its reply: `SubscribeEvent` is an
`Event[Any, SubscribeReply]`. A server writes events, and handlers read them:

    write(SubscribeEvent(user="42", channel="news"))    -> the body of the request, as 6.9.1 writes it
    read(SubscribeEvent, body)                          -> the event, with its data still undecoded
"""

import base64
import binascii
import functools
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic

import msgspec
from msgspec import Raw

from centripetal.dialects.current.proxy.replies import (
    ConnectReply,
    Expired,
    PublishReply,
    RefreshReply,
    SharedPollReply,
    SubRefreshReply,
    SubscribeReply,
)
from centripetal.protocol.encoder import no_encoder
from centripetal.protocol.field_kinds import UInt64
from centripetal.protocol.gojson import brackets, compact
from centripetal.protocol.payload import DEEPEST_VALUE, encode_json, encode_plain, plain_data

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    D = TypeVar("D", default=Any)
    R = TypeVar("R", default=Any)
    E = TypeVar("E", bound="Event[Any, Any]")
else:
    from typing import TypeVar

    D, R, E = TypeVar("D"), TypeVar("R"), TypeVar("E")

__all__ = ["EVENTS", "ClientEvent", "ConnectEvent", "Event", "EventError", "PublishEvent", "RPCEvent", "RefreshEvent"]
__all__ += ["SharedPollEvent", "SharedPollItem", "SubRefreshEvent", "SubscribeEvent", "read", "write"]


_QUOTED = re.compile(r"\\([0-3][0-7]{2}|.)")


def _unquoted(found: re.Match[str]) -> str:
    return chr(int(found[1], 8)) if len(found[1]) == 3 else found[1]


class EventError(ValueError):
    """A body is not the event that was expected; the message says where and why."""


class Event(msgspec.Struct, Generic[D, R], kw_only=True):
    """Base class of all events; `D` is the type of the client's data and `R` the type of the reply.

    Attributes:
        headers: the headers of the server's request, by lower-case name, without the secret: those that the server's
            configuration lists in `http_headers`, `emulated_headers` and `http.static_headers`. Of repeated headers
            the last one counts.
        context: the value that the caller of `answer` or `answer_async` passed, such as a database session; under plain
            ASGI the scope, under plain WSGI the environment, in Django the request, all without the secret.
    """

    kind: ClassVar[str]
    """Name of the event, which is also the last segment of the endpoint's path."""

    topic: ClassVar[str] = ""
    """Name of the field that the patterns of handlers are compared with; empty if each kind has one handler."""

    # Wire names that start with a space: no server uses them, so these are never read from a body.
    headers: Mapping[str, str] = msgspec.field(default_factory=dict, name=" headers")
    context: Any = msgspec.field(default=None, name=" context")

    @property
    def cookies(self) -> dict[str, str]:
        """The client's cookies; the server passes them on if `http_headers` lists `Cookie`."""
        # `http.cookies` drops all cookies if one of them breaks its rules, as cookies of other scripts often do.
        found: dict[str, str] = {}
        for part in self.headers.get("cookie", "").split(";"):
            name, equals, value = part.partition("=")
            value = value.strip()
            if equals and len(value) > 1 and value[0] == value[-1] == '"':
                value = _QUOTED.sub(_unquoted, value[1:-1])
            if equals:
                found.setdefault(name.strip(), value)
        return found

    @property
    def bearer(self) -> str | None:
        """The token in `Authorization: Bearer …`; None without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    def __repr__(self) -> str:
        # Data, headers and cookies of users do not belong in logs.
        shown = {name: getattr(self, name, None) for name in ("user", "channel", "method", "name")}
        return (
            f"<{' '.join([type(self).__name__, *(f'{name}={value!r:.80}' for name, value in shown.items() if value)])}>"
        )


class ClientEvent(Event[D, R], Generic[D, R], kw_only=True):
    """Base class of the events that a client causes.

    Attributes:
        client: id of the connection.
        transport: `websocket`, `sse`, `http_stream`, `uni_sse`, ….
        protocol: `json` or `protobuf`: how the client talks to the server.
        encoding: `json`, or `binary` if the server's proxy has `binary_encoding`.
    """

    client: str = ""
    transport: str = "websocket"
    protocol: str = "json"
    encoding: str = "json"


class ConnectEvent(ClientEvent[D, ConnectReply], Generic[D], kw_only=True):
    """A client without a token connects (protocol 6: proxy-connect).

    Attributes:
        data: the client's data, decoded as the handler's annotation says; None without data.
        b64data: the data as the server sent it if `encoding` is `binary`.
        name, version: of the client library or application.
        channels: channels that the client wants to be subscribed to at once.
        data_bytes: the data exactly as the client sent it.
    """

    kind = "connect"

    data: D = None  # type: ignore[assignment]  # absent
    b64data: str = ""
    name: str = ""
    version: str = ""
    channels: list[str] = []
    data_bytes: bytes = msgspec.field(default=b"", name=" data_bytes")


class RefreshEvent(ClientEvent[Any, RefreshReply | Expired], kw_only=True):
    """A connection has reached its `expire_at` (protocol 6: proxy-refresh).

    Attributes:
        user: the user's id; empty for an anonymous user.
        meta: the value that the reply to connect attached to the connection, if the server's proxy has
            `include_connection_meta`; None without it.
        labels: labels of the connection (PRO).
    """

    kind = "refresh"

    user: str = ""
    meta: Any = None
    labels: dict[str, str] = {}


class SubscribeEvent(ClientEvent[D, SubscribeReply], Generic[D], kw_only=True):
    """A client subscribes to a channel without a token (protocol 6: proxy-subscribe).

    Attributes:
        user: the user's id; empty for an anonymous user.
        channel: the channel's name.
        token: always empty: the server decides subscriptions with a token by itself.
        meta: the value that the reply to connect attached to the connection, if the server's proxy has
            `include_connection_meta`; None without it.
        data: the client's data, decoded as the handler's annotation says; None without data.
        b64data: the data as the server sent it if `encoding` is `binary`.
        labels: labels of the connection (PRO).
        data_bytes: the data exactly as the client sent it.
    """

    kind = "subscribe"
    topic = "channel"

    user: str = ""
    channel: str
    token: str = ""
    meta: Any = None
    data: D = None  # type: ignore[assignment]  # absent
    b64data: str = ""
    labels: dict[str, str] = {}
    data_bytes: bytes = msgspec.field(default=b"", name=" data_bytes")


class PublishEvent(ClientEvent[D, PublishReply], Generic[D], kw_only=True):
    """A client publishes to a channel (protocol 6: proxy-publish).

    Attributes:
        user: the user's id; empty for an anonymous user.
        channel: the channel's name.
        data: the client's data, decoded as the handler's annotation says.
        b64data: the data as the server sent it if `encoding` is `binary`.
        meta: the value that the reply to connect attached to the connection, if the server's proxy has
            `include_connection_meta`; None without it.
        labels: labels of the connection (PRO).
        data_bytes: the data exactly as the client sent it.
    """

    kind = "publish"
    topic = "channel"

    user: str = ""
    channel: str
    data: D = None  # type: ignore[assignment]  # absent
    b64data: str = ""
    meta: Any = None
    labels: dict[str, str] = {}
    data_bytes: bytes = msgspec.field(default=b"", name=" data_bytes")


class SubRefreshEvent(ClientEvent[Any, SubRefreshReply | Expired], kw_only=True):
    """A subscription has reached its `expire_at` (protocol 6: proxy-sub-refresh).

    Attributes:
        user: the user's id; empty for an anonymous user.
        channel: the channel's name.
        meta: the value that the reply to connect attached to the connection, if the server's proxy has
            `include_connection_meta`; None without it.
        labels: labels of the connection (PRO).
    """

    kind = "sub_refresh"
    topic = "channel"

    user: str = ""
    channel: str
    meta: Any = None
    labels: dict[str, str] = {}


class RPCEvent(ClientEvent[D, Any], Generic[D], kw_only=True):
    """A client calls a method (protocol 6: proxy-rpc). The reply is any JSON value.

    Attributes:
        user: the user's id; empty for an anonymous user.
        method: the method's name, which may be empty.
        data: the client's data, decoded as the handler's annotation says; None without data.
        b64data: the data as the server sent it if `encoding` is `binary`.
        meta: the value that the reply to connect attached to the connection, if the server's proxy has
            `include_connection_meta`; None without it.
        labels: labels of the connection (PRO).
        data_bytes: the data exactly as the client sent it.
    """

    kind = "rpc"
    topic = "method"

    user: str = ""
    method: str = ""
    data: D = None  # type: ignore[assignment]  # absent
    b64data: str = ""
    meta: Any = None
    labels: dict[str, str] = {}
    data_bytes: bytes = msgspec.field(default=b"", name=" data_bytes")


class SharedPollItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key that clients follow.

    Attributes:
        key: the key.
        version: the version of its data that the server has; 0 without versions.
    """

    key: str = ""
    version: UInt64 = 0


class SharedPollEvent(Event[Any, SharedPollReply], kw_only=True):
    """The server asks for the data of keys in a channel of type `shared_poll` (protocol 6: map-shared-polling).

    Attributes:
        channel: the channel's name.
        items: the keys that clients follow, at most the server's batch size.
    """

    kind = "shared_poll_refresh"
    topic = "channel"

    channel: str
    items: list[SharedPollItem] = []


EVENTS: Mapping[str, type[Event[Any, Any]]] = {
    event.kind: event
    for event in (
        ConnectEvent,
        RefreshEvent,
        SubscribeEvent,
        PublishEvent,
        SubRefreshEvent,
        RPCEvent,
        SharedPollEvent,
    )
}
"""All events by kind."""


# ---- for handlers


def read(event: type[E], body: bytes) -> E:
    """Read an *event* from the body of a request. Its `data` is None; `data_bytes` has the data.

    Raises:
        EventError: the body is not such an event, is nested deeper than 200 levels, or has invalid base64.
    """
    if len(body) >= 2 * DEEPEST_VALUE and body.count(b"[") + body.count(b"{") >= DEEPEST_VALUE <= _depth(body):
        raise EventError(f"the body is nested deeper than {DEEPEST_VALUE} levels")
    decode, has_data = _decoder(event)
    try:
        if not body.isascii():
            body.decode()  # msgspec does not look into text that it skips
        found: Any = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EventError(str(error)) from None
    if has_data:
        raw, found.data = found.data, None
        if raw is not None:
            found.data_bytes = bytes(raw)
        elif found.b64data:
            try:
                found.data_bytes = binascii.a2b_base64(found.b64data, strict_mode=True)
            except ValueError as error:
                raise EventError(f"invalid base64 - at `$.b64data`: {error}") from None
    elif event is SharedPollEvent and any(item.version >= 2**64 for item in found.items):
        raise EventError("a version has more than 64 bits - at `$.items`")
    result: E = found
    return result


@functools.cache
def _decoder(event: type[Event[Any, Any]]) -> tuple[Callable[[bytes], Any], bool]:
    """Return the decoder of an event, and whether it has data."""
    generic: Any = event
    has_data = "data" in event.__struct_fields__
    return msgspec.json.Decoder(generic[Raw] if has_data else generic).decode, has_data


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for bracket in brackets(body):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(depth, deepest)
    return deepest


# ---- for a server


def write(event: Event[Any, Any]) -> bytes:
    """Return the body of the request with *event*, byte for byte as 6.9.1 writes it.

    `data` and `meta` are a `msgspec.Raw`, which is not checked, bytes with JSON, or another JSON value; None is left
    out. If `encoding` is `binary`, `data` is bytes, or a JSON value whose text the client has sent.

    Raises:
        UsageError: `data` or `meta` has no JSON form.
    """
    members: dict[str, Any] = {}
    for name in _members(type(event)):
        value = getattr(event, name)
        if name in ("data", "meta"):
            if name == "data" and getattr(event, "encoding", "") == "binary":
                continue
            if value is not None and value != Raw():
                # A server passes on what its clients sent, which need not be valid UTF-8.
                members[name] = value if isinstance(value, Raw) else plain_data(value, name, no_encoder)
        elif name == "b64data":
            if text := _b64data(event):
                members[name] = text
        elif name == "labels":
            if value:
                members[name] = dict(sorted(value.items()))
        elif value or name == "user":
            members[name] = value
    return compact(encode_plain(members, "the event"))


def _b64data(event: Any) -> str:
    if event.encoding != "binary" or event.data is None:
        return str(event.b64data)
    data = bytes(event.data) if isinstance(event.data, bytes | Raw) else encode_json(event.data)
    return base64.b64encode(data).decode()


@functools.cache
def _members(event: type[Event[Any, Any]]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(event) if not field.encode_name.startswith(" "))
