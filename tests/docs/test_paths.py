"""Files and folders of the project that pages name are there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, name_of

PATH = re.compile(r"`((?:src|tests|scripts|docs|examples|benchmarks|requirements|changes|\.ci)/[\w./-]*)[` ]")
MADE = ("tests/node",)
"""What .ci/run makes."""


@pytest.mark.parametrize("page", [*PAGES, ROOT / "changes" / "README.md"], ids=name_of)
def test_paths_lead_somewhere(page: Path) -> None:
    """Each path that a page writes as code exists."""
    named = PATH.findall(page.read_text())
    assert not [path for path in named if not (ROOT / path).exists() and not path.startswith(MADE)]
