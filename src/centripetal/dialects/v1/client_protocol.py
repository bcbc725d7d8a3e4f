"""The client protocol of Centrifugo 1.x: encoding and decoding of WebSocket frames (protocol 1: client-protocol): PURE.

    server                                         client
    read_envelopes(frame), read_params(…)    <-    encode_commands([("1", Connect(…)), …])
    encode_replies([Reply(…), …])            ->    decode_frame(frame): replies and pushes, in order
    encode_push(MessagePush(…))              ->
    Disconnect.text()                        ->    Disconnect.parse(…)    the reason of a close frame

Replies and pushes have different JSON escaping (protocol 1: json-writing). Neither side checks whether a frame is valid
UTF-8.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import msgspec

from centripetal.dialects.v1.results import ClientInfo, Message
from centripetal.dialects.v1.server_codec import (
    Envelope,
    InvalidMessageError,
    history_body,
    join,
    messages,
    presence_body,
    read_envelopes,
)
from centripetal.errors import MalformedResponseError
from centripetal.protocol import gostructs
from centripetal.protocol.gojson import JSONError, quote, quote_push
from centripetal.protocol.json_parts import array_parts
from centripetal.protocol.result import ABSENT
from centripetal.protocol.tolerant_decoding import decode

__all__ = ["COMMANDS", "Body", "Connect", "ConnectBody", "History", "HistoryBody"]
__all__ += ["JoinPush", "LeavePush", "MessagePush", "Params", "Ping", "PingBody", "Presence", "PresenceBody"]
__all__ += ["Publish", "Push", "Refresh", "Reply", "StatusBody", "Subscribe", "SubscribeBody", "Unsubscribe"]
__all__ += ["UnsubscribePush", "decode_frame", "encode_commands", "encode_push", "encode_replies"]
__all__ += ["read_envelopes", "read_params"]

P = TypeVar("P", bound="Params")

# ---- commands


class Params(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base class of the params of client commands."""

    name: ClassVar[str]


class Connect(Params, frozen=True, forbid_unknown_fields=True):
    """The client's credentials; all fields are strings, and *info* contains JSON (protocol 1: client-connect)."""

    name = "connect"

    user: str = ""
    timestamp: str = ""
    info: str = ""
    token: str = ""


class Refresh(Connect, frozen=True, forbid_unknown_fields=True):
    """New credentials, sent before the previous credentials expire (protocol 1: client-refresh)."""

    name = "refresh"


class Subscribe(Params, frozen=True, forbid_unknown_fields=True):
    """A subscription. *client*, *info* and *sign* are for private channels (protocol 1: client-subscribe), *recover*
    and *last* for recovery (protocol 1: client-recovery).
    """

    name = "subscribe"

    channel: str = ""
    client: str = ""
    last: str = ""
    recover: bool = False
    info: str = ""
    sign: str = ""


class _OfChannel(Params, frozen=True, forbid_unknown_fields=True):
    channel: str = ""


class Unsubscribe(_OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "unsubscribe"


class Presence(_OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "presence"


class History(_OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "history"


class Publish(_OfChannel, frozen=True, forbid_unknown_fields=True):
    name = "publish"

    data: msgspec.Raw = ABSENT


class Ping(Params, frozen=True, forbid_unknown_fields=True):
    name = "ping"

    data: str = ""


COMMANDS: dict[str, type[Params]] = {
    shape.name: shape for shape in (Connect, Refresh, Subscribe, Unsubscribe, Publish, Presence, History, Ping)
}
"""The params types of client commands, by method."""


def read_params(envelope: Envelope, shape: type[P]) -> P:
    """Return the params in *envelope*; only a ping may omit them (protocol 1: client-commands)."""
    raw = bytes(envelope.params)
    if not raw and shape is Ping:
        return shape()
    try:
        return gostructs.read(raw, shape)
    except JSONError as error:
        raise InvalidMessageError(f"params of {shape.name}: {error}") from None


def encode_commands(commands: Sequence[tuple[str, Params]]) -> bytes:
    """Encode pairs of uid and params as one frame: an object for one command, an array for several commands."""
    values = [{"uid": uid, "method": params.name, "params": params} for uid, params in commands]
    return msgspec.json.encode(values[0] if len(values) == 1 else values)


# ---- replies


class ConnectBody(msgspec.Struct, frozen=True):
    """The body of a reply to connect or refresh. *client* is empty if the credentials of a connect have *expired*."""

    version: str
    client: str
    expires: bool
    expired: bool
    ttl: int


class SubscribeBody(msgspec.Struct, frozen=True):
    """The body of a reply to subscribe.

    *messages* are the missed messages, newest first; None if the client did not ask for recovery or the channel does
    not support it.
    """

    channel: str
    status: bool
    last: str = ""
    messages: list[Message] | None = None
    recovered: bool = False


class StatusBody(msgspec.Struct, frozen=True):
    """The body of a reply to unsubscribe or publish."""

    channel: str
    status: bool


class PresenceBody(msgspec.Struct, frozen=True):
    """The body of a reply to presence. *data* is None after an error."""

    channel: str
    data: dict[str, ClientInfo] | None = None


class HistoryBody(msgspec.Struct, frozen=True):
    """The body of a reply to history. *data* is None after an error."""

    channel: str
    data: list[Message] | None = None


class PingBody(msgspec.Struct, frozen=True):
    data: str = ""


Body = ConnectBody | SubscribeBody | StatusBody | PresenceBody | HistoryBody | PingBody

_BODIES: dict[type[Params], Any] = {
    Connect: ConnectBody,
    Refresh: ConnectBody,
    Subscribe: SubscribeBody,
    Unsubscribe: StatusBody,
    Publish: StatusBody,
    Presence: PresenceBody,
    History: HistoryBody,
    Ping: PingBody,
}


class Reply(msgspec.Struct, frozen=True):
    """The reply to one command; *error* is empty on success."""

    uid: str
    method: str
    error: str = ""
    advice: str = ""
    body: Body | None = None


def encode_replies(replies: Sequence[Reply]) -> bytes:
    """Encode the replies to the commands of one frame: an object for one reply, an array for several.

    See protocol 1: client-frames.

    Raises:
        JSONError: a body contains invalid JSON, such as the info of a client (protocol 1: client-connect).
    """
    texts = [_encode_reply(reply) for reply in replies]
    return texts[0] if len(texts) == 1 else join(texts)


def _encode_reply(reply: Reply) -> bytes:
    text = b'"uid":%b,' % quote(reply.uid) if reply.uid else b""
    text += b'"method":' + quote(reply.method)
    if reply.error:
        text += b',"error":' + quote(reply.error)
    if reply.advice:
        text += b',"advice":' + quote(reply.advice)
    if reply.body is not None:
        text += b',"body":' + _encode_body(reply.body)
    return b"{%b}" % text


def _encode_body(body: Body) -> bytes:
    match body:
        case ConnectBody():
            return b'{"version":%b,"client":%b,"expires":%b,"expired":%b,"ttl":%d}' % (
                quote(body.version),
                quote(body.client),
                _bool(body.expires),
                _bool(body.expired),
                body.ttl,
            )
        case SubscribeBody():
            return b'{"channel":%b,"status":%b,"last":%b,"messages":%b,"recovered":%b}' % (
                quote(body.channel),
                _bool(body.status),
                quote(body.last),
                messages(body.messages),
                _bool(body.recovered),
            )
        case StatusBody():
            return b'{"channel":%b,"status":%b}' % (quote(body.channel), _bool(body.status))
        case PresenceBody():
            return presence_body(body.channel, body.data)
        case HistoryBody():
            return history_body(body.channel, body.data)
        case PingBody():
            return b'{"data":%b}' % quote(body.data)


def _bool(value: bool) -> bytes:
    return b"true" if value else b"false"


# ---- pushes


class MessagePush(msgspec.Struct, frozen=True):
    """A message was published."""

    message: Message


class JoinPush(msgspec.Struct, frozen=True):
    """A client subscribed."""

    channel: str
    info: ClientInfo


class LeavePush(msgspec.Struct, frozen=True):
    """The subscription of a client ended."""

    channel: str
    info: ClientInfo


class UnsubscribePush(msgspec.Struct, frozen=True):
    """The back end ended this connection's subscription (protocol 1: client-api-effects)."""

    channel: str


Push = MessagePush | JoinPush | LeavePush | UnsubscribePush


def encode_push(push: Push) -> bytes:
    """Encode a push as a frame."""
    match push:
        case MessagePush():
            return b'{"method":"message","body":%b}' % _push_message(push.message)
        case JoinPush() | LeavePush():
            method = b"join" if isinstance(push, JoinPush) else b"leave"
            channel, info = quote_push(push.channel), _push_info(push.info)
            return b'{"method":"%b","body":{"channel":%b,"data":%b}}' % (method, channel, info)
        case UnsubscribePush():
            # The real server encodes this push like a reply to an unsubscribe command (protocol 1: client-api-effects).
            return _encode_reply(Reply("", "unsubscribe", body=StatusBody(push.channel, True)))


def _push_message(message: Message) -> bytes:
    # The real server does not escape the uid either: a quote in a uid makes the frame invalid
    # (protocol 1: json-writing).
    text = b'{"uid":"%b",' % message.uid.encode()
    if message.client:
        text += b'"client":%b,' % quote_push(message.client)
    if message.info is not None:
        text += b'"info":%b,' % _push_info(message.info)
    return b'%b"channel":%b,"data":%b}' % (text, quote_push(message.channel), message.data_json)


def _push_info(info: ClientInfo) -> bytes:
    text = b""
    for name, raw in ((b"default_info", info.raw_default_info), (b"channel_info", info.raw_channel_info)):
        if bytes(raw):
            text += b'"%b":%b,' % (name, bytes(raw))
    return b'{%b"user":%b,"client":%b}' % (text, quote_push(info.user), quote_push(info.client))


# ---- frames that a client receives


class _Head(msgspec.Struct, frozen=True):
    method: str
    uid: str | None = None


class _Received(_Head, frozen=True):
    error: str | None = None
    advice: str | None = None
    body: msgspec.Raw = ABSENT


class _Event(msgspec.Struct, frozen=True):
    channel: str
    data: ClientInfo


_head_decoder = msgspec.json.Decoder(_Head)
_received_decoder = msgspec.json.Decoder(_Received)
_message_decoder = msgspec.json.Decoder(Message)
_event_decoder = msgspec.json.Decoder(_Event)
_body_decoders = {params.name: msgspec.json.Decoder(body) for params, body in _BODIES.items()}


def decode_frame(frame: bytes) -> list[Reply | Push | MalformedResponseError]:
    """Decode a frame that the server sent into its replies and pushes, in order.

    An invalid reply or push, for example with a uid or an info that breaks the JSON (protocol 1: client-pushes),
    becomes an error. If a uid can be read, an empty reply follows, so that the request does not wait for it any longer.
    """
    found: list[Reply | Push | MalformedResponseError] = []
    try:
        texts = array_parts(frame) if frame.startswith(b"[") else [frame]
    except JSONError as error:
        return [_invalid(error, frame)]
    for text in texts:
        try:
            found.append(_received(decode(_received_decoder, text)))
        except JSONError as error:
            found.append(_invalid(error, text))
            with suppress(JSONError):
                head = decode(_head_decoder, text)
                found += [Reply(head.uid, head.method)] if head.uid else []
    return found


def _invalid(error: JSONError, text: bytes) -> MalformedResponseError:
    head = ascii(text[:100].decode("latin-1"))
    return MalformedResponseError(f"the server sent an invalid frame ({error}): {head}")


def _received(each: _Received) -> Reply | Push:
    body = bytes(each.body)
    if not each.uid:
        match each.method:
            case "message":
                return MessagePush(decode(_message_decoder, body))
            case "join" | "leave":
                event = decode(_event_decoder, body)
                return (JoinPush if each.method == "join" else LeavePush)(event.channel, event.data)
            case "unsubscribe":
                return UnsubscribePush(decode(_body_decoders["unsubscribe"], body).channel)
    decoder = _body_decoders.get(each.method)
    known = decode(decoder, body) if decoder and body not in (b"", b"null") else None
    return Reply(each.uid or "", each.method, each.error or "", each.advice or "", known)
