"""`outbox()` writes in the transaction of Django's current connection."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from centripetal import Publish, UsageError
from centripetal.django import configured_outbox, outbox
from centripetal.outbox import Outbox
from centripetal.testing import Recorder, assert_queued
from tests.django.ready import make_ready
from tests.django.recording import recorded
from tests.needs import needs
from tests.outbox.ways import django_connection, django_on
from tests.postgresql import PostgreSQL

make_ready()

from django.core.exceptions import ImproperlyConfigured  # noqa: E402 - after make_ready
from django.db import transaction  # noqa: E402
from django.test import override_settings  # noqa: E402

TABLE = "django_writing"
SETTINGS = {"default": {"OUTBOX": {"table": TABLE, "partitions": 4}}, "other": {"OUTBOX": {"table": f"{TABLE}_2"}}}


class Abandoned(Exception):
    """Ends a transaction, which is then rolled back."""


Rows = Callable[[str], list[Any]]


@pytest.fixture
def rows(postgresql: PostgreSQL) -> Iterator[Rows]:
    """Create the tables of both servers, and return a function that returns the committed rows of a table."""
    with django_on(postgresql) as connection, override_settings(CENTRIFUGO=SETTINGS), connection.cursor() as cursor:
        outboxes = [Outbox(TABLE, partitions=4), Outbox(f"{TABLE}_2")]
        for each in outboxes:
            for statement in each.ddl():
                cursor.execute(statement)

        def read(table: str) -> list[Any]:
            cursor.execute(f"SELECT payload ->> 'data' FROM {table} ORDER BY id")
            return [data for (data,) in cursor.fetchall()]

        yield read
        for each in outboxes:
            for statement in each.ddl_drop():
                cursor.execute(statement)


@needs("postgresql")
def test_rows_follow_the_transaction(rows: Rows) -> None:
    """Rows are committed with the outermost transaction, and rolled back with it or with a nested one."""
    with transaction.atomic("outbox"):
        outbox(using="outbox").publish("news", 1)
        with suppress(Abandoned), transaction.atomic("outbox"):
            outbox(using="outbox").publish("news", 2)
            raise Abandoned
        with transaction.atomic("outbox"):
            outbox(using="outbox").write([Publish("news", 3), Publish("sport", 4)])
    with suppress(Abandoned), transaction.atomic("outbox"):
        outbox(using="outbox").publish("news", 5)
        raise Abandoned
    assert rows(TABLE) == ["1", "3", "4"]


@needs("postgresql")
def test_another_server(rows: Rows) -> None:
    """`alias` chooses the server in the settings, and with it the table."""
    with transaction.atomic("outbox"):
        outbox(using="outbox", alias="other").publish("news", 1)
    assert (rows(TABLE), rows(f"{TABLE}_2")) == ([], ["1"])


@needs("postgresql")
def test_a_connection_outside_a_transaction(rows: Rows) -> None:
    """Outside `atomic()`, nothing is written: the message would be published whatever becomes of other changes."""
    with pytest.raises(UsageError, match="not in a transaction"):
        outbox(using="outbox").publish("news", 1)
    assert rows(TABLE) == []


@needs("postgresql")
def test_a_mistake_leaves_the_transaction_usable(rows: Rows) -> None:
    """A command that a server would reject raises before anything is written."""
    with transaction.atomic("outbox"):
        with pytest.raises(UsageError):
            outbox(using="outbox").publish("news", {1})
        outbox(using="outbox").publish("news", 1)
    assert rows(TABLE) == ["1"]


@needs("postgresql")
def test_rows_in_a_test_that_never_commits(rows: Rows) -> None:
    """In a transaction that is rolled back, rows can be checked, and executed by a recorder."""
    recorder, used = Recorder(), configured_outbox("default")
    with transaction.atomic("outbox"):
        outbox(using="outbox").publish("news", 1)
        connection = transaction.get_connection("outbox")
        assert_queued(connection, "news", 1, outbox=used)
        assert recorder.drain(used, connection) == 1
        transaction.set_rollback(True, "outbox")
    recorder.assert_published("news", 1, times=1)
    assert rows(TABLE) == []


@pytest.fixture
def sqlite() -> Iterator[None]:
    with django_connection({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}):
        yield


def test_sqlite_is_refused(sqlite: None) -> None:
    """On SQLite, the error names the setting that records commands instead."""
    with (
        override_settings(CENTRIFUGO=SETTINGS),
        transaction.atomic("outbox"),
        pytest.raises(UsageError, match=r"this is a connection to SQLite: use PostgreSQL, or .* record="),
    ):
        outbox(using="outbox").publish("news", 1)


def test_recording_on_sqlite(sqlite: None) -> None:
    """With `record`, checked commands are recorded on any database, and no row is written."""
    recorded.clear()
    with override_settings(CENTRIFUGO={"default": {"OUTBOX": {"record": "tests.django.recording.record"}}}):
        with transaction.atomic("outbox"):
            outbox(using="outbox").publish("news", 1)
        with pytest.raises(UsageError):
            outbox(using="outbox").publish("", 1)
    assert recorded == [Publish("news", 1)]


def test_missing_settings(sqlite: None) -> None:
    """Without the setting, the error shows it."""
    with pytest.raises(ImproperlyConfigured, match="CENTRIFUGO = "):
        outbox(using="outbox")
