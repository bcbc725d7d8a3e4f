"""Check that mypy and basedpyright, both in strict mode, accept correct uses of the API and report misuses."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MARK = re.compile(r"  # type: ignore\[([a-z, -]+)\]")
LINE = re.compile(r"^([a-z_]*misuse\.py):(\d+): error: .*\[([a-z-]+)\]$", re.MULTILINE)
MISUSES = ("misuse.py", "current_misuse.py", "proxy_misuse.py", "outbox_misuse.py")
USES = ("api.py", "current_api.py", "proxy_api.py", "outbox_api.py")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def unmarked(tmp_path: Path) -> Path:
    """Return a folder with the misuses as a user would write them, without the comments that suppress the errors."""
    for name in MISUSES:
        (tmp_path / name).write_text(MARK.sub("", (HERE / name).read_text()))
    for name in USES:
        (tmp_path / name).write_text((HERE / name).read_text())
    return tmp_path


def marked() -> set[tuple[str, int, str]]:
    """Return the lines with misuses by file, each with its mypy error codes."""
    return {
        (name, number, code)
        for name in MISUSES
        for number, line in enumerate((HERE / name).read_text().splitlines(), start=1)
        for codes in MARK.findall(line)
        for code in codes.split(", ")
    }


def test_mypy_reports_exactly_the_misuses(unmarked: Path) -> None:
    """In strict mode, mypy reports exactly the marked lines with their codes, and accepts correct uses."""
    options: list[str | Path] = [
        "--strict",
        "--no-error-summary",
        "--no-pretty",
        "--cache-dir",
        ROOT / ".mypy_cache" / "typing",
    ]
    done = run("mypy", *options, *MISUSES, *USES, cwd=unmarked)
    found = {(name, int(line), code) for name, line, code in LINE.findall(done.stdout)}
    assert found == marked(), done.stdout + done.stderr
    assert "api.py" not in done.stdout


def test_basedpyright_reports_exactly_the_misuses(unmarked: Path) -> None:
    """basedpyright, which editors use, reports exactly the marked lines and accepts correct uses."""
    settings = {"typeCheckingMode": "standard", "pythonVersion": "3.11", "extraPaths": [str(ROOT / "src")]}
    (unmarked / "pyrightconfig.json").write_text(json.dumps(settings))
    done = run("basedpyright", "--outputjson", "--pythonpath", sys.executable, cwd=unmarked)
    reports = json.loads(done.stdout)["generalDiagnostics"]
    errors = [report for report in reports if report["severity"] == "error"]
    lines = {(Path(error["file"]).name, error["range"]["start"]["line"] + 1) for error in errors}
    assert lines == {(name, number) for name, number, _ in marked()}, done.stdout
