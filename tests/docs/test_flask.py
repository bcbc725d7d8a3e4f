"""The Flask guide: its files form an application that passes its tests and works in forked workers."""

import os
import sys

import pytest

from centripetal.testing import Centrifugo
from tests.docs.pages import DOCS, files

pytest_plugins = ["pytester"]

FILES = files(DOCS / "howto" / "flask.md")

# Like gunicorn --preload: the application is loaded and used, then workers are forked from the process.
FORKED = """
import os, sys
from app import create_app, live

url, key = sys.argv[1:]
app = create_app(SECRET_KEY="x", CENTRIFUGO_API_URL=url, CENTRIFUGO_API_KEY=key)
with app.app_context():
    live().publish("parent", 0)
    workers = []
    for number in range(3):
        workers.append(os.fork())
        if not workers[-1]:
            for n in range(5):
                live().publish(f"worker-{number}", n)
            os._exit(0)
    live().publish("parent", 1)
    assert all(os.waitpid(worker, 0)[1] == 0 for worker in workers)
"""


def test_the_guide_passes_its_tests(pytester: pytest.Pytester) -> None:
    """The tests pass in a folder with the page's files."""
    for name, text in FILES.items():
        (pytester.path / name).write_text(text)
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:asyncio")
    result.assert_outcomes(passed=7)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_client_works_in_forked_workers(pytester: pytest.Pytester, centrifugo: Centrifugo) -> None:
    """Each worker publishes all its messages in order, although the parent used the client before the fork."""
    for name, text in (FILES | {"forked.py": FORKED}).items():
        (pytester.path / name).write_text(text)
    ran = pytester.run(sys.executable, "forked.py", centrifugo.url, centrifugo.api_key)
    assert ran.ret == 0
    expected = {"parent": [0, 1], **{f"worker-{number}": list(range(5)) for number in range(3)}}
    centrifugo.assert_published_exactly(expected)
