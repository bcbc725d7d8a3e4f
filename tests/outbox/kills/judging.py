"""Comparison of the messages that were committed with the messages that arrived. PURE.

A message is a channel and a number. In each channel, one writer at a time commits increasing numbers.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Counts", "Message", "judge"]

Message = tuple[str, int]


class Counts(NamedTuple):
    """Result of a comparison.

    Attributes:
        committed: number of messages whose transaction committed.
        lost: number of committed messages that did not arrive.
        ghosts: number of messages that arrived although their transaction did not commit.
        doubled: number of repeated arrivals.
        disordered: number of messages whose first arrival follows a later message of their channel.
    """

    committed: int
    lost: int
    ghosts: int
    doubled: int
    disordered: int

    @property
    def is_exact(self) -> bool:
        """Whether every committed message arrived exactly once and in order, and nothing else arrived."""
        return self.committed > 0 and not (self.lost or self.ghosts or self.doubled or self.disordered)


def judge(committed: Collection[Message], arrived: Sequence[Message]) -> Counts:
    """Compare the *committed* messages with the messages that *arrived*, in the order of their arrival."""
    expected, times = set(committed), Counter(arrived)
    return Counts(
        committed=len(expected),
        lost=len(expected - times.keys()),
        ghosts=len(times.keys() - expected),
        doubled=len(arrived) - len(times),
        disordered=sum(_steps_back(channel, times) for channel in {channel for channel, _ in times}),
    )


def _steps_back(channel: str, firsts: Iterable[Message]) -> int:
    """Return how often the numbers of *channel* decrease in *firsts*, distinct messages by their first arrival."""
    numbers = [number for each, number in firsts if each == channel]
    return sum(later < earlier for earlier, later in pairwise(numbers))
