"""Tests of `scripts/test --coverage`: the share of covered branches by package."""

import json
from pathlib import Path

import pytest

from scripts._coverage import HELD, branches, main, package_of


def report(**taken: int) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Return a coverage report with a file of 100 branches in each package."""
    return {
        "files": {
            f"src/centripetal/{package}/x.py": {"summary": {"covered_branches": count, "num_branches": 100}}
            for package, count in taken.items()
        }
    }


@pytest.mark.parametrize(
    ("file", "package"),
    [
        ("src/centripetal/client/call.py", "client"),
        (".venv/lib/python3.11/site-packages/centripetal/dialects/v1/codec.py", "dialects"),
        ("src/centripetal/errors.py", "errors"),
        ("src/pytest_centripetal.py", "pytest_centripetal"),
    ],
)
def test_a_file_belongs_to_a_package(file: str, package: str) -> None:
    """A file belongs to its package, in src/ and in the installed wheel."""
    assert package_of(file) == package


def test_branches_are_added_up_by_package() -> None:
    """The files of a package are added up."""
    found = report(client=90)
    found["files"]["src/centripetal/client/y.py"] = {"summary": {"covered_branches": 1, "num_branches": 2}}
    assert branches(found) == {"client": (91, 102)}


@pytest.mark.parametrize(
    ("taken", "low"),
    [
        (dict.fromkeys(HELD, 92) | {"cli": 10}, []),
        (dict.fromkeys(HELD, 99) | {"client": 91}, ["client"]),
        (dict.fromkeys(HELD, 91), [*HELD, " + ".join(HELD)]),
        (dict.fromkeys(HELD[1:], 100), [HELD[0]]),
    ],
)
def test_too_few_branches_fail(
    taken: dict[str, int], low: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A required package below 92 % or without measurements is an error, and other packages are only shown."""
    file = tmp_path / "coverage.json"
    file.write_text(json.dumps(report(**taken)))
    assert main([str(file)]) == (1 if low else 0)
    out = capsys.readouterr().out
    errors = {line.rpartition(" of ")[2] for line in out.splitlines() if line.startswith("error")}
    assert errors == set(low)
    assert all(package in out for package in taken)
