"""gocent v1, the Go client, run by the program that GOCENT_BENCH names.

The program is called as `PROGRAM URL SECRET MODE WORKERS COUNT`. Each of WORKERS goroutines does the work once without
measuring; then all goroutines together do it COUNT times. Each goroutine has its own client for `URL` and `SECRET`,
because a shared client fails: its calls use its buffer (`ErrClientNotEmpty`). The program prints a JSON object with the
members of `benchmarks.measure.Turn`: times (number of calls), wall_ns, cpu_ns, p50_ns, p99_ns (of one call), peak_kb
(resident memory). Its exit status is not 0 if anything fails. MODE is the work:

    publish     Publish("news", {"text":"hello","number":42})
    buffer      1,000 times AddPublish of the same, then Send
    broadcast   Broadcast of the same to the channels news-0 to news-9999
"""

import json
import shutil
import subprocess
from collections.abc import Mapping

from benchmarks.measure import Turn

__all__ = ["Gocent", "find"]


def find(environment: Mapping[str, str]) -> str | None:
    """Return the path of the program, or None if it is not set."""
    return shutil.which(environment.get("GOCENT_BENCH", ""))


class Gocent:
    """gocent v1, in a new process for each turn."""

    def __init__(self, name: str, program: str, url: str, secret: str, mode: str, workers: int = 1) -> None:
        self.name = name
        self._command = [program, url, secret, mode, str(workers)]
        self._workers = workers

    def turn(self, times: int) -> Turn:
        command = [*self._command, str(max(times, self._workers))]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return Turn(**json.loads(done.stdout))

    def close(self) -> None:
        """Do nothing, as nothing is kept open."""
