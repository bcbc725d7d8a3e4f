"""The tests that docs/howto/testing.md shows, FastAPI and Django among them, pass."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parent.parent.parent / "docs" / "howto" / "testing.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)
# What a Django project has, beside the view.
PROJECT = """
from django.conf import settings

settings.configure(ROOT_URLCONF="test_page", ALLOWED_HOSTS=["testserver"])
"""


def test_the_tests_of_the_page_pass(pytester: pytest.Pytester) -> None:
    """All blocks of the page are one file of tests, as a reader would write it."""
    code = "\n\n".join(BLOCK.findall(PAGE.read_text()))
    names = TEST.findall(code)
    assert len(names) == len(set(names))
    pytester.makeconftest(PROJECT)
    pytester.makepyfile(test_page=code)
    result = pytester.runpytest_subprocess("-o", "asyncio_default_fixture_loop_scope=function")
    result.assert_outcomes(passed=len(names) + 3)  # one has four cases
