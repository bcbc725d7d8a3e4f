"""Report errors that a program has dropped without reading them, as asyncio does for exceptions of tasks.

The reports go to the logger `centripetal.client`. The pytest plugin turns them into warnings.
"""

import atexit
import os
import sys
import weakref
from collections import deque
from functools import partial
from itertools import islice

from centripetal.client.request_log import LEVELS, prepare_log
from centripetal.errors import CentripetalError
from centripetal.protocol.exact import exact_text
from centripetal.protocol.unread import Errors, Report, Unread, set_notice

__all__ = ["prepare_reports", "recent", "unread_errors"]

_MOST = 10
"""Errors of one batch that are reported one by one."""

recent: deque[str] = deque(maxlen=100)
"""The last reports, for the pytest plugin, which takes them out after each test."""

unread_errors: "weakref.WeakSet[Unread]" = weakref.WeakSet()
"""The errors that can still be read."""

_prepared = False


def prepare_reports() -> None:
    """Get ready to report errors. Clients call this when they are created, because it imports `logging`."""
    global _prepared
    prepare_log()
    if not _prepared:
        _prepared = True
        atexit.register(_tell_all)  # after `logging` has registered its own end, which must come later
        set_notice(_notice)


def _notice(unread: Unread) -> Report:
    unread_errors.add(unread)
    return partial(_report, os.getpid())


def _tell_all() -> None:
    """Report everything at the end of the program, before modules are torn down."""
    for unread in list(unread_errors):
        unread.tell()


def _report(process: int, place: str, errors: Errors) -> None:
    if os.getpid() != process or sys.is_finalizing():  # a forked child has copies of what its parent reports
        return
    texts = [_text(place, make()) for make in islice(errors.values(), _MOST)]
    if len(errors) > _MOST:
        texts.append(f"{len(errors) - _MOST} more errors of {place} were never read")
    for text in texts:
        recent.append(text)
        LEVELS.logger.error("%s", text)


def _text(place: str, error: CentripetalError) -> str:
    channel = exact_text(getattr(error.command, "channel", None))
    about = f" about the channel “{channel:.100}”" if channel else ""
    return f"an error of {place}{about} was never read: {error}"
