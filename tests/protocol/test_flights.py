"""Tests of queued calls and their requests."""

import pytest

from centripetal.dialects.v1.commands import Publish
from centripetal.errors import ConnectionLostError
from centripetal.protocol.command import Failed, Outcome, Prepared
from centripetal.protocol.flights import Entry, Group, out_of_time

LOST = ConnectionLostError("lost")


class Done(Outcome[bool], eq=False):
    """An outcome."""

    def result(self) -> bool:
        return True


def grouped(count: int) -> Group:
    group = Group(reads=False)
    for number in range(count):
        entry = Entry(Prepared(Publish("a", number), b"{}", ("a",)), 0.0)
        entry.flight = group.flight
        group.entries.append(entry)
    return group


def test_a_reply_gives_each_call_its_outcome() -> None:
    """Each call gets the outcome at its position, and a call that was cancelled keeps its error."""
    group, outcomes = grouped(3), [Done(), Done(), Done()]
    group.entries[1].outcome = LOST
    assert group.answer(outcomes) == [group.entries[0], group.entries[2]]
    assert [entry.outcome for entry in group.entries] == [outcomes[0], LOST, outcomes[2]]
    with pytest.raises(ConnectionLostError):
        group.entries[1].result()


def test_a_failure_gives_each_call_its_own_error() -> None:
    """Each call gets a copy of the error with its command."""
    group = grouped(2)
    assert group.fail(LOST) == group.entries
    errors = [entry.outcome for entry in group.entries]
    assert all(isinstance(error, ConnectionLostError) for error in errors)
    assert errors[0] is not errors[1]
    assert [getattr(error, "command", None) for error in errors] == [call.command for call in group.calls]


@pytest.mark.parametrize(
    ("queued", "started", "ended", "done", "unsent", "lost"),
    [
        (False, False, False, False, True, False),
        (True, False, False, False, True, False),
        (True, True, False, False, False, False),
        (True, True, True, False, False, True),
        (True, True, True, True, False, False),
    ],
)
def test_a_call_is_unsent_or_lost(
    queued: bool, started: bool, ended: bool, done: bool, unsent: bool, lost: bool
) -> None:
    """A call is unsent until its request starts, and lost if its request ends without giving it an outcome."""
    entry = grouped(1).entries[0]
    assert entry.flight is not None
    entry.flight.started, entry.flight.ended = started, ended
    entry.flight = entry.flight if queued else None
    entry.outcome = Failed(error=LOST) if done else None
    assert (entry.unsent, entry.lost) == (unsent, lost)


def test_a_timeout_tells_whether_the_call_was_sent() -> None:
    """`executed` is "no" for a call that still waits and "unknown" for a call in flight."""
    entry = grouped(1).entries[0]
    assert out_of_time(entry).executed == "unknown"
    entry.flight = None
    assert out_of_time(entry).executed == "no"


def test_an_unfinished_call_has_no_result() -> None:
    """Asking an unfinished call for its result is a mistake of the driver."""
    with pytest.raises(AssertionError):
        grouped(1).entries[0].result()
