"""`centripetal load`: sends the commands of a file, hundreds per request, and keeps failed lines to load again."""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from centripetal.cli.input import STDIN
from centripetal.cli.output.errors import explain
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.printing import show_json
from centripetal.cli.output.streams import OutputError
from centripetal.cli.output.text import one_line
from centripetal.cli.registration import option
from centripetal.cli.settings import Settings
from centripetal.cli.tools.load.failures import Failures
from centripetal.cli.tools.load.loader import GROUP, Loader, LoadOptions
from centripetal.cli.tools.load.ndjson import lines_of, size_of
from centripetal.cli.tools.load.progress import progress
from centripetal.cli.tools.load.stopping import Stopping
from centripetal.errors import UsageError
from centripetal.protocol.records import shortened

__all__ = ["load"]


def load(
    settings: Settings,
    file: Annotated[str, typer.Argument(metavar="FILE", help="NDJSON, one command per line; - reads standard input.")],
    failed: Annotated[
        Path | None,
        option(
            "--failed",
            "FILE",
            "File for failed lines. Default: FILE.failed.ndjson; for standard input and files in /dev, failures are "
            "only counted.",
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
    failed completely. Ctrl-C, SIGTERM and SIGHUP stop it after the current request; a second signal does not wait for
    the reply and keeps the lines of that request with `executed` "unknown"; a third one ends the program at once.
    A load that stops early prints the `--start-line` to continue with.

    The exit code is 1 if some lines failed, the code of the error if an error stopped the load, and 128 plus the number
    of the signal if a signal stopped it: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.

    Examples:
        centripetal load commands.ndjson
        zcat commands.ndjson.gz | centripetal load - --failed failed.ndjson --rate 10000
        centripetal load commands.ndjson.failed.ndjson --skip-unknown
    """
    if group < 1 or start_line < 1 or (rate is not None and not rate > 0):
        raise UsageError("--group and --start-line must be 1 or more, and --rate must be more than 0")
    target = settings.target()
    client = target.client()
    path = failed if failed is not None or _is_temporary(file) else Path(f"{file}.failed.ndjson")
    failures = Failures(path, append=start_line > 1)
    began = time.monotonic()
    signals = Stopping()
    options = LoadOptions(group, rate, skip_unknown)
    with contextlib.closing(client), signals.handling(), contextlib.ExitStack() as stack:
        _check_path(path, file, start_line)
        # Opening a named pipe waits for its writer.
        source = signals.interruptible(1, lambda: _opened(file), otherwise=None)
        bar = stack.enter_context(progress(None if source is None else size_of(source)))
        loader = Loader(client, target.required_generation(), options, failures, bar, signals=signals)
        loader.next_line = start_line
        if source is not None:
            if file != STDIN:
                stack.callback(source.close)
            loader.run(lines_of(source, start_line))
        stack.close()
        failures.close()
        code = _code(loader, failures, signals)
        goes_on = f"To continue: --start-line {loader.next_line}"
        try:
            _summary(settings, loader, failures, time.monotonic() - began)
            sys.stdout.flush()
        except OutputError as error:
            if not loader.finished:
                print(goes_on, file=sys.stderr)
            if code is ExitCode.OK or error.pipe_closed:
                raise
            print(f"error: {error}", file=sys.stderr)
        else:
            if not loader.finished and not settings.json:
                print(goes_on, file=sys.stderr)
    raise typer.Exit(code)


def _is_temporary(file: str) -> bool:
    """Return whether *file* has no folder for a file next to it: standard input, or for example `/dev/fd/63`."""
    return file == STDIN or Path(file).absolute().parts[:2] in (("/", "dev"), ("/", "proc"))


def _check_path(path: Path | None, file: str, start_line: int) -> None:
    """Check before anything is sent that failed lines can be written to *path*, so that none of them is lost."""
    if path is None:
        return
    try:
        if file != STDIN and path.exists() and Path(file).exists() and path.samefile(file):
            raise UsageError(f"--failed {path} is the file to load: give another file")
        if path.is_file() and start_line == 1:
            raise UsageError(
                f"{path} exists, perhaps from an earlier load: load it, remove it, or give another file with --failed"
            )
        if path.is_dir() or not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
            raise UsageError(f"cannot write failed lines to {path}: give a writable file with --failed")
    except OSError as error:
        raise UsageError(f"cannot write failed lines to {path}: {error.strerror}") from None


def _opened(file: str) -> BinaryIO:
    if file == STDIN:
        if sys.stdin is None:
            raise UsageError("standard input is closed: give a file")
        return sys.stdin.buffer
    try:
        return Path(file).open("rb", buffering=1 << 18)
    except (OSError, ValueError) as error:  # a ValueError for a name with a NUL character
        raise UsageError(f"cannot read {file!r}: {getattr(error, 'strerror', None) or error}") from None


def _summary(settings: Settings, loader: Loader, failures: Failures, seconds: float) -> None:
    done, error = loader.sent, loader.stopped_by
    where = str(failures.path) if failures.path is not None and failures.count and failures.path.exists() else None
    if settings.json:
        summary = {"sent": done, "failed": failures.count, "skipped": loader.skipped, "seconds": round(seconds, 3)}
        next_line = None if loader.finished else loader.next_line
        stopped_by = None if error is None else shortened(str(error))
        show_json(summary | {"failed_file": where, "next_line": next_line, "error": stopped_by})
        return
    if error is not None:
        advice = explain(error)[1]
        print(f"stopped: {one_line(str(error))}", *filter(None, [advice]), sep="\n", file=sys.stderr)
    rate = f"{done / seconds:,.0f} per second" if seconds > 0 else ""
    print(f"{done:,} commands sent in {seconds:.1f} s, {rate}; {failures.count:,} lines failed", end="")
    print(f", {loader.skipped:,} skipped" if loader.skipped else "")
    if where is not None:
        print(f"Failed lines are in {one_line(where)}: fix the problems and load that file.")


def _code(loader: Loader, failures: Failures, signals: Stopping) -> ExitCode:
    if loader.stopped_by is not None:
        return explain(loader.stopped_by)[0]
    if not loader.finished:
        return next(code for code in ExitCode if code == 128 + signals.first)
    return ExitCode.REFUSED if failures.count else ExitCode.OK
