"""Tests of the Django example: its own tests pass in a copy, and its commands work together."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from centripetal import Client
from centripetal.outbox import Outbox
from centripetal.server import EmbeddedServer
from tests.needs import needs
from tests.postgresql import PostgreSQL

PROJECT = Path(__file__).parent.parent.parent / "examples" / "django_on_commit"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project, as a reader has it, without this project's settings."""
    return shutil.copytree(PROJECT, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3", ".*"))


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)


def test_the_tests_of_the_project_pass(copy: Path) -> None:
    """The project's own tests cover commit, rollback, failures, the async view, the token and TestCase, and pass."""
    done = run(copy, "-m", "pytest", "-q", "-o", "asyncio_default_fixture_loop_scope=function")
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) >= (copy / "shop" / "tests.py").read_text().count("def test_")


def test_the_commands_of_the_project_work(copy: Path) -> None:
    """The commands work in separate processes, with a migrated database and a server from the environment."""
    assert run(copy, "manage.py", "migrate", "--verbosity", "0").returncode == 0
    with EmbeddedServer(config=PROJECT / "centrifugo.json") as server:
        environment = {"CENTRIFUGO_API_URL": server.url}
        placed = run(copy, "manage.py", "order", "ann", "tea", "2", **environment)
        assert placed.stdout == "order 1 is placed, and announced in orders:1\n", placed.stderr
        refused = run(copy, "manage.py", "order", "ann", "tea", "2", **environment)
        assert (refused.returncode, "sold out" in refused.stderr) == (1, True)
        kept = Client(server.url, "key").history("orders:1", limit=10).publications
    assert [publication.data for publication in kept] == [{"id": 1, "item": "tea", "quantity": 2}]


@needs("postgresql")
def test_the_outbox_of_the_project_works(copy: Path, postgresql: PostgreSQL) -> None:
    """On PostgreSQL, the migration creates the table, and the server publishes the row of the order."""
    with psycopg.connect(postgresql.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop")
    environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgresql.port),
        "PGUSER": "postgres",
        "PGDATABASE": "shop",
        "CENTRIFUGO_API_URL": "http://127.0.0.1:1",  # nothing calls the API
    }
    assert run(copy, "manage.py", "migrate", "--verbosity", "0", **environment).returncode == 0
    placed = run(copy, "manage.py", "order", "ann", "tea", "2", "--outbox", **environment)
    assert placed.stdout == "order 1 is placed, and announced in orders:1\n", placed.stderr
    config = json.loads((PROJECT / "centrifugo.json").read_text())
    dsn = postgresql.dsn.removesuffix("postgres") + "shop"
    with (
        EmbeddedServer(config={**config, **Outbox(partitions=4).server_config(dsn)}) as server,
        Client(server.url, "key") as client,
    ):
        deadline = time.monotonic() + 20
        while not (kept := client.history("orders:1", limit=10).publications):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert [publication.data for publication in kept] == [{"id": 1, "item": "tea", "quantity": 2}]
