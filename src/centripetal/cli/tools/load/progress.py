"""Progress of a load on standard error: a bar in a terminal, occasional lines otherwise."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from centripetal.cli.output.printing import console

__all__ = ["Progress", "progress"]

Clock = Callable[[], float]

_EVERY = 10.0  # seconds between two lines, if standard error is not a terminal


class Progress(Protocol):
    """A display of progress."""

    def advance(self, position: int, count: int, failed: int) -> None:
        """Update the display.

        Args:
            position: bytes of the file that were processed.
            count: commands sent.
            failed: lines that failed.
        """
        ...


class _Lines:
    """Progress as a line every few seconds."""

    def __init__(self, size: int | None, clock: Clock) -> None:
        self._size = size
        self._clock = clock
        self._start = self._last = clock()

    def advance(self, position: int, count: int, failed: int) -> None:
        now = self._clock()
        if now - self._last < _EVERY:
            return
        self._last = now
        share = f"{position / self._size:.0%}, " if self._size else ""
        rate = count / (now - self._start)
        print(f"{share}{count:,} commands, {rate:,.0f} per second, {failed:,} failed", file=sys.stderr)


class _Bar:
    """Progress as a bar drawn by Rich."""

    def __init__(self, size: int | None, clock: Clock, bar: Any) -> None:
        self._bar = bar
        self._clock = clock
        self._start = clock()
        self._task = bar.add_task("", total=size, count=0, failed=0, rate=0.0)

    def advance(self, position: int, count: int, failed: int) -> None:
        rate = count / max(self._clock() - self._start, 1e-9)
        self._bar.update(self._task, completed=position, count=count, failed=failed, rate=rate)


@contextlib.contextmanager
def progress(size: int | None, clock: Clock = time.monotonic) -> Iterator[Progress]:
    """Show progress until the block ends.

    Args:
        size: the size of the file in bytes; None if it is unknown.
        clock: a function that returns seconds from a monotonic clock.
    """
    if not sys.stderr.isatty():
        yield _Lines(size, clock)
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = [
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%") if size else TextColumn("{task.fields[count]:,}"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TextColumn("{task.fields[failed]:,} failed"),
        TimeRemainingColumn() if size else TimeElapsedColumn(),
    ]
    with Bar(*columns, console=console(stderr=True), transient=True) as bar:
        yield _Bar(size, clock, bar)
