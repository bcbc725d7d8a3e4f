"""The timers of one connection: PURE."""

from collections.abc import Callable
from typing import Any

from centripetal.server.session import ClientConnection, Timer

__all__ = ["Timers"]


class Timers:
    """Named timers; setting a timer again replaces it."""

    __slots__ = ("_connection", "_timers")

    def __init__(self, connection: ClientConnection[Any]) -> None:
        self._connection = connection
        self._timers: dict[str, Timer] = {}

    def set(self, name: str, delay: float, callback: Callable[[], object]) -> None:
        """Call *callback* in *delay* seconds."""
        self.clear(name)
        self._timers[name] = self._connection.call_later(delay, callback)

    def clear(self, name: str) -> None:
        """Cancel the timer if it is set."""
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()

    def clear_all(self) -> None:
        """Cancel all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
