"""Cost of the library: its import time, its dependencies, and the function calls of a publish."""

import importlib.metadata
import subprocess
import sys
from statistics import median
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.calls import Calls, publish_calls
from benchmarks.work import Generation

__all__ = ["Weight", "packages", "weigh"]

_MODULES: dict[Generation, list[str]] = {
    # `import centripetal` alone loads nothing: the first use of a name loads the clients.
    1: ["centripetal.v1", "requests", "httpx", "aiohttp"],
    6: ["centripetal.current", "requests", "httpx", "aiohttp", "cent"],
}
_BASE = "msgspec, httptools"
"""Dependencies that the import time is compared with, so that the result does not depend on the machine."""

_IMPORT = """
from time import perf_counter_ns
start = perf_counter_ns()
import {module}
print(perf_counter_ns() - start)
"""


class Weight(NamedTuple):
    """Measured costs.

    Attributes:
        module: module with our client.
        import_ms: median time that a new interpreter needs to import it.
        base_ms: the same for its two dependencies, msgspec and httptools, together.
        others_ms: the same for other libraries, by name.
        packages: other packages that `pip install centripetal` installs.
        calls: function calls of a publish on a kept connection.
    """

    module: str
    import_ms: float
    base_ms: float
    others_ms: dict[str, float]
    packages: list[str]
    calls: Calls

    @property
    def import_ratio(self) -> float:
        """Import time relative to the import of msgspec and httptools, which is part of it."""
        return self.import_ms / self.base_ms


def weigh(generation: Generation, rounds: int) -> Weight:
    """Measure imports in turns, each in a new interpreter, and collect the dependencies."""
    front_door, *others = _MODULES[generation]
    modules = [front_door, _BASE, *others]
    times: dict[str, list[float]] = {module: [] for module in modules}
    for module in modules * (rounds + 1):
        command = [sys.executable, "-I", "-c", _IMPORT.format(module=module)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        times[module].append(int(done.stdout) / 1e6)
    # The first import may have compiled files.
    found = {module: median(measured[1:]) for module, measured in times.items()}
    others_ms = {module: found[module] for module in others}
    installed = packages("centripetal")
    return Weight(front_door, found[front_door], found[_BASE], others_ms, installed, publish_calls(generation))


def packages(name: str) -> list[str]:
    """Return the direct and indirect dependencies of a package, without extras."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for text in importlib.metadata.requires(waiting.pop()) or []:
            requirement = Requirement(text)
            required = canonicalize_name(requirement.name)
            if required not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                found.add(required)
                waiting.append(required)
    return sorted(found)
