"""Tests of the partitions of keys."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.partition import partition_of


@pytest.mark.parametrize(
    ("key", "partitions", "partition"),
    [("", 4, 0), ("a", 4, 3), ("b", 4, 1), ("c", 4, 3), ("news", 7, 2), ("новости", 10_000, 8143), ("news", 1, 0)],
)
def test_partitions_do_not_change(key: str, partitions: int, partition: int) -> None:
    """The partition of a key is its CRC-32 modulo the number of partitions, so it is the same in other programs."""
    assert partition_of(key, partitions) == partition


@given(st.text(), st.integers(1, 10_000))
def test_each_key_has_a_partition(key: str, partitions: int) -> None:
    """Every text has a partition below the number of partitions, the same at each call."""
    assert 0 <= partition_of(key, partitions) == partition_of(key, partitions) < partitions


def test_keys_are_spread() -> None:
    """Keys that differ in a number are spread evenly."""
    counts = Counter(partition_of(f"orders:{number}", 4) for number in range(4000))
    assert len(counts) == 4
    assert max(counts.values()) - min(counts.values()) < 100
