"""Needs of tests: they are found, or a test is skipped with a reason, or it fails in CI."""

import os
import stat
from pathlib import Path

import pytest

from tests.needs import NEEDS, find, needs, shortfall

pytest_plugins = ["pytester"]


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("name", [name for name, need in NEEDS.items() if need.commands])
def test_command_is_found_on_the_path(name: str, tmp_path: Path) -> None:
    """Each command of a need is found on the PATH."""
    for command in NEEDS[name].commands:
        folder = tmp_path / command
        folder.mkdir()
        assert find(name, {"PATH": str(folder)}) is None
        path = program(folder, command)
        assert find(name, {"PATH": str(folder)}) == str(path)


@pytest.mark.parametrize("name", [name for name, need in NEEDS.items() if need.variable])
def test_variable_names_the_program(name: str, tmp_path: Path) -> None:
    """A need's variable names the program; a variable with a missing file means that the need is missing."""
    path = program(tmp_path, "it")
    empty = {"PATH": str(tmp_path / "nothing")}
    assert find(name, {**empty, NEEDS[name].variable: str(path)}) == str(path)
    assert find(name, {**empty, NEEDS[name].variable: str(tmp_path / "missing")}) is None


def test_the_newest_version_is_found_next_to_the_path(tmp_path: Path) -> None:
    """Debian's folders of PostgreSQL are searched for each folder on the PATH; version 15 is newer than 9."""
    (tmp_path / "bin").mkdir()
    for version in ("9.6", "15"):
        folder = tmp_path / "lib" / "postgresql" / version / "bin"
        folder.mkdir(parents=True)
        program(folder, "postgres")
    found = find("postgresql", {"PATH": str(tmp_path / "bin")})
    assert found is not None
    assert Path(found).resolve() == (tmp_path / "lib" / "postgresql" / "15" / "bin" / "postgres").resolve()


@pytest.mark.parametrize("name", NEEDS)
def test_a_missing_need_fails_in_ci_only(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing need is a reason to skip; with CI=true it is a failure, except for real servers and their brokers."""
    monkeypatch.setattr("tests.needs.NODE", tmp_path)
    machine = {"PATH": str(tmp_path)}
    for environment, strict in (
        (machine, False),
        (
            {**machine, "CI": "true"},
            not name.startswith("centrifugo") and name not in ("redis-server", "nats-server"),
        ),
    ):
        lack = shortfall(name, environment)
        assert lack is not None
        assert lack[1] is strict
        assert NEEDS[name].advice in lack[0]


@pytest.mark.parametrize("name", [name for name, need in NEEDS.items() if need.packages])
def test_packages_are_found_where_ci_installs_them(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All packages must be installed; `.ci/run` installs the same versions."""
    monkeypatch.setattr("tests.needs.NODE", tmp_path)
    for package in NEEDS[name].packages:
        assert find(name, {}) is None
        (tmp_path / "node_modules" / package.partition("@")[0]).mkdir(parents=True)
    assert find(name, {}) == str(tmp_path)
    script = (Path(__file__).parent.parent / ".ci" / "run").read_text()
    assert all(package in script for package in NEEDS[name].packages)


def test_unknown_need_is_an_error() -> None:
    """A misspelt need raises when tests are collected."""
    with pytest.raises(KeyError, match="unknown need 'nodejs'"):
        needs("nodejs")


@pytest.mark.parametrize(("ci", "outcome"), [("", {"skipped": 1, "passed": 1}), ("true", {"errors": 1, "passed": 1})])
def test_marked_tests_are_skipped_or_fail(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: dict[str, int]
) -> None:
    """A test with a missing need is skipped with the reason; with CI=true it fails before it starts."""
    root = Path(__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.delenv("CHROMIUM_BIN", raising=False)
    counts = pytester.path / "counts"
    monkeypatch.setenv("CENTRIPETAL_TEST_COUNTS", str(counts))
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile(
        """
        from tests.needs import needs

        @needs("chromium")
        def test_page():
            raise AssertionError("this did run")

        def test_other():
            pass
        """
    )
    ran = pytester.runpytest_subprocess("-rs", "-p", "no:cacheprovider")
    ran.assert_outcomes(**outcome)
    assert counts.read_text() == ("1 0 1\n" if not ci else "1 1 0\n")
    ran.stdout.fnmatch_lines(["*needs Chromium: install*"])
