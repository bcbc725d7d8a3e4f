"""The comparison of committed messages with arrivals counts each kind of fault. Without servers."""

import pytest

from tests.outbox.kills.judging import Counts, Message, judge

COMMITTED: list[Message] = [("a", 1), ("a", 2), ("a", 3), ("b", 1)]


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ([("a", 1), ("b", 1), ("a", 2), ("a", 3)], Counts(4, 0, 0, 0, 0)),
        ([("b", 1), ("a", 1), ("a", 3)], Counts(4, 1, 0, 0, 0)),
        ([("a", 1), ("a", 2), ("a", 9), ("a", 3), ("b", 1)], Counts(4, 0, 1, 0, 1)),
        ([("a", 1), ("a", 2), ("a", 1), ("a", 2), ("a", 3), ("b", 1)], Counts(4, 0, 0, 2, 0)),
        ([("a", 2), ("a", 1), ("a", 3), ("b", 1)], Counts(4, 0, 0, 0, 1)),
        ([], Counts(4, 4, 0, 0, 0)),
    ],
    ids=["exact", "lost", "ghost", "doubled", "disordered", "nothing"],
)
def test_each_kind_of_fault_is_counted(arrived: list[Message], expected: Counts) -> None:
    """Lost, invented, repeated and reordered messages are counted separately; a repetition is not a step back."""
    assert judge(COMMITTED, arrived) == expected
    assert judge(COMMITTED, arrived).is_exact is (expected == Counts(4, 0, 0, 0, 0))


def test_an_empty_run_is_not_exact() -> None:
    """A run in which nothing was committed proves nothing."""
    assert not judge([], []).is_exact
