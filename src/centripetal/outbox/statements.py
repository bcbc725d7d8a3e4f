"""The SQL of an outbox. PURE.

All statements also run through SQLAlchemy's `text()` and Django's `RunSQL`: they contain neither `:name` nor `%`, apart
from the placeholders of the driver.
"""

from functools import lru_cache

__all__ = ["check_of_partitions", "create", "drop", "insert_many", "insert_one", "status"]


def create(table: str, partitions: int, channel: str | None, *, jsonb: bool) -> list[str]:
    """Return the statements that create the tables, and with a *channel* the trigger for notifications."""
    name = table.rpartition(".")[2]
    payload = "JSONB" if jsonb else "JSON"
    statements = [
        f"CREATE TABLE {table} (id BIGSERIAL PRIMARY KEY, method TEXT NOT NULL, payload {payload} NOT NULL, "
        f"partition INTEGER NOT NULL DEFAULT 0 CONSTRAINT {name}_partition_check "
        f"CHECK (partition BETWEEN 0 AND {partitions - 1}), created_at TIMESTAMPTZ NOT NULL DEFAULT now())",
        f"CREATE INDEX {name}_partition_id_idx ON {table} (partition, id)",
        # TEXT keeps a payload exactly, and also keeps one that is not JSON.
        f"CREATE TABLE {table}_refused (id BIGINT NOT NULL, method TEXT NOT NULL, payload TEXT NOT NULL, "
        "partition INTEGER NOT NULL, reason TEXT NOT NULL, time TIMESTAMPTZ NOT NULL DEFAULT now())",
    ]
    if channel is not None:
        statements += [
            f"CREATE FUNCTION {table}_notify() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"PERFORM pg_notify('{channel}', CAST(NEW.partition AS TEXT)); RETURN NULL; END $$",
            f"CREATE TRIGGER {name}_notify AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_notify()",
        ]
    return statements


def drop(table: str) -> list[str]:
    """Return the statements that drop everything that `create` creates, with or without notifications."""
    return [
        f"DROP TABLE IF EXISTS {table}_refused",
        f"DROP TABLE IF EXISTS {table}",
        f"DROP FUNCTION IF EXISTS {table}_notify()",
    ]


# The explicit types make the statements independent of the types that a driver infers, and of codecs for JSON that the
# user has set: asyncpg would otherwise encode the payload twice, and the server would drop the row.


@lru_cache(maxsize=64)
def insert_one(table: str, placeholder: str) -> str:
    """Return the statement that inserts one row: method, payload, partition.

    *placeholder* is the driver's placeholder, formatted with the position of the parameter.
    """
    place = placeholder.format
    return (
        f"INSERT INTO {table} (method, payload, partition) VALUES "
        f"(CAST({place(1)} AS TEXT), CAST(CAST({place(2)} AS TEXT) AS JSON), CAST({place(3)} AS INTEGER))"
    )


@lru_cache(maxsize=64)
def insert_many(table: str, placeholder: str) -> str:
    """Return the statement that inserts rows in order: arrays of methods, payloads and partitions.

    *placeholder* is as for `insert_one`.
    """
    place = placeholder.format
    return (
        f"INSERT INTO {table} (method, payload, partition) "
        "SELECT queued.method, CAST(queued.payload AS JSON), queued.partition "
        f"FROM unnest(CAST({place(1)} AS TEXT[]), CAST({place(2)} AS TEXT[]), CAST({place(3)} AS INTEGER[])) "
        "WITH ORDINALITY AS queued (method, payload, partition, place) ORDER BY queued.place"
    )


def status(table: str) -> str:
    """Return the query for the status: partition, number of rows, age of the oldest row in seconds."""
    # now() is the start of the transaction, which may be long ago.
    return (
        "SELECT partition, count(*), "
        "CAST(EXTRACT(EPOCH FROM clock_timestamp() - min(created_at)) AS DOUBLE PRECISION) "
        f"FROM {table} GROUP BY partition ORDER BY partition"
    )


def check_of_partitions(table: str) -> str:
    """Return the query for the definition of the check on the partition. It finds no row if the table has no check."""
    name = table.rpartition(".")[2]
    return (
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE conrelid = CAST('{table}' AS regclass) AND conname = lower('{name}_partition_check')"
    )
