"""All kinds of connections on which an outbox writes, each as a transaction that a test runs in one way.

A way yields a `Transaction`, commits if the block ends, and rolls back if it raises.
"""

import asyncio
import contextlib
import inspect
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple
from unittest import mock

import asyncpg
import psycopg
import psycopg2
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tests.django.ready import make_ready
from tests.postgresql import PostgreSQL

__all__ = ["ALONE", "WAYS", "Transaction", "Way", "django_connection", "django_on", "done", "entered"]


async def done(value: Any) -> Any:
    """Return *value*, or its result if it is awaited."""
    return await value if inspect.isawaitable(value) else value


@contextlib.asynccontextmanager
async def entered(manager: Any) -> AsyncIterator[Any]:
    """Enter *manager*, a context manager that is awaited or not."""
    if hasattr(manager, "__aenter__"):
        async with manager as value:
            yield value
    else:
        with manager as value:
            yield value


class Transaction(NamedTuple):
    """A transaction that has begun.

    Attributes:
        given: the connection, cursor or session for `Outbox.on`.
        execute: executes a statement, and is awaited or not.
        nested: begins a nested transaction, which rolls back to a savepoint if its block raises.
    """

    given: Any
    execute: Callable[[str], Any]
    nested: Callable[[], Any]


Way = Callable[[PostgreSQL], AbstractAsyncContextManager[Transaction]]
WAYS: dict[str, Way] = {}
ALONE: dict[str, Way] = {}
"""Connections outside a transaction, each of which would commit every statement."""


def way(kinds: dict[str, Way], name: str, *arguments: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        kinds[name] = contextlib.asynccontextmanager(lambda server: function(server, *arguments))
        return function

    return add


@way(WAYS, "psycopg", False)
@way(WAYS, "psycopg cursor", True)
async def in_psycopg(server: PostgreSQL, cursor: bool) -> AsyncIterator[Transaction]:
    with psycopg.connect(server.dsn) as connection:
        yield Transaction(connection.cursor() if cursor else connection, connection.execute, connection.transaction)


@way(WAYS, "psycopg, transaction in autocommit mode")
async def in_psycopg_autocommit(server: PostgreSQL) -> AsyncIterator[Transaction]:
    with psycopg.connect(server.dsn, autocommit=True) as connection, connection.transaction():
        yield Transaction(connection, connection.execute, connection.transaction)


@way(WAYS, "psycopg, pipeline in autocommit mode")
async def in_psycopg_pipeline(server: PostgreSQL) -> AsyncIterator[Transaction]:
    with (
        psycopg.connect(server.dsn, autocommit=True) as connection,
        connection.pipeline(),
        connection.transaction(),
    ):
        yield Transaction(connection, connection.execute, connection.transaction)


@way(WAYS, "psycopg, factories of other cursors and rows")
async def in_psycopg_raw(server: PostgreSQL) -> AsyncIterator[Transaction]:
    factories: Any = {"cursor_factory": psycopg.RawCursor, "row_factory": psycopg.rows.dict_row}
    with psycopg.connect(server.dsn, **factories) as connection:
        yield Transaction(connection, connection.execute, connection.transaction)


@way(WAYS, "psycopg async", False)
@way(WAYS, "psycopg async cursor", True)
async def in_psycopg_async(server: PostgreSQL, cursor: bool) -> AsyncIterator[Transaction]:
    async with await psycopg.AsyncConnection.connect(server.dsn) as connection:
        yield Transaction(connection.cursor() if cursor else connection, connection.execute, connection.transaction)


@way(WAYS, "psycopg2", False)
@way(WAYS, "psycopg2 cursor", True)
async def in_psycopg2(server: PostgreSQL, cursor: bool) -> AsyncIterator[Transaction]:
    connection = psycopg2.connect(server.dsn)

    @contextlib.contextmanager
    def nested() -> Any:
        with connection.cursor() as work:
            work.execute("SAVEPOINT nested")
            try:
                yield
            except BaseException:
                work.execute("ROLLBACK TO SAVEPOINT nested")
                raise

    with contextlib.closing(connection), connection:
        given = connection.cursor()
        yield Transaction(given if cursor else connection, given.execute, nested)


@way(WAYS, "asyncpg")
async def in_asyncpg(server: PostgreSQL) -> AsyncIterator[Transaction]:
    connection = await asyncpg.connect(server.dsn)
    try:
        async with connection.transaction():
            yield Transaction(connection, connection.execute, connection.transaction)
    finally:
        await connection.close()


@way(WAYS, "asyncpg pool")
async def in_asyncpg_pool(server: PostgreSQL) -> AsyncIterator[Transaction]:
    async with (
        asyncpg.create_pool(server.dsn, min_size=1, max_size=1) as pool,
        pool.acquire() as connection,
        connection.transaction(),
    ):
        yield Transaction(connection, connection.execute, connection.transaction)


@contextlib.contextmanager
def engine_of(server: PostgreSQL, driver: str, **options: Any) -> Any:
    engine = sqlalchemy.create_engine(server.url(driver), **options)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.asynccontextmanager
async def async_engine_of(server: PostgreSQL, driver: str, **options: Any) -> AsyncIterator[Any]:
    engine = create_async_engine(server.url(driver), **options)
    try:
        yield engine
    finally:
        await engine.dispose()


def text(execute: Callable[..., Any]) -> Callable[[str], Any]:
    return lambda sql: execute(sqlalchemy.text(sql))


@way(WAYS, "SQLAlchemy connection, psycopg", "psycopg")
@way(WAYS, "SQLAlchemy connection, psycopg2", "psycopg2")
async def in_sqlalchemy(server: PostgreSQL, driver: str) -> AsyncIterator[Transaction]:
    with engine_of(server, driver) as engine, engine.begin() as connection:
        yield Transaction(connection, text(connection.execute), connection.begin_nested)


@way(WAYS, "SQLAlchemy session", Session)
@way(WAYS, "SQLAlchemy scoped session", lambda engine: scoped_session(sessionmaker(engine)))
async def in_session(server: PostgreSQL, make: Callable[[Any], Any]) -> AsyncIterator[Transaction]:
    with engine_of(server, "psycopg") as engine:
        session = make(engine)
        try:
            with session.begin():
                yield Transaction(session, text(session.execute), session.begin_nested)
        finally:
            session.close()


@way(WAYS, "SQLAlchemy async connection, asyncpg", "asyncpg")
@way(WAYS, "SQLAlchemy async connection, psycopg", "psycopg")
async def in_async_sqlalchemy(server: PostgreSQL, driver: str) -> AsyncIterator[Transaction]:
    async with async_engine_of(server, driver) as engine, engine.begin() as connection:
        yield Transaction(connection, text(connection.execute), connection.begin_nested)


@way(WAYS, "SQLAlchemy async session", AsyncSession)
@way(
    WAYS,
    "SQLAlchemy async scoped session",
    lambda engine: async_scoped_session(async_sessionmaker(engine), asyncio.current_task),
)
async def in_async_session(server: PostgreSQL, make: Callable[[Any], Any]) -> AsyncIterator[Transaction]:
    async with async_engine_of(server, "asyncpg") as engine:
        session = make(engine)
        try:
            async with session.begin():
                yield Transaction(session, text(session.execute), session.begin_nested)
        finally:
            await session.close()


@contextlib.contextmanager
def django_connection(options: Mapping[str, Any], alias: str = "outbox") -> Any:
    """Yield a connection of Django with the settings *options*, which `django.db.transaction` knows as *alias*."""
    from django.db import connections
    from django.db.utils import load_backend

    make_ready()
    complete = connections.configure_settings({"default": {}, alias: dict(options)})[alias]
    connection = load_backend(complete["ENGINE"]).DatabaseWrapper(complete, alias)
    connections[alias] = connection
    # The tests of all ways are coroutines, in which Django does not use its blocking connections otherwise.
    with mock.patch.dict(os.environ, DJANGO_ALLOW_ASYNC_UNSAFE="true"):
        try:
            yield connection
        finally:
            connection.close()
            del connections[alias]


@contextlib.contextmanager
def django_on(server: PostgreSQL, alias: str = "outbox") -> Any:
    """Yield a connection of Django to *server*, as `django_connection` does."""
    options = {"HOST": "127.0.0.1", "PORT": server.port, "USER": "postgres", "NAME": "postgres"}
    with django_connection({"ENGINE": "django.db.backends.postgresql", **options}, alias) as connection:
        yield connection


@way(WAYS, "Django")
async def in_django(server: PostgreSQL) -> AsyncIterator[Transaction]:
    from django.db import transaction

    with django_on(server) as connection, transaction.atomic("outbox"), connection.cursor() as cursor:
        yield Transaction(connection, cursor.execute, lambda: transaction.atomic("outbox"))


@way(WAYS, "Django, connection by its alias")
async def in_django_proxy(server: PostgreSQL) -> AsyncIterator[Transaction]:
    from django.db import connections, transaction
    from django.utils.connection import ConnectionProxy

    proxy = ConnectionProxy(connections, "outbox")
    with django_on(server), transaction.atomic("outbox"), proxy.cursor() as cursor:
        yield Transaction(proxy, cursor.execute, lambda: transaction.atomic("outbox"))


# ---- outside a transaction


@way(ALONE, "psycopg", False)
@way(ALONE, "psycopg cursor", True)
async def alone_in_psycopg(server: PostgreSQL, cursor: bool) -> AsyncIterator[Transaction]:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        yield Transaction(connection.cursor() if cursor else connection, connection.execute, connection.transaction)


@way(ALONE, "psycopg pipeline")
async def alone_in_pipeline(server: PostgreSQL) -> AsyncIterator[Transaction]:
    with psycopg.connect(server.dsn, autocommit=True) as connection, connection.pipeline():
        connection.execute("SELECT 1")  # from here on, the status is not that of an idle connection
        yield Transaction(connection, connection.execute, connection.transaction)


@way(ALONE, "psycopg async")
async def alone_in_psycopg_async(server: PostgreSQL) -> AsyncIterator[Transaction]:
    async with await psycopg.AsyncConnection.connect(server.dsn, autocommit=True) as connection:
        yield Transaction(connection, connection.execute, connection.transaction)


@way(ALONE, "psycopg2")
async def alone_in_psycopg2(server: PostgreSQL) -> AsyncIterator[Transaction]:
    with contextlib.closing(psycopg2.connect(server.dsn)) as connection:
        connection.autocommit = True
        yield Transaction(connection, connection.cursor().execute, contextlib.nullcontext)


@way(ALONE, "asyncpg")
async def alone_in_asyncpg(server: PostgreSQL) -> AsyncIterator[Transaction]:
    connection = await asyncpg.connect(server.dsn)
    try:
        yield Transaction(connection, connection.execute, connection.transaction)
    finally:
        await connection.close()


@way(ALONE, "SQLAlchemy connection, psycopg", "psycopg")
@way(ALONE, "SQLAlchemy connection, psycopg2", "psycopg2")
async def alone_in_sqlalchemy(server: PostgreSQL, driver: str) -> AsyncIterator[Transaction]:
    with engine_of(server, driver, isolation_level="AUTOCOMMIT") as engine, engine.connect() as connection:
        yield Transaction(connection, text(connection.execute), connection.begin_nested)


@way(ALONE, "SQLAlchemy session")
async def alone_in_session(server: PostgreSQL) -> AsyncIterator[Transaction]:
    with engine_of(server, "psycopg", isolation_level="AUTOCOMMIT") as engine, Session(engine) as session:
        yield Transaction(session, text(session.execute), session.begin_nested)


@way(ALONE, "SQLAlchemy async session, asyncpg", "asyncpg")
@way(ALONE, "SQLAlchemy async session, psycopg", "psycopg")
async def alone_in_async_session(server: PostgreSQL, driver: str) -> AsyncIterator[Transaction]:
    async with async_engine_of(server, driver, isolation_level="AUTOCOMMIT") as engine, AsyncSession(engine) as session:
        yield Transaction(session, text(session.execute), session.begin_nested)


@way(ALONE, "Django")
async def alone_in_django(server: PostgreSQL) -> AsyncIterator[Transaction]:
    with django_on(server) as connection, connection.cursor() as cursor:
        yield Transaction(connection, cursor.execute, contextlib.nullcontext)
