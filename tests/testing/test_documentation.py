"""Check that the tests in docs/howto/testing.md pass, including those for FastAPI and Django."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parent.parent.parent / "docs" / "howto" / "testing.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"^def (test_\w+)", re.MULTILINE)
# The rest of the Django project that the page leaves out.
PROJECT = """
from django.conf import settings

settings.configure(ROOT_URLCONF="test_page", ALLOWED_HOSTS=["testserver"])
"""


def test_the_tests_on_the_page_pass(pytester: pytest.Pytester) -> None:
    """The code blocks of the page, combined into one test file, pass."""
    code = "\n\n".join(BLOCK.findall(PAGE.read_text()))
    names = TEST.findall(code)
    assert len(names) == len(set(names))
    pytester.makeconftest(PROJECT)
    pytester.makepyfile(test_page=code)
    result = pytester.runpytest_subprocess("-o", "asyncio_default_fixture_loop_scope=function")
    result.assert_outcomes(passed=len(names) + 3)  # one test has four cases
