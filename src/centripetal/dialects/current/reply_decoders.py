"""What the codecs know of a type of command: how its replies are decoded, worked out once."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from centripetal.dialects.current.commands.base import Method
from centripetal.dialects.current.commands.custom import Custom
from centripetal.dialects.current.commands.node import Info
from centripetal.dialects.current.replies import Answer, answer_type
from centripetal.errors import MalformedResponseError
from centripetal.protocol.command import Command
from centripetal.protocol.payload import decode_lenient
from centripetal.protocol.refusal import head_of

__all__ = ["Kind", "decode_reply", "kind_of"]

T = TypeVar("T")


class Kind:
    """What the codecs know of one type of command.

    Attributes:
        custom: whether it is any method by its name (`Custom`), which makes its own JSON.
        keyed: whether it takes an idempotency key.
        tells: whether its result tells the server's version.
        start: how it begins as a member of a batch.
        decode: makes an `Answer` of the reply to it alone.
        decode_member: makes an `Answer` of one reply to a batch.
        decode_replies: makes an object with all `replies` of the reply to a batch that holds nothing else.
    """

    __slots__ = ("custom", "decode", "decode_member", "decode_replies", "keyed", "start", "tells")

    def __init__(self, command: type[Command[Any]]) -> None:
        result = _result_of(command)
        self.custom = issubclass(command, Custom)
        self.keyed = issubclass(command, Method) and command.keyed
        self.tells = command is Info
        self.start = b'{"%b":' % command.name.encode()
        self.decode: Callable[[Any], Answer[Any]] = msgspec.json.Decoder(answer_type(result, "result")).decode
        self.decode_member: Callable[[Any], Answer[Any]] = msgspec.json.Decoder(
            answer_type(result, command.name)
        ).decode
        self.decode_replies: Callable[[Any], Any] = msgspec.json.Decoder(
            msgspec.defstruct("Replies", [("replies", list[answer_type(result, command.name)], [])])  # type: ignore[misc]
        ).decode


def _result_of(command: type[Command[Any]]) -> Any:
    """The type of the results: the R of the `Command[R]` that *command* is."""
    for kind in command.__mro__:
        for base in getattr(kind, "__orig_bases__", ()):
            for argument in getattr(base, "__args__", ()):
                if not isinstance(argument, TypeVar):
                    return argument
    raise TypeError(f"{command.__name__} does not say what it results in")


@lru_cache(maxsize=512)
def kind_of(command: type[Command[Any]]) -> Kind:
    """What the codecs know of *command*."""
    return Kind(command)


def decode_reply(decode: Callable[[Any], T], text: Any, endpoint: str) -> T:
    """What *decode* makes of the *text* of a reply.

    Raises:
        MalformedResponseError: it is no such reply.
    """
    try:
        return decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # perhaps only half of an emoji is in the way
    try:
        return decode_lenient(decode, bytes(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedResponseError(
            f"{endpoint} answered what is no reply of Centrifugo ({error}): {head_of(text)}"
        ) from None
