"""Tests of the SQL; tests/outbox/test_databases.py runs it."""

import re

import pytest

from centripetal.outbox import statements

TABLES = ("outbox", "app.outbox")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("channel", [None, "wake"])
def test_every_name_begins_with_the_name_of_the_table(table: str, channel: str | None) -> None:
    """Tables, indexes, constraints, functions and triggers are named after the table."""
    text = "\n".join(statements.create(table, 4, channel, jsonb=False))
    names = re.findall(r"(?:CREATE (?:TABLE|INDEX|FUNCTION|TRIGGER)|CONSTRAINT) ([\w.]+)", text)
    assert len(names) == (6 if channel else 4)
    assert all(name.rpartition(".")[2].startswith("outbox") for name in names)


@pytest.mark.parametrize("table", TABLES)
def test_everything_is_dropped(table: str) -> None:
    """Dropping covers everything that creating creates, whether there were notifications or not."""
    dropped = statements.drop(table)
    created = re.findall(r"CREATE (?:TABLE|FUNCTION) ([\w.]+)", " ".join(statements.create(table, 1, "c", jsonb=True)))
    assert all(any(re.search(rf"IF EXISTS {name}\b", each) for each in dropped) for name in created)


def test_statements_run_through_every_tool() -> None:
    """No statement contains a placeholder of SQLAlchemy or of a driver with %."""
    for text in (*statements.create("a.b", 4, "c", jsonb=True), *statements.drop("a.b"), statements.status("a.b")):
        assert not re.search(r"%|:\w|\?|\{", text), text


@pytest.mark.parametrize(("placeholder", "shown"), [("%s", "%s"), ("${}", "$2"), (":p{}", ":p2")])
def test_placeholders(placeholder: str, shown: str) -> None:
    """An insertion has three placeholders in the form of the driver."""
    for statement in (statements.insert_one, statements.insert_many):
        assert f"CAST({shown} AS TEXT" in statement("outbox", placeholder)
        assert statement("outbox", placeholder).count(placeholder.partition("{")[0]) == 3
