"""What the library weighs: how long it takes to import, and how many packages come with it."""

import importlib.metadata
import subprocess
import sys
from statistics import median
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.work import Generation

__all__ = ["Weight", "packages", "weigh"]

_MODULES: dict[Generation, list[str]] = {
    1: ["centripetal.v1", "requests", "httpx", "aiohttp"],
    6: ["centripetal", "requests", "httpx", "aiohttp", "cent"],
}
_IMPORT = """
from time import perf_counter_ns
start = perf_counter_ns()
import {module}
print(perf_counter_ns() - start)
"""


class Weight(NamedTuple):
    """What was found.

    Attributes:
        module: the front door of our client.
        import_ms: the median time that a fresh interpreter takes to import it.
        others_ms: the same for other libraries, by name.
        packages: the packages that `pip install centripetal` installs besides it, here.
    """

    module: str
    import_ms: float
    others_ms: dict[str, float]
    packages: list[str]


def weigh(generation: Generation, rounds: int) -> Weight:
    """Import in turns, each time in an interpreter of its own, and ask the packages what they require."""
    modules = _MODULES[generation]
    times: dict[str, list[float]] = {module: [] for module in modules}
    for module in modules * (rounds + 1):
        command = [sys.executable, "-I", "-c", _IMPORT.format(module=module)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        times[module].append(int(done.stdout) / 1e6)
    # The first time may have compiled something.
    ours, *others = ((module, median(found[1:])) for module, found in times.items())
    return Weight(*ours, dict(others), packages("centripetal"))


def packages(name: str) -> list[str]:
    """What the package requires, and what that requires, without extras."""
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
