"""Decoders for the replies to each type of command, created at first use."""

from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from centripetal.dialects.current.replies import Response, response_type
from centripetal.errors import MalformedResponseError
from centripetal.protocol.command import Command
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.intermediaries import excerpt, page_error
from centripetal.protocol.json_parts import array_parts, object_parts
from centripetal.protocol.tolerant_decoding import REFUSED, read

__all__ = ["ReplyDecoders", "decode_reply", "decoders_of", "split_batch"]

T = TypeVar("T")


class ReplyDecoders:
    """The decoders for the replies to one type of command.

    Attributes:
        alone: decodes the reply to a command that was sent alone.
        member: decodes one reply within the reply to a batch.
        batch: decodes the reply to a batch in which all commands have this type, to an object with `replies`.
    """

    __slots__ = ("alone", "batch", "member")

    def __init__(self, command: type[Command[Any]]) -> None:
        result = _result_of(command)
        member = response_type(result, command.name)
        replies = msgspec.defstruct("Replies", [("replies", list[member], [])])  # type: ignore[valid-type]
        self.alone: msgspec.json.Decoder[Response[Any]] = msgspec.json.Decoder(response_type(result, "result"))
        self.member: msgspec.json.Decoder[Response[Any]] = msgspec.json.Decoder(member)
        self.batch: msgspec.json.Decoder[Any] = msgspec.json.Decoder(replies)


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


def decode_reply(decoder: msgspec.json.Decoder[T], text: bytes, endpoint: str) -> T:
    """Decode the *text* of a reply with *decoder*.

    Raises:
        MalformedResponseError: the text is not a reply of the expected type.
    """
    try:
        return decoder.decode(text)
    except REFUSED:
        pass  # the text may still be readable, for example if published data is nested deeply
    try:
        value: T = read(bytes(text), decoder.type)
    except JSONError as error:
        raise _malformed(error, text, endpoint) from None
    return value


def split_batch(text: bytes, endpoint: str) -> list[bytes]:
    """Return the texts of the replies in the reply to a batch, unchecked.

    Raises:
        MalformedResponseError: *text* does not contain a list of replies.
    """
    try:
        return array_parts(object_parts(bytes(text)).get("replies", b"[]"))
    except JSONError as error:
        raise _malformed(error, text, endpoint) from None


def _malformed(error: JSONError, text: bytes, endpoint: str) -> MalformedResponseError:
    return page_error(text, endpoint) or MalformedResponseError(
        f"{endpoint} replied with something other than a Centrifugo response ({error}): {excerpt(text)}"
    )
