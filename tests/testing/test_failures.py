"""The plan of failures, without anything that fails."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.testing.failures import FOREVER, FailurePlan


def test_failures_are_met_in_the_order_of_their_planning() -> None:
    """Each failure is met as often as planned; then calls succeed again."""
    plan = FailurePlan()
    plan.add("error", 2)
    plan.add("timeout", 1)
    assert plan.unused() == [("error", 2), ("timeout", 1)]
    assert [plan.take() for _ in range(4)] == ["error", "error", "timeout", None]
    assert plan.unused() == []


def test_forever_ends_when_the_plan_is_cleared() -> None:
    """FOREVER lasts until the plan is cleared, and never counts as unused."""
    plan = FailurePlan()
    plan.add("lose_reply", FOREVER)
    assert [plan.take() for _ in range(3)] == ["lose_reply"] * 3
    assert plan.unused() == []
    plan.clear()
    assert plan.take() is None


def test_nothing_listens_while_a_refusal_is_next_or_an_outage_lasts() -> None:
    """An outage uses up nothing that was planned."""
    plan, seen = FailurePlan(), []
    plan.add("error", 1)
    plan.add("refuse", 1)
    for change in (0, 1, -1, 0):
        plan.outages += change
        seen.append((plan.refusing, plan.take()))
    assert seen == [(False, "error"), (True, "refuse"), (True, "refuse"), (False, None)]


@pytest.mark.parametrize(
    ("failure", "times", "text"),
    [
        ("explode", 1, "failure must be one of 'timeout', 'refuse', 'error', 'lose_reply', not 'explode'"),
        ("error", 0, "times must be a whole number, at least 1, or FOREVER, not 0"),
        ("error", True, "times must be a whole number, at least 1, or FOREVER, not True"),
        ("error", "2", "times must be a whole number, at least 1, or FOREVER, not '2'"),
    ],
)
def test_what_cannot_be_planned_is_said(failure: Any, times: Any, text: str) -> None:
    """A failure or number that cannot be planned is a UsageError that says what can be."""
    with pytest.raises(UsageError) as caught:
        FailurePlan().add(failure, times)
    assert str(caught.value) == text
