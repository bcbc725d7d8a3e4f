"""Tests of the warnings about errors that a test has not read."""

import pytest

from centripetal.client.unread import recent
from centripetal.testing import Recorder, UnreadErrorWarning
from centripetal.testing.unread import warn_of_unread_errors

pytest_plugins = ["pytester"]

UNREAD = """
def test_batch(centrifugo_recorder):
    with centrifugo_recorder.client().batch() as batch:
        batch.publish("none:x", 1)

def test_cycle(centrifugo_recorder):
    with centrifugo_recorder.client().batch() as batch:
        slots = [batch.publish("none:x", 1)]
    slots.append(slots)

def test_broadcast(centrifugo_recorder):
    centrifugo_recorder.client().broadcast(["none:x"], 1)

def test_read(centrifugo_recorder):
    assert centrifugo_recorder.client().broadcast(["none:x"], 1).failed
"""


def test_each_dropped_error_becomes_one_warning() -> None:
    """Errors that were dropped become warnings once, also if a reference cycle holds them."""
    with Recorder().client().batch() as batch:
        slots: list[object] = [batch.publish("none:x", 1)]
    slots.append(slots)
    del slots, batch
    warnings: list[Warning] = []
    warn_of_unread_errors(warnings.append)
    warn_of_unread_errors(warnings.append)
    (warning,) = warnings
    assert isinstance(warning, UnreadErrorWarning)
    assert "“none:x” was never read" in str(warning)
    assert not recent


def test_the_plugin_warns_in_the_test_that_made_the_batch(pytester: pytest.Pytester) -> None:
    """Each test with an unread error has one warning with its name; a test that reads its errors has none."""
    pytester.makepyfile(UNREAD)
    result = pytester.runpytest_subprocess("-o", "asyncio_default_fixture_loop_scope=function")
    result.assert_outcomes(passed=4, warnings=3)
    result.stdout.fnmatch_lines(
        [
            line
            for name in ("batch", "cycle", "broadcast")
            for line in (f"*::test_{name}", "*UnreadErrorWarning: *“none:x”*")
        ]
    )
