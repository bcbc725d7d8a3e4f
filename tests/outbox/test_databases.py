"""Outboxes in a real PostgreSQL, with every driver."""

import asyncio
import contextlib
import inspect
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import psycopg
import psycopg.types.string
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from centripetal import Command, Disconnect, Presence, Publish, UsageError
from centripetal.outbox import AsyncWriter, Outbox, PartitionStatus, Writer
from centripetal.outbox.names import RESERVED
from centripetal.protocol.jsonb import jsonb_fault
from centripetal.protocol.partition import partition_of
from tests.needs import needs
from tests.outbox.ways import ALONE, WAYS, Way, django_connection, django_on, done, engine_of, entered
from tests.postgresql import PostgreSQL
from tests.protocol import test_jsonb

pytestmark = needs("postgresql")

TEXT = "é\0 % %s :p1 $1 {} \\ \" ' \U0001f600"
"""Characters with a meaning for a driver or for PostgreSQL."""

every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
every_way_alone = pytest.mark.parametrize("way", ALONE.values(), ids=ALONE)


class Abandoned(Exception):
    """Ends a transaction."""


@pytest.fixture(scope="module")
def connection(postgresql: PostgreSQL) -> Iterator["psycopg.Connection[Any]"]:
    """Yield a connection that commits every statement."""
    with psycopg.connect(postgresql.dsn, autocommit=True) as connection:
        yield connection


Created = Callable[..., Outbox]


@pytest.fixture(scope="module")
def created(connection: "psycopg.Connection[Any]") -> Created:
    """Return a function that creates a table and returns its outbox."""

    def create(**options: Any) -> Outbox:
        outbox = Outbox(f"outbox_{uuid.uuid4().hex[:12]}", **options)
        for statement in outbox.ddl():
            connection.execute(statement.encode())
        return outbox

    return create


@pytest.fixture(scope="module")
def shared(created: Created) -> Outbox:
    """Return an outbox that the tests of this file share; each test empties it first."""
    return created(partitions=4)


@pytest.fixture
def outbox(shared: Outbox, connection: "psycopg.Connection[Any]") -> Outbox:
    connection.execute(f"TRUNCATE {shared.table}".encode())
    return shared


Rows = Callable[[Outbox], list[tuple[str, Any, int]]]


@pytest.fixture
def rows(connection: "psycopg.Connection[Any]") -> Rows:
    """Return a function that returns the committed rows of an outbox in order: method, parameters, partition."""

    def read(outbox: Outbox) -> list[tuple[str, Any, int]]:
        query = f"SELECT method, CAST(payload AS TEXT), partition FROM {outbox.table} ORDER BY id"
        return [(method, json.loads(text), place) for method, text, place in connection.execute(query.encode())]

    return read


def channels(rows: list[tuple[str, Any, int]]) -> list[str]:
    return [parameters.get("channel") for _, parameters, _ in rows]


# ---- commit, rollback, savepoints


@every_way
async def test_rows_are_in_the_transaction(way: Way, postgresql: PostgreSQL, outbox: Outbox, rows: Rows) -> None:
    """A commit writes the rows, in order and in their partitions; before it, and after a rollback, there are none."""
    async with way(postgresql) as transaction:
        writer: Any = outbox.on(transaction.given)
        awaited = inspect.isawaitable(result := transaction.execute("SELECT 1"))
        await done(result)
        assert type(writer) is (AsyncWriter if awaited else Writer)
        assert await done(writer.publish("news", {"text": TEXT})) is None
        assert await done(writer.broadcast(["a", "b", "c"], [TEXT])) is None
        assert await done(writer.call(Disconnect(42))) is None
        assert await done(writer.write([Publish("a", number) for number in range(20)])) is None
        assert await done(writer.write([])) is None
        assert rows(outbox) == []
    found = rows(outbox)
    keys = [parameters.pop("idempotency_key") for _, parameters, _ in found if "user" not in parameters]
    assert found == [
        ("publish", {"channel": "news", "data": {"text": TEXT}}, partition_of("news", 4)),
        ("broadcast", {"channels": ["a", "c"], "data": [TEXT]}, 3),
        ("broadcast", {"channels": ["b"], "data": [TEXT]}, 1),
        ("disconnect", {"user": "42"}, partition_of("42", 4)),
        *(("publish", {"channel": "a", "data": number}, 3) for number in range(20)),
    ]
    assert len(keys) == 23
    assert len(set(keys)) == 22
    with contextlib.suppress(Abandoned):
        async with way(postgresql) as transaction:
            await done(outbox.on(transaction.given).publish("news", 1))
            await done(outbox.on(transaction.given).write([Publish("a", 1), Publish("b", 1)]))
            raise Abandoned
    assert len(rows(outbox)) == len(found)


@every_way
async def test_savepoints(way: Way, postgresql: PostgreSQL, outbox: Outbox, rows: Rows) -> None:
    """A nested transaction that rolls back takes its rows with it, and one that ends keeps them."""
    async with way(postgresql) as transaction:
        writer = outbox.on(transaction.given)
        await done(writer.publish("before", 1))
        with contextlib.suppress(Abandoned):
            async with entered(transaction.nested()):
                await done(writer.publish("lost", 1))
                raise Abandoned
        async with entered(transaction.nested()):
            await done(writer.publish("inside", 1))
        await done(writer.publish("after", 1))
    assert channels(rows(outbox)) == ["before", "inside", "after"]


# ---- refusals


@every_way_alone
async def test_a_connection_outside_a_transaction(way: Way, postgresql: PostgreSQL, outbox: Outbox, rows: Rows) -> None:
    """A connection that would commit every statement is refused, unless the outbox has `autocommit`."""
    async with way(postgresql) as transaction:
        writer = outbox.on(transaction.given)
        calls: list[Callable[[], Any]] = [
            lambda: writer.publish("news", 1),
            lambda: writer.write([Publish("a", 1), Publish("b", 1)]),
        ]
        for call in calls:
            with pytest.raises(UsageError, match="this connection is not in a transaction, so the message would be"):
                await done(call())
        assert rows(outbox) == []
        allowed = Outbox(outbox.table, partitions=4, autocommit=True)
        await done(allowed.on(transaction.given).write([Publish("a", 1), Publish("b", 1)]))
    assert channels(rows(outbox)) == ["a", "b"]


BAD: dict[str, Callable[[Any], Any]] = {
    "a command that reads": lambda writer: writer.call(Presence("news")),
    "a timeout": lambda writer: writer.publish("news", 1, timeout=1),
    "no command": lambda writer: writer.call("publish"),
    "a channel": lambda writer: writer.publish("", 1),
    "data": lambda writer: writer.publish("news", {1, 2}),
    "a lone surrogate": lambda writer: writer.publish("news", "\ud800"),
    "JSON": lambda writer: writer.publish("news", b'{"a":'),
    "JSON in another encoding": lambda writer: writer.publish("news", b'"\xff"'),
    "a size": lambda writer: writer.publish("news", "x" * (1 << 20)),
    "U+0000": lambda writer: writer.publish("news", "\0"),
    "a number": lambda writer: writer.publish("news", b"1e200000"),
    "a user": lambda writer: writer.disconnect(""),
    "a list": lambda writer: writer.write([Publish("news", 1), Publish("", 1)]),
    "no list": lambda writer: writer.write(Publish("news", 1)),
}


@every_way
async def test_a_refusal_keeps_the_transaction_usable(
    way: Way, postgresql: PostgreSQL, outbox: Outbox, rows: Rows
) -> None:
    """After every refusal, the transaction of the user is as before, and commits what it wrote."""
    strict = Outbox(outbox.table, partitions=4, jsonb=True)
    async with way(postgresql) as transaction:
        writer = strict.on(transaction.given)
        for bad in BAD.values():
            await done(writer.publish("good", 1))
            with pytest.raises(UsageError):
                await done(bad(writer))
    assert channels(rows(outbox)) == ["good"] * len(BAD)


async def test_sqlalchemy_on_another_database() -> None:
    """A connection or session of SQLAlchemy to SQLite is refused; its transaction is still usable."""
    engine = sqlalchemy.create_engine("sqlite://")
    commands: list[Command[Any]] = []
    with Session(engine) as session, session.begin():
        for given in (session, session.connection()):
            with pytest.raises(UsageError, match=r"this is a connection to SQLite: .*record="):
                Outbox().on(given).publish("news", 1)
            Outbox(record=commands.append).on(given).publish("news", 1)
        assert session.execute(sqlalchemy.text("SELECT 1")).scalar() == 1
    engine.dispose()
    assert commands == [Publish("news", 1)] * 2


def test_old_versions_of_sqlalchemy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections of SQLAlchemy 1.4 are refused, because it commits some statements by itself."""
    monkeypatch.setattr(sqlalchemy, "__version__", "1.4.54")
    for given in (Session(), AsyncSession()):
        with pytest.raises(UsageError, match=r"needs SQLAlchemy 2\.0 or later"):
            Outbox().on(given)


def test_django_on_another_database() -> None:
    """A connection of Django to SQLite is refused; with `record`, commands are recorded."""
    commands: list[Command[Any]] = []
    with django_connection({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}) as connection:
        with pytest.raises(UsageError, match=r"this is a connection to SQLite: .*record="):
            Outbox().on(connection).publish("news", 1)
        Outbox(record=commands.append).on(connection).publish("news", 1)
    assert commands == [Publish("news", 1)]


async def test_pools_engines_and_factories(postgresql: PostgreSQL) -> None:
    """The pools, engines and factories of the drivers are refused with the connection to pass."""
    engine = sqlalchemy.create_engine(postgresql.url("psycopg"))
    awaited = create_async_engine(postgresql.url("asyncpg"))
    pool = asyncpg.create_pool(postgresql.dsn)
    given: Any
    for given, advice in (
        (engine, "with engine.begin"),
        (awaited, "async with engine.begin"),
        (sessionmaker(engine), "with factory.begin"),
        (pool, "async with pool.acquire"),
    ):
        with pytest.raises(UsageError, match=advice):
            Outbox().on(given)
    engine.dispose()
    await awaited.dispose()


# ---- status


@every_way
async def test_status(way: Way, postgresql: PostgreSQL, outbox: Outbox, connection: Any) -> None:
    """The status counts the committed rows and those of the transaction, by partition, with the age of the oldest."""
    insert = f"INSERT INTO {outbox.table} (method, payload, partition, created_at) VALUES "
    connection.execute(f"{insert} ('publish', '{{}}', 1, clock_timestamp() - interval '100 s')".encode())
    async with way(postgresql) as transaction:
        await done(outbox.on(transaction.given).publish("a", 1))
        zero, one, two, three = await done(outbox.status(transaction.given))
    assert [zero, two] == [PartitionStatus(0, 0, 0.0), PartitionStatus(2, 0, 0.0)]
    assert (one.partition, one.rows, three.partition, three.rows) == (1, 1, 3, 1)
    assert 100 <= one.oldest_seconds < 200 > 100 > three.oldest_seconds >= 0


@every_way_alone
async def test_status_outside_a_transaction(way: Way, postgresql: PostgreSQL, outbox: Outbox) -> None:
    """The status needs no transaction, and lists rows in partitions that this outbox does not have."""
    async with way(postgresql) as transaction:
        await done(Outbox(outbox.table, partitions=4, autocommit=True).on(transaction.given).publish("a", 1))
        found = await done(Outbox(outbox.table, partitions=1).status(transaction.given))
    assert [(each.partition, each.rows) for each in found] == [(0, 0), (3, 1)]


# ---- peculiarities of drivers


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


def test_a_session_is_flushed_first(postgresql: PostgreSQL, outbox: Outbox) -> None:
    """The session's own rows are written before the row of the outbox, but not if the command is refused."""
    with engine_of(postgresql, "psycopg") as engine:
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.add(Order(id=1))
            with pytest.raises(UsageError):
                outbox.on(session).publish("", 1)
            assert session.new
            outbox.on(session).publish("news", 1)
            assert not session.new
        Base.metadata.drop_all(engine)


async def test_codecs_and_dumpers_of_the_user(postgresql: PostgreSQL, outbox: Outbox, rows: Rows) -> None:
    """A codec for JSON in asyncpg and a dumper for text in psycopg do not change the payload."""
    connection = await asyncpg.connect(postgresql.dsn)
    await connection.set_type_codec("json", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    async with connection.transaction():
        await outbox.on(connection).publish("news", 1)
        await outbox.on(connection).write([Publish("news", 1)] * 2)
    await connection.close()
    with psycopg.connect(postgresql.dsn) as other:
        other.adapters.register_dumper(str, psycopg.types.string.StrDumper)  # dumps text as TEXT
        outbox.on(other).publish("news", 1)
        outbox.on(other).write([Publish("news", 1)] * 2)
    assert [parameters["data"] for _, parameters, _ in rows(outbox)] == [1] * 6


async def test_concurrent_transactions(postgresql: PostgreSQL, outbox: Outbox, rows: Rows) -> None:
    """One outbox writes on many connections at the same time."""

    async def run(number: int) -> None:
        connection = await asyncpg.connect(postgresql.dsn)
        async with connection.transaction():
            await outbox.on(connection).write([Publish(f"c{number}", place) for place in range(10)])
        await connection.close()

    await asyncio.gather(*map(run, range(8)))
    found = rows(outbox)
    for number in range(8):
        assert [row[1]["data"] for row in found if row[1]["channel"] == f"c{number}"] == [*range(10)]


# ---- the table


def names_in(connection: Any) -> set[str]:
    query = "SELECT relname FROM pg_class UNION SELECT proname FROM pg_proc UNION SELECT tgname FROM pg_trigger "
    query += "UNION SELECT conname FROM pg_constraint"
    return {name for (name,) in connection.execute(query)}


@pytest.mark.parametrize("tool", ["psycopg", "SQLAlchemy", "Django"])
def test_the_table_is_created_and_dropped(postgresql: PostgreSQL, connection: Any, tool: str) -> None:
    """The statements run in a transaction of each tool; each name begins with the table's; dropping removes all."""
    outbox = Outbox("public.made_by_tool", partitions=4, notify=True)
    before = names_in(connection)

    def run(statements: list[str]) -> None:
        if tool == "psycopg":
            for statement in statements:
                connection.execute(statement)
        elif tool == "SQLAlchemy":
            with engine_of(postgresql, "psycopg") as engine, engine.begin() as other:
                for statement in statements:
                    other.execute(sqlalchemy.text(statement))
        else:
            with django_on(postgresql) as other, other.schema_editor() as editor:
                for statement in statements:  # as RunSQL does
                    editor.execute(statement, params=None)

    run(outbox.ddl())
    made = names_in(connection) - before
    assert {"made_by_tool", "made_by_tool_refused", "made_by_tool_notify", "made_by_tool_partition_check"} <= made
    ours = {name for name in made if not name.startswith(("pg_toast", "RI_"))}
    assert all(name.startswith("made_by_tool") for name in ours), ours
    with psycopg.connect(postgresql.dsn) as other:
        outbox.on(other).publish("news", 1)
    run(outbox.ddl_drop())
    assert names_in(connection) == before


def test_commits_notify_the_server(created: Created, postgresql: PostgreSQL) -> None:
    """With `notify`, a commit notifies the channel of each partition that has new rows; a rollback does not."""
    outbox = created(partitions=4, notify="wake_up")
    with psycopg.connect(postgresql.dsn, autocommit=True) as listener:
        listener.execute("LISTEN wake_up")
        with psycopg.connect(postgresql.dsn) as connection:
            outbox.on(connection).publish("lost", 1)
            connection.rollback()
            outbox.on(connection).write([Publish("a", 1), Publish("b", 1), Publish("a", 2)])
        found = [notice.payload for notice in listener.notifies(timeout=10, stop_after=2)]
        assert sorted(found) == ["1", "3"]


def test_the_table_refuses_other_partitions(created: Created, connection: Any) -> None:
    """A row in a partition that the server would never read is an error at the INSERT."""
    outbox = created(partitions=2)
    for place in (-1, 2):
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"INSERT INTO {outbox.table} (method, payload, partition) VALUES ('x', '{{}}', {place})")


@pytest.mark.parametrize("column", ["JSONB", "TEXT", "JSON"])
def test_tables_of_others(connection: Any, postgresql: PostgreSQL, rows: Rows, column: str) -> None:
    """A table that was made as Centrifugo's documentation says works too, and with a column of text."""
    name = f"other_{column.lower()}"
    connection.execute(
        f"CREATE TABLE {name} (id BIGSERIAL PRIMARY KEY, method TEXT NOT NULL, payload {column} NOT NULL, "
        "partition BIGINT NOT NULL DEFAULT 0, created_at TIMESTAMPTZ DEFAULT now() NOT NULL)"
    )
    outbox = Outbox(name, partitions=2, jsonb=column == "JSONB")
    with psycopg.connect(postgresql.dsn) as other:
        outbox.on(other).publish("news", 1)
        outbox.on(other).broadcast(["a", "b"], 1)
    assert [method for method, _, _ in rows(outbox)] == ["publish", "broadcast"]


def test_the_payload_is_kept(created: Created, postgresql: PostgreSQL, connection: Any) -> None:
    """The column keeps JSON byte by byte, also U+0000, lone surrogates, huge numbers and 9,990 levels."""
    outbox = created(keys=False)
    values = [rb'{"b": 1,"a":[ "\u0000\ud83d\ude00" ],"b":1e999999}', b"[" * 9_990 + b"]" * 9_990]
    with psycopg.connect(postgresql.dsn) as other:
        for value in values:
            outbox.on(other).publish("news", value)
    found = connection.execute(f"SELECT CAST(payload AS TEXT) FROM {outbox.table} ORDER BY id").fetchall()
    assert [text for (text,) in found] == [f'{{"channel":"news","data":{value.decode()}}}' for value in values]
    refused = f"INSERT INTO {outbox.table}_refused (id, method, payload, partition, reason) VALUES (1, 'x', %s, 0, 'y')"
    connection.execute(refused, ["no JSON {"])
    query = f"SELECT id, method, payload, partition, reason, time > now() - interval '1 h' FROM {outbox.table}_refused"
    assert connection.execute(query).fetchall() == [(1, "x", "no JSON {", 0, "y", True)]


def test_reserved_words(connection: Any) -> None:
    """The list of reserved words contains each word that this PostgreSQL reserves."""
    words = connection.execute("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')").fetchall()
    assert {word for (word,) in words} <= RESERVED


@pytest.mark.parametrize(
    "text", [*test_jsonb.VALID, *(text for text, _ in test_jsonb.FAULTS)], ids=lambda text: text[:30]
)
def test_jsonb_agrees_with_postgresql(connection: Any, text: str) -> None:
    """PostgreSQL accepts as JSONB exactly the examples that have no fault."""
    try:
        connection.execute("SELECT CAST(CAST(%s AS TEXT) AS JSONB)", [text])
    except psycopg.DataError:
        assert jsonb_fault(text) is not None
    else:
        assert jsonb_fault(text) is None
