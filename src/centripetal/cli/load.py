"""`centripetal load`: many commands from a file, in requests of hundreds; what failed is kept, to be loaded again."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, BinaryIO, NamedTuple, Protocol

import typer

from centripetal.cli.failures import ExitCode, explain, printable
from centripetal.cli.ndjson import Line, command_of, failed_broadcast, failed_line, lines_of, was_doubtful
from centripetal.cli.output import show_json
from centripetal.cli.progress import Progress, progress
from centripetal.cli.settings import TOOLS, Settings, register
from centripetal.dialects.current.results import BroadcastResult
from centripetal.errors import AuthenticationError, CentripetalError, ServerError, UsageError
from centripetal.protocol.command import Command

__all__ = ["Loader", "Loading", "register_in"]

_GROUP = 500
_GROUP_BYTES = 1 << 20
_SHOWN = 20  # failures that are printed; all of them are in the file
_FAILURES_IN_A_ROW = 3  # of whole requests, after which it stops


class Slot(Protocol):
    """What a command of a batch came to."""

    def result(self) -> Any:
        """The result; raises the error that it came to instead."""
        ...


class Entry(NamedTuple):
    """A line and the promise of its command."""

    line: Line
    slot: Slot


class _Wrong(NamedTuple):
    """The slot of a line that was not sent, because it is no command."""

    error: UsageError

    def result(self) -> Any:
        """Raises what is wrong."""
        raise self.error


class Loading(NamedTuple):
    """What is wanted.

    Attributes:
        group: how many commands a request carries at most.
        rate: how many go out in a second at most; None: as many as can be.
        skip_doubtful: leave out lines of which an earlier load says that they may have run.
    """

    group: int = _GROUP
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

    def add(self, line: Line, error: CentripetalError) -> None:
        """Keep *line*, which came to *error*."""
        self.keep(line, error, failed_line(line.text, error))

    def keep(self, line: Line, error: CentripetalError, text: bytes) -> None:
        """Keep *text*, which is what failed of *line*, because of *error*."""
        self.count += 1
        if self.count <= _SHOWN:
            print(f"line {line.number}: {printable(str(error))}", file=sys.stderr)
        if self.path is None:
            return
        if self._file is None:
            self._file = self.path.open("ab" if self._append else "xb")
        self._file.write(text)

    def flush(self) -> None:
        """Have all of it in the file."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """End the file; print how many failures were not printed."""
        if self._file is not None:
            self._file.close()
        if self.count > _SHOWN:
            print(f"and {self.count - _SHOWN} lines more", file=sys.stderr)


class Loader:
    """Sends the commands of a file in their order.

    Args:
        client: a blocking client.
        generation: that of its server.
        loading: what is wanted.
        failures: takes what failed.
        bar: is told how far it is.

    Attributes:
        sent: how many commands went out.
        skipped: how many lines were left out.
        next_line: the first line that was neither sent nor kept as a failure.
        stopping: set it to end after the request that is under way.
        stopped_by: the error that ended it before its time.
    """

    def __init__(self, client: Any, generation: Any, loading: Loading, failures: Failures, bar: Progress) -> None:
        self._client = client
        self._generation = generation
        self._loading = loading
        self._failures = failures
        self._bar = bar
        self._in_a_row = 0
        self.sent = self.skipped = 0
        self.next_line = 1
        self.stopping = False
        self.reading = False
        self.stopped_by: CentripetalError | None = None

    def run(self, lines: Iterator[Line]) -> None:
        """Send the commands in *lines*."""
        # One request after the other: to make the next one ready meanwhile was no faster (two cores, 1.8.0 and 6.9.1).
        start = time.monotonic()
        for batch, entries in self._groups(lines):
            if self.stopping:
                return
            self._keep_rate(start, len(batch))
            _send(batch)
            self._settle(entries)
            if self.stopped_by is not None:
                return

    def _keep_rate(self, start: float, count: int) -> None:
        self.sent += count
        if self._loading.rate is not None:
            due = start + (self.sent - count) / self._loading.rate
            while not self.stopping and (pause := due - time.monotonic()) > 0:
                time.sleep(min(pause, 0.2))

    def _groups(self, lines: Iterator[Line]) -> Iterator[tuple[Any, list[Entry]]]:
        """Batches of commands that may share a request, with their lines."""
        batch, entries, size, before = self._client.batch(), list[Entry](), 0, None
        for line in self._read(lines):
            if self._loading.skip_doubtful and was_doubtful(line.text):
                self.skipped += 1
                continue
            command = self._command(line)
            full = len(entries) >= self._loading.group or size + len(line.text) > _GROUP_BYTES
            if entries and (full or not _together(before, command)):
                yield batch, entries
                batch, entries, size, before = self._client.batch(), [], 0, None
            try:
                slot = command if isinstance(command, _Wrong) else batch.call(command)
            except UsageError as error:
                slot = _wrong(error)
            entries.append(Entry(line, slot))
            size, before = size + len(line.text), before if isinstance(command, _Wrong) else command
        if entries:
            yield batch, entries

    def _read(self, lines: Iterator[Line]) -> Iterator[Line]:
        while not self.stopping:
            self.reading = True
            line = next(lines, None)
            self.reading = False
            if line is None:
                return
            yield line

    def _command(self, line: Line) -> Command[Any] | _Wrong:
        try:
            return command_of(line.text, self._generation)
        except UsageError as error:
            return _wrong(error)

    def _settle(self, entries: list[Entry]) -> None:
        answered, failed = False, None
        for entry in entries:
            try:
                result = entry.slot.result()
            except CentripetalError as error:
                error.index = None  # its place is that of its line
                self._failures.add(entry.line, error)
                if explain(error)[0] is ExitCode.REFUSED:
                    answered = True
                elif not isinstance(entry.slot, _Wrong):
                    failed = error
            else:
                answered = True
                self._look_at(entry.line, result)
        self._failures.flush()
        last = entries[-1].line
        self.next_line = last.number + 1
        self._bar.advance(last.position, self.sent, self._failures.count)
        if answered:
            self._in_a_row = 0
        elif failed is not None:
            self._in_a_row += 1
            if isinstance(failed, AuthenticationError) or self._in_a_row >= _FAILURES_IN_A_ROW:
                self.stopped_by = failed

    def _look_at(self, line: Line, result: Any) -> None:
        """A broadcast may have failed in some of its channels: to repeat it in all of them would be worse."""
        if isinstance(result, BroadcastResult) and result.failed:
            error = result.failed[min(result.failed)]
            refusal = ServerError(error.message, code=error.code, executed="no")
            self._failures.keep(line, refusal, failed_broadcast(line.text, sorted(result.failed), refusal))


def _wrong(error: UsageError) -> _Wrong:
    error.command = error.index = None  # it is about a line
    return _Wrong(error)


def _together(before: Command[Any] | None, command: Command[Any] | _Wrong) -> bool:
    """Whether they may share a request: one read can spoil the writes of a 1.x server (spec v1 §5.3)."""
    if before is None or isinstance(command, _Wrong):
        return True
    return before.reads == command.reads and not before.alone and not command.alone


def _send(batch: Any) -> None:
    with contextlib.suppress(CentripetalError), batch:
        pass  # each slot has its own copy of the error


def load(
    settings: Settings,
    file: Annotated[str, typer.Argument(metavar="FILE", help="NDJSON; - reads the standard input.")],
    failed: Annotated[
        Path | None,
        typer.Option(
            "--failed",
            metavar="FILE",
            help="Where lines that failed go. Otherwise FILE.failed.ndjson; for standard input they are only counted.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[int, typer.Option("--group", metavar="N", help="How many commands a request carries.")] = _GROUP,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="N", help="At most so many commands a second.", show_default=False),
    ] = None,
    start_line: Annotated[
        int, typer.Option("--start-line", metavar="N", help="Begin with this line, as an earlier load has said.")
    ] = 1,
    skip_unknown: Annotated[
        bool,
        typer.Option(
            "--skip-unknown",
            help='Leave out lines with `"executed": "unknown"`: they may have run in an earlier load.',
            show_default=False,
        ),
    ] = False,
) -> None:
    """Send the commands in FILE, one a line in JSON, in groups that share a request; order is kept.

    A line is `{"method": "publish", "params": {"channel": "news", "data": 1}}` or `{"publish": {"channel": "news",
    "data": 1}}`, with the fields of the API; blank lines are passed over.

    Lines that fail go to another file, with what is wrong in `error`; load that again when it is mended. Where
    `executed` is "unknown", the server may have run the command before the connection was lost, and would run it
    twice; `--skip-unknown` leaves these out. After three requests in a row that failed as a whole it stops, and says
    with which `--start-line` to go on; so it does after Ctrl-C, which waits for the request that is under way.

    The exit code is 1 if any line failed, and that of the error if it stopped for one.
    """
    if group < 1 or start_line < 1 or (rate is not None and rate <= 0):
        raise UsageError("--group and --start-line must be at least 1, --rate more than 0")
    generation, client = settings.generation(), settings.client()
    path = failed if failed is not None or file == "-" else Path(f"{file}.failed.ndjson")
    _check_path(path, file, start_line)
    failures = Failures(path, append=start_line > 1)
    began = time.monotonic()
    with contextlib.closing(client), _opened(file) as source, progress(_size(source)) as bar:
        loader = Loader(client, generation, Loading(group, rate, skip_unknown), failures, bar)
        loader.next_line = start_line
        with _stopping(loader), contextlib.suppress(KeyboardInterrupt):
            loader.run(lines_of(source, start_line))
    failures.close()
    _summary(settings, loader, failures, time.monotonic() - began)
    raise typer.Exit(_code(loader, failures))


def _check_path(path: Path | None, file: str, start_line: int) -> None:
    if path is None:
        return
    if file != "-" and path.exists() and Path(file).exists() and path.samefile(file):
        raise UsageError(f"--failed {path} is the file that is loaded: name another one")
    if path.exists() and start_line == 1:
        raise UsageError(
            f"{path} is there already, from an earlier load: load that, or remove it, or name another with --failed"
        )


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("there is no standard input to read from: name a file")
        yield sys.stdin.buffer
        return
    try:
        source = Path(file).open("rb", buffering=1 << 18)  # noqa: SIM115 - it is closed below
    except OSError as error:
        raise UsageError(f"cannot read {file!r}: {error.strerror}") from None
    with source:
        yield source


def _size(source: BinaryIO) -> int | None:
    """The bytes in *source*, if that can be known."""
    try:
        size = os.fstat(source.fileno()).st_size
    except (OSError, ValueError):
        return None
    return size or None


@contextlib.contextmanager
def _stopping(loader: Loader) -> Iterator[None]:
    """Let the first Ctrl-C end the load in good order, and the second one at once."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if loader.stopping or loader.reading:
            loader.stopping = True
            raise KeyboardInterrupt
        loader.stopping = True

    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # not in the main thread: there is no Ctrl-C
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _summary(settings: Settings, loader: Loader, failures: Failures, seconds: float) -> None:
    done = loader.sent
    where = str(failures.path) if failures.path is not None and failures.count and failures.path.exists() else None
    goes_on = loader.next_line if loader.stopping or loader.stopped_by is not None else None
    if settings.json:
        show_json(
            {
                "sent": done,
                "failed": failures.count,
                "skipped": loader.skipped,
                "seconds": round(seconds, 3),
                "failed_file": where,
                "next_line": goes_on,
                "error": None if loader.stopped_by is None else str(loader.stopped_by),
            }
        )
        return
    rate = f"{done / seconds:,.0f} a second" if seconds > 0 else ""
    print(f"{done:,} commands sent in {seconds:.1f} s, {rate}; {failures.count:,} lines failed", end="")
    print(f", {loader.skipped:,} were left out" if loader.skipped else "")
    if where is not None:
        print(f"The lines that failed are in {printable(where)}: mend what is wrong and load that.")
    if loader.stopped_by is not None:
        print(f"stopped: {printable(str(loader.stopped_by))}", file=sys.stderr)
        print(explain(loader.stopped_by)[1], file=sys.stderr)
    if goes_on is not None:
        print(f"To go on: --start-line {goes_on}", file=sys.stderr)


def _code(loader: Loader, failures: Failures) -> int:
    if loader.stopping:
        return ExitCode.INTERRUPTED
    if loader.stopped_by is not None:
        return explain(loader.stopped_by)[0]
    return ExitCode.REFUSED if failures.count else ExitCode.OK


def register_in(app: typer.Typer) -> None:
    """Add the verb to *app*."""
    register(
        app,
        load,
        examples=[
            "centripetal load commands.ndjson",
            "zcat commands.ndjson.gz | centripetal load - --failed failed.ndjson --rate 10000",
            "centripetal load commands.ndjson.failed.ndjson --skip-unknown",
        ],
        panel=TOOLS,
    )
