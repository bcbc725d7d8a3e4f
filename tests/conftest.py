"""Hooks for all tests: what a test needs of the machine, and the counts for scripts/test."""

import os
import signal
from pathlib import Path

import pytest

from tests.needs import shortfall

# A test must not meet the environment of whoever runs it.
for variable in [name for name in os.environ if name.startswith("CENTRIFUGO_") and not name.endswith("_BIN")]:
    del os.environ[variable]
# Nor that of a job in the background, whose programs do not hear Ctrl-C: tests interrupt some.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(name): needs a program that not every machine has (tests/needs.py)")


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
