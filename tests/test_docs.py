"""The code in README and docs runs."""

import re
from pathlib import Path
from typing import Any

import pytest

from centripetal.server import EmbeddedServer

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
PROGRAMS = [page for page in PAGES if "```python" in page.read_text() and page.name != "testing.md"]
"""Pages whose code is run here; that of testing.md are tests, which tests/testing/test_documentation.py runs."""
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize("page", PROGRAMS, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page: Path) -> None:
    """Each page's code blocks run one after the other, as a reader would type them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        for code in blocks(page):
            exec(compile(code, f"{page.name}", "exec"), names)
    finally:
        for value in names.values():
            if isinstance(value, EmbeddedServer):
                value.stop()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file."""
    missing = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert not missing
