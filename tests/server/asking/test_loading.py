"""Handlers that are found by name."""

from pathlib import Path

import pytest

from centripetal.errors import UsageError
from centripetal.server.asking.loading import load_handlers

APP = """
import {module}
from centripetal.proxy import Handlers
class parts:
    proxy = Handlers(secret=None)
other = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_handlers_are_found_by_module_and_variable(folder: Path) -> None:
    """A name such as `app:parts.proxy` is the variable of a module in the current folder."""
    (folder / "app_with_handlers.py").write_text(APP.format(module="os"))
    assert type(load_handlers("app_with_handlers:parts.proxy")).__name__ == "Handlers"
    with pytest.raises(UsageError, match="has no 'proxy'"):
        load_handlers("app_with_handlers:proxy")
    with pytest.raises(UsageError, match=r"must be a centripetal\.proxy\.Handlers, not int"):
        load_handlers("app_with_handlers:other")


@pytest.mark.parametrize("name", ["app", "app:", ":proxy", "a b:c", "app:proxy()"])
def test_other_names_are_refused(name: str) -> None:
    """A name without a colon, or with other characters than identifiers have, is an error."""
    with pytest.raises(UsageError, match="module:variable"):
        load_handlers(name)


def test_a_missing_module_is_named(folder: Path) -> None:
    """A missing module is an error, but a module that cannot be imported raises its own error."""
    with pytest.raises(UsageError, match="no module 'app_that_is_missing'"):
        load_handlers("app_that_is_missing:proxy")
    (folder / "app_with_fault.py").write_text(APP.format(module="module_that_is_missing"))
    with pytest.raises(ModuleNotFoundError, match="module_that_is_missing"):
        load_handlers("app_with_fault:proxy")
