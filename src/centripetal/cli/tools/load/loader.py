"""Sends the commands of a file in order, several per request, and keeps failed lines in another file."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from centripetal.cli.generation import Generation
from centripetal.cli.output.errors import SystemFailure, explain
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.tools.load.failures import Failures
from centripetal.cli.tools.load.ndjson import Line, command_of
from centripetal.cli.tools.load.progress import Progress
from centripetal.cli.tools.load.stopping import Stopping
from centripetal.client.call import Slot
from centripetal.dialects.current.results.standard import BroadcastResult
from centripetal.errors import AuthenticationError, CentripetalError, ConnectionLostError, ServerError, UsageError
from centripetal.protocol.command import Command, Failed
from centripetal.protocol.records import failed_broadcast, failed_record, read_record

__all__ = ["GROUP", "LoadOptions", "Loader", "command_in"]

GROUP = 500
_GROUP_BYTES = 1 << 20
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
        signals: the signals that stop the load; None if it handles no signals.

    Attributes:
        sent: the number of commands sent.
        skipped: the number of lines skipped.
        next_line: the first line that was neither sent nor kept as a failure.
        finished: whether all lines were read and sent.
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
        signals: Stopping | None = None,
    ) -> None:
        self._client = client
        self._generation = generation
        self._options = options
        self._failures = failures
        self._progress = progress
        self._stopping = Stopping() if signals is None else signals
        self._clock, self._sleep = clock, sleep
        self._in_a_row = 0
        self.sent = self.skipped = 0
        self.next_line = 1
        self.finished = False
        self.stopped_by: CentripetalError | None = None

    def run(self, lines: Iterator[Line]) -> None:
        """Send the commands in *lines*."""
        # Sequential: preparing the next request during the current one was not faster (2 cores, 1.8.0 and 6.9.1).
        start = self._clock()
        try:
            for group in self._groups(lines):
                self._keep_rate(start)
                if self._stopping:
                    return
                self._settle(self._send(group))
                if self.stopped_by is not None:
                    return
            self.finished = not self._stopping
        except (UsageError, SystemFailure) as error:  # the input cannot be used, or the failures cannot be written
            self.stopped_by = error

    def _keep_rate(self, start: float) -> None:
        if self._options.rate is not None:
            due = start + self.sent / self._options.rate
            while not self._stopping and (pause := due - self._clock()) > 0:
                self._sleep(min(pause, 0.2))

    def _send(self, group: list[_Read]) -> list[tuple[Line, Slot[Any]]]:
        """Send the commands of *group* in one request and return the outcome of each line."""
        outcomes: list[tuple[Line, Slot[Any]]] = []
        batch = self._client.batch()
        for line, command in group:
            try:
                outcomes.append((line, command if isinstance(command, Failed) else batch.call(command)))
            except UsageError as error:
                error.command = None  # the message refers to the line instead
                outcomes.append((line, Failed(error)))

        def send() -> bool:
            with contextlib.suppress(CentripetalError), batch:  # each slot holds its own error
                pass
            return True

        self.sent += len(batch)
        if self._stopping.interruptible(2, send, otherwise=False):
            return outcomes
        return [(line, slot if isinstance(slot, Failed) else _interrupted(slot)) for line, slot in outcomes]

    def _groups(self, lines: Iterator[Line]) -> Iterator[list[_Read]]:
        """Yield groups of lines whose commands can share a request."""
        group: list[_Read] = []
        size, before = 0, None
        for line in self._read(lines):
            command = command_in(line, self._generation, skip_doubtful=self._options.skip_doubtful)
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
        while (line := self._stopping.interruptible(1, lambda: next(lines, None), otherwise=None)) is not None:
            yield line

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


def command_in(line: Line, generation: Generation, *, skip_doubtful: bool = False) -> Command[Any] | Failed | None:
    """Return the command of *line*, or its error, or None if the line must be skipped."""
    if line.problem is not None:
        return Failed(line.problem)
    try:
        record = read_record(line.text)
        return None if record.doubtful and skip_doubtful else command_of(record, generation)
    except UsageError as error:
        return Failed(error)


def _interrupted(slot: Slot[Any]) -> Slot[Any]:
    """Return the outcome of a command whose request was interrupted: the server may have executed it."""
    try:
        slot.result()
    except ServerError:
        pass
    except CentripetalError:
        return Failed(ConnectionLostError("the load was stopped before the reply arrived", executed="unknown"))
    return slot


def _together(before: Command[Any] | None, command: Command[Any] | Failed) -> bool:
    """Return whether both can share a request: in 1.x, one failing read loses the replies to writes.

    See protocol 1: decision-order.
    """
    if before is None or isinstance(command, Failed):
        return True
    return before.reads == command.reads and not before.alone and not command.alone
