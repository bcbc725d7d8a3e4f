"""Values that are not connections to PostgreSQL: why an outbox refuses them, and the value to pass instead."""

from collections.abc import Mapping

from centripetal.errors import UsageError

__all__ = ["ANOTHER_DATABASE", "INSTEAD", "not_postgresql", "unknown_connection"]

_BORROW = "is a pool of connections: borrow one with `with pool.connection() as connection:` and pass the connection"
_AWAIT_POOL = "is a pool of connections: borrow one with `async with pool.{}() as connection:` and pass the connection"
_GET = "is a pool of connections: borrow one with pool.getconn() and pass the connection"
_BEGIN = "is an engine: begin a transaction with `with engine.begin() as connection:` and pass the connection"
_AWAIT_BEGIN = (
    "is an engine: begin a transaction with `async with engine.begin() as connection:` and pass the connection"
)
_MAKE = "is a factory of sessions: begin a transaction with `with factory.begin() as session:` and pass the session"
_AWAIT_MAKE = (
    "is a factory of sessions: begin a transaction with `async with factory.begin() as session:` and pass the session"
)

INSTEAD: Mapping[tuple[str, str], str] = {
    ("psycopg_pool", "BasePool"): _BORROW,
    ("psycopg_pool", "AsyncConnectionPool"): _AWAIT_POOL.format("connection"),
    ("psycopg2", "AbstractConnectionPool"): _GET,
    ("asyncpg", "Pool"): _AWAIT_POOL.format("acquire"),
    ("sqlalchemy", "Engine"): _BEGIN,
    ("sqlalchemy", "AsyncEngine"): _AWAIT_BEGIN,
    ("sqlalchemy", "sessionmaker"): _MAKE,
    ("sqlalchemy", "async_sessionmaker"): _AWAIT_MAKE,
    ("django", "BaseConnectionHandler"): "holds the connections of all databases: pass one, connections['default']",
    ("flask_sqlalchemy", "SQLAlchemy"): "is the extension: pass its session, db.session",
}
"""Advice for values from which a connection can be taken, by the package and the name of the class."""

ANOTHER_DATABASE: Mapping[str, str] = {
    "sqlite3": "SQLite",
    "aiosqlite": "SQLite",
    "pymysql": "MySQL",
    "MySQLdb": "MySQL",
    "mysql": "MySQL",
    "aiomysql": "MySQL",
    "asyncmy": "MySQL",
    "mariadb": "MariaDB",
    "oracledb": "Oracle",
    "pyodbc": "ODBC",
}
"""The database of each driver that does not connect to PostgreSQL, by package."""

_TITLES = {"sqlite": "SQLite", "mysql": "MySQL", "mariadb": "MariaDB", "oracle": "Oracle", "mssql": "SQL Server"}


def not_postgresql(database: str) -> UsageError:
    """Return the error for a connection to *database*, a title or the name of a dialect."""
    title = _TITLES.get(database, database)
    return UsageError(
        f"Centrifugo reads an outbox only from PostgreSQL, and this is a connection to {title}: use PostgreSQL, or in "
        "a test suite create the outbox with record=, which records commands instead of writing rows"
    )


def unknown_connection(value: object) -> UsageError:
    """Return the error for *value*, whose type is unknown."""
    kind = value if isinstance(value, type) else type(value)
    what = f"the class {kind.__qualname__}" if kind is value else f"{kind.__module__}.{kind.__qualname__}"
    return UsageError(
        f"an outbox cannot execute SQL on {what:.100}: pass a connection of psycopg, psycopg2 or asyncpg, a connection "
        "or session of SQLAlchemy, or a database connection of Django"
    )
