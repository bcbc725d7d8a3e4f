"""Sending the commands of a file: in groups that share a request, in order; what failed is kept in another file."""

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
_SHOWN = 20  # failures that are printed; all of them are in the file
_FAILURES_IN_A_ROW = 3  # of whole requests, after which it stops


_Read = tuple[Line, Command[Any] | Failed]
"""A line and its command, or what is wrong with it."""


class LoadOptions(NamedTuple):
    """How to load a file.

    Attributes:
        group: how many commands a request carries at most.
        rate: how many go out in a second at most; None: as many as can be.
        skip_doubtful: leave out lines of which an earlier load says that they may have run.
    """

    group: int = GROUP
    rate: float | None = None
    skip_doubtful: bool = False


class Failures:
    """Keeps the lines that failed in a file, which is made at the first one; prints the first few.

    Args:
        path: the file; None: there is none.
        append: whether it may be there already.
    """

    def __init__(self, path: Path | None, append: bool = False) -> None:
        self.path = path
        self.count = 0
        self._append = append
        self._file: BinaryIO | None = None

    def keep(self, line: Line, error: CentripetalError, text: bytes) -> None:
        """Keep *text*: *line*, or what failed of it, with *error*.

        Raises:
            UsageError: the file cannot be written.
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
        """Have all of it in the file.

        Raises:
            UsageError: it cannot be written.
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
                f"cannot write {self.path}: {error.strerror}; failed lines of the last request may be missing there"
            ) from None

    def close(self) -> None:
        """End the file; print how many failures were not printed."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # flush() has told
                self._file.close()
        if self.count > _SHOWN:
            print(f"and {self.count - _SHOWN} more lines", file=sys.stderr)


class Loader:
    """Sends the commands of a file in their order.

    Args:
        client: a blocking client.
        generation: the generation of its server.
        options: how to load.
        failures: takes the lines that failed.
        progress: shows how far it is.
        clock: seconds on a clock that never goes back.
        sleep: waits for so many seconds.

    Attributes:
        sent: how many commands went out.
        skipped: how many lines were left out.
        next_line: the first line that was neither sent nor kept as a failure.
        stopping: set it to end after the request that is under way.
        reading: whether it waits for a line, so that there is no request to wait for.
        stopped_by: the error that ended it before its time.
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
        # One request after the other: to make the next one ready meanwhile was no faster (two cores, 1.8.0 and 6.9.1).
        start = self._clock()
        try:
            for group in self._groups(lines):
                if self.stopping:
                    return
                self._settle(self._send(group, start))
                if self.stopped_by is not None:
                    return
        except UsageError as error:  # a file is not what it must be: that with the commands, or that with the failures
            self.stopped_by = error

    def _keep_rate(self, start: float, count: int) -> None:
        self.sent += count
        if self._options.rate is not None:
            due = start + (self.sent - count) / self._options.rate
            while not self.stopping and (pause := due - self._clock()) > 0:
                self._sleep(min(pause, 0.2))

    def _send(self, group: list[_Read], start: float) -> list[tuple[Line, Slot[Any]]]:
        """Send the commands of *group* in one request; the outcome of each line."""
        outcomes: list[tuple[Line, Slot[Any]]] = []
        with contextlib.suppress(CentripetalError), self._client.batch() as batch:  # each slot has its own error
            for line, command in group:
                try:
                    outcomes.append((line, command if isinstance(command, Failed) else batch.call(command)))
                except UsageError as error:
                    error.command = None  # it is about the line
                    outcomes.append((line, Failed(error)))
            self._keep_rate(start, len(batch))
        return outcomes

    def _groups(self, lines: Iterator[Line]) -> Iterator[list[_Read]]:
        """Lines whose commands may share a request."""
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
        """The command of *line*, or what is wrong with it; None if the line is to be left out."""
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
                error.index = None  # the line has its place
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
        """A broadcast may have failed in some of its channels: to repeat it in all of them would be worse."""
        if isinstance(result, BroadcastResult) and result.failed:
            error = result.failed[min(result.failed)]
            refusal = ServerError(error.message, code=error.code, executed="no")
            self._failures.keep(line, refusal, failed_broadcast(line.text, sorted(result.failed), refusal))


def _together(before: Command[Any] | None, command: Command[Any] | Failed) -> bool:
    """Whether they may share a request: one read can spoil the writes of a 1.x server (spec v1 §5.3)."""
    if before is None or isinstance(command, Failed):
        return True
    return before.reads == command.reads and not before.alone and not command.alone
