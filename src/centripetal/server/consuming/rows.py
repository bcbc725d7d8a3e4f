"""Rows of an outbox: the SQL that reads and deletes them, and decisions about them. PURE.

The SQL contains no parameters, so that it is the same for every driver: the name of the consumer is checked when the
configuration is read, and all other values are integers. As in the real server (6.9.1), the name of the table is
inserted without quotation marks.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

__all__ = ["Row", "UnreadableRowError", "Verdict", "delete", "lock", "next_pause", "peek", "row_of", "select"]

_SHORTEST_PAUSE = 0.01
_LONGEST_PAUSE = 5.0  # seconds, both as in the real server
_MOST_DOUBLINGS = 20  # far above the longest pause
_ESCAPED = re.compile(rb"\\(\\|[0-3][0-7]{2})")

# Types are converted by the database, because a connection of the user may have other converters than the default.
_COLUMNS = "id, CAST(method AS TEXT), CAST(payload AS TEXT), CAST(pg_typeof(payload) AS TEXT), partition"


class UnreadableRowError(ValueError):
    """A row blocks its partition, because the server cannot read its `id` or `method`."""


class Row(msgspec.Struct, frozen=True):
    """A row of an outbox.

    Attributes:
        id: its id, which decides the order.
        method: the name of the method; empty if the payload contains it.
        payload: the parameters; None if the column is NULL.
        partition: its partition.
    """

    id: int
    method: str
    payload: bytes | None
    partition: int


class Verdict(msgspec.Struct, frozen=True):
    """The result of a row.

    Attributes:
        problem: why it was not executed, or not completely; empty if it was.
        retry: whether the server keeps the row and tries again, instead of deleting it.
    """

    problem: str = ""
    retry: bool = False


def lock(consumer: str, partition: int, *, is_patient: bool) -> str:
    """Return the statement that locks a partition until the end of the transaction.

    Args:
        consumer: the name of the consumer. Consumers of the same name exclude each other, also on different servers.
        partition: the partition.
        is_patient: whether to wait for the lock. Otherwise the result tells whether it was free.
    """
    function = "pg_advisory_xact_lock" if is_patient else "pg_try_advisory_xact_lock"
    return f"SELECT {function}(hashtext('centrifugo_partition_lock_{consumer}{partition:d}'))"


def select(table: str, partition: int | None = None, limit: int | None = None) -> str:
    """Return the query for rows in their order; without *partition* and *limit*, for all rows."""
    where = "" if partition is None else f" WHERE partition={partition:d}"
    most = "" if limit is None else f" LIMIT {limit:d}"
    return f"SELECT {_COLUMNS} FROM {table}{where} ORDER BY id ASC{most}"


def peek(table: str, partition: int) -> str:
    """Return the query whether a partition has rows, which costs less than a transaction with a lock."""
    return f"SELECT 1 FROM {table} WHERE partition={partition:d} LIMIT 1"


def delete(table: str, ids: Iterable[int]) -> str:
    """Return the statement that deletes the rows with these *ids*."""
    return f"DELETE FROM {table} WHERE id = ANY('{{{','.join(f'{each:d}' for each in ids)}}}')"


def row_of(values: Sequence[Any]) -> Row:
    """Return the row in *values*, a row of the result of `select`.

    Raises:
        UnreadableRowError: the real server cannot read the row either, and tries forever.
    """
    identity, method, payload, kind, partition = values
    if not isinstance(identity, int):
        raise UnreadableRowError(f"the column id must be an integer, not {type(identity).__name__}")
    if method is None:
        raise UnreadableRowError(f"the method of row {identity} is NULL, which blocks its partition: delete the row")
    return Row(identity, method, None if payload is None else _bytes(payload, kind), partition)


def _bytes(text: str, kind: str) -> bytes:
    """Return the bytes of a column of the type *kind* whose value the database printed as *text*."""
    encoded = text.encode()
    if kind != "bytea":
        return encoded
    if encoded.startswith(b"\\x"):
        return bytes.fromhex(text[2:])
    # The setting bytea_output is "escape".
    return _ESCAPED.sub(lambda found: b"\\" if found[1] == b"\\" else bytes([int(found[1], 8)]), encoded)


def next_pause(pause: float, failures: int, jitter: float) -> float:
    """Return the seconds to wait after an error.

    Args:
        pause: the pause before; 0 after a success.
        failures: number of errors since the last success.
        jitter: a random number from 0 to 1.
    """
    if pause >= _LONGEST_PAUSE:
        return _LONGEST_PAUSE
    shortest = _SHORTEST_PAUSE * (1 + jitter)
    return min(shortest * (1 << min(failures, _MOST_DOUBLINGS)), _LONGEST_PAUSE)
