"""`centripetal load`: sends the commands of a file, hundreds per request, and keeps failed lines to load again."""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from centripetal.cli.generation import Generation
from centripetal.cli.input import STDIN
from centripetal.cli.output.errors import explain, report
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.printing import show_json
from centripetal.cli.output.running import running
from centripetal.cli.output.streams import OutputError
from centripetal.cli.output.text import one_line
from centripetal.cli.registration import option
from centripetal.cli.settings import Settings
from centripetal.cli.tools.load.dry_run import dry_run
from centripetal.cli.tools.load.failures import Failures
from centripetal.cli.tools.load.formats import Format, chosen_format
from centripetal.cli.tools.load.loader import GROUP, Loader, LoadOptions
from centripetal.cli.tools.load.ndjson import opened, size_of
from centripetal.cli.tools.load.progress import progress
from centripetal.cli.tools.load.stopping import Stopping
from centripetal.errors import UsageError

__all__ = ["load"]


def load(
    settings: Settings,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Commands in NDJSON, or a table; - reads standard input.")
    ],
    channel: Annotated[
        str | None,
        option(
            "--channel",
            "TEMPLATE",
            "Publish each row of CSV or TSV, or each line of JSON, to this channel, such as 'orders:{customer}'.",
        ),
    ] = None,
    data: Annotated[
        str | None,
        option(
            "--data",
            "TEMPLATE",
            """Publish this data, such as '{"id": {id}, "name": {name}}'. Default: the whole row as an object.""",
        ),
    ] = None,
    file_format: Annotated[
        str | None,
        option("--format", "NAME", "csv, tsv or ndjson. Default: by the ending of FILE, otherwise ndjson."),
    ] = None,
    string: Annotated[
        list[str] | None, option("--string", "COLUMN", "Keep this column of a table as text; can be repeated.")
    ] = None,
    number: Annotated[
        list[str] | None,
        option("--number", "COLUMN", "All cells of this column are numbers, also 1.10; can be repeated."),
    ] = None,
    dry: Annotated[bool, option("--dry-run", None, "Print the first three commands, and send nothing.")] = False,
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
    """Send the commands in FILE in order, several per request. Each line is a command in JSON, or data to publish.

    A command is `{"method": "publish", "params": {"channel": "news", "data": 1}}` or `{"publish": {"channel": "news",
    "data": 1}}`, with the fields of the API. Blank lines are ignored.

    With `--channel`, `load` publishes each row of CSV or TSV, whose first row names the columns, or each line of JSON.
    In both templates, `{name}` is the value of a column, or of a member: `{user.id}` is the `id` in `user`. In
    `--data`, it is a JSON value including its quotation marks, or part of a text inside a string. `{{` is a brace. A
    cell is a number if the number keeps all its characters (42, 57.35), otherwise it is text (007, 1.10, empty).

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
        centripetal load orders.csv --channel 'orders:{customer}' --data '{"id": {id}}' --dry-run
    """
    if group < 1 or start_line < 1 or (rate is not None and not rate > 0):
        raise UsageError("--group and --start-line must be 1 or more, and --rate must be more than 0")
    form = chosen_format(file, file_format, channel, data, string or (), number or ())
    if dry:
        raise typer.Exit(_dry_run(settings, file, form, start_line))
    target = settings.target()
    client = target.client()
    path = failed if failed is not None or _is_temporary(file) else Path(f"{file}.failed.ndjson")
    failures = Failures(path, append=start_line > 1, as_json=settings.json)
    began = time.monotonic()
    signals = Stopping()
    options = LoadOptions(group, rate, skip_unknown)
    with contextlib.closing(client), signals.handling(), contextlib.ExitStack() as stack:
        _check_path(path, file, start_line)
        # Opening a named pipe waits for its writer.
        source = signals.interruptible(1, lambda: opened(file), otherwise=None)
        if source is not None and file != STDIN:
            stack.callback(source.close)
        # Reading the columns of a table waits for its first line.
        lines = signals.interruptible(
            1, lambda: None if source is None else form.lines(source, start_line), otherwise=None
        )
        bar = stack.enter_context(progress(None if source is None else size_of(source)))
        loader = Loader(client, target.required_generation(), options, failures, bar, signals=signals)
        loader.next_line = start_line
        if lines is not None:
            loader.run(lines)
        stack.close()
        failures.close()
        code = _code(loader, failures, signals)
        goes_on = f"To continue: --start-line {loader.next_line}"
        try:
            _summary(settings, loader, failures, time.monotonic() - began)
            sys.stdout.flush()
        except OutputError as error:
            run = running()
            run.executed = "yes" if loader.sent else "no"
            run.progress = f"Commands sent: {loader.sent:,}; lines failed: {failures.count:,}."
            if not loader.finished:
                print(goes_on, file=sys.stderr)
            if code is ExitCode.OK or error.pipe_closed:
                raise
            report(error, settings.json)
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


def _dry_run(settings: Settings, file: str, form: Format, start_line: int) -> ExitCode:
    source = opened(file)
    with contextlib.ExitStack() as stack:
        if file != STDIN:
            stack.callback(source.close)
        failures = Failures(None, as_json=settings.json)
        generation = settings.target().generation or Generation.CURRENT
        return dry_run(form.lines(source, start_line), generation, failures)


def _summary(settings: Settings, loader: Loader, failures: Failures, seconds: float) -> None:
    done, error = loader.sent, loader.stopped_by
    if error is not None:
        report(error, settings.json)
    where = str(failures.path) if failures.path is not None and failures.count and failures.path.exists() else None
    if settings.json:
        summary = {"sent": done, "failed": failures.count, "skipped": loader.skipped, "seconds": round(seconds, 3)}
        next_line = None if loader.finished else loader.next_line
        stopped_by = None if error is None else explain(error)[2]
        show_json(summary | {"failed_file": where, "next_line": next_line, "error": stopped_by})
        return
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
