"""Signals that stop a load: Ctrl-C, SIGTERM and SIGHUP.

The first signal stops the load after the request in flight, the second one does not wait for the reply, and the third
one ends the program at once. The handler raises `KeyboardInterrupt` only inside `interruptible`, where the program may
wait for a long time and the caller knows what was sent. Everywhere else it only counts, so the load keeps every failed
line and names the right line to continue with.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar

__all__ = ["Stopping"]

T = TypeVar("T")
U = TypeVar("U")

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """The signals that a load has received.

    Attributes:
        signals: the number of signals.
        first: the first signal; 0 if none was received.
    """

    def __init__(self) -> None:
        self.signals = 0
        self.first = 0
        self._raise_at: int | None = None

    def __bool__(self) -> bool:
        return self.signals > 0

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Handle the signals until the block ends. A signal that the parent process ignores is still ignored."""
        before = {}
        with suppress(ValueError):  # signal handlers can only be set in the main thread
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    before[number] = signal.signal(number, self._receive)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def interruptible(self, signals: int, action: Callable[[], T], otherwise: U) -> T | U:
        """Return the result of *action*, or *otherwise* if a signal interrupted it.

        Args:
            signals: the number of received signals that interrupts the action.
            action: may wait for a long time.
            otherwise: the result if the action was interrupted.
        """
        try:
            self._raise_at = signals
            try:
                if self.signals >= signals:
                    raise KeyboardInterrupt
                return action()
            finally:
                self._raise_at = None
        except KeyboardInterrupt:
            return otherwise

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.signals += 1
        self.first = self.first or number
        if self.signals > 2:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif self._raise_at is not None and self.signals >= self._raise_at:
            self._raise_at = None  # raise once: another exception would leave `interruptible`
            raise KeyboardInterrupt
