"""Hooks for all tests: selection and order of tests, missing programs, and the counts for scripts/test."""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.needs import shortfall
from tests.postgresql import postgresql as postgresql
from tests.suite import QUICK_EXAMPLES, ROOT, SLOW, forbid_other_programs, hide_other_packages, is_quick, slow_place

if TYPE_CHECKING:
    from xdist.remote import Producer

# Tests must not depend on the environment of the user.
for variable in [name for name in os.environ if name.startswith("CENTRIFUGO_") and not name.endswith("_BIN")]:
    del os.environ[variable]
os.environ.pop("CENTRIPETAL_PROFILE", None)
os.environ["CENTRIPETAL_CONFIG"] = os.devnull  # no profiles
# Background jobs ignore SIGINT, and so do their child processes; some tests interrupt child processes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# If bytecode is disabled, each run and each child process compiles every file again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Collecting thousands of tests creates millions of objects that live to the end and almost no garbage.
# pytest_collection_finish exempts them from every later collection, which saves most of the CPU time of a whole run.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): needs a program that not every machine has (tests/needs.py)")
    config.addinivalue_line("markers", "quick: needs nothing but Python; set by tests/conftest.py (tests/suite.py)")
    # How fast examples are made and tried depends on what else the machine does.
    settings.register_profile("tests", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("tests")
    if _only_quick(config):
        settings.register_profile("quick", settings.default, max_examples=QUICK_EXAMPLES)
        settings.load_profile("quick")
        config.pluginmanager.register(_WithoutSlowPlaces())
        hide_other_packages()


def _only_quick(config: pytest.Config) -> bool:
    return str(config.option.markexpr) == "quick"


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


class _WithoutSlowPlaces:
    """Leaves out slow places before they are imported, because their packages may not be installed.

    This is a plugin, because pytest does not apply the hooks of this file to `examples`, which is outside its folder.
    """

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return True if slow_place(_relative(collection_path)) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the quick tests, and move slow tests to the front: a long file that starts late leaves workers idle."""
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
def _exempt_objects_of_earlier_files() -> None:
    """Exempt objects of earlier files from collections, because some tests collect garbage hundreds of times."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> object:
    """Use our scheduler for every `-n`, whatever the value of `--dist`."""
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
    """Write the counts to the file that scripts/test reads."""
    if target := os.environ.get("CENTRIPETAL_TEST_COUNTS"):
        stats = terminalreporter.stats
        passed, failed, skipped = (
            sum(len(stats.get(kind, ())) for kind in kinds)
            for kinds in (("passed",), ("failed", "error"), ("skipped",))
        )
        Path(target).write_text(f"{passed} {failed} {skipped}\n")
