"""The server's side of the HTTP API of Centrifugo 6: bytes to requests, answers to bytes (spec v6 §4.3, §5): PURE.

    read_request("publish", body)       -> a Publish, and `encode_result` or `encode_error` for what it came to
    read_batch(body)                    -> a command or None for each member; `encode_replies`
    read_commands(body)                 -> the commands of the single endpoint, one by one; `encode_reply`

The commands are those that clients send, but a server must take anything: what is missing or null has its default or
is empty, and a command may say what no client would. Payloads are JSON as it was written, base64 is not decoded.

`UndecodableError` makes the server answer 400. Results are structs (see `server_results`); errors are `ServerError`s
with a code.
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from centripetal.dialects.current.commands import COMMANDS, Info
from centripetal.dialects.current.commands.base import Method
from centripetal.errors import ServerError
from centripetal.protocol import gostructs
from centripetal.protocol.field_kinds import UInt32
from centripetal.protocol.fields import received, wire_struct
from centripetal.protocol.gojson import JSONError, quote, values

__all__ = ["METHODS", "NUMBERS", "Call", "UndecodableError", "Unknown", "encode_error", "encode_replies"]
__all__ += ["encode_reply", "encode_result", "error_object", "read_batch", "read_commands", "read_request"]

METHODS: Mapping[str, type[Method[Any]]] = {command.name: command for command in COMMANDS if not command.pro}
"""The methods of the open edition."""

NUMBERS: Mapping[int, str] = {command.number: command.name for command in COMMANDS}
"""The names of all methods by their numbers at the single endpoint (spec v6 §18.3)."""

_NUMBER = re.compile(rb"-?[0-9]{1,18}")
_NAMES = {name.encode(): name for name in NUMBERS.values()}

# With several methods in one command of a batch, the first one counts: these, then the others by their numbers.
_LOOKED_FOR_FIRST = (
    *("publish", "broadcast", "subscribe", "unsubscribe", "disconnect", "history", "history_remove", "presence"),
    *("presence_stats", "info", "rpc", "refresh", "channels"),
)


class UndecodableError(ValueError):
    """The request is no JSON, or not the JSON of a request; the text is for the log."""


class Call(msgspec.Struct, frozen=True):
    """A command of the single endpoint.

    Attributes:
        id: what the reply repeats; 0: nothing.
        command: the command; `Unknown`: there is no such method here; None: its params are of no use.
    """

    id: int
    command: Method[Any] | None


def read_request(method: str, body: bytes) -> Method[Any]:
    """The command in the body of a call of *method*, which is one of `METHODS`.

    Raises:
        UndecodableError: the body is not such a command.
    """
    try:
        return _read(body, METHODS[method])
    except ValueError as error:
        raise UndecodableError(str(error)) from None


class _Pro(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command of the PRO edition; its members are not looked at."""


@functools.cache
def _batch() -> type[Any]:
    """What a batch is decoded into; members with all methods, in the order in which the server looks for them."""
    first = {name: place for place, name in enumerate(_LOOKED_FOR_FIRST)}
    commands = sorted(COMMANDS, key=lambda command: (first.get(command.name, len(first)), command.number))
    members: list[Any] = [(each.name, (_Pro if each.pro else wire_struct(each)) | None, None) for each in commands]
    options: Any = {"frozen": True, "forbid_unknown_fields": True}
    member = msgspec.defstruct("Command", members, **options)
    fields: list[Any] = [("commands", list[member | None], ()), ("parallel", bool, False)]  # type: ignore[valid-type]
    return msgspec.defstruct("Batch", fields, **options)


class Unknown(Method[Any], frozen=True):
    """A command with no method that is known here."""

    name = ""


def read_batch(body: bytes) -> list[Method[Any] | None]:
    """The commands of a batch, in order; `Unknown` where one names no method, None where it is null.

    Raises:
        UndecodableError: one of them is not a command; nothing is to be run then.
    """
    try:
        batch = gostructs.read(body, _batch())
        return [None if each is None else _command_in(each) for each in batch.commands]
    except ValueError as error:
        raise UndecodableError(str(error)) from None


def _command_in(member: msgspec.Struct) -> Method[Any]:
    for name in member.__struct_fields__:
        found = getattr(member, name)
        if found is not None and name in METHODS:
            return received(METHODS[name], found)
    return Unknown()


class _Legacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes to the single endpoint."""

    id: UInt32 = 0
    method: msgspec.Raw = msgspec.Raw(b"0")
    params: msgspec.Raw = msgspec.Raw(b"")


def read_commands(body: bytes) -> Iterator[Call]:
    """The commands in a body of the single endpoint, one by one.

    Raises:
        UndecodableError: the next one is none. Those before it are to be run all the same.
    """
    if not body:
        raise UndecodableError("no body")
    try:
        for text in values(body):
            command = gostructs.read(text, _Legacy)
            yield Call(command.id, _command(_method(bytes(command.method)), bytes(command.params)))
    except JSONError as error:
        raise UndecodableError(str(error)) from None


def _method(text: bytes) -> str:
    """The name of a method that is given by name or number; empty: there is none with that number."""
    # The real server does not look at what it takes off, nor at escapes.
    name = _NAMES.get(text[1:-1].lower()) if len(text) > 2 else None
    if name is not None:
        return name
    if not _NUMBER.fullmatch(text):
        raise JSONError(f"there is no method {text[:50].decode('latin-1')!a}")
    return NUMBERS.get((int(text) + (1 << 31)) % (1 << 32) - (1 << 31), "")


def _command(method: str, params: bytes) -> Method[Any] | None:
    if method not in METHODS:
        return Unknown()
    if method == Info.name:
        return Info()  # its params are not looked at
    try:
        return _read(params, METHODS[method])
    except ValueError:
        return None


def _read(text: bytes, command: type[Method[Any]]) -> Method[Any]:
    return received(command, gostructs.read(text, wire_struct(command)))


# ---- answers


def encode_result(answer: msgspec.Struct) -> bytes:
    """The body of the answer to a call that went well.

    Raises:
        JSONError: something in it is no JSON, such as what was published as base64.
    """
    return b'{"result":%b}' % gostructs.write(answer, replies=True)


def encode_error(error: ServerError) -> bytes:
    """The body of the answer to a call that was refused."""
    return b'{"error":%b}' % error_object(error)


def error_object(error: ServerError) -> bytes:
    """An error by itself, as in error mode `transport`."""
    return b'{"code":%d,"message":%b}' % (error.code or 0, quote(error.message))


def encode_replies(outcomes: Sequence[tuple[str, msgspec.Struct | ServerError]]) -> bytes:
    """The body of the answer to a batch: methods and what they came to.

    Raises:
        JSONError: as for `encode_result`.
    """
    if not outcomes:
        return b"{}"
    return b'{"replies":[%b]}' % b",".join(
        encode_error(outcome)
        if isinstance(outcome, ServerError)
        else b'{"%b":%b}' % (method.encode(), gostructs.write(outcome, replies=True))
        for method, outcome in outcomes
    )


def encode_reply(id_: int, outcome: msgspec.Struct | ServerError) -> bytes:
    """The reply to a command of the single endpoint; replies are separated by newlines.

    Raises:
        JSONError: as for `encode_result`.
    """
    text = encode_error(outcome) if isinstance(outcome, ServerError) else encode_result(outcome)
    return b'{"id":%d,%b' % (id_, text[1:]) if id_ else text
