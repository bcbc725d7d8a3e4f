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


def test_a_quick_run_imports_only_its_own_packages() -> None:
    """All quick tests can be collected with nothing but the packages of requirements/test.txt."""
    command = [sys.executable, "-m", "pytest", "-m", "quick", "-p", "no:cacheprovider", "--collect-only", "-q"]
    variables = {**os.environ, "CENTRIPETAL_TEST_COUNTS": ""}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=variables)
    assert ran.returncode == 0, ran.stdout
    assert "tests/test_errors.py" in ran.stdout
    assert "fastapi_chat" not in ran.stdout


def test_other_packages_are_hidden_from_quick_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick test that imports a package outside requirements/test.txt fails, and may skip itself instead."""
    monkeypatch.delenv("CENTRIPETAL_TEST_COUNTS", raising=False)  # the inner run would replace the counts of this one
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile(
        """
        import importlib.util, pytest, hypothesis, websockets, centripetal

        def test_one():
            import psycopg

        def test_other():
            pytest.importorskip("fastapi")

        def test_search():
            assert importlib.util.find_spec("django") is None
        """
    )
    pytester.runpytest_subprocess("-m", "quick", "-p", "no:cacheprovider").assert_outcomes(
        passed=1, failed=1, skipped=1
    )


def test_every_option_of_the_scripts_is_described() -> None:
    """CONTRIBUTING.md names each option of scripts/test and scripts/test-pythons."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for script in ("test", "test-pythons"):
        head = Path(ROOT / "scripts" / script).read_text().partition("\nset ")[0]
        options = re.findall(rf"^#   scripts/{script} (--\w+)", head, re.MULTILINE)
        assert options
        assert [option for option in options if f"scripts/{script} {option}" not in text] == []
