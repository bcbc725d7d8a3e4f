"""Waiting for sockets with `poll`, or with `select` where it is missing: on Windows, and where eventlet removes it."""

import errno
import os
import select
from collections.abc import Iterable, Mapping
from typing import Protocol

__all__ = ["FAILED", "LONGEST_WAIT", "READ", "WRITE", "Poller", "new_poller", "wait_readable", "wait_ready"]

READ: int = getattr(select, "POLLIN", 1)
WRITE: int = getattr(select, "POLLOUT", 4)
FAILED: int = getattr(select, "POLLERR", 8) | getattr(select, "POLLHUP", 16)
LONGEST_WAIT = 86_400.0  # seconds; the system's timers do not accept arbitrarily long waits


class Poller(Protocol):
    """The methods of `select.poll` objects that this library uses."""

    def register(self, fd: int, eventmask: int, /) -> object:
        """Watch the descriptor *fd* for the events *eventmask*."""
        ...

    def modify(self, fd: int, eventmask: int, /) -> object:
        """Watch *fd* for other events."""
        ...

    def poll(self, timeout: float, /) -> list[tuple[int, int]]:
        """Return the ready descriptors, each with its events, after at most *timeout* milliseconds."""
        ...


class _SelectPoller:
    """A `Poller` that calls `select`."""

    def __init__(self) -> None:
        self._watched: dict[int, int] = {}

    def register(self, fd: int, eventmask: int, /) -> None:
        """See `Poller`.

        Raises:
            OSError: the system's `select` does not support descriptors as high as *fd*.
        """
        try:
            select.select([fd], [], [], 0)
        except ValueError:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from None
        self._watched[fd] = eventmask

    def modify(self, fd: int, eventmask: int, /) -> None:
        self._watched[fd] = eventmask

    def poll(self, timeout: float, /) -> list[tuple[int, int]]:
        reading = [fd for fd, events in self._watched.items() if events & READ]
        writing = [fd for fd, events in self._watched.items() if events & WRITE]
        # Windows reports a failed connection only in the third list.
        readable, writable, failed = select.select(reading, writing, writing, timeout / 1000)
        events = dict.fromkeys(readable, READ)
        for fd in (*writable, *failed):
            events[fd] = events.get(fd, 0) | WRITE
        return list(events.items())


def new_poller() -> Poller:
    """Return a poller for one thread."""
    # Look the function up here: eventlet may remove it after this module is imported.
    poll = getattr(select, "poll", None)
    return _SelectPoller() if poll is None else poll()


class _Socket(Protocol):
    def fileno(self) -> int:
        """Return the descriptor."""
        ...


def wait_ready(wanted: Mapping[int, int], seconds: float) -> set[int]:
    """Block until a descriptor is ready for its events in *wanted*, or *seconds* have passed; return the ready ones."""
    poller = new_poller()
    for fd, events in wanted.items():
        poller.register(fd, events)
    return {fd for fd, _ in poller.poll(max(0.0, min(seconds, LONGEST_WAIT)) * 1000)}


def wait_readable(sockets: Iterable[_Socket | None], seconds: float) -> set[int]:
    """Block until one of *sockets* is readable, or *seconds* have passed; return the readable descriptors."""
    return wait_ready({sock.fileno(): READ for sock in sockets if sock is not None}, seconds)
