"""The operation of a migration that creates the table of an outbox."""

from typing import Any

from django.db import router
from django.db.migrations.operations import RunSQL
from django.db.migrations.operations.base import Operation

from centripetal.django.configuration import configured_outbox

__all__ = ["CreateOutbox"]


class CreateOutbox(Operation):  # type: ignore[misc]  # Django has no types
    """Creates the table of the outbox in the settings, and drops it when the migration is reversed.

        class Migration(migrations.Migration):
            dependencies = [("shop", "0001_initial")]
            operations = [CreateOutbox()]

    Name, partitions and notifications are those of the settings when the migration runs. On databases other than
    PostgreSQL, such as SQLite in a test suite, the operation does nothing.

    Args:
        alias: alias of the server in the setting `CENTRIFUGO`.
    """

    reduces_to_sql = True
    reversible = True
    category = getattr(RunSQL, "category", None)  # Django 5.1 and later

    def __init__(self, alias: str = "default") -> None:
        self.alias = alias

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Do nothing: the table has no model."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002
        """Create the table, its index, the table of refused rows, and with `notify` the trigger."""
        if _is_meant(schema_editor.connection, app_label):
            _execute(schema_editor, configured_outbox(self.alias).ddl())

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002
        """Drop what `database_forwards` created, with rows that were not published."""
        if _is_meant(schema_editor.connection, app_label):
            _execute(schema_editor, configured_outbox(self.alias).ddl_drop())

    def describe(self) -> str:
        """Return the description that `migrate --plan` prints."""
        return f"Create the outbox of the server {self.alias}"


def _is_meant(connection: Any, app_label: str) -> bool:
    return connection.vendor == "postgresql" and bool(router.allow_migrate(connection.alias, app_label))


def _execute(schema_editor: Any, statements: list[str]) -> None:
    for statement in statements:
        schema_editor.execute(statement, params=None)  # with parameters, % would have a meaning
