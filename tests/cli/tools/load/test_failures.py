"""Tests of the file of failed lines."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from centripetal.cli.output.errors import SystemFailure
from centripetal.cli.tools.load import failures as module
from centripetal.cli.tools.load.failures import Failures
from centripetal.cli.tools.load.ndjson import Line
from centripetal.errors import ServerError

LINE = Line(1, b"{}\n", 3)


def keep(failures: Failures, *texts: bytes) -> None:
    for text in texts:
        failures.keep(LINE, ServerError("no"), text)
    failures.flush()


def test_lines_are_in_the_file_after_each_request(tmp_path: Path) -> None:
    """After `flush`, all lines are in the file, without a buffer that a killed process would lose."""
    path = tmp_path / "failed"
    failures = Failures(path)
    keep(failures)
    assert not path.exists()
    keep(failures, b"1\n", b"2\n")
    assert path.read_bytes() == b"1\n2\n"
    keep(failures, b"3\n")
    assert (path.read_bytes(), failures.count) == (b"1\n2\n3\n", 3)
    failures.close()
    with pytest.raises(SystemFailure, match="File exists"):
        keep(Failures(path), b"4\n")


@pytest.mark.parametrize(
    ("existing", "expected"), [(b"", b"new\n"), (b"old\n", b"old\nnew\n"), (b'old\n{"pub', b'old\n{"pub\nnew\n')]
)
def test_a_torn_last_line_is_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], existing: bytes, expected: bytes
) -> None:
    """A load that continues after `kill -9` never appends to a line that is torn, and says that it is."""
    path = tmp_path / "failed"
    path.write_bytes(existing)
    failures = Failures(path, append=True)
    keep(failures, b"new\n")
    failures.close()
    assert path.read_bytes() == expected
    assert ("is incomplete" in capsys.readouterr().err) == (not existing.endswith(b"\n") and existing != b"")


class Filling:
    """Replaces `FileIO`: accepts some bytes, then the disk is full."""

    def __init__(self, path: Path, mode: str) -> None:
        self._file = path.open(f"{mode}b", buffering=0)
        self.room = 3

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self._file.write(data[: self.room])
        self.room -= written
        return written

    def close(self) -> None:
        self._file.close()


def test_a_full_disk_loses_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk, the file keeps its whole lines, and lines that do not fit are printed."""
    monkeypatch.setattr(module, "FileIO", Filling)
    path = tmp_path / "failed"
    failures = Failures(path)
    keep(failures, b"1\n")
    with pytest.raises(SystemFailure, match=r"cannot write .*No space left on device"):
        keep(failures, b'{"n":2}\n', b'{"n":3}\n')
    assert path.read_bytes() == b"1\n"
    assert capsys.readouterr().err.splitlines()[-2:] == ['{"n":2}', '{"n":3}']
    failures.close()


@pytest.mark.parametrize("path", ["/dev/null", "/dev/full"])
def test_devices(path: str) -> None:
    """A device is written without an earlier content to protect, and its errors are reported."""
    failures: Any = Failures(Path(path))
    if path == "/dev/full":
        with pytest.raises(SystemFailure, match="No space left"):
            keep(failures, b"1\n")
    else:
        keep(failures, b"1\n")
    failures.close()
