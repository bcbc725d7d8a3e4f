"""scripts/changelog: what notes become, that the same notes become the same text, and what a release leaves behind."""

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
    """A repository with what a changelog is made of, and two notes."""
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
    """Without --release the section is printed, the same each time, and every file stays as it is."""
    printed = []
    for _ in range(2):
        assert main(["--date", "2026-01-31"], project) == 0
        printed.append(capfd.readouterr().out.strip() + "\n")
    assert printed == [section(version_of(ROOT), "2026-01-31")] * 2
    assert git(project, "status", "--short") == ""


def test_releases_stand_one_above_the_other(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A release puts the section on top of the earlier ones, deletes the notes, and tells git of both."""
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
    """Without notes, or with a version that the changelog has, nothing is written and it says what to do."""
    assert main(["--release"], project) == 0
    before = (project / "CHANGELOG.md").read_text()
    capfd.readouterr()
    assert main(["--release"], project) == 2
    assert "no notes" in capfd.readouterr().err
    (project / "changes/20.removal.md").write_text("Gone.\n")
    assert main(["--release"], project) == 2
    assert "set the new version in src/centripetal/version.py" in capfd.readouterr().err
    assert (project / "CHANGELOG.md").read_text() == before


def test_each_note_has_a_place() -> None:
    """A note's name is its issue and a type that the changelog has, and it says something."""
    shape = re.compile(rf"\d+\.({'|'.join(TYPES)})\.md")
    astray = [note.name for note in notes(ROOT) if not shape.fullmatch(note.name) or not note.read_text().strip()]
    assert not astray, f"notes are called <issue>.<type>.md, and types are {', '.join(TYPES)}"


def test_the_guide_to_notes_names_each_type() -> None:
    """changes/README.md lists the types that there are."""
    assert re.findall(r"^\| `(\w+)`", (ROOT / "changes/README.md").read_text(), re.MULTILINE) == TYPES


def test_the_changelog_can_take_a_release() -> None:
    """The line below which releases are put is in CHANGELOG.md, once."""
    assert (ROOT / "CHANGELOG.md").read_text().count("<!-- towncrier release notes start -->\n") == 1
