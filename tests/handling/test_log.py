"""Warnings that anyone can cause are logged rarely."""

import time

import pytest

from centripetal.handling import log


def test_a_message_is_logged_once_a_second(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Each message is logged at most once in its pause; other messages do not wait for it."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(log, "_next", {})
    for moment in (100.0, 100.9, 101.1, 101.2):
        now[0] = moment
        log.warn_rarely("a %s", moment)
        log.warn_rarely("b", pause=5)
    assert [record.getMessage() for record in caplog.records] == ["a 100.0", "b", "a 101.1"]
