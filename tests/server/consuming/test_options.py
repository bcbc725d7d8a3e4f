"""The options of a PostgreSQL consumer."""

from centripetal.server.consuming.options import PostgreSQLConsumer, PostgreSQLOptions


def test_the_password_is_not_shown() -> None:
    """The representation of options contains the table, and no password."""
    options = PostgreSQLOptions(dsn="postgres://u:hidden@h/db", outbox_table_name="box")
    assert (
        repr(PostgreSQLConsumer("pg", options)) == "PostgreSQLConsumer(name='pg', options=<PostgreSQLOptions of box>)"
    )
