"""The tests on docs/howto/testing.md pass as readers copy them: each file alone, in an empty folder."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Block, blocks
from tests.needs import needs
from tests.postgresql import PostgreSQL

pytest_plugins = ["pytester"]

PAGE = DOCS / "howto" / "testing.md"
PYTHON = [block for block in blocks(PAGE) if block.language == "python"]
ALONE = [block for block in PYTHON if not block.file]
PROJECTS: Mapping[str, tuple[list[str], int]] = {
    "fastapi": (["app.py", "test_app.py"], 6),
    "django": (["votes.py", "conftest.py", "test_votes.py"], 3),
}
"""The package of each application on the page, its files, and the number of its tests."""
DATABASE = "DATABASE_URL"
TEST = re.compile(r"^def test_", re.MULTILINE)
OPTIONS = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:xdist")


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=f"line {block.line}") for block in ALONE if DATABASE not in block.code]
)
def test_each_block_is_a_complete_file(block: Block, pytester: pytest.Pytester) -> None:
    """A block without a file name has its own imports and fixtures, and its tests pass."""
    run(block, pytester)


@needs("postgresql")
@pytest.mark.parametrize(
    "block", [pytest.param(block, id=f"line {block.line}") for block in ALONE if DATABASE in block.code]
)
def test_each_block_with_a_database_is_a_complete_file(
    block: Block, pytester: pytest.Pytester, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block that reads the address of a database passes with a real one."""
    monkeypatch.setenv(DATABASE, postgresql.dsn)
    run(block, pytester)


def run(block: Block, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_page=block.code)
    tests = len(TEST.findall(block.code))
    assert tests
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=tests)


@pytest.mark.parametrize("package", PROJECTS)
def test_each_application_is_complete(package: str, pytester: pytest.Pytester) -> None:
    """The blocks with file names, saved in one folder, are an application whose tests pass."""
    pytest.importorskip(package)
    names, tests = PROJECTS[package]
    for block in PYTHON:
        if block.file in names:
            Path(pytester.path, block.file).write_text(block.code)
    # In a process of its own, because Django's settings and the compiled parts of pydantic can be loaded only once.
    pytester.runpytest_subprocess(*OPTIONS).assert_outcomes(passed=tests)


def test_every_file_belongs_to_an_application() -> None:
    """All blocks of the page are run, by one of the tests above."""
    assert [block.file for block in PYTHON if block.file] == [name for names, _ in PROJECTS.values() for name in names]
