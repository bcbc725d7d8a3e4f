"""Commands as messages of a queue that a consumer of Centrifugo 6 reads. PURE.

A consumer takes the methods in `QUEUED` (protocol 6: consumers; server 6.9.1). It deletes any other message, and any
message that it cannot execute, and writes one line to the server's log. Messages are therefore checked when they are
created.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from centripetal.dialects.current.codec import MAX_PAYLOAD_BYTES, Codec
from centripetal.dialects.current.commands.base import Method
from centripetal.dialects.current.commands.channels import HistoryRemove
from centripetal.dialects.current.commands.connections import Disconnect, Refresh, Subscribe, Unsubscribe
from centripetal.dialects.current.commands.publishing import Broadcast, Publish
from centripetal.errors import UsageError
from centripetal.protocol.command import Command, not_a_command
from centripetal.protocol.encoder import Encoder
from centripetal.protocol.exact import exact_integer, exact_text
from centripetal.protocol.jsonb import jsonb_fault
from centripetal.protocol.partition import partition_of

__all__ = ["QUEUED", "Message", "Messages"]

QUEUED: tuple[type[Method[Any]], ...] = (
    Publish,
    Broadcast,
    Subscribe,
    Unsubscribe,
    Disconnect,
    HistoryRemove,
    Refresh,
)
"""The commands that a consumer executes."""

_NO_SERVER = "http://queue"  # the codec needs an address, but a message is not sent to one


class Message(msgspec.Struct, frozen=True):
    """A command in a queue.

    Attributes:
        method: the name of the method.
        payload: the parameters, a JSON object.
        key: the channel or user whose messages keep their order.
        partition: the partition of the key.
    """

    method: str
    payload: str
    key: str
    partition: int


class Messages:
    """Converter of commands to messages.

    Args:
        partitions: number of partitions.
        new_key: creates an idempotency key for each publication that has none; None adds no keys.
        jsonb: whether to reject data that PostgreSQL cannot store as JSONB.
        check_channels, max_payload_bytes, encoder: as for `Codec`.
    """

    def __init__(
        self,
        partitions: int = 1,
        *,
        new_key: Callable[[], str] | None = None,
        jsonb: bool = False,
        check_channels: bool = True,
        max_payload_bytes: int | None = MAX_PAYLOAD_BYTES,
        encoder: Encoder | None = None,
    ) -> None:
        self._partitions = partitions
        self._new_key = new_key
        self._jsonb = jsonb
        self._codec = Codec(
            _NO_SERVER,
            None,
            check_channels=check_channels,
            max_payload_bytes=max_payload_bytes,
            new_key=new_key,
            encoder=encoder,
        )

    def of(self, command: Command[Any]) -> list[Message]:
        """Return the messages of *command*: one, or for a broadcast one per partition of its channels.

        The parts of a broadcast have the same idempotency key; servers keep keys per channel.

        Raises:
            UsageError: the command cannot be queued, or a server would reject it.
        """
        kind = type(command)
        if not issubclass(kind, Method):
            raise not_a_command(command, "the current API", "centripetal")
        if not issubclass(kind, QUEUED):
            names = ", ".join(each.name for each in QUEUED)
            raise UsageError(
                f"{command.name} cannot be queued, because its result would be lost. These commands can: {names}"
            )
        if command.timeout is not None:
            raise UsageError("a queued command cannot have a timeout, because nothing waits for its result")
        call = self._codec.prepare(command)
        if issubclass(kind, Broadcast) and self._partitions > 1:
            return self._broadcast(command, call.keys, call.text)
        return [self._message(command.name, call.text, call.keys[0] if call.keys else _user(command))]

    def of_all(self, commands: Iterable[Command[Any]]) -> list[Message]:
        """Return the messages of all *commands* in order.

        Raises:
            UsageError: as for `of`; the message begins with the position of the command.
        """
        messages: list[Message] = []
        for position, command in enumerate(commands):
            try:
                messages += self.of(command)
            except UsageError as error:
                raise UsageError(f"commands[{position}]: {error}") from error
        return messages

    def _broadcast(self, command: Any, channels: tuple[str, ...], text: bytes) -> list[Message]:
        parts: dict[int, list[str]] = {}
        for channel in channels:
            parts.setdefault(partition_of(channel, self._partitions), []).append(channel)
        if len(parts) == 1:
            return [self._message(command.name, text, channels[0])]
        key = command.idempotency_key
        if key is None and self._new_key is not None:
            key = self._new_key()
        return [
            self._message(command.name, self._codec.prepare(part).text, part.channels[0])
            for part in (
                msgspec.structs.replace(command, channels=some, idempotency_key=key) for some in parts.values()
            )
        ]

    def _message(self, method: str, text: bytes, key: str) -> Message:
        payload = text.decode()
        if self._jsonb and (fault := jsonb_fault(payload)) is not None:
            raise UsageError(f"the database cannot store this {method} as JSONB, because {fault}: use a JSON column")
        return Message(method, payload, key, partition_of(key, self._partitions))


def _user(command: Any) -> str:
    """Return the user of *command*, which was checked, as text."""
    number = exact_integer(command.user)
    return str(number) if number is not None else exact_text(command.user) or ""
