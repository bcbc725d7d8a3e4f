"""Tests of `centripetal outbox` without a database; `test_database.py` has those with one."""

import json
import sys
from pathlib import Path

import pytest

from centripetal.cli.tools.outbox.database import DRIVERS, hidden_password
from centripetal.outbox import Outbox
from tests.cli.conftest import Run

DSN = "postgresql://me:a-secret@db:5432/app"


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.mark.parametrize(
    ("options", "outbox"),
    [
        ((), Outbox("centrifugo_outbox")),
        (("--table", "app.t", "--partitions", "4", "--notify"), Outbox("app.t", partitions=4, notify=True)),
        (("--notify-channel", "wake", "--jsonb"), Outbox(notify="wake", jsonb=True)),
    ],
)
def test_sql(cli: Run, options: tuple[str, ...], outbox: Outbox) -> None:
    """`sql` prints the statements of the outbox, each with a semicolon; with --json, a list of them."""
    assert cli("outbox", "sql", *options).out == "".join(f"{statement};\n" for statement in outbox.ddl())
    assert json.loads(cli("outbox", "sql", *options, "--json").out) == {"statements": outbox.ddl()}
    assert json.loads(cli("outbox", "sql", *options, "--drop", "--json").out) == {"statements": outbox.ddl_drop()}


def test_config(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`config` prints the section for the server, with the address from the option or from the environment."""
    expected = Outbox("app.t", partitions=4).server_config(DSN)
    options = ("--table", "app.t", "--partitions", "4")
    assert json.loads(cli("outbox", "config", *options, "--database", DSN).out) == expected
    monkeypatch.setenv("DATABASE_URL", DSN)
    assert json.loads(cli("outbox", "config", *options, "--json").out) == expected


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("sql", "--table", "order"), "reserved word"),
        (("sql", "--partitions", "0"), "partitions must be"),
        (("sql", "--notify-channel", "A B"), "notify must be"),
        (("config",), "set DATABASE_URL, or give --database"),
        (("status",), "set DATABASE_URL, or give --database"),
        (("config", "--database", "mysql://me:a-secret@db"), "--database must be a URL like 'postgresql://"),
        (("status", "--database", "postgresql+psycopg://me:a-secret@db"), "without the name of a driver"),
        (("status", "--database", "postgresql://me:a-secret@[::1"), "percent-encoded"),
        (("config", "--database", "postgresql://me:a-secret/x@db"), "percent-encoded"),
        (("sql", DSN), "there are too many words"),
    ],
)
def test_invalid_arguments(cli: Run, arguments: tuple[str, ...], problem: str) -> None:
    """An invalid option is an error of usage that names it and does not show a password."""
    ran = cli("outbox", *arguments)
    assert ran.code == 2
    assert problem in ran.err
    assert "a-secret" not in ran.err
    assert ran.out == ""


def test_without_a_driver(cli: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """If no driver is installed, the verbs that need one say which to install; the others work."""
    for name in DRIVERS:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setenv("DATABASE_URL", DSN)
    file = tmp_path / "commands.ndjson"
    file.write_text("")
    for arguments in (("status",), ("load", str(file))):
        ran = cli("outbox", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "no driver for PostgreSQL is installed" in ran.err
        assert "pip install 'psycopg[binary]'" in ran.err
    assert cli("outbox", "sql").code == cli("outbox", "config").code == 0


@pytest.mark.parametrize(
    ("dsn", "text", "shown"),
    [
        (DSN, f'missing "=" after "{DSN}"', 'missing "=" after "postgresql://me:(hidden)@db:5432/app"'),
        ("postgresql://me:a%20b@db", "bad a b or a%20b", "bad (hidden) or (hidden)"),
        ("host=db password = 'a b' user=x", "no 'a b'", "no '(hidden)'"),
        ("postgresql://db/app?password=abc&x=1", "abc", "(hidden)"),
        ("host=db user=x", "host=db", "host=db"),
        ("postgresql://me@db:5432/a", "me@db:5432", "me@db:5432"),
        ("postgresql://app:app@db/app", "user app", "user (hidden)"),
    ],
)
def test_passwords_are_hidden(dsn: str, text: str, shown: str) -> None:
    """A driver's message does not show the password, in any form of address."""
    assert hidden_password(text, dsn) == shown
