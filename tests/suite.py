"""The choice of quick tests, and the order of slow tests.

`-m quick` selects the tests that need no other program and only the packages of `requirements/test.txt`: `scripts/test
--quick`, `scripts/test --coverage` and `scripts/test-pythons` run them. A test is quick unless it has a need
(`tests/needs.py`) or its file is in `SLOW`. While quick tests run, other packages look as if they were not installed,
only Python can be started as a program, and a property is tried with `QUICK_EXAMPLES` examples instead of Hypothesis's
100.
"""

import importlib.metadata
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

__all__ = ["QUICK_EXAMPLES", "SLOW", "forbid_other_programs", "hide_other_packages", "is_quick", "slow_place"]

ROOT = Path(__file__).parent.parent

QUICK_EXAMPLES = 30
"""Examples of each property in a quick run. The complete run tries 100, which takes three times as long."""

SLOW: Mapping[str, str] = {
    "tests/browser": "every test starts a browser",
    "tests/package": "builds wheels and makes virtual environments",
    "tests/faults": "waits for real time limits in hundreds of faults",
    "tests/wire": "repeats conversations of real servers at the pace of their clocks",
    "tests/cli/test_main.py": "every test starts the command line as a program",
    "tests/docs": "builds the site, runs the code of every page, and needs the packages that the pages use",
    "tests/examples": "runs programs, and needs the packages that the examples use",
    "tests/conformance": "compares servers with models in long random runs",
    "tests/typing": "starts the type checkers",
    "tests/handling/test_serving.py": "needs the web frameworks",
    "tests/django": "needs Django",
    "tests/outbox/kills/test_experiments.py": "kills real servers, and starts them again",
    "tests/outbox/test_databases.py": "needs the drivers of PostgreSQL",
    "tests/cli/tools/outbox/test_database.py": "needs the drivers of PostgreSQL",
    "tests/cli/tools/outbox/test_checks.py": "needs the drivers of PostgreSQL",
    "tests/protocol/test_dsn.py": "needs the drivers of PostgreSQL",
    "tests/server/consuming/test_consumer.py": "needs the drivers of PostgreSQL",
    "tests/server/consuming/test_drivers.py": "needs the drivers of PostgreSQL",
    "tests/testing/test_plugin.py": "every test starts pytest again",
    "tests/testing/test_outbox.py": "needs the drivers of PostgreSQL",
    "tests/testing/test_documentation.py": "starts pytest again, and needs Django",
    "tests/scripts": "starts git and towncrier",
    "tests/sdk": "starts programs, and needs the client libraries of others",
    "tests/benchmarks": "needs the packages that are compared",
    "tests/test_needs.py": "starts pytest again",
    "tests/test_suite.py": "starts pytest again",
    "examples": "needs the packages that the examples use",
}
"""Folders and files whose tests are not quick, with the reason. The slowest are first and start first."""


def slow_place(path: str) -> str | None:
    """Return the entry of `SLOW` that contains *path*, a file relative to the project, or None."""
    return next((place for place in SLOW if path == place or path.startswith(f"{place}/")), None)


def is_quick(path: str, needs: Iterable[pytest.Mark]) -> bool:
    """Return whether a test in the file *path*, relative to the project, with the marks *needs* is quick."""
    return slow_place(path) is None and not list(needs)


def hide_other_packages() -> None:
    """Make importing a package that is not in `requirements/test.txt` fail, for the rest of this process.

    A quick test that imports one fails everywhere then, not only where it is not installed: its file needs an entry in
    `SLOW`, or the test `pytest.importorskip`.
    """
    text = (ROOT / "requirements" / "test.txt").read_text()
    # pytest looks for the packages of setuptools in `sys.modules`.
    listed = {"centripetal", "setuptools", *map(_normal, re.findall(r"^([\w.-]+)(?:\[.*\])?==", text, re.MULTILINE))}
    for name, distributions in importlib.metadata.packages_distributions().items():
        if listed.isdisjoint(map(_normal, distributions)):
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None: as if it were not installed


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def forbid_other_programs() -> None:
    """Make starting a program other than Python an error for the rest of this process.

    A test that starts another program is not quick: it needs a mark (`@needs`), or its file an entry in `SLOW`.
    """
    allowed = {Path(sys.executable).parent, Path(sys.executable).resolve().parent}

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("subprocess.Popen", "os.posix_spawn", "os.exec"):
            program = Path(os.fsdecode(arguments[0]))
            if program.is_absolute() and program.parent in allowed:
                return
            pytest.fail(f"a quick test must not start {program}: mark it with @needs, or add it to tests/suite.py")

    sys.addaudithook(check)
