"""The log of events, with the logger `centripetal.proxy`; secrets and data of clients are never logged."""

import time
from typing import Any

__all__ = ["log", "warn_rarely"]

_next: dict[str, float] = {}


def log() -> Any:
    """Return the logger."""
    import logging  # slow to import

    return logging.getLogger("centripetal.proxy")


def warn_rarely(message: str, *arguments: Any, pause: float = 1.0) -> None:
    """Log a warning that anyone on the network can cause, at most once each *pause* seconds for each *message*."""
    now = time.monotonic()
    if now >= _next.get(message, now):
        _next[message] = now + pause
        log().warning(message, *arguments)
