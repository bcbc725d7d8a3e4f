"""gocent v1, the Go client, through a program that GOCENT_BENCH names.

The program is called as `PROGRAM URL SECRET MODE COUNT`. It makes a client of `URL` and `SECRET`, does the work once
without measuring and then COUNT times, and prints how many seconds these took, as a decimal number and nothing else.
It ends with another status than 0 if anything fails. MODE is the work:

    publish     Publish("news", {"text":"hello","number":42})
    buffer      1,000 times AddPublish of the same, then Send
"""

import shutil
import subprocess
from collections.abc import Mapping

from benchmarks.measure import Turn

__all__ = ["Gocent", "find"]


def find(environment: Mapping[str, str]) -> str | None:
    """The program, if there is one."""
    return shutil.which(environment.get("GOCENT_BENCH", ""))


class Gocent:
    """gocent v1; its processor time is not measured."""

    name = "gocent"

    def __init__(self, program: str, url: str, secret: str, mode: str) -> None:
        self._command = [program, url, secret, mode]

    def turn(self, times: int) -> Turn:
        done = subprocess.run([*self._command, str(times)], capture_output=True, text=True, check=True, timeout=120)
        return Turn(times, round(float(done.stdout) * 1e9))

    def close(self) -> None:
        """Nothing is kept."""
