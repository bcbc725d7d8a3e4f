"""Tests of `centripetal outbox` with a real PostgreSQL and every driver."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from centripetal import Publish
from centripetal.cli.tools.outbox import database
from centripetal.outbox import Outbox
from tests.cli.conftest import Run
from tests.needs import needs
from tests.ports import free_port
from tests.postgresql import PostgreSQL, with_tables

pytestmark = needs("postgresql")

OUTBOX = Outbox("outbox_of_cli", partitions=4)
OPTIONS = ("--table", OUTBOX.table, "--partitions", "4")


@pytest.fixture(params=database.DRIVERS)
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose the only driver that is installed."""
    name: str = request.param
    monkeypatch.setattr(database, "DRIVERS", {name: database.DRIVERS[name]})
    return name


@pytest.fixture
def connection(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> Iterator["psycopg.Connection[Any]"]:
    """Yield a connection to the database of the command line, with an empty table."""
    monkeypatch.setenv("DATABASE_URL", postgresql.dsn)
    with with_tables(postgresql, OUTBOX) as connection:
        yield connection


def rows(connection: "psycopg.Connection[Any]") -> list[tuple[str, Any]]:
    query = f"SELECT method, CAST(payload AS TEXT) FROM {OUTBOX.table} ORDER BY id"
    return [(method, json.loads(text)) for method, text in connection.execute(query.encode())]


def test_commands_are_loaded(cli: Run, driver: str, connection: Any, tmp_path: Path) -> None:
    """`load` writes every command of a file in order, with keys unless they are switched off, in one transaction."""
    file = tmp_path / "commands.ndjson"
    lines = [{"method": "publish", "params": {"channel": "news", "data": number}} for number in range(2500)]
    file.write_text("\n".join(json.dumps(line) for line in [*lines, {"disconnect": {"user": "42"}}]))
    ran = cli("outbox", "load", str(file), *OPTIONS)
    assert (ran.code, ran.out, ran.err) == (0, "2,501 commands written\n", "")
    found = rows(connection)
    assert [payload.get("data") for _, payload in found] == [*range(2500), None]
    assert len({payload.get("idempotency_key") for _, payload in found}) == 2501
    connection.execute(f"TRUNCATE {OUTBOX.table}")
    text = b'{"broadcast": {"channels": ["a", "b"], "data": 1}}\n\n'
    ran = cli("outbox", "load", "-", *OPTIONS, "--no-keys", "--json", stdin=text)
    assert json.loads(ran.out) == {"written": 1}
    assert rows(connection) == [("broadcast", {"channels": [name], "data": 1}) for name in ("a", "b")]
    status = json.loads(cli("outbox", "status", *OPTIONS, "--json").out)["partitions"]
    assert [(each["partition"], each["rows"]) for each in status] == [(0, 0), (1, 1), (2, 0), (3, 1)]
    assert "oldest_seconds" in cli("outbox", "status", *OPTIONS).out


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"presence": {"channel": "a"}}', "presence cannot be queued"),
        ('{"publish": {"channel": "", "data": 1}}', "channel must not be empty"),
        ('{"rpc": {"method": "x"}}', "rpc cannot be queued"),
        ("nonsense", "line 1002: "),
    ],
)
def test_nothing_is_loaded_if_a_line_is_invalid(cli: Run, connection: Any, line: str, problem: str) -> None:
    """An invalid line is named, and no line is written, not even those before it."""
    text = '{"publish": {"channel": "a", "data": 1}}\n' * 1001 + line
    ran = cli("outbox", "load", "-", *OPTIONS, stdin=text.encode())
    assert (ran.code, ran.out) == (2, "")
    assert "line 1002: " in ran.err
    assert problem in ran.err
    assert "Nothing was written" in ran.err
    assert rows(connection) == []


def test_errors_of_the_database(cli: Run, driver: str, connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing table is an error of usage, and a closed port one of the connection, with the driver's text."""
    ran = cli("outbox", "status", "--table", "missing_table")
    assert ran.code == 2
    assert "error: PostgreSQL: " in ran.err
    assert "missing_table" in ran.err
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres:a-secret@127.0.0.1:{free_port()}/postgres")
    for arguments in (("status",), ("load", "-")):
        ran = cli("outbox", *arguments, stdin=b"")
        assert (ran.code, ran.out) == (3, "")
        assert "error: PostgreSQL: " in ran.err
        assert "a-secret" not in ran.err


def test_a_missing_file(cli: Run, connection: Any) -> None:
    """A file that cannot be read is an error of usage."""
    ran = cli("outbox", "load", "missing.ndjson", *OPTIONS)
    assert (ran.code, ran.out) == (2, "")
    assert "cannot read 'missing.ndjson'" in ran.err
    assert rows(connection) == []


def test_passwords_in_arguments(cli: Run, connection: Any, postgresql: PostgreSQL) -> None:
    """A password in `--database` is a warning, because other users can see it; an address without one is not."""
    address = postgresql.dsn.replace("@", ":a-secret@")
    with psycopg.connect(postgresql.dsn) as other:
        OUTBOX.on(other).call(Publish("news", 1))
    ran = cli("outbox", "status", *OPTIONS, "--database", address)
    assert ran.code == 0
    assert "warning: other users can see the password in --database" in ran.err
    assert "a-secret" not in ran.err
    assert cli("outbox", "status", *OPTIONS, "--database", postgresql.dsn).err == ""
