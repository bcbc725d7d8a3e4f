"""The server's side of the HTTP API of Centrifugo 6: bytes to requests, answers to bytes: PURE.

See protocol 6: http-response, methods.

    read_request("publish", body)       -> a Publish; answer it with `encode_result` or `encode_error`
    batch_steps(body)                   -> a command or None for each member; answer each with `encode_outcome`
    read_commands(body)                 -> the commands of the single endpoint; answer each with `encode_reply`

Commands have the same classes as in the client, but a server must accept any input: a missing or null field gets its
default or is empty, and values are not validated. Payloads stay as JSON text, and base64 is not decoded.

For an `UndecodableError` the server replies 400. Results are structs (see `server_results`); errors are `ServerError`s
with a code.
"""

import functools
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from centripetal.dialects.current.commands import COMMANDS, Info
from centripetal.dialects.current.commands.base import Method
from centripetal.errors import ServerError
from centripetal.protocol import gostructs
from centripetal.protocol.field_kinds import UInt32
from centripetal.protocol.fields import received, wire_struct
from centripetal.protocol.gojson import JSONError, quote, values

__all__ = ["METHODS", "NUMBERS", "Call", "UndecodableError", "Unknown", "batch_steps", "encode_error"]
__all__ += ["encode_outcome", "encode_reply", "encode_result", "error_object", "join_replies", "read_commands"]
__all__ += ["read_request", "result_steps"]

METHODS: Mapping[str, type[Method[Any]]] = {command.name: command for command in COMMANDS if not command.pro}
"""The methods of the open-source edition."""

NUMBERS: Mapping[int, str] = {command.number: command.name for command in COMMANDS}
"""Names of all methods by their number at the single endpoint (protocol 6: table-method-numbers)."""

_NUMBER = re.compile(rb"-?[0-9]{1,18}")
_NAMES = {name.encode(): name for name in NUMBERS.values()}

# If one command of a batch contains several methods, the server runs only the first in this order; the other methods
# follow by number.
_LOOKED_FOR_FIRST = (
    *("publish", "broadcast", "subscribe", "unsubscribe", "disconnect", "history", "history_remove", "presence"),
    *("presence_stats", "info", "rpc", "refresh", "channels"),
)


class UndecodableError(ValueError):
    """The request is not valid JSON, or not a valid request. The text is for the log."""


class Call(msgspec.Struct, frozen=True):
    """A command of the single endpoint.

    Attributes:
        id: id that the reply repeats; 0 for a reply without an id.
        command: the command; `Unknown` if the method is unknown; None if its params cannot be decoded.
    """

    id: int
    command: Method[Any] | None


def read_request(method: str, body: bytes) -> Method[Any]:
    """Return the command in the body of a call of *method*, which must be in `METHODS`.

    Raises:
        UndecodableError: the body is not a command of this method.
    """
    try:
        return _read(body, METHODS[method])
    except ValueError as error:
        raise UndecodableError(str(error)) from None


class _Pro(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command of the PRO edition. Its members are ignored."""


@functools.cache
def _batch() -> type[Any]:
    """Return the type of a batch. Its commands have one member per method, in the server's lookup order."""
    first = {name: place for place, name in enumerate(_LOOKED_FOR_FIRST)}
    commands = sorted(COMMANDS, key=lambda command: (first.get(command.name, len(first)), command.number))
    members: list[Any] = [(each.name, (_Pro if each.pro else wire_struct(each)) | None, None) for each in commands]
    options: Any = {"frozen": True, "forbid_unknown_fields": True}
    member = msgspec.defstruct("Command", members, **options)
    fields: list[Any] = [("commands", list[member | None], ()), ("parallel", bool, False)]  # type: ignore[valid-type]
    return msgspec.defstruct("Batch", fields, **options)


class Unknown(Method[Any], frozen=True):
    """A command with an unknown method."""

    name = ""


def batch_steps(body: bytes) -> Generator[None, None, list[Method[Any] | None]]:
    """Yield after each command of a batch, and return the commands: `Unknown` for an unknown method, None for null.

    Raises:
        UndecodableError: a member is not a command; the server must not run any command of the batch.
    """
    commands: list[Method[Any] | None] = []
    try:
        for each in gostructs.read(body, _batch()).commands:
            commands.append(None if each is None else _command_in(each))
            yield
    except ValueError as error:
        raise UndecodableError(str(error)) from None
    return commands


def _command_in(member: msgspec.Struct) -> Method[Any]:
    for name in member.__struct_fields__:
        found = getattr(member, name)
        if found is not None and name in METHODS:
            return received(METHODS[name], found)
    return Unknown()


class _Legacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request to the single endpoint."""

    id: UInt32 = 0
    method: msgspec.Raw = msgspec.Raw(b"0")
    params: msgspec.Raw = msgspec.Raw(b"")


def read_commands(body: bytes) -> Iterator[Call]:
    """Yield the commands in the body of a request to the single endpoint.

    Raises:
        UndecodableError: the next command cannot be decoded. The server still runs the commands before it.
    """
    if not body:
        raise UndecodableError("the body is empty")
    try:
        for text in values(body):
            command = gostructs.read(text, _Legacy)
            yield Call(command.id, _command(_method(bytes(command.method)), bytes(command.params)))
    except JSONError as error:
        raise UndecodableError(str(error)) from None


def _method(text: bytes) -> str:
    """Return the name of a method given by name or number; empty if the number is unknown."""
    # Like the real server: the first and last characters are removed unchecked, and escapes are not decoded.
    name = _NAMES.get(text[1:-1].lower()) if len(text) > 2 else None
    if name is not None:
        return name
    if not _NUMBER.fullmatch(text):
        raise JSONError(f"unknown method {text[:50].decode('latin-1')!a}")
    return NUMBERS.get((int(text) + (1 << 31)) % (1 << 32) - (1 << 31), "")


def _command(method: str, params: bytes) -> Method[Any] | None:
    if method not in METHODS:
        return Unknown()
    if method == Info.name:
        return Info()  # the server ignores its params
    try:
        return _read(params, METHODS[method])
    except ValueError:
        return None


def _read(text: bytes, command: type[Method[Any]]) -> Method[Any]:
    return received(command, gostructs.read(text, wire_struct(command)))


# ---- answers


def result_steps(answer: msgspec.Struct) -> Generator[None, None, bytes]:
    """Return `encode_result(answer)`, but yield after each item of a long answer."""
    return b'{"result":%b}' % (yield from gostructs.reply_steps(answer))


def encode_result(answer: msgspec.Struct) -> bytes:
    """Return the response body for a call that succeeded.

    Raises:
        JSONError: the answer contains data that are not JSON, such as binary data published as base64.
    """
    return b'{"result":%b}' % gostructs.write(answer, replies=True)


def encode_error(error: ServerError) -> bytes:
    """Return the response body for a call that failed."""
    return b'{"error":%b}' % error_object(error)


def error_object(error: ServerError) -> bytes:
    """Return an error without an envelope, as in error mode `transport`."""
    return b'{"code":%d,"message":%b}' % (error.code or 0, quote(error.message))


def encode_outcome(method: str, outcome: msgspec.Struct | ServerError) -> bytes:
    """Return the reply to a command of a batch.

    Args:
        method: the name of the command's method.
        outcome: its answer or error.

    Raises:
        JSONError: as for `encode_result`.
    """
    if isinstance(outcome, ServerError):
        return encode_error(outcome)
    return b'{"%b":%b}' % (method.encode(), gostructs.write(outcome, replies=True))


def join_replies(replies: Sequence[bytes]) -> bytes:
    """Return the response body for a batch, from the replies to its commands."""
    return b'{"replies":[%b]}' % b",".join(replies) if replies else b"{}"


def encode_reply(id_: int, outcome: msgspec.Struct | ServerError) -> bytes:
    """Return the reply to a command of the single endpoint. Replies are separated by newlines.

    Raises:
        JSONError: as for `encode_result`.
    """
    text = encode_error(outcome) if isinstance(outcome, ServerError) else encode_result(outcome)
    return b'{"id":%d,%b' % (id_, text[1:]) if id_ else text
