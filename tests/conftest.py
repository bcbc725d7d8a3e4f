"""Hooks for all tests: which tests run where, what a test needs of the machine, and the counts for scripts/test."""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.needs import shortfall
from tests.suite import QUICK_EXAMPLES, ROOT, SLOW, forbid_other_programs, is_quick, slow_place

if TYPE_CHECKING:
    from xdist.remote import Producer

# A test must not meet the environment of whoever runs it.
for variable in [name for name in os.environ if name.startswith("CENTRIFUGO_") and not name.endswith("_BIN")]:
    del os.environ[variable]
# Nor that of a job in the background, whose programs do not hear Ctrl-C: tests interrupt some.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Nor a ban on bytecode: with it, each run and each child process compiles every file again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Collecting thousands of tests creates millions of objects that live to the end and almost no garbage.
# pytest_collection_finish exempts them from every later collection, which saves most of the CPU time of a whole run.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): needs a program that not every machine has (tests/needs.py)")
    config.addinivalue_line("markers", "quick: needs nothing but Python; set by tests/conftest.py (tests/suite.py)")
    if _only_quick(config):
        settings.register_profile("quick", settings.default, max_examples=QUICK_EXAMPLES)
        settings.load_profile("quick")
        config.pluginmanager.register(_WithoutSlowPlaces())


def _only_quick(config: pytest.Config) -> bool:
    return str(config.option.markexpr) == "quick"


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


class _WithoutSlowPlaces:
    """Leaves out slow places before they are imported, because their packages may not be installed.

    This is a plugin: pytest does not apply the hooks of this file to `examples`, which lies outside its folder.
    """

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return True if slow_place(_relative(collection_path)) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the quick tests, and put the slow ones first: long files that start late leave workers idle at the end."""
    places = [*SLOW]
    rank: dict[Path, int] = {}
    for item in items:
        path = _relative(item.path)
        if is_quick(path, item.iter_markers("needs")):
            item.add_marker("quick")
        if item.path not in rank:
            place = slow_place(path)
            rank[item.path] = len(places) if place is None else places.index(place)
    items.sort(key=lambda item: rank[item.path])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    if _only_quick(session.config):
        forbid_other_programs()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def _exempt_what_earlier_files_left() -> None:
    """Exempt the reports of earlier tests from collections, too: some tests collect garbage hundreds of times."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> object:
    """Use ours for every `-n`, whatever `--dist` says."""
    from tests.distribution import Scheduler

    return Scheduler(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        if lack := shortfall(*mark.args):
            reason, strict = lack
            if strict:
                pytest.fail(f"{reason}; with CI=true it must be there", pytrace=False)
            pytest.skip(reason)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Leave the counts where scripts/test reads them."""
    if target := os.environ.get("CENTRIPETAL_TEST_COUNTS"):
        stats = terminalreporter.stats
        # As scripts/test counts: pytest has more names for outcomes, xfailed among them, though no test is marked so.
        passed, failed, skipped = (
            sum(len(stats.get(kind, ())) for kind in kinds)
            for kinds in (("passed", "xpassed"), ("failed", "error"), ("skipped", "xfailed"))
        )
        Path(target).write_text(f"{passed} {failed} {skipped}\n")
