"""The example of a Django project: its own tests pass, wherever it is copied to, and its parts fit together."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from centripetal import Client
from centripetal.server import EmbeddedServer

PROJECT = Path(__file__).parent.parent.parent / "examples" / "django_on_commit"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as a reader has it, with no setting of ours around it."""
    return shutil.copytree(PROJECT, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3", ".*"))


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)


def test_its_tests_pass(copy: Path) -> None:
    """Commit, rollback, failures, the async view, the token and TestCase are tested in the project itself."""
    done = run(copy, "-m", "pytest", "-q", "-o", "asyncio_default_fixture_loop_scope=function")
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) >= (copy / "shop" / "tests.py").read_text().count("def test_")


PLACE_AN_ORDER = """
from django.contrib.auth.models import User
from django.core.management import call_command
from shop.models import Item
from shop.views import save_order

call_command("makemigrations", check=True, dry_run=True)  # ends with 1 if one is missing
call_command("migrate", verbosity=0)
Item.objects.create(name="tea", stock=1)
save_order(User.objects.create_user("ann"), "tea", 1)
"""


def test_it_announces_to_the_server_that_the_environment_names(copy: Path) -> None:
    """A process of its own, with a database file made by its migrations, which are those of its models."""
    with EmbeddedServer(config=PROJECT / "centrifugo.json") as server:
        done = run(copy, "manage.py", "shell", "-c", PLACE_AN_ORDER, CENTRIFUGO_API_URL=server.url)
        assert done.returncode == 0, done.stderr
        kept = Client(server.url, "key").history("orders:1", limit=10).publications
    assert [publication.data for publication in kept] == [{"id": 1, "item": "tea", "quantity": 1}]
