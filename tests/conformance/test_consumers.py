"""The PostgreSQL consumer: the embedded server and a real Centrifugo 6 do the same with the same rows."""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.conformance.servers import Server
from tests.conformance.servers_v6 import API_KEY, KINDS, start
from tests.needs import needs
from tests.postgresql import PostgreSQL

pytestmark = needs("postgresql")

COLUMNS = ("text", "bytea", "json", "jsonb")
JSON_ONLY = ("json", "jsonb")


class Case(NamedTuple):
    """A row, and what becomes of it.

    Attributes:
        method: its method.
        payload: its payload, in which @ stands for a prefix of the column's channels.
        published: the data that reach the history of channels, by channel without the prefix.
        partition: its partition.
        is_json: whether columns of the types JSON and JSONB can hold the payload.
        stays: whether the row stays in the table.
    """

    method: str | None
    payload: str | None
    published: Mapping[str, list[Any]] = MappingProxyType({})
    partition: int = 0
    is_json: bool = True
    stays: bool = False


def publish(data: str, *, more: str = "", channel: str = "a") -> str:
    return f'{{"channel":"@{channel}","data":{data}{more}}}'


CASES = [
    Case("publish", publish("1"), {"a": [1]}),
    Case("publish", publish('{"z": [1.50, "é"]}', more=',"unknown":5'), {"a": [{"z": [1.5, "é"]}]}),
    Case("publish", ' {"Channel": "@a", "DATA": 2} ', {"a": [2]}),
    Case("publish", '{"channel":"@b","data":0,"channel":"@a","data":3}', {"a": [3]}),
    Case("Publish", publish('"wrong case"')),
    Case("publish", None),
    Case("publish", "null"),
    Case("publish", "5"),
    Case("publish", "[]"),
    Case("publish", '"text"'),
    Case("publish", json.dumps(publish('"double encoded"'))),
    Case("publish", '{"data":1}'),
    Case("publish", '{"channel":"@a"}'),
    Case("publish", '{"channel":5,"data":1}'),
    Case("publish", '{"channel":"unknown:@a","data":1}'),
    Case("publish", "", is_json=False),
    Case("publish", "{", is_json=False),
    Case("publish", publish("1") + " x", is_json=False),
    Case("publish", publish("tru"), is_json=False),
    Case("publish", '{"channel":"@a","b64data":"Nw=="}', {"a": [7]}),
    Case("publish", '{"channel":"@a","b64data":"?"}'),
    Case("publish", publish("8", more=',"idempotency_key":"k"'), {"a": [8]}),
    Case("publish", publish("9", more=',"idempotency_key":"k"')),
    Case("publish", publish("10", channel="v", more=',"version":5'), {"v": [10]}),
    Case("publish", publish("11", channel="v", more=',"version":4')),
    Case("publish", publish("12", more=',"skip_history":true')),
    Case("", f'{{"method":"publish","payload":{publish("13")}}}', {"a": [13]}),
    Case("", json.dumps({"method": "publish", "payload": publish("14")}), {"a": [14]}),
    Case("", f'{{"METHOD":"publish","Payload":{publish("15")},"more":1}}', {"a": [15]}),
    Case("", f'{{"payload":{publish("1")}}}'),
    Case("", '{"method":"publish"}'),
    Case("", '{"method":"publish","payload":null}'),
    Case("", '{"method":"publish","payload":""}'),
    Case("", '{"method":5}'),
    Case("", "[]"),
    Case("", None),
    Case("", "{", is_json=False),
    Case("broadcast", '{"channels":["@a","@b"],"data":16}', {"a": [16], "b": [16]}),
    Case("broadcast", '{"channels":["@a","unknown:x","@c","@c"],"data":17}', {"a": [17], "c": [17, 17]}),
    Case("broadcast", '{"channels":["@a",""],"data":18}', {"a": [18]}),
    Case("broadcast", '{"channels":[],"data":1}'),
    Case("broadcast", '{"channels":["@a"]}'),
    Case("broadcast", '{"channels":"@a","data":1}'),
    *(Case(name, '{"channel":"@a","data":1}') for name in ("presence", "history", "info", "channels", "rpc", "batch")),
    Case("map_publish", '{"channel":"@a","key":"k","data":1}'),
    Case("publish ", publish("1")),
    Case("disconnect", '{"user":"1"}'),
    Case("disconnect", '{"user":1}'),
    Case("subscribe", '{"user":"1","channel":"@a"}'),
    Case("subscribe", '{"user":"1"}'),
    Case("unsubscribe", '{"user":"1","channel":"@a"}'),
    Case("refresh", '{"user":"1","expired":true}'),
    Case("publish", publish("1", channel="gone")),
    Case("history_remove", '{"channel":"@gone"}'),
    Case("history_remove", '{"channel":""}'),
    Case("publish", publish("19", channel="p1"), {"p1": [19]}, partition=1),
    Case("publish", publish("20", channel="p1"), {"p1": [20]}, partition=1),
    Case("publish", publish("1"), partition=3, stays=True),
    Case("publish", publish("1"), partition=-1, stays=True),
    # A row without a method blocks its partition, and all rows that are read together with it.
    Case("publish", publish("1"), partition=2, stays=True),
    Case(None, publish("1"), partition=2, stays=True),
    Case("publish", publish("1"), partition=2, stays=True),
    Case("publish", publish("21"), {"a": [21]}),
]


def cases(column: str) -> list[Case]:
    """Return the cases that a column of the type *column* can hold."""
    return [case for case in CASES if case.is_json or column not in JSON_ONLY]


@pytest.fixture
def tables(postgresql: PostgreSQL) -> Iterator[psycopg.Connection[Any]]:
    """Yield a connection to a database with a table for each type of column, which has all rows."""
    with psycopg.connect(postgresql.dsn, autocommit=True) as connection:
        for column in COLUMNS:
            connection.execute(
                f"CREATE TABLE rows_{column} (id bigserial, method text, payload {column}, partition int NOT NULL)"
            )
            for case in cases(column):
                payload: Any = case.payload and case.payload.replace("@", f"{column}_")
                if payload is not None and column == "bytea":
                    payload = payload.encode()
                connection.execute(
                    f"INSERT INTO rows_{column} (method, payload, partition) VALUES (%s, %s, %s)",
                    [case.method, payload, case.partition],
                )
        yield connection
        for column in COLUMNS:
            connection.execute(f"DROP TABLE rows_{column}")


def left(tables: psycopg.Connection[Any], column: str) -> list[int]:
    """Return the positions of the rows that are left, from 0 on."""
    return [number - 1 for (number,) in tables.execute(f"SELECT id FROM rows_{column} ORDER BY id")]


def history(server: Server, channel: str) -> list[Any]:
    body = json.dumps({"channel": channel, "limit": 1000}).encode()
    request = urllib.request.Request(f"{server.url}/api/history", body, {"X-API-Key": API_KEY})
    with urllib.request.urlopen(request, timeout=10) as response:
        result = json.load(response)["result"]
    return [each["data"] for each in result.get("publications", [])]


@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def test_rows_have_the_same_effect(kind: str, postgresql: PostgreSQL, tables: Any, tmp_path: Path) -> None:
    """Good rows are published in order, bad rows are deleted, and the same rows stay, whatever the column's type."""
    assert kind in KINDS
    options = {"dsn": postgresql.dsn, "num_partitions": 3, "partition_select_limit": 7}
    config = {
        "http_api": {"key": API_KEY},
        "channel": {"without_namespace": {"history_size": 1000, "history_ttl": "300s"}},
        "consumers": [
            {
                "name": f"c_{column}",
                "enabled": True,
                "type": "postgresql",
                "postgresql": {**options, "outbox_table_name": f"rows_{column}"},
            }
            for column in COLUMNS
        ],
    }
    expected_left = {column: [place for place, case in enumerate(cases(column)) if case.stays] for column in COLUMNS}
    with start(kind, config, tmp_path) as server:
        deadline = time.monotonic() + 20
        while (found := {column: left(tables, column) for column in COLUMNS}) != expected_left:
            assert time.monotonic() < deadline, (found, expected_left)
            time.sleep(0.02)
        channels = sorted({channel for case in CASES for channel in (*case.published, "gone")})
        for column in COLUMNS:
            expected = {
                channel: [data for case in cases(column) for data in case.published.get(channel, [])]
                for channel in channels
            }
            assert {channel: history(server, f"{column}_{channel}") for channel in channels} == expected, column
