"""`CreateOutbox` in a migration: creates the table of the settings, and drops it."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from tests.django.ready import make_ready
from tests.needs import needs
from tests.outbox.ways import django_connection, django_on
from tests.postgresql import PostgreSQL

make_ready()

from django.db import migrations  # noqa: E402 - after make_ready
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402
from django.db.migrations.writer import OperationWriter  # noqa: E402
from django.test import override_settings  # noqa: E402

from centripetal.django.operations import CreateOutbox  # noqa: E402

TABLE = "django_operations"
SETTINGS = {"default": {"OUTBOX": {"table": TABLE, "partitions": 3, "notify": True}}}


class Migration(migrations.Migration):  # type: ignore[misc]  # Django has no types
    """The migration of the documentation."""

    operations: ClassVar = [CreateOutbox()]


@pytest.fixture
def settings() -> Iterator[None]:
    with override_settings(CENTRIFUGO=SETTINGS):
        yield


def run(connection: Any, *, backwards: bool = False) -> None:
    """Run the migration, as `migrate` does."""
    executor, migration = MigrationExecutor(connection), Migration("0002_outbox", "shop")
    change = executor.unapply_migration if backwards else executor.apply_migration
    change(ProjectState(), migration)


def found(connection: Any) -> dict[str, str]:
    """Return the tables of the outbox with the definitions of their checks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, coalesce(pg_get_constraintdef(pg_constraint.oid), '') FROM pg_class "
            "LEFT JOIN pg_constraint ON conrelid = pg_class.oid AND contype = 'c' "
            f"WHERE relkind = 'r' AND relname LIKE '{TABLE}%'"
        )
        return dict(cursor.fetchall())


@needs("postgresql")
def test_a_migration_forth_and_back(postgresql: PostgreSQL, settings: None) -> None:
    """The table has the name and the partitions of the settings; reversing the migration removes everything."""
    with django_on(postgresql) as connection:
        for _ in range(2):  # a second time, so nothing is left over
            run(connection)
            tables = found(connection)
            assert tables.keys() == {TABLE, f"{TABLE}_refused"}
            assert "partition <= 2" in tables[TABLE]
            run(connection, backwards=True)
            assert found(connection) == {}


@needs("postgresql")
def test_a_router_decides(postgresql: PostgreSQL, settings: None) -> None:
    """A database on which the router does not allow the app gets no table."""

    class Elsewhere:
        def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool:
            return (db, app_label) != ("outbox", "shop")

    with django_on(postgresql) as connection, override_settings(DATABASE_ROUTERS=[Elsewhere()]):
        run(connection)
        assert found(connection) == {}


def test_sqlite_gets_no_table(settings: None) -> None:
    """On SQLite, where a test suite records commands, the migration does nothing in both directions."""
    with django_connection({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}) as connection:
        run(connection)
        assert TABLE not in connection.introspection.table_names()
        run(connection, backwards=True)


def test_the_operation_can_be_written() -> None:
    """`squashmigrations` writes the operation with its import, and `migrate --plan` describes it."""
    text, imports = OperationWriter(CreateOutbox("chat")).serialize()
    assert "CreateOutbox(" in text
    assert "alias='chat'" in text
    assert "import centripetal.django.operations" in imports
    assert CreateOutbox("chat").describe() == "Create the outbox of the server chat"
