"""Decoders for the replies to each type of command, created at first use."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from centripetal.dialects.current.replies import Response, response_type
from centripetal.errors import MalformedResponseError
from centripetal.protocol.command import Command
from centripetal.protocol.http_errors import excerpt
from centripetal.protocol.payload import decode_lenient

__all__ = ["ReplyDecoders", "decode_reply", "decoders_of"]

T = TypeVar("T")


class ReplyDecoders:
    """The decoders for the replies to one type of command.

    Attributes:
        alone: decodes the reply to a command that was sent alone.
        member: decodes one reply within the reply to a batch.
        batch: decodes the reply to a batch in which all commands have this type; returns an object with `replies`.
    """

    __slots__ = ("alone", "batch", "member")

    def __init__(self, command: type[Command[Any]]) -> None:
        result = _result_of(command)
        member = response_type(result, command.name)
        replies = msgspec.defstruct("Replies", [("replies", list[member], [])])  # type: ignore[valid-type]
        self.alone: Callable[[Any], Response[Any]] = msgspec.json.Decoder(response_type(result, "result")).decode
        self.member: Callable[[Any], Response[Any]] = msgspec.json.Decoder(member).decode
        self.batch: Callable[[Any], Any] = msgspec.json.Decoder(replies).decode


def _result_of(command: type[Command[Any]]) -> Any:
    """Return the type of the results, the R in the base `Command[R]` of *command*."""
    for kind in command.__mro__:
        for base in getattr(kind, "__orig_bases__", ()):
            for argument in getattr(base, "__args__", ()):
                if not isinstance(argument, TypeVar):
                    return argument
    raise TypeError(f"{command.__name__} has no type of result: derive it from Method[R]")


@lru_cache(maxsize=512)
def decoders_of(command: type[Command[Any]]) -> ReplyDecoders:
    """Return the decoders for the replies to *command*."""
    return ReplyDecoders(command)


def decode_reply(decode: Callable[[Any], T], text: Any, endpoint: str) -> T:
    """Decode the *text* of a reply with *decode*.

    Raises:
        MalformedResponseError: the text is not a reply of the expected type.
    """
    try:
        return decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # a lone surrogate may be the reason: decode_lenient accepts it
    try:
        return decode_lenient(decode, bytes(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedResponseError(
            f"{endpoint} replied with something other than a Centrifugo response ({error}): {excerpt(text)}"
        ) from None
