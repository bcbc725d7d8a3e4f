"""Errors that a program may never look at. They are noticed when the last object that gives access to them is dropped.

This module keeps the errors; `client/unread.py` reports them.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple

from centripetal.errors import CentripetalError

__all__ = ["Errors", "Failures", "Report", "Unread", "set_notice"]

Errors = Mapping[Hashable, Callable[[], CentripetalError]]
"""Functions that create the errors."""

Report = Callable[[str, Errors], object]
"""Reports errors that were never read; the text says where they were."""


class Unread:
    """Errors that were not read so far. It is shared by the objects that give access to them, and ends with the last.

    Such an object is only created for failures, so success costs nothing.

    Args:
        place: where the errors are, such as "a batch".
        errors: the errors; the key is the position of the command in a batch.
    """

    __slots__ = ("__weakref__", "_errors", "_place", "_report")

    def __init__(self, place: str, errors: Errors) -> None:
        self._place = place
        self._errors = dict(errors)
        self._report = _notice(self)

    def read(self, key: Hashable) -> None:
        """Note that the program has read the error with *key*."""
        self._errors.pop(key, None)

    def tell(self) -> None:
        """Report the errors that were not read, once."""
        errors, self._errors = self._errors, {}
        if errors:
            self._report(self._place, errors)

    def __del__(self) -> None:
        self.tell()


class Failures(NamedTuple):
    """Failures in the result of a command.

    Attributes:
        error: creates the error about them.
        unread: reports them if the program never reads them.
    """

    error: Callable[[], CentripetalError]
    unread: Unread


def _no_report(_place: str, _errors: Errors) -> None:
    """Report nothing: the program does not use a client."""


_notice: Callable[[Unread], Report] = lambda _: _no_report  # noqa: E731


def set_notice(notice: Callable[[Unread], Report]) -> None:
    """Set the function that is called with each new `Unread`; it returns the function that reports its errors."""
    global _notice
    _notice = notice
