"""Work in steps."""

import pytest

from centripetal.server.steps import Steps, finished


def test_all_steps_are_run() -> None:
    """`finished` runs the steps in order and returns the result, or raises the error, of the last one."""
    done = []

    def work(count: int) -> Steps[str]:
        for number in range(count):
            done.append(number)
            yield
        if not count:
            raise ValueError("no work")
        return "result"

    assert finished(work(3)) == "result"
    assert done == [0, 1, 2]
    with pytest.raises(ValueError, match="no work"):
        finished(work(0))
