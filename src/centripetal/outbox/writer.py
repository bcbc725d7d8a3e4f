"""Writers: the methods of a client that can be queued. Each call writes rows in the transaction of a connection."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from centripetal.client.call import exported
from centripetal.dialects.current.queue import Message, Messages
from centripetal.errors import UsageError
from centripetal.outbox import methods
from centripetal.protocol.command import Command

__all__ = ["AsyncWriter", "Record", "Writer"]

Record = Callable[[Command[Any]], object]
"""A function that is called with each command instead of writing it."""


class _Checks:
    """The checks of both writers, before anything is written."""

    def __init__(self, messages: Messages, record: Record | None) -> None:
        self._messages = messages
        self._record = record

    def _rows_of(self, command: Command[Any]) -> Sequence[Message]:
        return self._recorded((command,), self._messages.of(command))

    def _rows_of_all(self, commands: Iterable[Command[Any]]) -> Sequence[Message]:
        if isinstance(commands, str | Command) or not isinstance(commands, Iterable):
            raise UsageError("write() takes a list of commands: for a single command, use call()")
        given = list(commands)
        return self._recorded(given, self._messages.of_all(given))

    def _recorded(self, commands: Iterable[Command[Any]], messages: Sequence[Message]) -> Sequence[Message]:
        """Return the *messages* to insert: none if the commands are recorded instead."""
        if self._record is None:
            return messages
        for command in commands:
            self._record(command)
        return ()


@exported("centripetal.outbox")
class Writer(_Checks, methods.Writer):
    """Writes commands as rows of an outbox, in the transaction of one connection; `Outbox.on` returns it.

    It has the methods of a client that can be queued, which return None. There is no `presence`, `history` or `info`,
    because the result of a queued command is lost, and no `batch`: use `write`.
    """

    def __init__(
        self, messages: Messages, insert: Callable[[Sequence[Message]], object], record: Record | None
    ) -> None:
        super().__init__(messages, record)
        self._insert = insert

    def call(self, command: Command[Any]) -> None:
        """Write *command*, such as `Publish("news", 1)`. A broadcast becomes one row per partition of its channels.

        Raises:
            UsageError: the command cannot be queued, a server would reject it, or the connection is not in a
                transaction. Nothing was sent to the database, so the transaction is still usable.
        """
        if rows := self._rows_of(command):
            self._insert(rows)

    def write(self, commands: Iterable[Command[Any]]) -> None:
        """Write all *commands* in order, with one statement. Every command is checked before anything is written.

        Raises:
            UsageError: as for `call`; the message names the position of the command.
        """
        if rows := self._rows_of_all(commands):
            self._insert(rows)


@exported("centripetal.outbox")
class AsyncWriter(_Checks, methods.AsyncWriter):
    """Like `Writer`, with coroutine functions, for connections whose methods are awaited."""

    def __init__(
        self,
        messages: Messages,
        insert: Callable[[Sequence[Message]], Coroutine[Any, Any, object]],
        record: Record | None,
    ) -> None:
        super().__init__(messages, record)
        self._insert = insert

    async def call(self, command: Command[Any]) -> None:
        """Like `Writer.call`."""
        if rows := self._rows_of(command):
            await self._insert(rows)

    async def write(self, commands: Iterable[Command[Any]]) -> None:
        """Like `Writer.write`."""
        if rows := self._rows_of_all(commands):
            await self._insert(rows)
