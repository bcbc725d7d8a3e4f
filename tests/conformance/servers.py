"""Server processes for scenarios of any generation: they run until a block ends, and scenarios share them."""

import contextlib
import http.client
import itertools
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Server", "Servers", "Start", "running"]


class Server(NamedTuple):
    """A running server."""

    kind: str
    url: str


Start = Callable[[str, Mapping[str, Any], Path], contextlib.AbstractContextManager[Server]]
"""Runs a server of a kind and configuration until its block ends; the folder is for its files."""


class Servers:
    """Servers that scenarios share, started on first use, and separate servers for scenarios that need one.

    Args:
        folder: folder for their files.
        configs: configurations by name.
        start: function that runs a server.
    """

    def __init__(self, folder: Path, configs: Mapping[str, Mapping[str, Any]], start: Start) -> None:
        self._folder = folder
        self._configs = configs
        self._start = start
        self._numbers = itertools.count()
        self._shared: dict[tuple[str, str], Server] = {}
        self._stack = contextlib.ExitStack()

    def shared(self, kind: str, config: str) -> Server:
        """Return the shared server of that kind and configuration."""
        key = kind, config
        if key not in self._shared:
            self._shared[key] = self._stack.enter_context(self.fresh(kind, config))
        return self._shared[key]

    @contextlib.contextmanager
    def fresh(self, kind: str, config: str) -> Iterator[Server]:
        """Run a new server."""
        folder = self._folder / f"{kind}-{next(self._numbers)}"
        folder.mkdir()
        with self._start(kind, self._configs[config], folder) as server:
            yield server

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def running(command: Sequence[str], port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server process that answers at *port* until the block ends; *folder* is for its log."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_it_answers(process, port, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("POST", "/api/", b"")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"the server does not answer: {log.read_text(errors='replace')[-2000:]}")
