"""Tests of standard streams that are closed, full, or cannot print a character."""

import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from centripetal.cli.main import main
from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.streams import OutputError, guarded_streams
from centripetal.server import EmbeddedServer


class Failing(io.StringIO):
    """A stream that fails with *error* when it is written or, if *late*, only when it is flushed."""

    def __init__(self, error: Exception, late: bool = False) -> None:
        super().__init__()
        self._error = error
        self._late = late

    def write(self, text: str) -> int:
        if not self._late:
            raise self._error
        return len(text)

    def flush(self) -> None:
        raise self._error

    def fileno(self) -> int:
        raise io.UnsupportedOperation


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
BROKEN: dict[str, Callable[[], Any]] = {
    "closed before the start": lambda: None,
    "full": lambda: Failing(FULL),
    "full when flushed": lambda: Failing(FULL, late=True),
    "closed in Python": lambda: Failing(ValueError("I/O operation on closed file")),
    "a lost terminal": lambda: Failing(OSError(errno.EIO, os.strerror(errno.EIO))),
}


@pytest.fixture
def environment(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's address and secret in the environment."""
    monkeypatch.setenv("CENTRIFUGO_API_URL", server.url)
    monkeypatch.setenv("CENTRIFUGO_SECRET", "the secret of these tests")


COMMANDS = [("stats",), ("stats", "--json"), ("publish", "news", "1"), ("--help",), ("--version",), ("doctor",)]
COMMANDS += [("token", "v1", "42"), ("sign", "channel", "id", "$a", "--json")]


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_output_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], broken: Callable[[], Any]
) -> None:
    """Any command whose output cannot be written says so in one line and exits with the code for it."""
    messages = io.StringIO()
    monkeypatch.setattr(sys, "stdout", broken())
    monkeypatch.setattr(sys, "stderr", messages)
    assert main(arguments) == ExitCode.SYSTEM
    (line,) = messages.getvalue().splitlines()
    assert "cannot write to standard output: " in line


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_reader_that_has_exited(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    """If the reader of the output has exited, the program says so in one line and exits with the code of a pipe."""
    messages = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Failing(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    monkeypatch.setattr(sys, "stderr", messages)
    assert main(arguments) == ExitCode.PIPE_CLOSED
    (line,) = messages.getvalue().splitlines()
    assert "cannot write to standard output: Broken pipe" in line
    assert ("The server executed the command" in line) == (arguments[0] in ("stats", "publish"))


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_both_streams_are_broken(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    """If neither stream can be written, the exit code still tells why."""
    for stream, code in ((None, ExitCode.SYSTEM), (Failing(BrokenPipeError(errno.EPIPE, "")), ExitCode.PIPE_CLOSED)):
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        assert main(arguments) == code


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_messages_that_cannot_be_written_are_dropped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: Callable[[], Any]
) -> None:
    """A message that cannot be written to standard error changes neither the output nor the exit code."""
    monkeypatch.setattr(sys, "stderr", broken())
    assert main(["nonsense"]) == ExitCode.USAGE
    assert main(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("centripetal ")
    monkeypatch.setattr(sys, "stdout", broken())
    assert main(["--version"]) == ExitCode.SYSTEM


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "utf-16-le"])
def test_characters_that_an_encoding_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """Text with any character, also half a surrogate pair, can be printed in any encoding."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    with guarded_streams():
        print("é漢\udcff")
        sys.stdout.flush()
    expected = "é漢\udcff\n".encode(encoding, "backslashreplace")
    assert written.getvalue() == expected


def test_only_the_first_failure_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure, further output is dropped, so that the report of the failure is the last line."""
    monkeypatch.setattr(sys, "stdout", Failing(FULL))
    with guarded_streams():
        with pytest.raises(OutputError, match="No space left on device"):
            print("text")
        print("more")
        sys.stdout.flush()
        assert not sys.stdout.isatty()


def test_the_streams_are_restored() -> None:
    """The streams are replaced only while the program runs."""
    before = sys.stdout, sys.stderr
    assert main(["--version"]) == 0
    assert (sys.stdout, sys.stderr) == before


def test_errors_of_the_system_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the operating system ends the program with one line and its exit code, not with a traceback."""

    def fail(*_: object) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("centripetal.cli.settings.Settings.target", fail)
    assert main(["channels"]) == ExitCode.SYSTEM
    assert "Too many open files. Close other programs" in capsys.readouterr().err
