"""`scripts/methods`: the methods of clients and batches are what it writes from the commands."""

import pytest

from scripts._methods import FILES, module, written


@pytest.mark.parametrize("name", FILES)
def test_the_methods_are_written_from_the_commands(name: str) -> None:
    """After a change of a command, `scripts/methods` has to be run."""
    assert written(name).read_text() == module(name), "run scripts/methods"
