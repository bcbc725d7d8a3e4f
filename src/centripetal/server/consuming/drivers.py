"""Connections to PostgreSQL, with whichever driver is installed: psycopg 3, psycopg2 or asyncpg.

No driver is required by this package, and none is imported before a server with a consumer starts.
"""

import asyncio
import contextlib
import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from centripetal.protocol.dsn import for_driver

__all__ = ["DRIVERS", "DRIVER_MISSING", "Connection", "connect", "find_driver"]

DRIVERS = ("psycopg", "psycopg2", "asyncpg")
"""The drivers that can be used, in order of preference."""

DRIVER_MISSING = (
    "'consumers' in the configuration has no effect: no driver of PostgreSQL is installed. Run pip install "
    "'psycopg[binary]' (psycopg2 and asyncpg work, too)"
)
"""The warning if no driver is installed."""

_CONNECT_TIMEOUT = 10  # seconds, as in the real server


class Connection(ABC):
    """A connection that commits each statement by itself, unless a transaction is begun with `BEGIN`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @abstractmethod
    async def run(self, sql: str) -> None:
        """Execute *sql*."""

    @abstractmethod
    async def fetch(self, sql: str) -> Sequence[Sequence[Any]]:
        """Execute *sql* and return the rows of its result."""

    @abstractmethod
    async def listen(self, channel: str, wake: Callable[[str], object]) -> None:
        """Call *wake* with the payload of each notification in *channel*, until the connection is lost."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection, in any state."""


def find_driver() -> str | None:
    """Import the preferred driver that is installed, and return its name; None if there is no driver."""
    for name in DRIVERS:
        with contextlib.suppress(ImportError):  # psycopg without libpq raises it, too
            importlib.import_module(name)
            return name
    return None


async def connect(driver: str, dsn: str) -> Connection:
    """Connect to a database. Errors are those of the driver.

    Args:
        driver: the name of the driver.
        dsn: the connection string, as in the configuration of the real server.
    """
    return await _CONNECT[driver](importlib.import_module(driver), for_driver(dsn, driver, _CONNECT_TIMEOUT))


class _Psycopg(Connection):
    @classmethod
    async def connect(cls, module: Any, dsn: str) -> Connection:
        return cls(await module.AsyncConnection.connect(dsn, autocommit=True))

    async def run(self, sql: str) -> None:
        await self._connection.execute(sql)

    async def fetch(self, sql: str) -> Sequence[Sequence[Any]]:
        cursor = await self._connection.execute(sql)
        rows: Sequence[Sequence[Any]] = await cursor.fetchall()
        return rows

    async def listen(self, channel: str, wake: Callable[[str], object]) -> None:
        await self.run(_listen(channel))
        async for notification in self._connection.notifies():
            wake(notification.payload)

    async def close(self) -> None:
        await self._connection.close()


class _Psycopg2(Connection):
    """A connection of a driver that blocks: each statement runs in a thread."""

    @classmethod
    async def connect(cls, module: Any, dsn: str) -> Connection:
        connection = await asyncio.to_thread(module.connect, dsn)
        connection.autocommit = True
        return cls(connection)

    async def run(self, sql: str) -> None:
        await self._execute(sql)

    async def fetch(self, sql: str) -> Sequence[Sequence[Any]]:
        return await self._execute(sql)

    async def _execute(self, sql: str) -> Sequence[Sequence[Any]]:
        try:
            return await asyncio.to_thread(self._execute_in_thread, sql)
        except asyncio.CancelledError:
            self._connection.cancel()  # the thread waits for the database, perhaps for a lock
            raise

    def _execute_in_thread(self, sql: str) -> Sequence[Sequence[Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return [*cursor.fetchall()] if cursor.description else []

    async def listen(self, channel: str, wake: Callable[[str], object]) -> None:
        await self.run(_listen(channel))
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        descriptor = self._connection.fileno()
        loop.add_reader(descriptor, readable.set)
        try:
            while True:
                self._connection.poll()
                while self._connection.notifies:
                    wake(self._connection.notifies.pop(0).payload)
                await readable.wait()
                readable.clear()
        finally:
            loop.remove_reader(descriptor)

    async def close(self) -> None:
        self._connection.close()


class _Asyncpg(Connection):
    @classmethod
    async def connect(cls, module: Any, dsn: str) -> Connection:
        return cls(await module.connect(dsn, timeout=_CONNECT_TIMEOUT))

    async def run(self, sql: str) -> None:
        await self._connection.execute(sql)

    async def fetch(self, sql: str) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = await self._connection.fetch(sql)
        return rows

    async def listen(self, channel: str, wake: Callable[[str], object]) -> None:
        lost = asyncio.Event()
        self._connection.add_termination_listener(lambda _: lost.set())
        await self._connection.add_listener(channel, lambda _connection, _pid, _channel, payload: wake(payload))
        await lost.wait()
        raise ConnectionResetError("the connection was closed")

    async def close(self) -> None:
        self._connection.terminate()


_CONNECT: dict[str, Callable[[Any, str], Awaitable[Connection]]] = {
    "psycopg": _Psycopg.connect,
    "psycopg2": _Psycopg2.connect,
    "asyncpg": _Asyncpg.connect,
}


def _listen(channel: str) -> str:
    quoted = channel.replace('"', '""')
    return f'LISTEN "{quoted}"'
