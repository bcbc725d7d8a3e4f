"""Shrinking a failing sequence: leave out steps, then simplify them, while the sequence still fails."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["shortest"]

T = TypeVar("T")


def shortest(items: Sequence[T], fails: Callable[[Sequence[T]], bool], shorter: Callable[[T], Iterator[T]]) -> list[T]:
    """Return a minimal failing sequence: a subsequence of *items* with simplified items.

    Leaving out any item of the result makes it pass.

    Args:
        items: failing sequence.
        fails: function that returns whether a sequence fails.
        shorter: function that yields simpler replacements for an item.
    """
    kept, size = list(items), len(items)
    while size := size // 2:
        start = 0
        while start < len(kept):
            rest = kept[:start] + kept[start + size :]
            if rest and fails(rest):
                kept = rest
            else:
                start += size
    for index in range(len(kept)):
        kept[index] = _simplest(kept, index, fails, shorter)
    return kept


def _simplest(
    items: list[T], index: int, fails: Callable[[Sequence[T]], bool], shorter: Callable[[T], Iterator[T]]
) -> T:
    """Return the simplest failing item for position *index*."""
    best = items[index]
    while True:
        for candidate in shorter(best):
            if fails([*items[:index], candidate, *items[index + 1 :]]):
                best = candidate
                break
        else:
            return best
