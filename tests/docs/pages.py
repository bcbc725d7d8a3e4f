"""The pages of the documentation and the code in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["DOCS", "PAGES", "ROOT", "Block", "blocks", "name_of"]

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *DOCS.rglob("*.md"),
        *(ROOT / "examples").rglob("README.md"),
    ]
)

_FENCE = re.compile(r"^( *)```(\w*)(.*)$")
_NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
_EXCERPT = re.compile(r"^<!-- from: (\S+) -->$")


class Block(NamedTuple):
    """A block of code.

    Attributes:
        page: where it stands.
        line: the number of its first line there.
        language: what its fence says.
        code: its text.
        not_run: why it is not run, if a comment above it says so; "" otherwise.
        excerpt: the file of the project whose lines these are, if a comment above it says so (that file is run by a
            test of its own); "" otherwise.
    """

    page: Path
    line: int
    language: str
    code: str
    not_run: str
    excerpt: str = ""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of *page*, in order."""
    language, indent, start, code, reason, excerpt = "", "", 0, list[str](), "", ""
    inside = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and not inside:
            inside, indent, language, start, code = True, fence[1], fence[2], number + 1, []
        elif fence:
            yield Block(page, start, language, "\n".join(code) + "\n", reason, excerpt)
            inside, reason, excerpt = False, "", ""
        elif inside:
            code.append(line.removeprefix(indent))
        elif line:
            reason = found[1] if (found := _NOT_RUN.match(line)) else ""
            excerpt = found[1] if (found := _EXCERPT.match(line)) else ""
    assert not inside, f"{page}: the last block has no end"
