"""Standard output and standard error that may be closed, full, or unable to print a character.

While the program runs, `guarded_streams` replaces both streams. Output that cannot be written raises `OutputError`;
messages that cannot be written are dropped, because there is no other place to report that. This module imports no
package, because the program uses it before it knows whether the extra `cli` is installed.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["OutputError", "guarded_streams", "standard_descriptors"]


class OutputError(Exception):
    """Standard output cannot be written.

    Not an `OSError`, so that no handler for other files catches it.

    Attributes:
        pipe_closed: whether the reader of the output has exited, as in `centripetal channels | head -1`.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"cannot write to standard output: {getattr(error, 'strerror', None) or error}")
        self.pipe_closed = isinstance(error, BrokenPipeError)


class _Guarded:
    """A text stream that replaces *stream*, which is None if it was closed before the program started.

    Args:
        stream: the stream to write to.
        required: whether a failure raises `OutputError`; otherwise the text is dropped.
    """

    def __init__(self, stream: Any, *, required: bool) -> None:
        self._stream = stream
        self._required = required
        self._failed = False
        # Rich and Click read both attributes. Without `buffer`, they write text and no bytes.
        self.encoding: str = getattr(stream, "encoding", None) or "utf-8"
        self.errors: str = "backslashreplace"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        if text and not self._failed:
            try:
                self._write(text)
            except (OSError, ValueError) as error:
                self._fail(error)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None and not self._failed:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._fail(error)

    def isatty(self) -> bool:
        try:
            return bool(self._stream is not None and self._stream.isatty())
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return int(self._stream.fileno())

    def writable(self) -> bool:
        return True

    def _write(self, text: str) -> None:
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            self._stream.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))

    def _fail(self, error: Exception) -> None:
        self._failed = True
        # Python would try to write the rest of its buffer at exit, and report the same error again.
        with suppress(OSError, ValueError, AttributeError):
            unused = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(unused, self._stream.fileno())
            finally:
                os.close(unused)
        if self._required:
            raise OutputError(error)


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Replace `sys.stdout` and `sys.stderr` by guarded streams until the block ends."""
    before: tuple[Any, Any] = sys.stdout, sys.stderr
    guarded: tuple[Any, Any] = _Guarded(before[0], required=True), _Guarded(before[1], required=False)
    sys.stdout, sys.stderr = guarded
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def standard_descriptors() -> Iterator[None]:
    """Make the descriptors 0 to 2 of this process usable until the block ends.

    A closed descriptor is occupied, because the next file or socket would get its number, and messages would be written
    into it. A descriptor that another process has made non-blocking is made blocking, so that a slow reader is not
    an error.
    """
    changed = []
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)
            continue
        if number and not os.get_blocking(number):
            os.set_blocking(number, True)
            changed.append(number)
    try:
        yield
    finally:
        for number in changed:
            with suppress(OSError):
                os.set_blocking(number, False)
