"""The changelog, built by towncrier from the notes in changes/: printed, or written to CHANGELOG.md at a release.

The same notes, version and date give the same text. `scripts/changelog` runs this module and documents its options.
"""

import argparse
import datetime
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main", "notes", "version_of"]

ROOT = Path(__file__).parent.parent


def version_of(root: Path) -> str:
    """Return the version of the project in *root*."""
    found = re.search(r'^__version__ = "(.+)"$', (root / "src/centripetal/version.py").read_text(), re.MULTILINE)
    if not found:
        raise SystemExit('error: src/centripetal/version.py has no line __version__ = "…"')
    return found[1]


def notes(root: Path) -> list[Path]:
    """Return the notes about changes since the last release."""
    return sorted(path for path in (root / "changes").iterdir() if path.name != "README.md")


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run the command line *arguments* for the project in *root*.

    Returns:
        Exit code; 2 if there is nothing to release.
    """
    parser = argparse.ArgumentParser(
        "scripts/changelog", description="Print the changelog built from the notes in changes/."
    )
    parser.add_argument("--release", action="store_true", help="write CHANGELOG.md and delete the notes")
    parser.add_argument(
        "--date", default=datetime.date.today().isoformat(), help="date of the release (default: today)"
    )
    options = parser.parse_args(arguments)
    version = version_of(root)
    if options.release and (problem := _unready(root, version)):
        print(f"error: {problem}", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "towncrier", "build", "--dir", str(root), "--version", version]
    command += ["--date", options.date, "--yes" if options.release else "--draft"]
    return subprocess.run(command, cwd=root, check=False).returncode


def _unready(root: Path, version: str) -> str:
    if not notes(root):
        return "changes/ holds no notes: there is nothing to release"
    if f"\n## {version} " in (root / "CHANGELOG.md").read_text():
        return f"CHANGELOG.md has {version} already: set the new version in src/centripetal/version.py first"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
