"""Writes the pages of the reference that are made from the program, and figures in others; with --check only compares.

`python -m scripts._reference`, from the project's folder.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from scripts._reference.api import PAGES, page
from scripts._reference.cli import cli_page
from scripts._reference.configuration import configuration_page
from scripts._reference.figures import figured_pages

FOLDER = Path(__file__).parent.parent.parent / "docs" / "reference"


def pages() -> Mapping[Path, str]:
    """What each page must be."""
    made = {f"{name}.md": page(name) for name in PAGES}
    made |= {"cli.md": cli_page(), "configuration.md": configuration_page()}
    return {**{FOLDER / name: text for name, text in made.items()}, **figured_pages()}


def stale() -> list[Path]:
    """The pages that are not as they must be."""
    return [path for path, text in pages().items() if not path.exists() or path.read_text() != text]


def main(arguments: list[str]) -> int:
    """Do what *arguments* say; the exit code."""
    found = stale()
    if arguments == ["--check"]:
        for path in found:
            print(f"{path.name} is not what scripts/reference makes")
        return 1 if found else 0
    for path in found:
        path.write_text(pages()[path])
        print(f"wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
