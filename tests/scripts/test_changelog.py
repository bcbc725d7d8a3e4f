"""Tests of `scripts/changelog`: the section made of the notes, and the files that a release changes."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts._changelog import ROOT, main, notes, version_of

TYPES = [
    kind["directory"] for kind in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
]


def git(root: Path, *arguments: str) -> str:
    name = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    return subprocess.run(["git", *name, *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the changelog's files and two notes."""
    for name in ("pyproject.toml", "CHANGELOG.md", "changes/README.md", "src/centripetal/version.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n<!-- towncrier release notes start -->\n")
    (tmp_path / "changes/3.feature.md").write_text("Added `this`,\nand more.\n\nAdded that.\n")
    (tmp_path / "changes/12.fix.md").write_text("Mended it.\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def section(version: str, date: str) -> str:
    return (
        f"## {version} ({date})\n\n### Added\n\n- Added `this`,\n  and more.\n\n  Added that. (issue 3)\n\n"
        "### Fixed\n\n- Mended it. (issue 12)\n"
    )


def test_a_draft_changes_nothing(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Without --release, the script prints the same section each time and changes no file."""
    printed = []
    for _ in range(2):
        assert main(["--date", "2026-01-31"], project) == 0
        printed.append(capfd.readouterr().out.strip() + "\n")
    assert printed == [section(version_of(ROOT), "2026-01-31")] * 2
    assert git(project, "status", "--short") == ""


def test_a_release_is_added_above_earlier_releases(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A release is added above earlier releases, and the changed changelog and the deleted notes are staged in git."""
    version = version_of(ROOT)
    assert main(["--release", "--date", "2026-01-31"], project) == 0
    first = (project / "CHANGELOG.md").read_text()
    assert section(version, "2026-01-31") in first
    assert [path.name for path in (project / "changes").iterdir()] == ["README.md"]
    assert set(git(project, "diff", "--cached", "--name-only").split()) == {
        *("CHANGELOG.md", "changes/12.fix.md", "changes/3.feature.md")
    }
    (project / "src/centripetal/version.py").write_text('__version__ = "9.0.0"\n')
    (project / "changes/20.removal.md").write_text("Gone.\n")
    assert main(["--release", "--date", "2026-02-28"], project) == 0
    second = (project / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (.*)$", second, re.MULTILINE) == ["9.0.0 (2026-02-28)", f"{version} (2026-01-31)"]
    assert section(version, "2026-01-31") in second


def test_a_release_needs_notes_and_a_new_version(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Without notes or a new version, nothing is written and the error explains the fix."""
    assert main(["--release"], project) == 0
    before = (project / "CHANGELOG.md").read_text()
    capfd.readouterr()
    assert main(["--release"], project) == 2
    assert "no notes" in capfd.readouterr().err
    (project / "changes/20.removal.md").write_text("Gone.\n")
    assert main(["--release"], project) == 2
    assert "set the new version in src/centripetal/version.py" in capfd.readouterr().err
    assert (project / "CHANGELOG.md").read_text() == before


def test_each_note_has_a_valid_name() -> None:
    """The name of a note has an issue and a type that the changelog knows, and the note is not empty."""
    shape = re.compile(rf"\d+\.({'|'.join(TYPES)})\.md")
    astray = [note.name for note in notes(ROOT) if not shape.fullmatch(note.name) or not note.read_text().strip()]
    assert not astray, f"notes are called <issue>.<type>.md, and types are {', '.join(TYPES)}"


def test_the_guide_to_notes_names_each_type() -> None:
    """changes/README.md lists every type."""
    assert re.findall(r"^\| `(\w+)`", (ROOT / "changes/README.md").read_text(), re.MULTILINE) == TYPES


def test_the_changelog_has_the_marker_for_releases() -> None:
    """CHANGELOG.md contains the marker line below which releases are added exactly once."""
    assert (ROOT / "CHANGELOG.md").read_text().count("<!-- towncrier release notes start -->\n") == 1
