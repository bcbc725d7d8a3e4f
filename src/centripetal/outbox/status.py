"""The status of an outbox: the rows that wait in each partition. PURE."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

__all__ = ["PartitionStatus", "status_of"]


class PartitionStatus(msgspec.Struct, frozen=True):
    """Rows that wait in one partition of an outbox.

    Attributes:
        partition: the number of the partition.
        rows: number of rows that the server has not executed yet.
        oldest_seconds: age of the oldest row in seconds; 0 without rows. If it grows, the server does not read the
            partition.
    """

    partition: int
    rows: int
    oldest_seconds: float


def status_of(rows: Iterable[Sequence[Any]], partitions: int) -> list[PartitionStatus]:
    """Return the status of every partition.

    Args:
        rows: the result of the query: partition, number of rows, age of the oldest row in seconds.
        partitions: number of partitions of the outbox. Partitions outside of it are listed only if they have rows.
    """
    found = {row[0]: PartitionStatus(row[0], row[1], max(0.0, float(row[2] or 0))) for row in rows}
    return [found.get(number) or PartitionStatus(number, 0, 0.0) for number in sorted({*range(partitions), *found})]
