"""Distribution of the tests over workers (`-n`)."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

__all__ = ["Scheduler"]


class Scheduler(LoadScopeScheduling):
    """Scheduler that gives a worker one test file at a time, in the order of collection.

    Tests of one file share its fixtures. The files of `tests/package` also share the built wheels and the virtual
    environments, so one worker gets all of them.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        # xdist would start the files with the most tests first; ours are sorted by duration (tests/suite.py).
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "tests/package" if path.startswith("tests/package/") else path
