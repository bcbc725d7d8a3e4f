"""Programs that tests start and stop: what an example's README says to type."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["ROOT", "uvicorn"]

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def uvicorn(
    app: str, *options: str, environment: Mapping[str, str], folder: Path = ROOT, python: Sequence[str] = ()
) -> Iterator[str]:
    """Serve *app* until the block ends, as `uvicorn` does; its address, on a free port unless *options* name one."""
    command = [sys.executable, "-m", "uvicorn", app, "--port", "0", *options]
    path = os.pathsep.join((str(folder), *python))
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **environment},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stderr
            said = ""
            for line in process.stderr:
                said += line
                if found := re.search(r"Uvicorn running on (http://\S+)", line):
                    break
            else:
                raise AssertionError(said)
            yield found[1]
        finally:
            process.terminate()
            process.communicate(timeout=20)
