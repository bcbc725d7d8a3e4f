"""The server's side of the HTTP API of Centrifugo 6: bytes to requests, answers to bytes (spec v6 §4.3, §5): PURE.

    read_request("publish", body)       -> a Publish, and `encode_result` or `encode_error` for what it came to
    read_batch(body)                    -> a request or None for each command; `encode_replies`
    read_commands(body)                 -> the commands of the single endpoint, one by one; `encode_reply`

`UndecodableError` makes the server answer 400. Results are `answers`; an error is a `ServerError` with a code.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from centripetal.dialects.current.answers import Answer
from centripetal.dialects.current.requests import METHODS, NUMBERS, PRO_METHODS, Info, Request
from centripetal.errors import ServerError
from centripetal.protocol import gostructs
from centripetal.protocol.gojson import JSONError, check, compact, first, members, quote, read

__all__ = ["Call", "UndecodableError", "encode_error", "encode_replies", "encode_reply", "encode_result"]
__all__ += ["read_batch", "read_commands", "read_request"]

_SPACE = b" \t\r\n"
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_SIGNED = frozenset(("expire_at", "score"))
_NAMES = {name.encode(): name for name in NUMBERS.values()}


class UndecodableError(ValueError):
    """The request is no JSON, or not the JSON of a request; the text is for the log."""


class Call(msgspec.Struct, frozen=True):
    """A command of the single endpoint.

    Attributes:
        id: what the reply repeats; 0: nothing.
        method: its name; empty: there is none with that number.
        request: what it asks for; None: there is no such method here, or its params are of no use.
    """

    id: int
    method: str
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
    [(name, shape | None, None) for name, shape in METHODS.items()] + [(name, _Pro | None, None) for name in PRO_METHODS],
    frozen=True,
    forbid_unknown_fields=True,
)


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    commands: list[_Command | None] = []  # type: ignore[valid-type]
    parallel: bool = False


class Unknown(Request, frozen=True, forbid_unknown_fields=True):
    """A command of a batch with no method that is known here."""

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
    id: int = 0
    method: msgspec.Raw = msgspec.Raw(b"0")
    params: msgspec.Raw = msgspec.Raw(b"")
"""What comes to the single endpoint."""
