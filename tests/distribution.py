"""Distribution of the tests over workers (`-n`)."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

__all__ = ["Scheduler"]


class Scheduler(LoadScopeScheduling):
    """Gives a worker one file of tests at a time, in the order of collection.

    Tests of one file share its fixtures. The files of `tests/package` also share the built wheels and the virtual
    environments, so they are given as one.
    """

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        # xdist would start the files with the most tests first; ours are sorted by time (tests/suite.py).
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "tests/package" if path.startswith("tests/package/") else path
