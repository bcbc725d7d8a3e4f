"""Connections of the three drivers to a real PostgreSQL."""

import asyncio
import sys
import time

import pytest

from centripetal.server.consuming.drivers import DRIVERS, connect, find_driver
from tests.needs import needs
from tests.postgresql import PostgreSQL


@needs("postgresql")
@pytest.mark.parametrize("driver", DRIVERS)
def test_statements_and_notifications(postgresql: PostgreSQL, driver: str) -> None:
    """A connection executes statements, returns rows, keeps to its transaction, and hears notifications."""

    async def run() -> None:
        connection = await connect(driver, f"{postgresql.dsn}?application_name=app&work_mem=1MB")
        other = await connect(driver, postgresql.dsn)
        heard: asyncio.Queue[str] = asyncio.Queue()
        listening = asyncio.create_task(other.listen("Mixed Case", heard.put_nowait))
        ((name, memory),) = await connection.fetch(
            "SELECT current_setting('application_name'), current_setting('work_mem')"
        )
        assert (name, memory) == ("app", "1MB")
        await connection.run("BEGIN")
        await connection.run("CREATE TABLE gone (n int)")
        await connection.run("ROLLBACK")
        assert [*(await connection.fetch("SELECT to_regclass('gone')"))[0]] == [None]
        async with asyncio.timeout(10):
            while heard.empty():  # `listen` may not have begun yet
                await connection.fetch("SELECT pg_notify('Mixed Case', '7')")
                await asyncio.sleep(0.01)
        assert await heard.get() == "7"
        await connection.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        async with asyncio.timeout(10):
            with pytest.raises(Exception, match=r"terminat|closed"):
                await listening
        await other.close()
        await connection.close()

    asyncio.run(run())


@needs("postgresql")
@pytest.mark.parametrize("driver", DRIVERS)
def test_waiting_blocks_neither_the_loop_nor_the_end(postgresql: PostgreSQL, driver: str) -> None:
    """While a statement waits, the event loop runs; a task that is cancelled ends at once, and so does the loop."""

    async def run() -> None:
        connection = await connect(driver, postgresql.dsn)
        waiting = asyncio.create_task(connection.fetch("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await connection.close()

    begin = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("driver", DRIVERS)
def test_errors_are_those_of_the_driver(driver: str) -> None:
    """A database that cannot be reached raises an error."""
    with pytest.raises(Exception, match=r"refused|failed|Connect"):
        asyncio.run(connect(driver, "postgres://127.0.0.1:1/db"))


def test_the_preferred_driver_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """psycopg 3 is preferred, a driver that cannot be imported is passed over, and there may be none."""
    assert find_driver() == "psycopg"
    monkeypatch.setitem(sys.modules, "psycopg", None)  # importing it raises ImportError
    assert find_driver() == "psycopg2"
    for name in DRIVERS:
        monkeypatch.setitem(sys.modules, name, None)
    assert find_driver() is None
