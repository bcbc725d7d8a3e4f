"""A contender in a separate process, for separate processor time and memory: `python -m benchmarks.worker`.

It reads lines of JSON: first `[MODULE, CLASS, OPTIONS]`, then a number of calls for each turn. It prints the result of
each turn as a line of JSON. `Apart` is the other end.

Peak memory is the peak resident memory of the process: VmHWM of /proc if available, else `ru_maxrss`, which on Linux
would include the memory of the parent at the start of the process. It includes the interpreter (about 10 MB) and the
imports of the contender; no contender imports packages that only others need.
"""

import importlib
import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import Turn

__all__ = ["Apart", "ask_once", "resident_kb"]


class Apart:
    """Runs *contender*, a class of *module*, in a separate process that starts with the first turn."""

    def __init__(self, name: str, module: str, contender: str, **options: Any) -> None:
        self.name = name
        self._hello = [f"benchmarks.{module}", contender, options]
        self._process: subprocess.Popen[str] | None = None

    def turn(self, times: int) -> Turn:
        return Turn(**self.ask(times))

    def ask(self, times: int) -> dict[str, Any]:
        """Run a turn and return its result as a dict."""
        if self._process is None:
            command = [sys.executable, "-m", "benchmarks.worker"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self._write(self._hello)
        self._write(times)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} failed: see above")
        found: dict[str, Any] = json.loads(line)
        return found

    def _write(self, message: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.communicate()


def ask_once(module: str, contender: str, times: int, **options: Any) -> dict[str, Any]:
    """Run one turn of *contender* in a separate process."""
    apart = Apart(contender, module, contender, **options)
    try:
        return apart.ask(times)
    finally:
        apart.close()


def peak_kb() -> int:
    """Return the peak memory of this process."""
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024 if sys.platform == "darwin" else 1
    )


def resident_kb() -> int:
    """Return the current memory of this process, or its peak if the system does not report the current value."""
    return _status("VmRSS") or peak_kb()


def _status(name: str) -> int:
    status = Path("/proc/self/status")
    found = re.search(rf"{name}:\s*(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


def main() -> None:
    module, kind, options = json.loads(sys.stdin.readline())
    contender = getattr(importlib.import_module(module), kind)(**options)
    for line in sys.stdin:
        turn = contender.turn(int(line))
        print(json.dumps(turn._replace(peak_kb=peak_kb())._asdict()), flush=True)
    contender.close()


if __name__ == "__main__":
    main()
