"""The log of events, with the logger `centripetal.proxy`; secrets and data of clients are never logged."""

import logging
import time
from typing import Any

__all__ = ["LOG", "warn_rarely"]

LOG = logging.getLogger("centripetal.proxy")
_next: dict[str, float] = {}


def warn_rarely(message: str, *arguments: Any, pause: float = 1.0) -> None:
    """Log a warning that anyone on the network can cause, at most once each *pause* seconds for each *message*."""
    now = time.monotonic()
    if now >= _next.get(message, now):
        _next[message] = now + pause
        LOG.warning(message, *arguments)
