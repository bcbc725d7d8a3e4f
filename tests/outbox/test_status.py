"""Tests of the status of an outbox."""

from decimal import Decimal

from centripetal.outbox import PartitionStatus
from centripetal.outbox.status import status_of


def test_every_partition_has_a_status() -> None:
    """Partitions without rows are listed; a partition that the server does not know is listed if it has rows."""
    rows = [(1, 5, Decimal("2.5")), (7, 1, -0.001), (0, 2, None)]
    assert status_of(rows, 3) == [
        PartitionStatus(0, 2, 0.0),
        PartitionStatus(1, 5, 2.5),
        PartitionStatus(2, 0, 0.0),
        PartitionStatus(7, 1, 0.0),
    ]
