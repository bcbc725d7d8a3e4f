"""The server's side of the HTTP API of Centrifugo 1.x: bytes to commands, results to bytes (spec v1 §5.4 to §7): PURE.

    envelopes = read_envelopes(body)              the whole body is read before anything runs
    for envelope in envelopes:
        command = read_command(envelope)          params are read when their turn comes
        reply(envelope, command, result)          result: the value that `Command[R]` promises, or a ServerError
    join(replies)

`InvalidMessageError` makes the server give up the whole request, after the commands before it have run (§6.1).
The other end of this is `codec.py`.
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
    """The request is given up: 400 over HTTP, the end of the connection over WebSocket. The text is for the log."""


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One command as it arrives (spec v1 §5.5); its params are still what was written."""

    uid: str = ""
    method: str = ""
    params: msgspec.Raw = ABSENT


def read_envelopes(body: bytes) -> list[Envelope]:
    """The commands of a body: one object or an array of them, without anything in front."""
    try:
        if body.startswith(b"{"):
            return [gostructs.read(body, Envelope)]
        if body.startswith(b"["):
            return gostructs.read_list(body, Envelope)
    except JSONError as error:
        raise InvalidMessageError(str(error)) from None
    raise InvalidMessageError("a body starts with { or [, white space and byte order marks included")


def read_command(envelope: Envelope) -> Command[Any]:
    """The command in an envelope.

    `data` is the `msgspec.Raw` of the request; in a Broadcast it is `ABSENT` where there is none, and names may be
    empty in all but Publish: those are errors of the command, not of the request (spec v1 §6).
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
    # An option that is empty counts as not given.
    empty = {name: None for name, _, _, takes_none in fields_of(kind) if takes_none and not getattr(command, name)}
    return msgspec.structs.replace(command, **empty) if empty else command


_READ: dict[str, type[Command[Any]]] = {
    each.name: each for each in (Publish, Broadcast, Unsubscribe, Disconnect, Presence, History)
}

_WITHOUT_PARAMS: dict[str, Command[Any]] = {command.name: command for command in (Channels(), StatsCommand(), Node())}
"""The commands whose params nobody looks at: any JSON value will do there (spec v1 §5.5)."""


# ---- replies


def reply(envelope: Envelope, command: Command[Any], result: Any) -> bytes:
    """The reply to one command: its result, or the `ServerError` that it came to (spec v1 §5.6).

    Raises:
        JSONError: something in the result is no JSON, such as the info of a client (spec v1 §9.4).
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
    """The body of the answer: always an array."""
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
    """The body of a reply to presence; None: there was an error."""
    data = b"null"
    if clients is not None:
        members = (b"%b:%b" % (quote(key), client_info(clients[key])) for key in sorted(clients))
        data = b"{%b}" % b",".join(members)
    return b'{"channel":%b,"data":%b}' % (quote(channel), data)


def history_body(channel: str, values: list[Message] | None) -> bytes:
    """The body of a reply to history; None: there was an error."""
    return b'{"channel":%b,"data":%b}' % (quote(channel), messages(values))


def messages(values: list[Message] | None) -> bytes:
    """Messages as replies show them."""
    return _list(values, message)


def message(value: Message) -> bytes:
    """A message as replies show it."""
    text = b'{"uid":%b,"channel":%b,"data":%b' % (quote(value.uid), quote(value.channel), compact(value.data_json))
    if value.client:
        text += b',"client":' + quote(value.client)
    if value.info is not None:
        text += b',"info":' + client_info(value.info)
    return text + b"}"


def client_info(value: ClientInfo) -> bytes:
    """Somebody's connection as replies show it."""
    text = b'{"user":%b,"client":%b' % (quote(value.user), quote(value.client))
    # Not `default_info_json`: that takes "" and null for nothing, as a client of old servers must.
    for name, raw in ((b"default_info", value.raw_default_info), (b"channel_info", value.raw_channel_info)):
        if bytes(raw):
            text += b',"%b":%b' % (name, compact(bytes(raw)))
    return text + b"}"


def node_info(value: NodeInfo) -> bytes:
    """A node as replies show it; the metrics are in order of their names."""
    metrics = b",".join(b"%b:%d" % (quote(name), number) for name, number in sorted(value.metrics.items()))
    return b'{"uid":%b,"version":%b,"name":%b,"started_at":%d,"metrics":{%b}}' % (
        quote(value.uid),
        quote(value.version),
        quote(value.name),
        value.started,
        metrics,
    )
