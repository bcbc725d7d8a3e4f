"""The ways of the outbox benchmark do the same work. No timing."""

from typing import Any

import psycopg
import pytest

from benchmarks.outbox import AFTER, ALONE, NOTIFICATION, OUTBOXES, ROW, TABLES, WAYS, Figure, Place
from centripetal.testing import Recorder
from tests.needs import needs
from tests.postgresql import PostgreSQL


@needs("postgresql")
def test_each_way_saves_an_order_and_publishes_it_once(postgresql: PostgreSQL) -> None:
    """Each way commits one order, and one row or one publication with the same channel and data."""
    found: dict[str, list[Any]] = {}
    with psycopg.connect(postgresql.dsn) as connection:
        for statement in TABLES:
            connection.execute(statement.encode())
        connection.commit()
        for name, way in WAYS.items():
            recorder = Recorder()
            way(Place(connection, recorder.client()), 8)
            connection.rollback()  # the way has committed
            rows = [
                (payload["channel"], payload["data"])
                for outbox in OUTBOXES
                for (payload,) in connection.execute(f"DELETE FROM {outbox.table} RETURNING payload").fetchall()
            ]
            found[name] = rows + [(each.channel, each.data) for each in recorder.published]
            assert connection.execute("DELETE FROM measured_orders RETURNING n").fetchall() == [(8,)]
            connection.commit()
        for statement in ["DROP TABLE measured_orders", *(each for outbox in OUTBOXES for each in outbox.ddl_drop())]:
            connection.execute(statement.encode())
    message = ("news1", {"n": 8, "text": "hello"})
    assert found == {ALONE: [], ROW: [message], NOTIFICATION: [message], AFTER: [message]}


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("x", 5, at_most=5), True),
        (Figure("x", 5.1, at_most=5), False),
        (Figure("x", 0.5, at_least=0.5), True),
        (Figure("x", 0.4, at_least=0.5), False),
        (Figure("x", 0.4), True),
    ],
)
def test_a_missed_target_is_marked(figure: Figure, met: bool) -> None:
    """A figure beyond its target is marked in the table, and a figure without a target never is."""
    assert figure.is_met is met
    assert ("MISSED" in str(figure)) is not met
