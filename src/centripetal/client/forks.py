"""Reset objects in a forked child: locks that threads of the parent may hold, and calls that the parent completes."""

import os
import weakref
from typing import Protocol

__all__ = ["renew_after_fork"]


class Renewable(Protocol):
    """An object with state that a child process must not share."""

    def _renew(self) -> None: ...


_objects: "weakref.WeakSet[Renewable]" = weakref.WeakSet()


def renew_after_fork(thing: Renewable) -> None:
    """Call `thing._renew()` in every forked child, for as long as *thing* lives."""
    _objects.add(thing)


def _after_fork() -> None:
    for thing in list(_objects):
        thing._renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
