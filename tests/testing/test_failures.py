"""Tests of the failure plan, without a transport."""

from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.testing.failures import FOREVER, FailurePlan


def test_failures_occur_in_the_planned_order() -> None:
    """Each failure occurs as often as planned, and later calls succeed."""
    plan = FailurePlan()
    plan.add("error", 2)
    plan.add("timeout", 1)
    assert plan.unused() == [("error", 2), ("timeout", 1)]
    assert [plan.take() for _ in range(4)] == ["error", "error", "timeout", None]
    assert plan.unused() == []


def test_forever_lasts_until_the_plan_is_cleared() -> None:
    """FOREVER lasts until the plan is cleared and is never reported as unused."""
    plan = FailurePlan()
    plan.add("lose_reply", FOREVER)
    assert [plan.take() for _ in range(3)] == ["lose_reply"] * 3
    assert plan.unused() == []
    plan.clear()
    assert plan.take() is None


def test_connections_are_refused_during_a_refusal_or_an_outage() -> None:
    """Connections are refused while a refusal is next or during an outage, and an outage uses up no planned failure."""
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
        ("explode", 1, "failure must be one of 'timeout', 'refuse', 'error', 'lose_reply', got 'explode'"),
        ("error", 0, "times must be an integer of 1 or more, or FOREVER, got 0"),
        ("error", True, "times must be an integer of 1 or more, or FOREVER, got True"),
        ("error", "2", "times must be an integer of 1 or more, or FOREVER, got '2'"),
    ],
)
def test_invalid_failures_are_rejected(failure: Any, times: Any, text: str) -> None:
    """An invalid failure or number raises a UsageError that lists the valid values."""
    with pytest.raises(UsageError) as caught:
        FailurePlan().add(failure, times)
    assert str(caught.value) == text
