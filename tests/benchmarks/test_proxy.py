"""The applications of the proxy benchmark do the same work. No timing."""

import pytest

from benchmarks.proxy import APPLICATIONS, BODIES, TARGETS, answer_of


@pytest.mark.parametrize("kind", BODIES)
def test_all_applications_give_the_same_answer(kind: str) -> None:
    """Our handlers, mounted or not, and the endpoint written by hand answer an event with the same JSON."""
    ours, mounted, by_hand = [
        answer_of(application, kind) for name, application in APPLICATIONS.items() if name != "constant answer"
    ]
    assert ours == mounted == by_hand
    assert ours[0] == 200
    assert "result" in ours[1]
    assert answer_of(APPLICATIONS["constant answer"], kind) == (200, {"result": {}})
    assert kind in TARGETS
