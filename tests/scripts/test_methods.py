"""Tests of `scripts/methods`, which writes the methods of clients and batches from the commands."""

import pytest

from scripts._methods import FILES, module, written


@pytest.mark.parametrize("name", FILES)
def test_the_methods_are_up_to_date(name: str) -> None:
    """The generated methods match the commands; run `scripts/methods` after changing a command."""
    assert written(name).read_text() == module(name), "run scripts/methods"
