"""`centripetal load`: sends the commands of a file, hundreds per request, and keeps failed lines to load again."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, BinaryIO

import typer

from centripetal.cli.output.errors import ExitCode, explain, printable
from centripetal.cli.output.printing import show_json
from centripetal.cli.registration import option
from centripetal.cli.settings import Settings
from centripetal.cli.tools.load.loader import GROUP, Failures, Loader, LoadOptions
from centripetal.cli.tools.load.ndjson import lines_of
from centripetal.cli.tools.load.progress import progress
from centripetal.errors import UsageError

__all__ = ["load", "stopping"]


def load(
    settings: Settings,
    file: Annotated[str, typer.Argument(metavar="FILE", help="NDJSON, one command per line; - reads standard input.")],
    failed: Annotated[
        Path | None,
        option(
            "--failed",
            "FILE",
            "File for failed lines. Default: FILE.failed.ndjson; for standard input, failures are only counted.",
        ),
    ] = None,
    group: Annotated[int, option("--group", "N", "Maximum number of commands per request.", show_default=True)] = GROUP,
    rate: Annotated[float | None, option("--rate", "N", "Maximum number of commands per second.")] = None,
    start_line: Annotated[
        int, option("--start-line", "N", "Start with this line, as printed by an earlier load.", show_default=True)
    ] = 1,
    skip_unknown: Annotated[
        bool,
        option(
            "--skip-unknown",
            None,
            'Skip lines with `"executed": "unknown"`: an earlier load may have run them.',
        ),
    ] = False,
) -> None:
    """Send the commands in FILE in order, several per request. Each line is a command in JSON.

    A line is `{"method": "publish", "params": {"channel": "news", "data": 1}}` or `{"publish": {"channel": "news",
    "data": 1}}`, with the fields of the API. Blank lines are ignored.

    Failed lines are written to another file, with the reason in `error`. Fix the problem and load that file. If
    `executed` is "unknown", the server may have run the command before the connection was lost, and loading the line
    again could run it twice; `--skip-unknown` skips these lines. The load stops after three consecutive requests that
    failed completely, and after Ctrl-C, which waits for the current request. It then prints the `--start-line` to
    continue with.

    The exit code is 1 if some lines failed, or the code of the error if an error stopped the load.

    Examples:
        centripetal load commands.ndjson
        zcat commands.ndjson.gz | centripetal load - --failed failed.ndjson --rate 10000
        centripetal load commands.ndjson.failed.ndjson --skip-unknown
    """
    if group < 1 or start_line < 1 or (rate is not None and rate <= 0):
        raise UsageError("--group and --start-line must be 1 or more, and --rate must be more than 0")
    target = settings.target()
    client = target.client()
    path = failed if failed is not None or file == "-" else Path(f"{file}.failed.ndjson")
    failures = Failures(path, append=start_line > 1)
    began = time.monotonic()
    with contextlib.closing(client), _opened(file) as source, progress(_size(source)) as bar:
        _check_path(path, file, start_line)
        options = LoadOptions(group, rate, skip_unknown)
        loader = Loader(client, target.required_generation(), options, failures, bar)
        loader.next_line = start_line
        with stopping(loader), contextlib.suppress(KeyboardInterrupt):
            loader.run(lines_of(source, start_line))
    failures.close()
    _summary(settings, loader, failures, time.monotonic() - began)
    raise typer.Exit(_code(loader, failures))


def _check_path(path: Path | None, file: str, start_line: int) -> None:
    if path is None:
        return
    if file != "-" and path.exists() and Path(file).exists() and path.samefile(file):
        raise UsageError(f"--failed {path} is the file to load: give another file")
    if path.exists() and start_line == 1:
        raise UsageError(
            f"{path} exists, perhaps from an earlier load: load it, remove it, or give another file with --failed"
        )
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK) or path.is_dir():
        # Checked before anything is sent, so that no failed line is lost.
        raise UsageError(f"cannot write failed lines to {path}: give a writable file with --failed")


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed: give a file")
        yield sys.stdin.buffer
        return
    try:
        source = Path(file).open("rb", buffering=1 << 18)  # noqa: SIM115 - it is closed below
    except OSError as error:
        raise UsageError(f"cannot read {file!r}: {error.strerror}") from None
    with source:
        yield source


def _size(source: BinaryIO) -> int | None:
    """Return the size of *source* in bytes, or None if it is unknown."""
    try:
        size = os.fstat(source.fileno()).st_size
    except (OSError, ValueError):
        return None
    return size or None


@contextlib.contextmanager
def stopping(loader: Loader) -> Iterator[None]:
    """Make the first Ctrl-C stop the load after the current request, and the second one immediately."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if loader.stopping or loader.reading:
            loader.stopping = True
            raise KeyboardInterrupt
        loader.stopping = True

    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # signal handlers can only be set in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _summary(settings: Settings, loader: Loader, failures: Failures, seconds: float) -> None:
    done, error = loader.sent, loader.stopped_by
    where = str(failures.path) if failures.path is not None and failures.count and failures.path.exists() else None
    goes_on = loader.next_line if loader.stopping or error is not None else None
    if settings.json:
        summary = {"sent": done, "failed": failures.count, "skipped": loader.skipped, "seconds": round(seconds, 3)}
        outcome = {"failed_file": where, "next_line": goes_on, "error": None if error is None else str(error)}
        show_json(summary | outcome)
        return
    rate = f"{done / seconds:,.0f} per second" if seconds > 0 else ""
    print(f"{done:,} commands sent in {seconds:.1f} s, {rate}; {failures.count:,} lines failed", end="")
    print(f", {loader.skipped:,} skipped" if loader.skipped else "")
    if where is not None:
        print(f"Failed lines are in {printable(where)}: fix the problems and load that file.")
    if error is not None:
        advice = explain(error)[1]
        print(f"stopped: {printable(str(error))}", *filter(None, [advice]), sep="\n", file=sys.stderr)
    if goes_on is not None:
        print(f"To continue: --start-line {goes_on}", file=sys.stderr)


def _code(loader: Loader, failures: Failures) -> int:
    if loader.stopping:
        return ExitCode.INTERRUPTED
    if loader.stopped_by is not None:
        return explain(loader.stopped_by)[0]
    return ExitCode.REFUSED if failures.count else ExitCode.OK
