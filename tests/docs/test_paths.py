"""Files and folders of the project that pages name exist."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, name_of

PATH = re.compile(r"`((?:src|tests|scripts|docs|examples|benchmarks|requirements|changes|\.ci)/[\w./-]*)[` ]")
CREATED = ("tests/node",)
"""Paths that .ci/run creates."""


@pytest.mark.parametrize("page", [*PAGES, ROOT / "changes" / "README.md"], ids=name_of)
def test_paths_exist(page: Path) -> None:
    """Each path that a page shows as code exists."""
    named = PATH.findall(page.read_text())
    assert not [path for path in named if not (ROOT / path).exists() and not path.startswith(CREATED)]
