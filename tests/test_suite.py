"""The choice of quick tests, and the distribution of tests over workers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite import ROOT, SLOW, is_quick, slow_place

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("place", SLOW)
def test_slow_places_exist(place: str) -> None:
    """Each entry of `SLOW` names an existing file or folder, with a reason."""
    assert (ROOT / place).exists()
    assert SLOW[place]


def test_quick_tests_are_recognised() -> None:
    """A test is quick unless it has a need or is in a slow place; a similar name does not count."""
    assert is_quick("tests/client/test_call.py", [])
    assert not is_quick("tests/client/test_call.py", [pytest.mark.needs("node").mark])
    assert not is_quick("tests/docs/test_site.py", [])
    assert slow_place("tests/docs") == "tests/docs"
    assert slow_place("tests/docs_of_others/test_x.py") is None


SOURCE = """
import subprocess, sys
import pytest

def test_python():
    assert subprocess.run([sys.executable, "-c", "pass"]).returncode == 0

def test_other():
    subprocess.run(["git", "--version"])

@pytest.mark.needs("node")
def test_needy():
    raise AssertionError("this did run")
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_a_quick_run_starts_no_other_program(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """With `-m quick`, tests with needs are left out, and a test that starts a program other than Python fails."""
    counts = pytester.path / "counts"
    monkeypatch.setenv("CENTRIPETAL_TEST_COUNTS", str(counts))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile(SOURCE)
    ran = pytester.runpytest_subprocess("-m", "quick", "-p", "no:cacheprovider", *workers)
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(["*a quick test must not start git: *"])
    assert counts.read_text() == "1 1 0\n"


def test_a_quick_run_imports_nothing_from_slow_places(tmp_path: Path) -> None:
    """A quick run works without the packages that slow places need, `examples` included."""
    (tmp_path / "fastapi.py").write_text("raise ImportError('not installed')")
    command = [sys.executable, "-m", "pytest", "-m", "quick", "-p", "no:cacheprovider", "--collect-only"]
    ran = subprocess.run(
        [*command, "examples/fastapi_chat", "tests/test_errors.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
    assert "test_errors.py" in ran.stdout
    assert "fastapi_chat" not in ran.stdout


def test_every_option_of_the_scripts_is_described() -> None:
    """CONTRIBUTING.md names each option of scripts/test and scripts/test-pythons."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for script in ("test", "test-pythons"):
        head = Path(ROOT / "scripts" / script).read_text().partition("\nset ")[0]
        options = re.findall(rf"^#   scripts/{script} (--\w+)", head, re.MULTILINE)
        assert options
        assert [option for option in options if f"scripts/{script} {option}" not in text] == []
