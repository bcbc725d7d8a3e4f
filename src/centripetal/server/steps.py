"""Work in small steps, so that a server can do other work between two steps: PURE.

A function with long work is a generator that yields after each step and returns its result. `HTTPConnection` runs the
steps in slices of a few milliseconds; `finished` runs all of them at once.
"""

from collections.abc import Generator
from typing import TypeAlias, TypeVar

__all__ = ["SLICE", "Steps", "finished"]

SLICE = 0.005
"""Seconds that unfinished work may take before other connections are served."""

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Unfinished work with a result of type *T*."""


def finished(steps: Steps[T]) -> T:
    """Run all *steps* and return their result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
