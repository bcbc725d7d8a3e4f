"""The failed lines of a load: all of them in a file of whole lines, the first few on standard error."""

import errno
import os
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path

from centripetal.cli.output.errors import SystemFailure, explain
from centripetal.cli.output.printing import escaped_for, json_line
from centripetal.cli.output.text import one_line
from centripetal.cli.tools.load.ndjson import Line
from centripetal.errors import CentripetalError

__all__ = ["Failures"]

_SHOWN = 20  # the maximum number of failures to print; the file has all of them


class Failures:
    """Failed lines: all are written to a file, which is created at the first failure, and the first few are printed.

    The lines of a request are written together, without a buffer. So a load that is killed leaves whole lines, and none
    of the failures before its last request is lost.

    Args:
        path: the file; None only counts and prints failures.
        append: append to an existing file; otherwise the file must not exist.
        as_json: print failures as JSON objects with the member `line`.

    Attributes:
        path: the file.
        count: the number of failures.
    """

    def __init__(self, path: Path | None, append: bool = False, as_json: bool = False) -> None:
        self.path = path
        self.count = 0
        self._append = append
        self._as_json = as_json
        self._file: FileIO | None = None
        self._waiting: list[bytes] = []

    def keep(self, line: Line, error: CentripetalError, text: bytes) -> None:
        """Record the failure of *line*: *text*, the failed command with *error*, is written by the next `flush`."""
        self.count += 1
        if self.count <= _SHOWN:
            self._print(line, error)
        if self.path is not None:
            self._waiting.append(text)

    def _print(self, line: Line, error: CentripetalError) -> None:
        if self._as_json:
            sys.stderr.write(json_line({"error": explain(error)[2] | {"line": line.number}}, sys.stderr))
        else:
            print(f"line {line.number}: {one_line(str(error))}", file=sys.stderr)

    def flush(self) -> None:
        """Write the failures since the last call to the file.

        If they cannot be written, the file still ends with a whole line, and the failures are printed.

        Raises:
            SystemFailure: if the file cannot be written.
        """
        lines, self._waiting = self._waiting, []
        if self.path is None or not lines:
            return
        try:
            if self._file is None:
                self._file = self._opened(self.path)
            _write(self._file, b"".join(lines))
        except OSError as error:
            print("These failed lines could not be written to the file:", file=sys.stderr)
            for line in lines:
                sys.stderr.write(escaped_for(sys.stderr, line.decode("utf-8", "backslashreplace").rstrip("\n")) + "\n")
            raise SystemFailure(
                f"cannot write {self.path}: {error.strerror}. The failed lines of the last request are printed above"
            ) from None

    def _opened(self, path: Path) -> FileIO:
        """Open the file; if its last line was torn when an earlier load was killed, end that line."""
        if not self._append and not _is_special(path):
            return FileIO(path, "x")
        is_torn = False
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as existing:
                existing.seek(-1, os.SEEK_END)
                is_torn = existing.read(1) != b"\n"
        file = FileIO(path, "a")
        if is_torn:
            print(f"The last line of {one_line(str(path))} is incomplete: check it before you load it", file=sys.stderr)
            _write(file, b"\n")
        return file

    def close(self) -> None:
        """Close the file, and print the number of failures that were not printed."""
        if self._file is not None:
            with suppress(OSError):  # flush() has reported the error
                self._file.close()
        if self.count > _SHOWN:
            print(f"{self.count - _SHOWN} more lines failed", file=sys.stderr)


def _is_special(path: Path) -> bool:
    """Return whether *path* is a device or a pipe, such as `/dev/stderr`, which has no earlier content."""
    return path.exists() and not path.is_file()


def _write(file: FileIO, data: bytes) -> None:
    """Write *data* completely, or restore the end of the file and raise an `OSError`."""
    end, written = os.fstat(file.fileno()).st_size, 0
    try:
        while written < len(data):
            count = file.write(data[written:])
            if count is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            written += count
    except OSError:
        with suppress(OSError):  # a pipe cannot be truncated
            os.ftruncate(file.fileno(), end)
        raise
