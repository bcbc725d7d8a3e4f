"""Connections of database drivers, with one method that executes a statement.

A driver is recognized by the module of the connection's type and is never imported: a connection exists only in a
program that has imported its driver.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, ClassVar

from centripetal.errors import UsageError
from centripetal.outbox.unsupported import ANOTHER_DATABASE, INSTEAD, not_postgresql, unknown_connection

__all__ = ["Database", "database_of"]

Rows = Sequence[Sequence[Any]]
Guard = Callable[[bool], object]
"""Called before a statement that writes, with whether the connection is outside a transaction. It may raise."""


class Database(ABC):
    """A connection of one driver.

    Attributes:
        awaited: whether `execute` is a coroutine function.
        placeholder: the placeholder of a parameter, formatted with its position.
    """

    awaited: ClassVar[bool] = False
    placeholder: ClassVar[str] = "%s"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @abstractmethod
    def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Any:
        """Execute *sql* with *values* and return the rows of a query; an awaited connection returns a coroutine.

        Args:
            sql: the statement.
            values: values of the placeholders.
            guard: called first if the statement writes; None for a query.
        """


class _Cursors(Database):
    """A connection that has cursors (PEP 249)."""

    def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Rows:
        if guard is not None:
            guard(self._is_alone())
        with self._cursor() as cursor:
            cursor.execute(sql, values or None)
            return [*cursor.fetchall()] if guard is None else ()

    def _is_alone(self) -> bool:
        return _is_idle(self._connection)

    @abstractmethod
    def _cursor(self) -> AbstractContextManager[Any]:
        """Return a new cursor, which the caller closes."""


_IDLE, _ACTIVE = 0, 1  # PQTRANS_IDLE and PQTRANS_ACTIVE of libpq


def _is_idle(connection: Any) -> bool:
    """Return whether a connection of psycopg or psycopg2 would commit each statement by itself."""
    if not connection.autocommit:
        return False
    status = connection.info.transaction_status
    if status == _ACTIVE:  # in a pipeline of psycopg, where the server reports its status only at the end
        return getattr(connection, "_num_transactions", 1) == 0
    return bool(status == _IDLE)


class _Psycopg(_Cursors):
    # Plain cursors: a cursor of the user's factory may have other placeholders or other rows.
    def _cursor(self) -> AbstractContextManager[Any]:
        driver = sys.modules["psycopg"]
        cursor: AbstractContextManager[Any] = driver.Cursor(self._connection, row_factory=driver.rows.tuple_row)
        return cursor


class _AsyncPsycopg(Database):
    awaited = True

    async def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Rows:
        if guard is not None:
            guard(_is_idle(self._connection))
        driver = sys.modules["psycopg"]
        async with driver.AsyncCursor(self._connection, row_factory=driver.rows.tuple_row) as cursor:
            await cursor.execute(sql, values or None)
            return [*await cursor.fetchall()] if guard is None else ()


class _Psycopg2(_Cursors):
    def _cursor(self) -> AbstractContextManager[Any]:
        kind = sys.modules["psycopg2.extensions"].cursor
        cursor: AbstractContextManager[Any] = self._connection.cursor(cursor_factory=kind)
        return cursor


class _Django(_Cursors):
    def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Rows:
        if self._connection.vendor != "postgresql":
            raise not_postgresql(self._connection.vendor)
        return super().execute(sql, values, guard)

    def _is_alone(self) -> bool:
        return not self._connection.in_atomic_block and self._connection.get_autocommit()

    def _cursor(self) -> AbstractContextManager[Any]:
        cursor: AbstractContextManager[Any] = self._connection.cursor()
        return cursor


class _Asyncpg(Database):
    awaited = True
    placeholder = "${}"

    async def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Rows:
        if guard is not None:
            guard(not self._connection.is_in_transaction())
        rows: Rows = await self._connection.fetch(sql, *values)
        return rows


class _SQLAlchemyDatabase(Database):
    placeholder = ":p{}"

    def __init__(self, connection: Any) -> None:
        if sys.modules["sqlalchemy"].__version__.startswith("1."):  # it commits some statements by itself
            raise UsageError("an outbox needs SQLAlchemy 2.0 or later")
        super().__init__(connection)


class _SQLAlchemy(_SQLAlchemyDatabase):
    def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Any:
        return _execute_in_sqlalchemy(self._connection, sql, values, guard)


class _AsyncSQLAlchemy(_SQLAlchemyDatabase):
    awaited = True

    async def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Rows:
        rows: Rows = await self._connection.run_sync(_execute_in_sqlalchemy, sql, values, guard)
        return rows


def _execute_in_sqlalchemy(given: Any, sql: str, values: Sequence[Any], guard: Guard | None) -> Rows:
    is_session = hasattr(given, "flush")
    connection = given.connection() if is_session else given
    if connection.dialect.name != "postgresql":
        raise not_postgresql(connection.dialect.name)
    if guard is not None:
        guard(bool(getattr(connection.connection.dbapi_connection, "autocommit", False)))
        if is_session:
            # The rows of the session first: transactions that change the same rows then write to the outbox in the
            # order in which they got the locks of these rows.
            given.flush()
    result = connection.execute(_text(sql), {f"p{place}": value for place, value in enumerate(values, 1)})
    return [*result.all()] if guard is None else ()


@lru_cache(maxsize=64)
def _text(sql: str) -> Any:
    return sys.modules["sqlalchemy"].text(sql)


def _itself(given: Any) -> Any:
    return given


def _connection_of(cursor: Any) -> Any:
    return cursor.connection


def _current_session(scoped: Any) -> Any:
    return scoped.registry()


_KNOWN: Mapping[tuple[str, str], tuple[type[Database], Callable[[Any], Any]]] = {
    ("psycopg", "Connection"): (_Psycopg, _itself),
    ("psycopg", "Cursor"): (_Psycopg, _connection_of),
    ("psycopg", "AsyncConnection"): (_AsyncPsycopg, _itself),
    ("psycopg", "AsyncCursor"): (_AsyncPsycopg, _connection_of),
    ("psycopg2", "connection"): (_Psycopg2, _itself),
    ("psycopg2", "cursor"): (_Psycopg2, _connection_of),
    ("asyncpg", "Connection"): (_Asyncpg, _itself),
    ("asyncpg", "PoolConnectionProxy"): (_Asyncpg, _itself),
    ("sqlalchemy", "Connection"): (_SQLAlchemy, _itself),
    ("sqlalchemy", "Session"): (_SQLAlchemy, _itself),
    ("sqlalchemy", "scoped_session"): (_SQLAlchemy, _current_session),
    ("sqlalchemy", "AsyncConnection"): (_AsyncSQLAlchemy, _itself),
    ("sqlalchemy", "AsyncSession"): (_AsyncSQLAlchemy, _itself),
    ("sqlalchemy", "async_scoped_session"): (_AsyncSQLAlchemy, _current_session),
    ("django", "BaseDatabaseWrapper"): (_Django, _itself),
    ("django", "ConnectionProxy"): (_Django, _itself),
}
"""The class for each type of connection, by package and name of the type, and the way to the connection."""


class _Other(Database):
    """A connection to a database that Centrifugo does not read. Commands are only recorded."""

    def execute(self, sql: str, values: Sequence[Any] = (), guard: Guard | None = None) -> Rows:  # noqa: ARG002
        """Fail: `database_of` returns this class only to callers that execute nothing."""
        raise AssertionError("commands for this connection are recorded, not executed")


class _AwaitedOther(_Other):
    awaited = True


def database_of(given: Any, *, any_database: bool = False) -> Database:
    """Return the connection in *given*: a connection, cursor or session of a driver.

    Args:
        given: the value that the user passed.
        any_database: whether drivers of other databases than PostgreSQL are accepted, because nothing is executed.

    Raises:
        UsageError: it is not a connection, or not a connection to PostgreSQL.
    """
    for kind in type(given).__mro__:
        package = kind.__module__.partition(".")[0]
        if (known := _KNOWN.get((package, kind.__name__))) is not None:
            adapter, resolve = known
            return adapter(resolve(given))
        if (advice := INSTEAD.get((package, kind.__name__))) is not None:
            raise UsageError(f"this {type(given).__name__} {advice}")
        if (title := ANOTHER_DATABASE.get(package)) is not None:
            if not any_database:
                raise not_postgresql(title)
            return _AwaitedOther(given) if hasattr(kind, "__aenter__") else _Other(given)
    raise unknown_connection(given)
