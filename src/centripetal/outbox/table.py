"""`Outbox`: the agreement between the writers of a table and the server that reads it."""

import functools
import os
from collections.abc import Coroutine, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, overload

from centripetal.dialects.current.codec import MAX_PAYLOAD_BYTES
from centripetal.dialects.current.queue import Message, Messages
from centripetal.errors import UsageError
from centripetal.outbox import statements
from centripetal.outbox.connections import AwaitedConnection, BlockingConnection, HasCursors
from centripetal.outbox.databases import Database, database_of
from centripetal.outbox.names import check_channel, check_dsn, check_table
from centripetal.outbox.status import PartitionStatus, status_of
from centripetal.outbox.writer import AsyncWriter, Record, Writer
from centripetal.protocol.checks import check_at_least, check_flag
from centripetal.protocol.encoder import Encoder

__all__ = ["Outbox"]

_MAX_PARTITIONS = 10_000
"""The server runs one worker with its own query for each partition."""

_ALONE = (
    "this connection is not in a transaction, so the message would be published even if your changes fail: "
    "begin a transaction, or create the outbox with autocommit=True"
)


@dataclass(frozen=True)
class Outbox:
    """A table in your PostgreSQL database from which Centrifugo reads commands.

    A command is published if and only if the transaction that wrote its row commits. An outbox is a value: it holds no
    connection, and you can create it when a module is imported and share it between threads and processes.

    Args:
        table: name of the table, with or without a schema: ASCII letters, digits and `_`, at most 46 characters.
        partitions: number of partitions, 1 to 10,000. The server executes partitions concurrently; messages of one
            channel (or of one user, for `disconnect` and `refresh`) are in one partition and keep their order. The
            server's `num_partitions` must be the same.
        notify: whether the table has a trigger that wakes the server at each commit, or the name of its notification
            channel. Without it, the server polls. Notifications cost throughput, because PostgreSQL serializes the
            commits of transactions that notify.
        keys: whether each publication without an idempotency key gets one. The server repeats rows after a crash or a
            restart, and drops repeated publications only by their keys. Without keys, the server needs less memory.
        autocommit: whether connections outside a transaction are accepted. The message is then published even if
            changes in other statements fail.
        jsonb: whether the payload is a JSONB column. Data that JSONB cannot store, such as U+0000, is then rejected.
            JSON keeps the data unchanged.
        check_channels: whether to reject channel names that no client could subscribe to by default.
        max_payload_bytes: maximum size of the data of one command in bytes; None for no limit.
        encoder: as for `Client`: converts values without a JSON form in the commands' data.
        record: for test suites on SQLite: a function that is called with each checked command instead of writing a
            row. Connections to other databases are then accepted, and transactions are not considered.

    Raises:
        UsageError: an argument is invalid.
    """

    table: str = "centrifugo_outbox"
    _: KW_ONLY
    partitions: int = 1
    notify: str | bool | None = None
    keys: bool = True
    autocommit: bool = False
    jsonb: bool = False
    check_channels: bool = True
    max_payload_bytes: int | None = MAX_PAYLOAD_BYTES
    encoder: Encoder | None = None
    record: Record | None = None

    def __post_init__(self) -> None:
        check_table(self.table)
        if check_at_least("partitions", self.partitions, 1) > _MAX_PARTITIONS:
            raise UsageError(f"partitions must be at most {_MAX_PARTITIONS}, not {self.partitions}")
        check_channel(self.notify, self.table)
        for name in ("keys", "autocommit", "jsonb", "check_channels"):
            check_flag(name, getattr(self, name))
        if self.record is not None and not callable(self.record):
            raise UsageError("record must be a function that takes a command, such as commands.append")
        _ = self._messages  # checks the other arguments

    @functools.cached_property
    def _messages(self) -> Messages:
        return Messages(
            self.partitions,
            new_key=_new_key if self.keys else None,
            jsonb=self.jsonb,
            check_channels=self.check_channels,
            max_payload_bytes=self.max_payload_bytes,
            encoder=self.encoder,
        )

    @overload
    def on(self, connection: AwaitedConnection) -> AsyncWriter: ...
    @overload
    def on(self, connection: BlockingConnection | HasCursors) -> Writer: ...
    def on(self, connection: Any) -> Writer | AsyncWriter:
        """Return the writer for the transaction of *connection*. Its methods are awaited if the connection's are.

        Args:
            connection: a connection or cursor of psycopg or psycopg2, a connection of asyncpg (also one of a pool), a
                connection or session of SQLAlchemy 2, or a database connection of Django, such as
                `django.db.connection`. The outbox never begins, commits or rolls back a transaction.

        Raises:
            UsageError: it is not such a connection, or not a connection to PostgreSQL.
        """
        database = database_of(connection, any_database=self.record is not None)

        def insert(messages: Sequence[Message]) -> Any:
            return database.execute(*self._insert(database, messages), guard=self._guard)

        kind = AsyncWriter if database.awaited else Writer
        return kind(self._messages, insert, self.record)

    def _insert(self, database: Database, messages: Sequence[Message]) -> tuple[str, Sequence[Any]]:
        if len(messages) == 1:
            (message,) = messages
            values: Sequence[Any] = (message.method, message.payload, message.partition)
            return statements.insert_one(self.table, database.placeholder), values
        columns = [(message.method, message.payload, message.partition) for message in messages]
        return statements.insert_many(self.table, database.placeholder), [*map(list, zip(*columns, strict=True))]

    def _guard(self, alone: bool) -> None:
        if alone and not self.autocommit:
            raise UsageError(_ALONE)

    def ddl(self) -> list[str]:
        """Return the statements that create the table, its index and, with `notify`, its trigger.

        They also create the table `…_refused` for rows that cannot be executed, with their reason. Run them in a
        migration, once. Every name that they create begins with the table's name.
        """
        return statements.create(self.table, self.partitions, check_channel(self.notify, self.table), jsonb=self.jsonb)

    def ddl_drop(self) -> list[str]:
        """Return the statements that drop everything that `ddl` creates, including rows that were not published."""
        return statements.drop(self.table)

    def server_config(self, dsn: str) -> dict[str, Any]:
        """Return the configuration with which Centrifugo 6 reads this outbox, to merge into its top level.

        Args:
            dsn: address of the database as the server reaches it, such as `postgresql://user:password@host:5432/name`.

        Raises:
            UsageError: the address is not a URL or a connection string of PostgreSQL.
        """
        address = check_dsn("dsn", dsn)
        channel = check_channel(self.notify, self.table)
        options: dict[str, Any] = {
            "dsn": address,
            "outbox_table_name": self.table,
            "num_partitions": self.partitions,
            "partition_select_limit": 1000,
            "partition_poll_interval": "50ms" if channel is None else "300ms",
        }
        if channel is not None:
            options["partition_notification_channel"] = channel
        name = self.table.replace(".", "_")
        name = name if len(name) > 1 else f"outbox_{name}"  # the server wants two characters
        return {"consumers": [{"enabled": True, "name": name, "type": "postgresql", "postgresql": options}]}

    @overload
    def status(self, connection: AwaitedConnection) -> Coroutine[Any, Any, list[PartitionStatus]]: ...
    @overload
    def status(self, connection: BlockingConnection | HasCursors) -> list[PartitionStatus]: ...
    def status(self, connection: Any) -> Any:
        """Return the rows that wait in each partition, for gauges and alarms.

        Args:
            connection: as for `on`. It need not be in a transaction. If its methods are awaited, await the result.

        Raises:
            UsageError: as for `on`.
        """
        database = database_of(connection)
        rows = database.execute(statements.status(self.table))
        return self._awaited_status(rows) if database.awaited else status_of(rows, self.partitions)

    async def _awaited_status(self, rows: Coroutine[Any, Any, Any]) -> list[PartitionStatus]:
        return status_of(await rows, self.partitions)


def _new_key() -> str:
    return os.urandom(16).hex()
