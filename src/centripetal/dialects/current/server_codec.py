"""The server's side of the HTTP API of Centrifugo 6: bytes to requests, answers to bytes (spec v6 §4.3, §5): PURE.

    read_request("publish", body)       -> a Publish, and `encode_result` or `encode_error` for what it came to
    read_batch(body)                    -> a request or None for each command; `encode_replies`
    read_commands(body)                 -> the commands of the single endpoint, one by one; `encode_reply`

`UndecodableError` makes the server answer 400. Results are `answers`; an error is a `ServerError` with a code.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from centripetal.dialects.current.server_requests import METHODS, NONE, NUMBERS, PRO_METHODS, Info, Request, UInt32
from centripetal.dialects.current.server_results import Answer
from centripetal.errors import ServerError
from centripetal.protocol import gostructs
from centripetal.protocol.gojson import JSONError, check, quote, values

__all__ = ["Call", "UndecodableError", "Unknown", "encode_error", "encode_replies", "encode_reply", "encode_result"]
__all__ += ["error_object", "read_batch", "read_commands", "read_request"]

S = TypeVar("S", bound=msgspec.Struct)

_NUMBER = re.compile(rb"-?[0-9]{1,18}")
_SIGNED = frozenset(("expire_at", "score"))
_NAMES = {name.encode(): name for name in NUMBERS.values()}


class UndecodableError(ValueError):
    """The request is no JSON, or not the JSON of a request; the text is for the log."""


class Call(msgspec.Struct, frozen=True):
    """A command of the single endpoint.

    Attributes:
        id: what the reply repeats; 0: nothing.
        request: what it asks for; `Unknown`: there is no such method here; None: its params are of no use.
    """

    id: int
    request: Request | None


def read_request(method: str, body: bytes) -> Request:
    """The request in the body of a call of *method*, which is one of `METHODS`.

    Raises:
        UndecodableError: it is none.
    """
    try:
        return _read(body, METHODS[method])
    except JSONError as error:
        raise UndecodableError(str(error)) from None


class _Pro(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request of the PRO edition, which nobody looks into."""


_Command = msgspec.defstruct(
    "_Command",
    [(name, shape | None, None) for name, shape in METHODS.items()]
    + [(name, _Pro | None, None) for name in PRO_METHODS],
    frozen=True,
    forbid_unknown_fields=True,
)


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    commands: list[_Command | None] = []  # type: ignore[valid-type]
    parallel: bool = False


class Unknown(Request, frozen=True, forbid_unknown_fields=True):
    """A command with no method that is known here."""

    method = ""


def read_batch(body: bytes) -> list[Request | None]:
    """The requests of a batch, in order; `Unknown` where a command names no method, None where it is null.

    Raises:
        UndecodableError: one of them is none; nothing is to be run then.
    """
    try:
        batch = _read(body, _Batch)
    except JSONError as error:
        raise UndecodableError(str(error)) from None
    return [None if command is None else _request_in(command) for command in batch.commands]


def _request_in(command: Any) -> Request:
    for name in METHODS:
        request: Request | None = getattr(command, name)
        if request is not None:
            return request
    return Unknown()


class _Legacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes to the single endpoint."""

    id: UInt32 = 0
    method: msgspec.Raw = msgspec.Raw(b"0")
    params: msgspec.Raw = NONE


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
            yield Call(command.id, _request(_method(bytes(command.method)), bytes(command.params)))
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


def _request(method: str, params: bytes) -> Request | None:
    if method not in METHODS:
        return Unknown()
    if method == Info.method:
        return Info()  # nobody looks at its params
    try:
        return _read(params, METHODS[method])
    except JSONError:
        return None


def _read(text: bytes, shape: type[S]) -> S:
    check(text)  # gostructs passes over what follows a value
    value = gostructs.read(text, shape)
    _check_bounds(value)
    return value


def _check_bounds(value: Any) -> None:
    """Make sure that integers have no more than 64 bits."""
    for name, kind in _bounded(value.__class__):
        member = getattr(value, name)
        if kind is not int:
            for each in member if isinstance(member, list) else [member]:
                if each is not None:
                    _check_bounds(each)
        elif not (-(1 << 63) <= member < 1 << (63 if name in _SIGNED else 64)):
            raise JSONError(f"{name} has more than 64 bits")


@functools.cache
def _bounded(shape: type[msgspec.Struct]) -> list[tuple[str, type]]:
    """The fields with integers that msgspec does not check, and those with structs that may have such fields."""
    found: list[tuple[str, type]] = []
    for field in inspect.type_info(shape).fields:  # type: ignore[attr-defined]
        kind = field.type.item_type if isinstance(field.type, inspect.ListType) else field.type
        kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
        if isinstance(kind, inspect.IntType) and kind.lt is None:
            found.append((field.name, int))
        structs = [each.cls for each in kinds if isinstance(each, inspect.StructType) and each.cls is not shape]
        found += [(field.name, each) for each in structs if _bounded(each)]
    return found


# ---- answers


def encode_result(answer: Answer) -> bytes:
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


def encode_replies(outcomes: Sequence[tuple[str, Answer | ServerError]]) -> bytes:
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


def encode_reply(id_: int, outcome: Answer | ServerError) -> bytes:
    """The reply to a command of the single endpoint; replies are separated by newlines.

    Raises:
        JSONError: as for `encode_result`.
    """
    text = encode_error(outcome) if isinstance(outcome, ServerError) else encode_result(outcome)
    return b'{"id":%d,%b' % (id_, text[1:]) if id_ else text
