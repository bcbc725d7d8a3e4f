"""Tests of signals during a load."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from centripetal.cli.tools.load.stopping import Stopping

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def stopping() -> Iterator[Stopping]:
    """Signals that are handled during the test."""
    stopping = Stopping()
    with stopping.handling():
        yield stopping


def send(number: int = signal.SIGINT) -> str:
    os.kill(os.getpid(), number)
    return "done"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_counted(stopping: Stopping, number: signal.Signals) -> None:
    """Outside of an interruptible action, a signal is only counted."""
    assert not stopping
    send(number)
    send()
    assert (bool(stopping), stopping.signals, stopping.first) == (True, 2, number)


def test_an_action_is_interrupted_once(stopping: Stopping) -> None:
    """The given number of signals interrupts an action, and earlier signals do not."""
    assert stopping.interruptible(2, send, "interrupted") == "done"
    assert stopping.interruptible(2, send, "interrupted") == "interrupted"
    assert stopping.signals == 2


def test_an_action_does_not_start_after_its_signal(stopping: Stopping) -> None:
    """After the signal, an action that it would interrupt does not start."""
    send()
    assert stopping.interruptible(1, lambda: pytest.fail("started"), "interrupted") == "interrupted"


def test_errors_of_an_action_end_the_interruptible_part(stopping: Stopping) -> None:
    """An error of the action is raised, and a later signal is only counted."""
    with pytest.raises(ZeroDivisionError):
        stopping.interruptible(1, lambda: 1 / 0, None)
    send()
    assert stopping.signals == 1


def test_handlers_are_restored_and_ignored_signals_stay_ignored() -> None:
    """A signal that the parent process ignores, as `nohup` does, stays ignored; other handlers are restored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stopping = Stopping()
        with stopping.handling():
            send(signal.SIGHUP)
        assert not stopping
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_handle_no_signals() -> None:
    """In another thread, which cannot handle signals, nothing fails."""
    results: list[str] = []

    def run() -> None:
        stopping = Stopping()
        with stopping.handling():
            results.append(stopping.interruptible(1, lambda: "done", "interrupted"))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert results == ["done"]
