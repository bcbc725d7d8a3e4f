"""Generate the reference pages and the figures on other pages; with --check, only compare.

Run `python -m scripts._reference` in the project's folder.
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
    """Return the text of each generated page."""
    made = {f"{name}.md": page(name) for name in PAGES}
    made |= {"cli.md": cli_page(), "configuration.md": configuration_page()}
    return {**{FOLDER / name: text for name, text in made.items()}, **figured_pages()}


def stale(made: Mapping[Path, str]) -> list[Path]:
    """Return the pages of *made* whose files differ."""
    return [path for path, text in made.items() if not path.exists() or path.read_text() != text]


def main(arguments: list[str]) -> int:
    """Run with *arguments* and return the exit code."""
    if arguments not in ([], ["--check"]):
        print(f"error: scripts/reference takes no argument except --check, got {' '.join(arguments)}", file=sys.stderr)
        return 2
    made = pages()
    found = stale(made)
    if arguments:
        for path in found:
            print(f"{path.name} is out of date: run scripts/reference")
        return 1 if found else 0
    for path in found:
        path.write_text(made[path])
        print(f"wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
