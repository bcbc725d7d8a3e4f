"""Pages of the documentation and their code blocks."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["DOCS", "PAGES", "ROOT", "Block", "blocks", "files", "name_of", "read_yaml"]

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *DOCS.rglob("*.md"),
        *ROOT.glob("examples/*/README.md"),
    ]
)

_FENCE = re.compile(r"^( *)```(\w*)(.*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
_EXCERPT = re.compile(r"^<!-- from (\S+) -->$")


class Block(NamedTuple):
    """A code block.

    Attributes:
        page: page that contains the block.
        line: number of its first line on the page.
        language: language of its fence.
        code: its text.
        not_run: reason from a comment above it why it is not run, or "".
        file: name of the file that the block is, from the title of its fence, or "".
        excerpt_of: file of this repository that the block is a part of and is run with, from a comment above it, or "".
    """

    page: Path
    line: int
    language: str
    code: str
    not_run: str
    file: str = ""
    excerpt_of: str = ""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of *page*, in order."""
    language, indent, start, code, title, above = "", "", 0, list[str](), "", ""
    inside = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = _FENCE.match(line)
        if fence and not inside:
            inside, indent, language, start, code = True, fence[1], fence[2], number + 1, []
            title = found[1] if (found := _TITLE.search(fence[3])) else ""
        elif fence:
            reason, source = _NOT_RUN.match(above), _EXCERPT.match(above)
            text = "\n".join(code) + "\n"
            yield Block(page, start, language, text, reason[1] if reason else "", title, source[1] if source else "")
            inside, above = False, ""
        elif inside:
            code.append(line.removeprefix(indent))
        elif line:
            above = line
    assert not inside, f"{page}: the last block has no end"


def files(page: Path) -> dict[str, str]:
    """Return the files that readers of *page* write: blocks with a title; blocks with the same title form one file."""
    found: dict[str, str] = {}
    for block in blocks(page):
        if block.file:
            found[block.file] = "\n\n".join((found[block.file], block.code)) if block.file in found else block.code
    return found


def read_yaml(text: str) -> Any:
    """Return the value of a YAML document. PyYAML is a dependency of MkDocs, and has no types."""
    return importlib.import_module("yaml").safe_load(text)
