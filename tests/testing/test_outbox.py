"""Assertions about rows of an outbox, and their execution by test servers and recorders."""

import asyncio
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from centripetal import UsageError
from centripetal.outbox import Outbox
from centripetal.server.consuming.rows import Verdict
from centripetal.testing import ANYTHING, Centrifugo, Recorder, assert_queued
from centripetal.tokens import connection_token
from tests.needs import needs
from tests.outbox.ways import WAYS, done
from tests.postgresql import PostgreSQL, with_tables

OUTBOX = Outbox("tested_outbox", partitions=4)

pytestmark = needs("postgresql")


@pytest.fixture
def table(postgresql: PostgreSQL) -> Iterator[None]:
    with with_tables(postgresql, OUTBOX):
        yield


@pytest.fixture
def connection(postgresql: PostgreSQL, table: None) -> Iterator[psycopg.Connection[Any]]:
    """Yield a connection whose transaction is rolled back at the end."""
    with psycopg.connect(postgresql.dsn) as connection:
        yield connection
        connection.rollback()


def insert(connection: psycopg.Connection[Any], method: str, payload: str | None, partition: int = 0) -> None:
    sql = "INSERT INTO tested_outbox (method, payload, partition) VALUES (%s, %s, %s)"
    connection.execute(sql, [method, payload, partition])


@pytest.mark.parametrize("name", WAYS)
def test_every_connection_is_drained(
    postgresql: PostgreSQL, table: None, centrifugo_recorder: Recorder, name: str
) -> None:
    """With every kind of connection, rows of the open transaction are seen, executed in order, and deleted."""

    async def run() -> None:
        async with WAYS[name](postgresql) as transaction:
            writer: Any = OUTBOX.on(transaction.given)
            await done(writer.publish("news", {"n": 1}, tags={"kind": "a"}))
            await done(writer.broadcast([f"c{number}" for number in range(8)], "hi"))
            await done(writer.publish("news", {"n": 2}))
            await done(assert_queued(transaction.given, "news", {"n": 1}, tags={"kind": "a"}, times=1, outbox=OUTBOX))
            await done(assert_queued(transaction.given, "c7", "hi", outbox=OUTBOX))
            with pytest.raises(AssertionError, match="no publication to 'other'"):
                await done(assert_queued(transaction.given, "other", outbox=OUTBOX))
            assert 4 <= await done(centrifugo_recorder.drain(OUTBOX, transaction.given)) <= 6
            assert await done(centrifugo_recorder.drain(OUTBOX, transaction.given)) == 0
        assert centrifugo_recorder.published.to("news") == [{"n": 1}, {"n": 2}]
        centrifugo_recorder.assert_published("c7", "hi", times=1)

    asyncio.run(run())


def test_a_subscriber_gets_what_a_transaction_queued(
    centrifugo: Centrifugo, connection: psycopg.Connection[Any]
) -> None:
    """A browser receives a message, and is disconnected, by rows of a transaction that never commits."""
    token = connection_token(centrifugo.token_secret, "ann", channels=["news"])
    with centrifugo.connect(token=token) as browser:
        OUTBOX.on(connection).publish("news", {"text": "hello"})
        OUTBOX.on(connection).disconnect("ann")
        assert centrifugo.drain(OUTBOX, connection) == 2
        assert [each.data for each in browser.received("news")] == [{"text": "hello"}]
        assert browser.wait_until_disconnected().reason == "force disconnect"


def test_the_failure_shows_the_rows(connection: psycopg.Connection[Any]) -> None:
    """A failed assertion lists the queued publications, the closest difference, and rows that would be refused."""
    OUTBOX.on(connection).publish("news", {"text": "hello"})
    insert(connection, "publish", '{"channel": "bytes", "b64data": "Nw=="}')
    insert(connection, "publish", '{"channel": "bytes", "b64data": "?"}')
    insert(connection, "presence", '{"channel": "a"}')
    insert(connection, "publish", '{"channel": "a", "data": 1}', 3)
    assert_queued(connection, "bytes", 7, outbox=OUTBOX)
    few = Outbox(OUTBOX.table, partitions=3)
    with pytest.raises(AssertionError) as caught:
        assert_queued(connection, "news", {"text": "hi"}, outbox=few)
    lines = str(caught.value).splitlines()
    assert lines[0] == "no publication of {'text': 'hi'} to 'news'"
    assert "queued:" in lines
    assert "closest is 1 (- expected, + published):" in lines
    refused = lines[lines.index("the server will refuse:") :]
    assert [line.partition(" (")[2] for line in refused[1:]] == [
        "publish) is in partition 3, and the server reads 0 to 2",
        "publish): bad request",
        "presence): a consumer does not execute the method 'presence', only broadcast, disconnect, history_remove,"
        " publish, refresh, subscribe, unsubscribe",
    ]


def test_expected_data_is_converted_by_the_encoder(connection: psycopg.Connection[Any]) -> None:
    """Data of a type that only the outbox's encoder knows can be expected as it was queued."""

    class Money:
        def __init__(self, cents: int) -> None:
            self.cents = cents

    outbox = Outbox(OUTBOX.table, encoder=lambda value: value.cents if isinstance(value, Money) else None)
    outbox.on(connection).publish("prices", {"price": Money(5), "id": 1})
    assert_queued(connection, "prices", {"price": Money(5), "id": ANYTHING}, outbox=outbox)
    with pytest.raises(AssertionError, match="no publication"):
        assert_queued(connection, "prices", {"price": Money(6), "id": 1}, outbox=outbox)


@pytest.mark.parametrize(
    ("arguments", "options", "reason"),
    [
        (
            ({"text": "hi"},),
            {},
            r"not a dict: write assert_queued\(connection, channel, data\)",
        ),
        (("news",), {"times": -1}, "times must be a number of publications"),
    ],
)
def test_wrong_arguments_are_explained(
    connection: psycopg.Connection[Any], arguments: Any, options: Any, reason: str
) -> None:
    """Arguments with which the assertion could only fail are errors."""
    with pytest.raises(UsageError, match=reason):
        assert_queued(connection, *arguments, outbox=OUTBOX, **options)


@pytest.mark.parametrize("kit", ["centrifugo", "centrifugo_recorder"])
def test_refused_rows_fail_the_test(
    request: pytest.FixtureRequest, connection: psycopg.Connection[Any], kit: str
) -> None:
    """`drain` executes the good rows, deletes what the server deletes, and reports every row that it refuses."""
    server: Centrifugo | Recorder = request.getfixturevalue(kit)
    for method, payload, partition in (
        ("publish", '{"channel": "a", "data": 1}', 0),
        ("publish", '{"channel": "other:a", "data": 1}', 1),
        ("publish", '"text"', 0),
        ("broadcast", '{"channels": ["b", "other:b"], "data": 2}', 0),
        ("publish", '{"channel": "a", "data": 3}', 2),
    ):
        insert(connection, method, payload, partition)
    few = Outbox(OUTBOX.table, partitions=2)
    with pytest.raises(AssertionError) as caught:
        server.drain(few, connection)
    title, *lines = str(caught.value).splitlines()
    assert title == "the server refuses 4 rows of tested_outbox:"
    assert [line.partition(" (")[2] for line in lines] == [
        "publish) is in partition 2, and the server reads 0 to 1",
        "publish): unknown channel",
        "publish): the payload is not a valid request",
        "broadcast): 'other:b': unknown channel",
    ]
    server.assert_published_exactly([("a", 1), ("b", 2)])
    assert connection.execute("SELECT partition FROM tested_outbox").fetchall() == [(2,)]


def test_a_row_that_the_server_would_repeat_stays(
    monkeypatch: pytest.MonkeyPatch, centrifugo_recorder: Recorder, connection: psycopg.Connection[Any]
) -> None:
    """A row with error 100 is reported and stays in the table, as in the real server."""
    monkeypatch.setattr(centrifugo_recorder, "_consume", lambda rows: [Verdict("internal server error", retry=True)])
    OUTBOX.on(connection).publish("news", 1)
    with pytest.raises(AssertionError, match=r"refuses a row of tested_outbox:\n  row \d+ \(publish\): internal"):
        centrifugo_recorder.drain(OUTBOX, connection)
    assert_queued(connection, "news", 1, outbox=OUTBOX)


@pytest.mark.parametrize("kit", ["centrifugo", "centrifugo_recorder"])
def test_writers_can_be_recorded_without_a_database(request: pytest.FixtureRequest, kit: str) -> None:
    """With `recording`, commands of writers take effect at once, on any connection, also with an encoder."""
    server: Centrifugo | Recorder = request.getfixturevalue(kit)
    outbox = server.recording(Outbox("unused", partitions=8, encoder=lambda value: 5))
    with sqlite3.connect(":memory:") as anything:
        outbox.on(anything).publish("news", {"n": object()})
        outbox.on(anything).broadcast(["a", "b"], 2)
        with pytest.raises(AssertionError, match="the server refuses this publish: unknown channel"):
            outbox.on(anything).publish("other:a", 1)
        with pytest.raises(UsageError, match="channel must not be empty"):
            outbox.on(anything).publish("", 1)
    server.assert_published_exactly([("news", {"n": 5}), ("a", 2), ("b", 2)])


def test_another_value_is_not_an_outbox(centrifugo_recorder: Recorder, connection: psycopg.Connection[Any]) -> None:
    """Arguments in the wrong order are explained."""
    with pytest.raises(UsageError, match="drain takes an outbox and a connection, not Connection"):
        centrifugo_recorder.drain(connection, OUTBOX)  # type: ignore[call-overload]


def test_a_recorder_reads_no_table(postgresql: PostgreSQL) -> None:
    """A recorder with a consumer in its configuration warns that it has no effect."""
    with pytest.warns(UserWarning, match="'consumers' in the configuration has no effect: a recorder does no I/O"):
        Recorder(config=OUTBOX.server_config(postgresql.dsn))
