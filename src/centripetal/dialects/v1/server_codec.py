"""The server's side of the HTTP API of Centrifugo 1.x: decoding commands, encoding replies: PURE.

See protocol 1: http-bodies, command-envelope, reply-envelope, commands, json-rules.

    envelopes = read_envelopes(body)              parse the whole body before any command runs
    for envelope in envelopes:
        command = read_command(envelope)          parse the params of each command just before it runs
        reply(envelope, command, result)          result: a value of type R of `Command[R]`, or a ServerError
    join(replies)

After an `InvalidMessageError` the server rejects the whole request; the commands before the invalid one have run
(protocol 1: fatal-commands). The client's side is in `codec.py`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from centripetal.dialects.v1.commands import (
    Broadcast,
    Channels,
    Disconnect,
    History,
    Node,
    Presence,
    Publish,
    StatsCommand,
    Unsubscribe,
)
from centripetal.dialects.v1.results import ClientInfo, Message, NodeInfo
from centripetal.errors import ServerError
from centripetal.protocol import gostructs
from centripetal.protocol.command import Command
from centripetal.protocol.fields import fields_of, received, wire_struct
from centripetal.protocol.gojson import JSONError, compact, quote
from centripetal.protocol.result import ABSENT

__all__ = ["Envelope", "InvalidMessageError", "history_body", "join", "messages", "presence_body"]
__all__ += ["read_command", "read_envelopes", "reply"]

T = TypeVar("T")


class InvalidMessageError(Exception):
    """Invalid request: 400 over HTTP, the end of the connection over WebSocket. The message is for the log."""


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command as received (protocol 1: command-envelope); the params are not parsed yet."""

    uid: str = ""
    method: str = ""
    params: msgspec.Raw = ABSENT


def read_envelopes(body: bytes) -> list[Envelope]:
    """Parse the envelopes in *body*: one object, or an array of objects, without leading white space."""
    try:
        if body.startswith(b"{"):
            return [gostructs.read(body, Envelope)]
        if body.startswith(b"["):
            return gostructs.read_list(body, Envelope)
    except JSONError as error:
        raise InvalidMessageError(str(error)) from None
    raise InvalidMessageError("the body must start with { or [, without white space or a byte order mark before it")


def read_command(envelope: Envelope) -> Command[Any]:
    """Parse the command in *envelope*.

    `data` becomes a `msgspec.Raw`. Missing data in a Broadcast (`ABSENT`) and empty names in commands other than
    Publish are accepted: they are errors of the command, not of the request (protocol 1: commands).

    Raises:
        InvalidMessageError: the method is unknown, or the params are invalid.
    """
    if envelope.method in _WITHOUT_PARAMS:
        return _WITHOUT_PARAMS[envelope.method]
    kind = _READ.get(envelope.method)
    if kind is None:
        raise InvalidMessageError(f"unknown method {envelope.method!r}")
    try:
        command = received(kind, gostructs.read(bytes(envelope.params), wire_struct(kind)))
    except JSONError as error:
        raise InvalidMessageError(f"params of {envelope.method}: {error}") from None
    if isinstance(command, Publish) and not (command.channel and bytes(command.data)):
        raise InvalidMessageError("params of publish: channel or data is missing")
    # The server treats an empty option like a missing option.
    empty = {name: None for name, _, _, takes_none in fields_of(kind) if takes_none and not getattr(command, name)}
    return msgspec.structs.replace(command, **empty) if empty else command


_READ: dict[str, type[Command[Any]]] = {
    each.name: each for each in (Publish, Broadcast, Unsubscribe, Disconnect, Presence, History)
}

_WITHOUT_PARAMS: dict[str, Command[Any]] = {command.name: command for command in (Channels(), StatsCommand(), Node())}
"""The commands whose params the server ignores; they may be any JSON value (protocol 1: command-envelope)."""


# ---- replies


def reply(envelope: Envelope, command: Command[Any], result: Any) -> bytes:
    """Encode the reply to one command from its result or its `ServerError` (protocol 1: reply-envelope).

    Raises:
        JSONError: the result contains invalid JSON, such as the info of a client (protocol 1: client-connect).
    """
    error = b"null"
    if isinstance(result, ServerError):
        error = quote(result.message)
        if result.advice:
            error += b',"advice":' + quote(result.advice)
        result = None
    uid = b'"uid":%b,' % quote(envelope.uid) if envelope.uid else b""
    method = command.name.encode()
    return b'{%b"method":"%b","error":%b,"body":%b}' % (uid, method, error, _body(command, result))


def join(replies: Sequence[bytes]) -> bytes:
    """Join encoded replies into the body of the answer, which is always an array."""
    return b"[%b]" % b",".join(replies)


def _body(command: Command[Any], result: Any) -> bytes:
    match command:
        case Presence():
            return presence_body(command.channel, result)
        case History():
            return history_body(command.channel, result)
        case Channels():
            return b'{"data":%b}' % _list(result, quote)
        case StatsCommand():
            nodes, interval = _list(result.nodes, node_info), result.metrics_interval
            return b'{"data":{"nodes":%b,"metrics_interval":%d}}' % (nodes, interval)
        case Node():
            return b'{"data":%b}' % node_info(result)
        case _:
            return b"null"


def _list(values: list[T] | None, encode: Callable[[T], bytes]) -> bytes:
    return b"null" if values is None else b"[%b]" % b",".join(map(encode, values))


def presence_body(channel: str, clients: dict[str, ClientInfo] | None) -> bytes:
    """Encode the body of a reply to presence; *clients* is None after an error."""
    data = b"null"
    if clients is not None:
        members = (b"%b:%b" % (quote(key), client_info(clients[key])) for key in sorted(clients))
        data = b"{%b}" % b",".join(members)
    return b'{"channel":%b,"data":%b}' % (quote(channel), data)


def history_body(channel: str, values: list[Message] | None) -> bytes:
    """Encode the body of a reply to history; *values* is None after an error."""
    return b'{"channel":%b,"data":%b}' % (quote(channel), messages(values))


def messages(values: list[Message] | None) -> bytes:
    """Encode messages for a reply."""
    return _list(values, message)


def message(value: Message) -> bytes:
    """Encode a message for a reply."""
    text = b'{"uid":%b,"channel":%b,"data":%b' % (quote(value.uid), quote(value.channel), compact(value.data_json))
    if value.client:
        text += b',"client":' + quote(value.client)
    if value.info is not None:
        text += b',"info":' + client_info(value.info)
    return text + b"}"


def client_info(value: ClientInfo) -> bytes:
    """Encode a connection for a reply."""
    text = b'{"user":%b,"client":%b' % (quote(value.user), quote(value.client))
    # Not `default_info_json`: for clients of old servers, it treats "" and null as missing.
    for name, raw in ((b"default_info", value.raw_default_info), (b"channel_info", value.raw_channel_info)):
        if bytes(raw):
            text += b',"%b":%b' % (name, compact(bytes(raw)))
    return text + b"}"


def node_info(value: NodeInfo) -> bytes:
    """Encode a node for a reply; the metrics are sorted by name."""
    metrics = b",".join(b"%b:%d" % (quote(name), number) for name, number in sorted(value.metrics.items()))
    return b'{"uid":%b,"version":%b,"name":%b,"started_at":%d,"metrics":{%b}}' % (
        quote(value.uid),
        quote(value.version),
        quote(value.name),
        value.started,
        metrics,
    )
