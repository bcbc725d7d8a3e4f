"""Tests of warnings that name the line of the program that called the library."""

import types

import pytest

from centripetal.protocol.caller import warn_caller

INSIDE = """
def outer(inner, *arguments):
    return inner(*arguments)
"""


def test_the_warning_names_the_first_line_outside_of_the_package() -> None:
    """Calls between the program and the warning, in modules of the package, are skipped."""
    module = types.ModuleType("centripetal.between")
    exec(INSIDE, vars(module))
    with pytest.warns(UserWarning, match="a text") as caught:
        module.outer(module.outer, module.outer, warn_caller, "a text", UserWarning)
    (warning,) = caught
    assert warning.filename == __file__
