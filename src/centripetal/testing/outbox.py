"""Rows of an outbox in tests: assertions about them, and their execution by a test server or a recorder.

    outbox.on(connection).publish("news", {"text": "hello"})
    assert_queued(connection, "news", {"text": "hello"}, outbox=outbox)
    centrifugo.drain(outbox, connection)

Everything happens on the connection of the test, so it works in a transaction that never commits.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Generator, Sequence
from typing import Any, TypeVar, overload

from centripetal.dialects.current import commands
from centripetal.dialects.current.queue import Messages
from centripetal.errors import ServerError, UsageError
from centripetal.outbox import Outbox
from centripetal.outbox.connections import AwaitedConnection, BlockingConnection, HasCursors
from centripetal.outbox.databases import Database, database_of
from centripetal.protocol.command import Command
from centripetal.server.consuming.rows import Row, UnreadableRowError, Verdict, delete, row_of, select
from centripetal.server.current.consumption import command_of
from centripetal.server.current.payloads import given
from centripetal.server.service import Service
from centripetal.server.steps import finished
from centripetal.testing.arguments import check_channel, check_times
from centripetal.testing.matching import ANYTHING, decoded, with_encoder
from centripetal.testing.publications import Publication, Publications, bounded

__all__ = ["Draining", "Rows", "assert_queued", "executed"]

T = TypeVar("T")

_Statements = Generator[str, Sequence[Sequence[Any]], T]
"""Yields statements, gets their rows back, and returns the result."""

Rows = Sequence[tuple[str, bytes | None]]
"""Methods and payloads of rows."""

_MOST_FAULTS = 20


@overload
def assert_queued(
    connection: AwaitedConnection,
    channel: str,
    data: Any = ...,
    *,
    tags: Any = ...,
    times: int | None = ...,
    outbox: Outbox = ...,
) -> Coroutine[Any, Any, None]: ...
@overload
def assert_queued(
    connection: BlockingConnection | HasCursors,
    channel: str,
    data: Any = ...,
    *,
    tags: Any = ...,
    times: int | None = ...,
    outbox: Outbox = ...,
) -> None: ...
def assert_queued(
    connection: Any,
    channel: str,
    data: Any = ANYTHING,
    *,
    tags: Any = ANYTHING,
    times: int | None = None,
    outbox: Outbox = Outbox(),  # noqa: B008 - a value
) -> Any:
    """Fail unless a row that publishes *data* to *channel* is in the table of *outbox*.

    A broadcast counts as one publication for each of its channels. If the methods of *connection* are awaited, await
    the result.

    Args:
        connection: a connection, cursor or session as for `Outbox.on`. The assertion sees the rows that the connection
            sees, including rows of its open transaction.
        channel: the channel.
        data: the complete data, as for `assert_published`.
        tags: all tags, likewise.
        times: the exact number of publications. By default, one or more.
        outbox: the outbox; its encoder also converts *data*.

    Raises:
        AssertionError: no such row is in the table, or not *times*.
        UsageError: *connection* is not a connection to PostgreSQL, *channel* is not a name, or *times* is invalid.
    """
    __tracebackhide__ = True
    check_channel(channel, "assert_queued(connection, channel, data)")
    times = check_times(times)
    data = with_encoder(data, outbox.encoder)

    def statements() -> _Statements[None]:
        __tracebackhide__ = True
        queued = _queued((yield select(outbox.table)), outbox)
        if fault := queued.missing(channel, data, times, tags=tags):
            raise AssertionError(fault)

    return _run(database_of(connection), statements())


def executed(service: Service, rows: Rows) -> list[Verdict]:
    """Execute *rows* in order on *service*, a Centrifugo 6, and return their verdicts."""
    assert service.consume is not None
    return [finished(service.consume(method, payload)) for method, payload in rows]


class Draining(ABC):
    """Methods of a test server or recorder that executes commands of an outbox."""

    @abstractmethod
    def _consume(self, rows: Rows) -> list[Verdict]:
        """Execute *rows* on this server; see `executed`."""

    @overload
    def drain(self, outbox: Outbox, connection: AwaitedConnection) -> Coroutine[Any, Any, int]: ...
    @overload
    def drain(self, outbox: Outbox, connection: BlockingConnection | HasCursors) -> int: ...
    def drain(self, outbox: Outbox, connection: Any) -> Any:
        """Execute all rows of *outbox* now, in order, delete them, and return their number.

        It takes the rows that *connection* sees, including rows of its open transaction. If the methods
        of *connection* are awaited, await the result.

        Args:
            outbox: the outbox.
            connection: a connection, cursor or session as for `Outbox.on`.

        Raises:
            AssertionError: the server refused rows, which it would delete with a line in its log, or cannot read rows.
                The other rows were executed.
            UsageError: *connection* is not a connection to PostgreSQL.
        """
        __tracebackhide__ = True
        if not isinstance(outbox, Outbox):
            raise UsageError(f"drain takes an outbox and a connection, not {type(outbox).__name__}")
        return _run(database_of(connection), self._draining(outbox))

    def recording(self, outbox: Outbox) -> Outbox:
        """Return a copy of *outbox* whose writers execute commands here, instead of writing rows.

        The copy needs no PostgreSQL and accepts connections to other databases. A command takes effect at once, also
        if the transaction is rolled back later. A writer of the copy raises an AssertionError if the server refuses
        its command.
        """
        messages = Messages(check_channels=False, max_payload_bytes=None, encoder=outbox.encoder)

        def record(command: Command[Any]) -> None:
            (message,) = messages.of(command)
            (verdict,) = self._consume([(message.method, message.payload.encode())])
            if verdict.problem:
                raise AssertionError(f"the server refuses this {message.method}: {verdict.problem}")

        return dataclasses.replace(outbox, record=record)

    def _draining(self, outbox: Outbox) -> _Statements[int]:
        __tracebackhide__ = True
        rows, faults = _readable((yield select(outbox.table)), outbox)
        verdicts = self._consume([(row.method, row.payload) for row in rows])
        faults += [
            f"row {row.id} ({row.method}): {verdict.problem}"
            for row, verdict in zip(rows, verdicts, strict=True)
            if verdict.problem
        ]
        if taken := [row.id for row, verdict in zip(rows, verdicts, strict=True) if not verdict.retry]:
            yield delete(outbox.table, taken)
        if faults:
            count = "a row" if len(faults) == 1 else f"{len(faults):,} rows"
            lines = bounded([f"  {fault}" for fault in faults], _MOST_FAULTS)
            raise AssertionError("\n".join([f"the server refuses {count} of {outbox.table}:", *lines]))
        return len(taken)


def _readable(found: Sequence[Sequence[Any]], outbox: Outbox) -> tuple[list[Row], list[str]]:
    """Return the rows that a server takes, and the faults of the others."""
    rows, faults = [], []
    for values in found:
        try:
            row = row_of(values)
        except UnreadableRowError as error:
            faults.append(str(error))
            continue
        if row.partition in range(outbox.partitions):
            rows.append(row)
        else:
            where = f"partition {row.partition}, and the server reads 0 to {outbox.partitions - 1}"
            faults.append(f"row {row.id} ({row.method}) is in {where}")
    return rows, faults


def _queued(found: Sequence[Sequence[Any]], outbox: Outbox) -> Publications:
    """Return the publications in the rows, with the faults of the rows that a server would refuse."""
    queued = Publications("queued", refused="the server will refuse")
    rows, faults = _readable(found, outbox)
    for row in rows:
        command = command_of(row.method, row.payload)
        if isinstance(command, str):
            faults.append(f"row {row.id} ({row.method}): {command}")
        elif isinstance(command, commands.Publish | commands.Broadcast):
            try:
                data = decoded(given(command.data, command.b64data))
            except ServerError as error:
                faults.append(f"row {row.id} ({row.method}): {error.message}")
                continue
            channels = command.channels if isinstance(command, commands.Broadcast) else [command.channel]
            for channel in channels:
                queued.add(Publication(channel, data, tags=dict(command.tags or ())))
    for fault in faults:
        queued.refuse(fault)
    return queued


def _run(database: Database, statements: _Statements[Any]) -> Any:
    """Execute *statements*, and return their result, or a coroutine that does so."""
    __tracebackhide__ = True
    if database.awaited:
        return _awaited(database, statements)
    try:
        sql = next(statements)
        while True:
            sql = statements.send(_execute(database, sql))
    except StopIteration as end:
        return end.value


async def _awaited(database: Database, statements: _Statements[Any]) -> Any:
    __tracebackhide__ = True
    try:
        sql = next(statements)
        while True:
            sql = statements.send(await _execute(database, sql))
    except StopIteration as end:
        return end.value


def _execute(database: Database, sql: str) -> Any:
    return database.execute(sql, guard=None if sql.startswith("SELECT") else _accept)


def _accept(_alone: bool) -> None:
    """Guard of statements that write: accept connections outside a transaction."""
