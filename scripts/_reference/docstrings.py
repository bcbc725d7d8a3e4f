"""Convert docstrings to Markdown: their sections become lists."""

import re
from collections.abc import Iterator

__all__ = ["markdown"]

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):$")
_ENTRY = re.compile(r"^([\w*][\w*, ]*): (.*)$")


def markdown(text: str) -> str:
    """Return *text*, a docstring without its indentation, as Markdown."""
    out: list[str] = []
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        if not _SECTION.match(line):
            out.append(line)
            continue
        body: list[str] = []
        while lines and (not lines[0] or lines[0].startswith(" ")):
            body.append(lines.pop(0).removeprefix("    "))
        out += [f"**{line}**" if line != "Args:" else "**Arguments:**", "", *_entries(body), ""]
    return _emphasis("\n".join(out)).strip()


def _entries(body: list[str]) -> Iterator[str]:
    for line in body:
        if entry := _ENTRY.match(line):
            names = ", ".join(f"`{name.strip()}`" for name in entry[1].split(","))
            yield f"- {names}: {entry[2]}"
        elif line:
            yield f"  {line.strip()}" if line.startswith(" ") else line


def _emphasis(text: str) -> str:
    """Return *text* with names of arguments, which docstrings write as *name*, as code."""
    return re.sub(r"(?<![\w*])\*(\w+)\*(?![\w*])", r"`\1`", text)
