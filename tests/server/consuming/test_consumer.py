"""PostgreSQL consumers: with a table in memory for the errors, and with a real database for the rest."""

import asyncio
import contextlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest

from centripetal.errors import UsageError
from centripetal.server import EmbeddedServer, UnhonouredConfigWarning
from centripetal.server.consuming import drivers
from centripetal.server.consuming.consumer import Consumers
from centripetal.server.consuming.drivers import DRIVERS, Connection
from centripetal.server.consuming.options import PostgreSQLConsumer, PostgreSQLOptions
from centripetal.server.consuming.rows import Verdict
from centripetal.server.engine.events import Published
from centripetal.server.steps import Steps
from tests.needs import needs
from tests.ports import free_port
from tests.postgresql import PostgreSQL

DSN = "postgres://user:hush-hush@host/db"


class Table(dict[int, tuple[str, int]]):
    """Rows by id: the method and the partition. Statements fail while `broken` is set."""

    def __init__(self, rows: Sequence[tuple[str, int]] = ()) -> None:
        super().__init__(enumerate(rows, 1))
        self.broken = ""
        self.locked = False
        self.connections = 0
        self.waiting: list[Callable[[str], object]] = []

    async def connect(self, dsn: str) -> Connection:
        self._check()
        assert dsn == DSN
        self.connections += 1
        return Fake(self)

    def _check(self) -> None:
        if self.broken:
            raise ConnectionError(self.broken)

    def statement(self, sql: str) -> list[tuple[Any, ...]]:
        self._check()
        if sql.startswith("DELETE"):
            for number in map(int, re.findall(r"\d+", sql)):
                del self[number]
        if "try_advisory" in sql:
            return [(not self.locked,)]
        if (found := re.search(r"partition=(\d+)(?: ORDER BY id ASC)? LIMIT (\d+)", sql)) is None:
            return []
        rows = [(number, method, "{}", "json", at) for number, (method, at) in self.items() if at == int(found[1])]
        return rows[: int(found[2])]


class Fake(Connection):
    async def run(self, sql: str) -> None:
        self._connection.statement(sql)

    async def fetch(self, sql: str) -> Sequence[Sequence[Any]]:
        await asyncio.sleep(0)
        rows: Sequence[Sequence[Any]] = self._connection.statement(sql)
        return rows

    async def listen(self, channel: str, wake: Callable[[str], object]) -> None:
        self._connection.waiting.append(wake)
        await asyncio.Event().wait()

    async def close(self) -> None:
        self._connection.connections -= 1


class Executed(list[str]):
    """The methods that were executed; `verdicts` has the results by method, each used once."""

    def __init__(self, **verdicts: list[Verdict]) -> None:
        super().__init__()
        self.verdicts = verdicts

    def __call__(self, method: str, payload: bytes | None) -> Steps[Verdict]:
        self.append(method)
        yield
        return self.verdicts[method].pop(0) if self.verdicts.get(method) else Verdict()


def options(**more: Any) -> PostgreSQLOptions:
    return PostgreSQLOptions(**{"dsn": DSN, "outbox_table_name": "box", "partition_poll_interval": 0.001, **more})


@contextlib.asynccontextmanager
async def running(table: Table, executed: Any, **more: Any) -> Any:
    consumers = Consumers([PostgreSQLConsumer("pg", options(**more))], table.connect, executed, lambda: 0.0)
    await consumers.open()
    consumers.start()
    try:
        yield consumers
    finally:
        await consumers.stop()
        assert table.connections == 0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition changes without an event
            await asyncio.sleep(0.001)


def test_rows_are_executed_in_the_order_of_their_ids() -> None:
    """Each partition is executed in order, in batches, and rows of other partitions stay."""
    table, executed = Table([("a", 0), ("b", 1), ("c", 0), ("x", 2), ("d", 0), ("e", 1), ("x", -1)]), Executed()

    async def run() -> None:
        async with running(table, executed, num_partitions=2, partition_select_limit=2):
            await until(lambda: len(table) == 2)

    asyncio.run(run())
    assert [each for each in executed if each in "acd"] == ["a", "c", "d"]
    assert [each for each in executed if each in "be"] == ["b", "e"]
    assert [*table.values()] == [("x", 2), ("x", -1)]


def test_internal_errors_keep_the_row_and_its_successors(caplog: pytest.LogCaptureFixture) -> None:
    """After error 100, rows before are deleted, the row is repeated with pauses, and nothing overtakes it."""
    table = Table([("a", 0), ("b", 0), ("c", 0), ("other", 1)])
    executed = Executed(b=[Verdict("internal server error", retry=True)] * 3)

    async def run() -> None:
        async with running(table, executed, num_partitions=2):
            await until(lambda: not table)

    begin = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - begin >= 0.02 + 0.04 + 0.08
    assert [each for each in executed if each != "other"] == ["a", "b", "b", "b", "b", "c"]
    (line,) = (record.getMessage() for record in caplog.records if record.levelno == logging.ERROR)
    assert line == "consumer pg: partition 0: row 2 (b): internal server error; trying again"


def test_bad_rows_are_deleted_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """A row that can never be executed is deleted, logged once, and the next row follows."""
    table, executed = Table([("a", 0), ("b", 0)]), Executed(a=[Verdict("bad request")])

    async def run() -> None:
        async with running(table, executed):
            await until(lambda: not table)

    asyncio.run(run())
    assert executed == ["a", "b"]
    assert [record.getMessage() for record in caplog.records] == [
        "consumer pg: row 1 (a) failed and was deleted: bad request"
    ]


def test_a_database_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """While the database fails, rows wait; equal errors are logged once, without the password."""
    caplog.set_level(logging.INFO)
    table, executed = Table(), Executed()

    async def run() -> None:
        async with running(table, executed):
            await until(lambda: table.connections)
            table.broken = "gone\nLINE 1: data"
            await until(lambda: caplog.records)
            await asyncio.sleep(0.1)
            table.broken = f"cannot parse {DSN}"
            await until(lambda: len(caplog.records) == 2)
            table[1] = ("a", 0)
            table.broken = ""
            await until(lambda: not table)

    asyncio.run(run())
    assert [record.getMessage() for record in caplog.records] == [
        "consumer pg: partition 0: gone; trying again",
        "consumer pg: partition 0: ConnectionError; trying again",
        "consumer pg: partition 0 works again",
    ]


def test_a_partition_that_is_locked_is_left_out() -> None:
    """With `use_try_lock`, a partition that another server holds is looked at again after the interval."""
    table, executed = Table([("a", 0)]), Executed()
    table.locked = True

    async def run() -> None:
        async with running(table, executed, use_try_lock=True):
            await asyncio.sleep(0.02)
            assert executed == []
            table.locked = False
            await until(lambda: not table)

    asyncio.run(run())


def test_notifications_wake_a_partition(caplog: pytest.LogCaptureFixture) -> None:
    """A notification with the number of a partition makes the server look at once; others are logged and ignored."""
    table, executed = Table(), Executed()

    async def run() -> None:
        patient = {"partition_poll_interval": 3600.0, "num_partitions": 2, "partition_notification_channel": "c"}
        async with running(table, executed, **patient):
            await until(lambda: table.waiting and table.connections == 3)
            await asyncio.sleep(0.01)
            table.update({1: ("a", 0), 2: ("b", 1)})
            for payload in ("1", "2", "-1", "", "x" * 50):
                table.waiting[0](payload)
            await until(lambda: len(table) == 1)

    asyncio.run(run())
    assert executed == ["b"]
    assert [record.getMessage().rpartition(" not ")[2] for record in caplog.records] == [
        *("'2'", "'-1'", "''", f"'{'x' * 39}"),
    ]


def test_rows_that_were_executed_are_deleted_when_the_server_stops() -> None:
    """A batch under way is cut short at the stop, and its executed rows are deleted, so that nothing runs twice."""
    table = Table([(f"m{number}", 0) for number in range(1000)])
    stop = asyncio.Event()
    executed = Executed()

    def consume(method: str, payload: bytes | None) -> Steps[Verdict]:
        time.sleep(0.002)
        if method == "m9":
            stop.set()
        return (yield from executed(method, payload))

    async def run() -> None:
        async with running(table, consume, partition_select_limit=1000):
            await stop.wait()

    asyncio.run(run())
    assert 10 <= len(executed) < 1000
    assert len(executed) + len(table) == 1000


def test_errors_of_the_server_itself_do_not_lose_the_row(caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception in a command keeps its row."""
    table, attempts = Table([("a", 0)]), list[str]()

    def consume(method: str, payload: bytes | None) -> Steps[Verdict]:
        attempts.append(method)
        yield
        if len(attempts) < 3:
            raise RuntimeError("broken")
        return Verdict()

    async def run() -> None:
        async with running(table, consume):
            await until(lambda: not table)

    asyncio.run(run())
    assert "consumer pg: partition 0: broken; trying again" in caplog.text


# ---- with a real database


def config(dsn: str, **more: Any) -> dict[str, Any]:
    section = {"dsn": dsn, "outbox_table_name": "consumed", "partition_poll_interval": "20ms", **more}
    return {"consumers": [{"name": "pg", "enabled": True, "type": "postgresql", "postgresql": section}]}


@pytest.fixture
def database(postgresql: PostgreSQL) -> Iterator[psycopg.Connection[Any]]:
    """Yield a connection that commits each statement; the table does not exist before and after."""
    with psycopg.connect(postgresql.dsn, autocommit=True) as connection:
        yield connection
        connection.execute("DROP TABLE IF EXISTS consumed")


CREATE = "CREATE TABLE consumed (id bigserial, method text, payload {}, partition int NOT NULL DEFAULT 0)"
PAYLOAD = '{"channel": "news", "data": {"n":  %d}}'


def fill(database: psycopg.Connection[Any], numbers: range) -> None:
    with database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO consumed (method, payload) VALUES ('publish', %s)", [(PAYLOAD % n,) for n in numbers]
        )


@needs("postgresql")
@pytest.mark.parametrize(("driver", "kind"), [("psycopg", "json"), ("psycopg2", "bytea"), ("asyncpg", "text")])
def test_a_server_reads_the_table(
    monkeypatch: pytest.MonkeyPatch, postgresql: PostgreSQL, database: psycopg.Connection[Any], driver: str, kind: str
) -> None:
    """With each driver, a server waits for the table, publishes rows in order and unchanged, and deletes them."""
    monkeypatch.setattr(drivers, "DRIVERS", (driver,))
    published: list[bytes] = []
    enough = threading.Event()

    def note(event: Any) -> None:
        if isinstance(event, Published):
            published.append(bytes(event.data))
            if len(published) == 300:
                enough.set()

    with EmbeddedServer(config=config(postgresql.dsn, partition_notification_channel="consumed")) as server:
        server.events.listen(note)
        database.execute(CREATE.format(kind))
        with database.transaction():
            for number in range(300):
                payload: Any = PAYLOAD % number
                database.execute(
                    "INSERT INTO consumed (method, payload) VALUES ('publish', %s)",
                    [payload.encode() if kind == "bytea" else payload],
                )
        database.execute("NOTIFY consumed, '0'")
        assert enough.wait(20)
    assert published == [b'{"n":  %d}' % number for number in range(300)]
    assert database.execute("SELECT count(*) FROM consumed").fetchone() == (0,)


@needs("postgresql")
@pytest.mark.parametrize("use_try_lock", [False, True])
def test_servers_share_a_table(postgresql: PostgreSQL, database: psycopg.Connection[Any], use_try_lock: bool) -> None:
    """Two servers on one table execute each row once."""
    database.execute(CREATE.format("json"))
    fill(database, range(100))
    published: list[bytes] = []

    def note(event: Any) -> None:
        if isinstance(event, Published):
            published.append(bytes(event.data))

    settings = config(postgresql.dsn, use_try_lock=use_try_lock, partition_select_limit=7)
    with EmbeddedServer(config=settings) as one, EmbeddedServer(config=settings) as two:
        one.events.listen(note)
        two.events.listen(note)
        fill(database, range(100, 200))
        deadline = time.monotonic() + 20
        while database.execute("SELECT count(*) FROM consumed").fetchone() != (0,) and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(set(published)) == len(published)
    assert {b'{"n":  %d}' % number for number in range(100, 200)} <= set(published)


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_database_that_cannot_be_reached_stops_the_start(monkeypatch: pytest.MonkeyPatch, driver: str) -> None:
    """Where the real server exits at the start, `start` raises an error that names the consumer and no password."""
    monkeypatch.setattr(drivers, "DRIVERS", (driver,))
    server = EmbeddedServer(config=config(f"postgres://user:hush-hush@127.0.0.1:{free_port()}/db"))
    with pytest.raises(UsageError, match=r"^the consumer 'pg' cannot reach PostgreSQL: .*Start the database") as caught:
        server.start()
    assert "hush" not in str(caught.value)
    server.stop()


def test_without_a_driver_there_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a driver, the server runs without the consumer, and the warning says what to install."""
    monkeypatch.setattr(drivers, "DRIVERS", ())
    with pytest.warns(UnhonouredConfigWarning, match=r"pip install 'psycopg\[binary\]'") as caught:
        server = EmbeddedServer(config=config(DSN))
    assert caught[0].filename == __file__
    with server:
        pass
