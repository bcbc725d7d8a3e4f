"""Tests of what is known about the command of a run."""

import pytest

from centripetal.cli.output.running import Running, new_run, running


def test_a_command_that_fails_may_have_run() -> None:
    """While a command is executed, it is unknown whether it ran; afterwards it has run."""
    run = Running("publish", "news")
    assert (run.executed, run.state) == ("no", "Nothing was sent.")
    with pytest.raises(KeyboardInterrupt), run.executing():
        raise KeyboardInterrupt
    assert (run.executed, run.state) == ("unknown", "It is unknown whether the server executed the command.")
    with run.executing():
        pass
    assert (run.executed, run.state) == ("yes", "The server executed the command.")


def test_a_tool_says_what_it_has_done() -> None:
    """A tool that runs no command has a sentence about its progress, or nothing to say."""
    assert (Running().state, Running(progress="2 commands were sent.").state) == ("", "2 commands were sent.")


def test_each_run_is_separate() -> None:
    """A run begins without a command, also inside another run, and ends with its block."""
    with new_run() as outer:
        outer.method = "publish"
        with new_run() as inner:
            assert (running() is inner, inner.method) == (True, None)
        assert running() is outer
    assert running().method is None
