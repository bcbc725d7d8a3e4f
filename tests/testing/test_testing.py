"""Tests of the public names of `centripetal.testing`, which are imported on first use."""

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

import centripetal.testing as door


def imported_for_checkers() -> dict[str, str]:
    """Return the names in the TYPE_CHECKING block, with the modules that they come from."""
    tree = ast.parse(Path(door.__file__).read_bytes())
    return {
        alias.name: node.module or ""
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("name", door.__all__)
def test_each_name_is_the_same_at_run_time_and_for_type_checkers(name: str) -> None:
    """Programs and type checkers find the same object, and classes have a docstring."""
    value: Any = getattr(door, name)
    assert value is getattr(importlib.import_module(imported_for_checkers()[name]), name)
    assert not inspect.isclass(value) or inspect.getdoc(value)


def test_type_checkers_see_the_importable_names() -> None:
    """Type checkers see exactly the names that programs can import."""
    assert sorted(imported_for_checkers()) == sorted(door.__all__)


def test_an_unknown_name() -> None:
    """An unknown name raises AttributeError."""
    with pytest.raises(AttributeError, match=r"module 'centripetal\.testing' has no attribute 'Centrifugo9'"):
        getattr(door, "Centrifugo9")  # noqa: B009  # type checkers know that it is not there
