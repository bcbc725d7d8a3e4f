"""The guide about the outbox: its code runs, in its order, with a real PostgreSQL and a table of orders."""

import json
import os
from typing import Any
from unittest import mock

import psycopg
import pytest

from centripetal.cli.main import main
from tests.docs.pages import DOCS, blocks, name_of
from tests.needs import needs
from tests.outbox.ways import django_on
from tests.postgresql import PostgreSQL

PAGE = DOCS / "howto" / "outbox.md"
BLOCKS = [*blocks(PAGE)]

EXPECTED = [
    ("publish", "orders:42", {"id": 17, "state": "paid"}),
    ("publish", "orders:42", {"id": 18, "state": "new"}),
    ("publish", "orders:42", {"id": 17, "state": "sent"}),
    ("broadcast", None, {"id": 19}),
    ("broadcast", None, {"id": 19}),
    ("publish", "orders:42", {"id": 17, "state": "done"}),
    ("publish", "orders:42", {"id": 17, "state": "cancelled"}),
    ("disconnect", None, None),
]


@needs("postgresql")
def test_the_code_of_the_guide_runs(postgresql: PostgreSQL, capsys: pytest.CaptureFixture[str]) -> None:
    """Every Python block runs, each transaction of the page writes its row, and the status is printed."""
    with psycopg.connect(postgresql.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT)")
        connection.execute("INSERT INTO orders VALUES (17, 'new')")
        names: dict[str, Any] = {"__name__": "__main__"}
        with mock.patch.dict(os.environ, DATABASE_URL=postgresql.dsn), django_on(postgresql, "default"):
            for block in BLOCKS:
                if block.language == "python":
                    code = "\n" * (block.line - 1) + block.code  # errors name the page and its line
                    exec(compile(code, name_of(PAGE), "exec"), names)
            names["engine"].dispose()
        query = "SELECT method, CAST(payload AS TEXT) FROM centrifugo_outbox ORDER BY id"
        found = [(method, json.loads(text)) for method, text in connection.execute(query)]
        assert [(name, each.get("channel"), each.get("data")) for name, each in found] == EXPECTED
        assert connection.execute("SELECT state FROM orders ORDER BY id").fetchall() == [("done",), ("new",), ("new",)]
        for statement in ("DROP TABLE orders", *names["outbox"].ddl_drop()):
            connection.execute(statement)
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_the_configuration_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON on the page is exactly the output of the command above it."""
    command = next(block.code for block in BLOCKS if block.language == "sh")
    shown = next(block.code for block in BLOCKS if block.language == "json")
    assert main(command.split()[1:]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == shown.strip()
