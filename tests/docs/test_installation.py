"""Installation: every page promises the same two lines."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, name_of

CLONE = "pip install '.[cli,server]'"
"""The line for a clone, in its folder."""
INDEX = "pip install 'centripetal[cli,server]'"
"""The line for the package index, after the first release."""
BOTH = [ROOT / "README.md", DOCS / "index.md", DOCS / "tutorial.md"]
INSTALLER = re.compile(
    r"(?:\b(?:pip|pipx|uv pip|uv tool|poetry|conda|brew)\s+(?:install|add|download)|\buv add|\buvx)[^`\n]*"
)


def promises(text: str) -> list[str]:
    """Return the commands in *text* that install this project."""
    found = [each.strip() for each in INSTALLER.findall(text)]
    return [
        each
        for each in found
        if re.search(r"centripetal|(?<!\w)\[[\w,]*\]|(?:^|[ '\"])\.{1,2}(?:/|$|[ '\"\[])|clone", each)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Run `{CLONE}`, or {INDEX}\nnow", [CLONE, INDEX]),
        ("pip install centripetal fastapi", ["pip install centripetal fastapi"]),
        ("pip install -e .", ["pip install -e ."]),
        ("uv add centripetal\npipx install '/path/clone'", ["uv add centripetal", "pipx install '/path/clone'"]),
        ("pip install fastapi uvicorn\npip install 'psycopg[binary]'", []),
    ],
)
def test_promises_are_recognised(text: str, expected: list[str]) -> None:
    """Commands of all installers that name this project or a folder are found, and others are not."""
    assert promises(text) == expected


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pages_promise_one_line_for_a_clone_and_one_for_the_index(page: Path) -> None:
    """A page installs the project with one of the two lines, and the first pages of a reader have both."""
    found = promises(page.read_text())
    assert set(found) <= {CLONE, INDEX}
    if page in BOTH:
        assert found == [CLONE, INDEX]
    elif page.is_relative_to(ROOT / "examples"):
        assert set(found) <= {CLONE}  # only a clone contains the examples


def test_the_lines_fit_the_package() -> None:
    """The lines name the project and extras that it has, with everything that the tutorial uses."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert CLONE.replace("'.", f"'{project['name']}") == INDEX
    assert (
        set(re.findall(r"\w+", CLONE.partition("[")[2])) == {"cli", "server"} <= set(project["optional-dependencies"])
    )
