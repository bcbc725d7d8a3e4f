"""Sends the commands of a file in order, several per request, and keeps failed lines in another file."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from centripetal.cli.generation import Generation
from centripetal.cli.output.errors import ExitCode, explain, printable
from centripetal.cli.tools.load.ndjson import Line, command_of
from centripetal.cli.tools.load.progress import Progress
from centripetal.client.call import Slot
from centripetal.dialects.current.results.standard import BroadcastResult
from centripetal.errors import AuthenticationError, CentripetalError, ServerError, UsageError
from centripetal.protocol.command import Command, Failed
from centripetal.protocol.records import failed_broadcast, failed_record, read_record

__all__ = ["GROUP", "Failures", "LoadOptions", "Loader"]

GROUP = 500
_GROUP_BYTES = 1 << 20
_SHOWN = 20  # the maximum number of failures to print; the file has all of them
_FAILURES_IN_A_ROW = 3  # whole requests that failed before the load stops


_Read = tuple[Line, Command[Any] | Failed]
"""A line, and its command or its error."""


class LoadOptions(NamedTuple):
    """Options of a load.

    Attributes:
        group: the maximum number of commands per request.
        rate: the maximum number of commands per second; None means no limit.
        skip_doubtful: skip lines that an earlier load has marked as possibly executed.
    """

    group: int = GROUP
    rate: float | None = None
    skip_doubtful: bool = False


class Failures:
    """Failed lines: all are written to a file, which is created at the first failure, and the first few are printed.

    Args:
        path: the file; None only counts and prints failures.
        append: append to an existing file; otherwise the file must not exist.
    """

    def __init__(self, path: Path | None, append: bool = False) -> None:
        self.path = path
        self.count = 0
        self._append = append
        self._file: BinaryIO | None = None

    def keep(self, line: Line, error: CentripetalError, text: bytes) -> None:
        """Record the failure of *line*: write *text*, the failed command with *error*, to the file.

        Raises:
            UsageError: if the file cannot be written.
        """
        self.count += 1
        if self.count <= _SHOWN:
            print(f"line {line.number}: {printable(str(error))}", file=sys.stderr)
        if self.path is None:
            return
        with self._writing():
            if self._file is None:
                self._file = self.path.open("ab" if self._append else "xb")
            self._file.write(text)

    def flush(self) -> None:
        """Flush the file.

        Raises:
            UsageError: if the file cannot be written.
        """
        if self._file is not None:
            with self._writing():
                self._file.flush()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"cannot write {self.path}: {error.strerror}. It may lack failed lines of the last request"
            ) from None

    def close(self) -> None:
        """Close the file, and print the number of failures that were not printed."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # flush() has reported the error
                self._file.close()
        if self.count > _SHOWN:
            print(f"{self.count - _SHOWN} more lines failed", file=sys.stderr)


class Loader:
    """The load of one file, which sends the commands in order.

    Args:
        client: a blocking client.
        generation: the generation of the server.
        options: the options of the load.
        failures: the failed lines.
        progress: the display to update after each request.
        clock: a function that returns seconds from a monotonic clock.
        sleep: a function that sleeps for a number of seconds.

    Attributes:
        sent: the number of commands sent.
        skipped: the number of lines skipped.
        next_line: the first line that was neither sent nor kept as a failure.
        stopping: set this to True to stop after the current request.
        reading: whether the loader waits for a line; then no request is in flight.
        stopped_by: the error that stopped the load early; None if no error stopped it.
    """

    def __init__(
        self,
        client: Any,
        generation: Generation,
        options: LoadOptions,
        failures: Failures,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._generation = generation
        self._options = options
        self._failures = failures
        self._progress = progress
        self._clock, self._sleep = clock, sleep
        self._in_a_row = 0
        self.sent = self.skipped = 0
        self.next_line = 1
        self.stopping = False
        self.reading = False
        self.stopped_by: CentripetalError | None = None

    def run(self, lines: Iterator[Line]) -> None:
        """Send the commands in *lines*."""
        # Sequential: preparing the next request during the current one was not faster (2 cores, 1.8.0 and 6.9.1).
        start = self._clock()
        try:
            for group in self._groups(lines):
                if self.stopping:
                    return
                self._settle(self._send(group, start))
                if self.stopped_by is not None:
                    return
        except UsageError as error:  # the input has a line that is too long, or the file of failures cannot be written
            self.stopped_by = error

    def _keep_rate(self, start: float, count: int) -> None:
        self.sent += count
        if self._options.rate is not None:
            due = start + (self.sent - count) / self._options.rate
            while not self.stopping and (pause := due - self._clock()) > 0:
                self._sleep(min(pause, 0.2))

    def _send(self, group: list[_Read], start: float) -> list[tuple[Line, Slot[Any]]]:
        """Send the commands of *group* in one request and return the outcome of each line."""
        outcomes: list[tuple[Line, Slot[Any]]] = []
        with contextlib.suppress(CentripetalError), self._client.batch() as batch:  # each slot holds its own error
            for line, command in group:
                try:
                    outcomes.append((line, command if isinstance(command, Failed) else batch.call(command)))
                except UsageError as error:
                    error.command = None  # the message refers to the line instead
                    outcomes.append((line, Failed(error)))
            self._keep_rate(start, len(batch))
        return outcomes

    def _groups(self, lines: Iterator[Line]) -> Iterator[list[_Read]]:
        """Yield groups of lines whose commands can share a request."""
        group: list[_Read] = []
        size, before = 0, None
        for line in self._read(lines):
            command = self._command(line)
            if command is None:
                self.skipped += 1
                continue
            full = len(group) >= self._options.group or size + len(line.text) > _GROUP_BYTES
            if group and (full or not _together(before, command)):
                yield group
                group, size, before = [], 0, None
            group.append((line, command))
            size, before = size + len(line.text), before if isinstance(command, Failed) else command
        if group:
            yield group

    def _read(self, lines: Iterator[Line]) -> Iterator[Line]:
        while not self.stopping:
            self.reading = True
            line = next(lines, None)
            self.reading = False
            if line is None:
                return
            yield line

    def _command(self, line: Line) -> Command[Any] | Failed | None:
        """Return the command of *line*, or its error, or None if the line must be skipped."""
        try:
            record = read_record(line.text)
            leave_out = record.doubtful and self._options.skip_doubtful
            return None if leave_out else command_of(record, self._generation)
        except UsageError as error:
            return Failed(error)

    def _settle(self, outcomes: list[tuple[Line, Slot[Any]]]) -> None:
        answered, failed = False, None
        last, _ = outcomes[-1]
        self.next_line = last.number + 1
        for line, slot in outcomes:
            try:
                result = slot.result()
            except CentripetalError as error:
                error.index = None  # the line number replaces the index in the batch
                self._failures.keep(line, error, failed_record(line.text, error))
                if explain(error)[0] is ExitCode.REFUSED:
                    answered = True
                elif not isinstance(slot, Failed):
                    failed = error
            else:
                answered = True
                self._keep_failed_channels(line, result)
        self._failures.flush()
        self._progress.advance(last.position, self.sent, self._failures.count)
        if answered:
            self._in_a_row = 0
        elif failed is not None:
            self._in_a_row += 1
            if isinstance(failed, AuthenticationError) or self._in_a_row >= _FAILURES_IN_A_ROW:
                self.stopped_by = failed

    def _keep_failed_channels(self, line: Line, result: Any) -> None:
        """Keep only the failed channels of a broadcast: repeating all of them would publish twice in the others."""
        if isinstance(result, BroadcastResult) and result.failed:
            error = result.failed[min(result.failed)]
            refusal = ServerError(error.message, code=error.code, executed="no")
            self._failures.keep(line, refusal, failed_broadcast(line.text, sorted(result.failed), refusal))


def _together(before: Command[Any] | None, command: Command[Any] | Failed) -> bool:
    """Return whether both can share a request: in 1.x, one failing read loses the replies to writes.

    See protocol 1: decision-order.
    """
    if before is None or isinstance(command, Failed):
        return True
    return before.reads == command.reads and not before.alone and not command.alone
