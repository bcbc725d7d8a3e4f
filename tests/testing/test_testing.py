"""The package's door: what it exports, and that it loads only what is asked for."""

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

import centripetal.testing as door


def imported_for_checkers() -> dict[str, str]:
    """What the block for type checkers imports, and from where."""
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
def test_each_name_is_there_for_programs_and_checkers(name: str) -> None:
    """Programs and type checkers find the same object; classes have documentation."""
    value: Any = getattr(door, name)
    assert value is getattr(importlib.import_module(imported_for_checkers()[name]), name)
    assert not inspect.isclass(value) or inspect.getdoc(value)


def test_checkers_see_what_programs_see() -> None:
    """Type checkers see exactly the names that programs can import."""
    assert sorted(imported_for_checkers()) == sorted(door.__all__)


def test_a_name_that_is_not_there() -> None:
    """An unknown name is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match=r"module 'centripetal\.testing' has no attribute 'Centrifugo9'"):
        getattr(door, "Centrifugo9")  # noqa: B009  # type checkers know that it is not there
