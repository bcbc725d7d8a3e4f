"""What `centripetal doctor --config` finds about the tables of consumers, with a real PostgreSQL."""

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

OUTBOX = Outbox("outbox_of_doctor", partitions=4)


@pytest.fixture
def connection(postgresql: PostgreSQL) -> Iterator["psycopg.Connection[Any]"]:
    with with_tables(postgresql, OUTBOX) as connection:
        yield connection


def checked(cli: Run, folder: Path, config: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return state, text and advice of the checks of outboxes that `doctor` reports for a configuration."""
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    ran = cli("--url", f"http://127.0.0.1:{free_port()}", "--api-key", "k", "doctor", "--config", str(file), "--json")
    checks = json.loads(ran.out)["checks"]
    assert "proxies" not in {check["name"] for check in checks}
    return [(check["state"], check["text"], check.get("advice") or "") for check in checks if check["name"] == "outbox"]


@pytest.mark.parametrize("driver", database.DRIVERS)
@pytest.mark.parametrize(
    ("read", "state", "text", "advice"),
    [
        (4, "ok", "the server reads all partitions of outbox_of_doctor (4); waiting rows: 2", ""),
        (2, "failed", "the server reads 2 of the 4 partitions of outbox_of_doctor", "Set num_partitions"),
        (5, "warning", "the server reads 5 partitions of outbox_of_doctor, which has 4", "Set num_partitions"),
    ],
)
def test_partitions_are_compared(
    cli: Run,
    tmp_path: Path,
    connection: Any,
    postgresql: PostgreSQL,
    monkeypatch: pytest.MonkeyPatch,
    driver: str,
    read: int,
    state: str,
    text: str,
    advice: str,
) -> None:
    """With each driver, the partitions that the server reads are compared with the partitions of the table."""
    monkeypatch.setattr(database, "DRIVERS", {driver: database.DRIVERS[driver]})
    with psycopg.connect(postgresql.dsn) as other:
        OUTBOX.on(other).write([Publish("news", 1), Publish("sport", 2)])
    address = f"{postgresql.dsn}?pool_max_conns=4&search_path=public"  # parameters of the real server
    found = checked(cli, tmp_path, Outbox(OUTBOX.table, partitions=read).server_config(address))
    assert [each[0] for each in found] == [state]
    assert text in found[0][1]
    assert advice in found[0][2]


def test_rows_without_a_reader_are_found(cli: Run, tmp_path: Path, connection: Any, postgresql: PostgreSQL) -> None:
    """An old row is a warning; without a check in the table, a row in an unread partition is a failure."""
    connection.execute("ALTER TABLE outbox_of_doctor DROP CONSTRAINT outbox_of_doctor_partition_check")
    insert = (
        "INSERT INTO outbox_of_doctor (method, payload, partition, created_at)"
        " VALUES ('publish', '{}', %s, now() - interval '2 minutes')"
    )
    connection.execute(insert, [0])
    config = OUTBOX.server_config(postgresql.dsn)
    found = checked(cli, tmp_path, config)
    assert [each[0] for each in found] == ["ok", "warning"]
    assert "has waited for 12" in found[1][1]
    connection.execute(insert, [6])
    assert "the server reads 4 of the 7 partitions" in checked(cli, tmp_path, config)[0][1]


def test_tables_that_cannot_be_checked(
    cli: Run, tmp_path: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing table and an unreachable database are failures; a missing driver is a warning."""
    missing = Outbox("missing_table").server_config(postgresql.dsn)
    [(state, text, _)] = checked(cli, tmp_path, missing)
    assert (state, "missing_table" in text) == ("failed", True)
    address = f"postgresql://postgres:a-secret@127.0.0.1:{free_port()}/postgres"
    [(state, text, _)] = checked(cli, tmp_path, OUTBOX.server_config(address))
    assert (state, "PostgreSQL: " in text, "a-secret" in text) == ("failed", True, False)
    monkeypatch.setattr(database, "DRIVERS", {})
    [(state, text, _)] = checked(cli, tmp_path, missing)
    assert (state, "not checked: no driver" in text) == ("warning", True)
