"""A real Centrifugo reads an outbox with the configuration that the outbox gives it."""

import json
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from centripetal import Broadcast, Client, Command, Disconnect, HistoryRemove, Publish, Refresh, Subscribe, Unsubscribe
from centripetal.dialects.current.queue import QUEUED
from centripetal.outbox import Outbox
from tests.conformance.servers import running
from tests.needs import find, needs
from tests.ports import free_port
from tests.postgresql import PostgreSQL

pytestmark = [needs("centrifugo-v6"), needs("postgresql")]

KEY = "key"
COMMANDS: list[Command[Any]] = [
    Broadcast(["a", "b", "c"], {"text": "\0é"}),
    Subscribe("a", "42"),
    Unsubscribe("a", "42"),
    Refresh("42", expired=True),
    Disconnect("42", whitelist=["x"]),
    Publish("removed", 1),
    HistoryRemove("removed"),
    Publish("a", b'{"b": 1,"a": 2}', tags={"x": "y"}, version=7),
]


@pytest.mark.parametrize("options", [{"notify": "wake_up"}, {"notify": True, "jsonb": True}, {"keys": False}, {}])
def test_the_server_executes_what_writers_write(
    postgresql: PostgreSQL, tmp_path: Path, options: dict[str, Any]
) -> None:
    """The server accepts the configuration, executes every command that can be queued in order, and deletes the rows.

    With notifications, it does so long before it would poll.
    """
    name = f"Public.Outbox_{uuid.uuid4().hex[:8]}"
    outbox = Outbox(name, partitions=4, **options)
    port, notifies = free_port(), bool(options.get("notify"))
    config = outbox.server_config(postgresql.dsn)
    if notifies:
        config["consumers"][0]["postgresql"]["partition_poll_interval"] = "60s"
    file = tmp_path / "config.json"
    channels = {"history_size": 10, "history_ttl": "60s"}
    api = {"http_api": {"key": KEY}, "channel": {"without_namespace": channels}, "log": {"level": "info"}}
    file.write_text(json.dumps({**config, **api, "http_server": {"address": "127.0.0.1", "port": port}}))
    program = find("centrifugo-v6") or ""
    assert subprocess.run([program, "checkconfig", "--strict", "-c", file], check=False).returncode == 0
    with psycopg.connect(postgresql.dsn) as connection:
        for statement in outbox.ddl():
            connection.execute(statement.encode())
    client = Client(f"http://127.0.0.1:{port}", KEY)
    with running([program, "-c", str(file)], port, tmp_path), client, psycopg.connect(postgresql.dsn) as connection:
        if notifies:
            time.sleep(1)  # until the server listens
        commands = COMMANDS[1:] if options.get("jsonb") else COMMANDS  # JSONB has no U+0000
        outbox.on(connection).write(commands)
        insert = f"INSERT INTO {outbox.table} (method, payload, partition) VALUES ('publish', %s, 3)"
        connection.execute(insert.encode(), ['{"channel":"unknown:a","data":1}'])  # a control: the server logs an error
        connection.commit()
        deadline = time.monotonic() + 10
        while any(each.rows for each in outbox.status(connection)) and time.monotonic() < deadline:
            connection.rollback()
            time.sleep(0.02)
        found = {name: client.history(name, limit=10).publications for name in ("a", "b", "c", "removed")}
    with psycopg.connect(postgresql.dsn) as connection:  # only now: the server would log that the table is missing
        for statement in outbox.ddl_drop():
            connection.execute(statement.encode())
    expected = [] if options.get("jsonb") else [{"text": "\0é"}]
    assert [each.data for each in found["a"]] == [*expected, {"b": 1, "a": 2}]
    assert [[each.data for each in found[name]] for name in ("b", "c", "removed")] == [expected, expected, []]
    assert found["a"][-1].tags == {"x": "y"}
    log = (tmp_path / "server.log").read_text()
    assert len([line for line in log.splitlines() if '"level":"error"' in line]) == 1, log
    assert "unsupported" not in log


def test_every_command_is_among_the_examples() -> None:
    """The commands above are all that can be queued."""
    assert {type(command) for command in COMMANDS} == set(QUEUED)
