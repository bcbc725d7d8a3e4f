"""The shortest way to a failure: steps are left out, then made simpler, as long as it still fails."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

__all__ = ["shortest"]

T = TypeVar("T")


def shortest(items: Sequence[T], fails: Callable[[Sequence[T]], bool], shorter: Callable[[T], Iterator[T]]) -> list[T]:
    """Items of *items* in the same order, or simpler ones, that fail, and do so no more if one is left out.

    Args:
        items: what fails.
        fails: whether other items do.
        shorter: simpler items instead of one.
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
    """What may stand at *index* at the least."""
    best = items[index]
    while True:
        for candidate in shorter(best):
            if fails([*items[:index], candidate, *items[index + 1 :]]):
                best = candidate
                break
        else:
            return best
