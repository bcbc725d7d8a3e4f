"""Compare the public API with another commit: removed, changed and added names.

Both sides are read from the reference pages. The current pages are generated from the program; the older ones come from
git, where a test keeps them equal to the program in every commit. The comparison therefore covers signatures (including
methods made from commands, which static analysis of Python does not see), verbs, options, configuration keys, and the
guarantees of errors. `scripts/api-changes` runs it.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Changes", "compare", "entries", "main", "pages_of"]

ROOT = Path(__file__).parent.parent
FOLDER = "docs/reference"
PROSE = ("fidelity.md",)
"""Pages of the reference that describe no public names."""

_HEADING = re.compile(r"(#{1,4}) (.+?)(?: \{ #\S+ \})?")
_MEMBER = re.compile(r"\*\*`(\w+)`\*\*: .*")
_COMMAND = re.compile(r"Command of \[`(\w+)`\].*")
_CELL = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"`([^`]+)`")

Name = tuple[str, ...]
"""A public name, outermost part first: page or chapter, class or verb, method or option."""

Entries = Mapping[Name, str]
"""Public names, each with the part that users rely on: a signature or a default."""


class Changes(NamedTuple):
    """Differences; a changed name has its old and its new value."""

    removed: list[Name]
    changed: list[tuple[Name, str, str]]
    added: list[Name]

    def __str__(self) -> str:
        changed = [f"{' '.join(name)}\n    - {old}\n    + {new}" for name, old, new in self.changed]
        named = {
            "Removed": [" ".join(name) for name in self.removed],
            "Changed": changed,
            "Added": [" ".join(name) for name in self.added],
        }
        parts = ["".join([f"{title}\n", *(f"  {line}\n" for line in lines)]) for title, lines in named.items() if lines]
        return "\n".join(parts) or "Nothing.\n"


def compare(then: Entries, now: Entries) -> Changes:
    """Return the differences. The parts of a name that was added or removed as a whole are left out."""
    return Changes(
        _outermost(then.keys() - now.keys()),
        [(name, then[name], now[name]) for name in sorted(then.keys() & now.keys()) if then[name] != now[name]],
        _outermost(now.keys() - then.keys()),
    )


def _outermost(names: set[Name]) -> list[Name]:
    return sorted(name for name in names if not any(name[:length] in names for length in range(1, len(name))))


def entries(page: str) -> Entries:
    """Return the public names that a reference page describes."""
    found: dict[Name, str] = {}
    title = ""
    outer: Name = ()  # the name that the following lines describe
    name: Name = ()  # the name on the last line, which the next block is the signature of
    lines = iter(page.splitlines())
    for line in lines:
        if heading := _HEADING.fullmatch(line):
            match len(heading[1]):
                case 1:
                    title, outer = heading[2], (heading[2],)
                case 2:
                    outer = (title, f"[{heading[2]}]")
                case 3:
                    outer = name = (title, heading[2].strip("`"))
                    found[name] = ""
                case _:
                    name = (*outer, heading[2])
                    found[name] = ""
        elif member := _MEMBER.fullmatch(line):
            found[*outer, member[1]], name = "", ()
        elif command := _COMMAND.fullmatch(line):
            found[outer], name = f"as {command[1]}", ()
        elif line.startswith("| `"):
            key, value = _row(line)
            found[*outer, key] = value
        elif line == "```text" and name:
            found[name], name = _signature(lines), ()
        elif line.startswith("`executed` is "):
            found[outer] = line
        elif line:
            name = ()
    return found


def _row(line: str) -> tuple[str, str]:
    """Return the name in a row of a table, and the row's other cells without the description in the last cell."""
    cells = [cell.strip() for cell in _CELL.split(line)[1:-1]]
    key, *more = _CODE.findall(cells[0])
    return key, " ".join([*more, *cells[1:-1]])


def _signature(lines: Iterator[str]) -> str:
    """Return the lines of a block joined to one line."""
    block = []
    for line in lines:
        if line == "```":
            break
        block.append(line.strip())
    return " ".join(block).replace("( ", "(").replace(", )", ")")


def pages_of(ref: str, root: Path) -> Mapping[str, str]:
    """Return the reference pages at *ref* in the repository *root*; an empty mapping without a reference."""
    listing = _git(root, "ls-tree", "--name-only", ref, f"{FOLDER}/")
    return {Path(path).name: _git(root, "show", f"{ref}:{path}") for path in listing.splitlines()}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LookupError(done.stderr.strip())
    return done.stdout


def _all(pages: Mapping[str, str]) -> Entries:
    chosen: Iterable[str] = (text for file, text in pages.items() if file.endswith(".md") and file not in PROSE)
    return {name: value for text in chosen for name, value in entries(text).items()}


def main(arguments: Sequence[str], now: Mapping[str, str], root: Path = ROOT) -> int:
    """Print the differences.

    Args:
        arguments: command-line arguments.
        now: the current reference pages.
        root: the repository.

    Returns:
        The exit code: 0 whatever the differences, 2 if the other commit cannot be read.
    """
    parser = argparse.ArgumentParser("scripts/api-changes", description="Shows how the public API changed.")
    parser.add_argument("ref", nargs="?", help="a tag, branch or commit; the last tag, if not given")
    ref = parser.parse_args(arguments).ref
    if not ref:
        try:
            ref = _git(root, "describe", "--tags", "--abbrev=0").strip()
        except LookupError:
            print("No tag exists yet, so the whole API is new. scripts/api-changes REF compares with any other commit.")
            return 0
    try:
        then = pages_of(f"{ref}^{{commit}}", root)
    except LookupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not then:
        print(f"error: {ref} has no {FOLDER}/: it is older than the reference", file=sys.stderr)
        return 2
    print(f"Public API since {ref}:\n\n{compare(_all(then), _all(now))}", end="")
    return 0


def _now() -> Mapping[str, str]:
    """Return the current pages: generated ones from the program, the others from their files."""
    from scripts._reference.__main__ import pages

    written = {path.name: path.read_text() for path in (ROOT / FOLDER).glob("*.md")}
    return written | {path.name: text for path, text in pages().items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _now()))
