"""Partitions of a queue: messages with the same key are in the same partition and keep their order. PURE."""

from zlib import crc32

__all__ = ["partition_of"]


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of *key*, from 0 to *partitions* - 1: the CRC-32 of its UTF-8 bytes modulo *partitions*.

    The result is the same in every process and in every language that has CRC-32, unlike Python's `hash`.
    """
    return crc32(key.encode()) % partitions
