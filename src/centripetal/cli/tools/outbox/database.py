"""Work in PostgreSQL with whichever driver is installed: psycopg, psycopg2 or asyncpg."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

from centripetal.cli.hidden_keys import HIDDEN
from centripetal.errors import TransportError, UsageError
from centripetal.outbox import Outbox, PartitionStatus, statements
from centripetal.outbox.databases import database_of
from centripetal.protocol.command import Command
from centripetal.protocol.dsn import for_driver, passwords_of

__all__ = ["DRIVERS", "Database", "hidden_password"]


class Database:
    """A database, by its address.

    Args:
        dsn: URL or connection string, as in the configuration of the real server.
        timeout: time limit of connecting in seconds.

    Raises:
        UsageError: no driver is installed.
    """

    def __init__(self, dsn: str, timeout: float) -> None:
        self._dsn = dsn
        self._timeout = timeout
        self._driver, self._in_transaction = _installed_driver()

    def status(self, outbox: Outbox) -> list[PartitionStatus]:
        """Return the status of *outbox*.

        Raises:
            TransportError: the database cannot be reached.
            UsageError: the database refused the query, such as for a missing table.
        """
        found: list[PartitionStatus]
        (found,) = self._run(lambda connection: [outbox.status(connection)], "no")
        return found

    def status_and_check(self, outbox: Outbox) -> tuple[list[PartitionStatus], str]:
        """Return the status of *outbox*, and the definition of the check on its partitions; "" if it has none.

        Raises:
            TransportError: the database cannot be reached.
            UsageError: the database refused the query, such as for a missing table.
        """
        sql = statements.check_of_partitions(outbox.table)
        found: list[PartitionStatus]
        found, rows = self._run(lambda connection: _questions(connection, outbox, sql), "no")
        return found, rows[0][0] if rows else ""

    def write(self, outbox: Outbox, parts: Iterable[list[Command[Any]]]) -> None:
        """Write all *parts* in order to *outbox* in one transaction: all of them, or if anything fails none.

        Raises:
            TransportError: the database cannot be reached, or the connection was lost.
            UsageError: a command cannot be queued, or the database refused a row.
        """

        def write(connection: Any) -> Iterable[Any]:
            writer: Any = outbox.on(connection)
            return (writer.write(part) for part in parts)

        self._run(write, "unknown")

    def _run(self, steps: Callable[[Any], Iterable[Any]], executed: Any) -> list[Any]:
        """Return the results of *steps*, which are coroutines with asyncpg, in one transaction."""
        name = self._driver.__name__

        def work(connection: Any) -> Any:
            return _awaited(steps(connection)) if name == "asyncpg" else [*steps(connection)]

        try:
            address = for_driver(self._dsn, name, math.ceil(self._timeout))
            found: list[Any] = self._in_transaction(self._driver, address, self._timeout, work)
            return found
        except UsageError:
            raise
        except _lost(self._driver) as error:
            raise TransportError(self._text(error), executed=executed) from None
        except _refused(self._driver) as error:
            raise UsageError(self._text(error)) from None

    def _text(self, error: Exception) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        return f"PostgreSQL: {hidden_password(text, self._dsn)}"


def _questions(connection: Any, outbox: Outbox, sql: str) -> Iterator[Any]:
    yield outbox.status(connection)
    yield database_of(connection).execute(sql)


async def _awaited(coroutines: Iterable[Any]) -> list[Any]:
    return [await coroutine for coroutine in coroutines]


def _in_psycopg(driver: Any, dsn: str, _: float, work: Callable[[Any], Any]) -> Any:
    with driver.connect(dsn) as connection:
        return work(connection)


def _in_psycopg2(driver: Any, dsn: str, _: float, work: Callable[[Any], Any]) -> Any:
    with contextlib.closing(driver.connect(dsn)) as connection, connection:
        return work(connection)


def _in_asyncpg(driver: Any, dsn: str, timeout: float, work: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        connection = await driver.connect(dsn, timeout=timeout)
        try:
            async with connection.transaction():
                return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


DRIVERS: dict[str, Callable[[Any, str, float, Callable[[Any], Any]], Any]] = {
    "psycopg": _in_psycopg,
    "psycopg2": _in_psycopg2,
    "asyncpg": _in_asyncpg,
}
"""The known drivers in order of preference, each with a function that works in one transaction."""


def _installed_driver() -> tuple[Any, Callable[..., Any]]:
    for name, in_transaction in DRIVERS.items():
        with contextlib.suppress(ImportError):  # psycopg raises it too if libpq is missing
            return import_module(name), in_transaction
    raise UsageError(
        "no driver for PostgreSQL is installed next to centripetal: run `pip install 'psycopg[binary]'` there "
        "(psycopg2-binary and asyncpg work, too)"
    )


def _lost(driver: Any) -> tuple[type[Exception], ...]:
    """Return the errors of *driver* about the connection."""
    return (OSError, *_those(driver, "OperationalError", "PostgresConnectionError", "InterfaceError"))


def _refused(driver: Any) -> tuple[type[Exception], ...]:
    """Return the errors of *driver* about a statement or an address."""
    return (ValueError, *_those(driver, "Error", "PostgresError"))


def _those(driver: Any, *names: str) -> tuple[type[Exception], ...]:
    return tuple(getattr(driver, name) for name in names if hasattr(driver, name))


def hidden_password(text: str, dsn: str) -> str:
    """Return *text* without the passwords in *dsn*."""
    for password in sorted(passwords_of(dsn), key=len, reverse=True):  # one may contain another
        text = text.replace(password, HIDDEN)
    return text
