"""Warnings about errors of batches and broadcasts that a test has not read. The pytest plugin uses this module."""

import gc
from collections.abc import Callable

from centripetal.client.unread import recent, unread_errors

__all__ = ["UnreadErrorWarning", "warn_of_unread_errors"]


class UnreadErrorWarning(UserWarning):
    """A call in a batch, or a channel of a broadcast, failed, and the test did not read the error."""


def warn_of_unread_errors(warn: Callable[[Warning], object]) -> None:
    """Pass a warning for each error that was dropped without being read to *warn*."""
    if unread_errors:
        gc.collect()  # a traceback or a task may keep a batch of the test in a reference cycle
    texts = list(recent)
    recent.clear()
    for text in texts:
        warn(UnreadErrorWarning(text))
