"""Tests of the errors about values that are not connections to PostgreSQL. No driver is needed."""

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest

from centripetal import UsageError
from centripetal.outbox import Outbox
from centripetal.outbox.unsupported import not_postgresql

OUTBOX = Outbox()


def instance(module: str, name: str) -> Any:
    return type(f"My{name}", (type(name, (), {"__module__": module}),), {"__module__": "app"})()


@pytest.mark.parametrize(
    ("module", "name", "advice"),
    [
        ("psycopg_pool.base", "BasePool", "`with pool.connection() as connection:`"),
        ("psycopg_pool.pool_async", "AsyncConnectionPool", "`async with pool.connection() as connection:`"),
        ("psycopg2.pool", "AbstractConnectionPool", r"pool.getconn\(\)"),
        ("asyncpg.pool", "Pool", "`async with pool.acquire() as connection:`"),
        ("sqlalchemy.engine.base", "Engine", "`with engine.begin() as connection:`"),
        ("sqlalchemy.ext.asyncio.engine", "AsyncEngine", "`async with engine.begin() as connection:`"),
        ("sqlalchemy.orm.session", "sessionmaker", "`with factory.begin() as session:`"),
        ("sqlalchemy.ext.asyncio.session", "async_sessionmaker", "`async with factory.begin() as session:`"),
        ("django.utils.connection", "BaseConnectionHandler", r"connections\['default'\]"),
        ("flask_sqlalchemy.extension", "SQLAlchemy", "db.session"),
    ],
)
def test_pools_and_factories(module: str, name: str, advice: str) -> None:
    """A pool, an engine and a factory are refused with the connection to pass, also if a program subclasses them."""
    advice = advice.replace("()", r"\(\)").replace(r"\\(\\)", r"\(\)")
    with pytest.raises(UsageError, match=f"^this My{name} .*{advice}"):
        OUTBOX.on(instance(module, name))
    with pytest.raises(UsageError, match=f"^this My{name} "):
        Outbox(record=print).on(instance(module, name))


@pytest.mark.parametrize(
    ("module", "title"),
    [
        ("aiosqlite.core", "SQLite"),
        ("pymysql.connections", "MySQL"),
        ("MySQLdb.connections", "MySQL"),
        ("mysql.connector.connection", "MySQL"),
        ("aiomysql.connection", "MySQL"),
        ("oracledb.connection", "Oracle"),
    ],
)
def test_other_databases(module: str, title: str) -> None:
    """A connection to another database is refused with its name, what to use, and the setting for test suites."""
    with pytest.raises(UsageError, match=f"only from PostgreSQL, and this is a connection to {title}: .*record="):
        OUTBOX.on(instance(module, "Connection"))


def test_sqlite_is_refused() -> None:
    """A connection and a cursor of `sqlite3` are refused before anything is executed."""
    with sqlite3.connect(":memory:") as connection:
        for given in (connection, connection.cursor()):
            with pytest.raises(UsageError, match="connection to SQLite"):
                OUTBOX.on(given)
            with pytest.raises(UsageError, match="connection to SQLite"):
                OUTBOX.status(given)
    connection.close()


@pytest.mark.parametrize(
    "value", [None, 5, "postgresql://localhost", object(), SimpleNamespace(execute=print), sqlite3.Connection, OUTBOX]
)
def test_unknown_values(value: Any) -> None:
    """Any other value, also a class, is refused with its type and the known kinds of connections."""
    kind = value if isinstance(value, type) else type(value)
    with pytest.raises(UsageError, match=rf"cannot execute SQL on .*{kind.__name__}: pass a connection of psycopg, .*"):
        OUTBOX.on(value)


@pytest.mark.parametrize(("name", "title"), [("sqlite", "SQLite"), ("mysql", "MySQL"), ("cockroachdb", "cockroachdb")])
def test_names_of_dialects(name: str, title: str) -> None:
    """The error shows the title of a dialect that is known, and the name of any other."""
    assert f"connection to {title}: " in str(not_postgresql(name))
