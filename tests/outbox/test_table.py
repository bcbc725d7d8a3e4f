"""Tests of the value `Outbox`: its arguments, and what it derives for the server."""

import dataclasses
import pickle
from typing import Any

import pytest

import centripetal
from centripetal import UsageError
from centripetal.outbox import Outbox


def test_an_outbox_is_a_value() -> None:
    """Outboxes with equal arguments are equal, can be pickled, and cannot be changed."""
    outbox = Outbox("app.outbox", partitions=4)
    assert outbox == Outbox("app.outbox", partitions=4) == pickle.loads(pickle.dumps(outbox))
    assert hash(outbox) == hash(Outbox("app.outbox", partitions=4))
    assert outbox != Outbox("app.outbox", partitions=5)
    assert repr(outbox).startswith("Outbox(table='app.outbox', partitions=4, notify=None, keys=True")
    with pytest.raises(dataclasses.FrozenInstanceError):
        outbox.table = "x"  # type: ignore[misc]
    assert centripetal.outbox.Outbox is Outbox


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"table": "order"}, "reserved word"),
        ({"table": "a b"}, "table must be a name"),
        ({"partitions": 0}, "partitions must be an integer of 1 or more"),
        ({"partitions": "4"}, "partitions must be an integer"),
        ({"partitions": True}, "partitions must be an integer"),
        ({"partitions": 10_001}, "partitions must be at most 10000, not 10001"),
        ({"notify": "A"}, "notify must be"),
        ({"keys": "no"}, "keys must be True or False"),
        ({"autocommit": 1}, "autocommit must be True or False"),
        ({"jsonb": None}, "jsonb must be True or False"),
        ({"check_channels": "no"}, "check_channels must be True or False"),
        ({"max_payload_bytes": 0}, "max_payload_bytes must be"),
        ({"encoder": 5}, "encoder"),
        ({"record": []}, "record must be a function"),
    ],
)
def test_invalid_arguments(arguments: dict[str, Any], problem: str) -> None:
    """An invalid argument is refused when the outbox is created, with its name."""
    with pytest.raises(UsageError, match=problem):
        Outbox(**arguments)


@pytest.mark.parametrize(
    ("outbox", "expected"),
    [
        (
            Outbox(partitions=4),
            {
                "outbox_table_name": "centrifugo_outbox",
                "num_partitions": 4,
                "partition_select_limit": 1000,
                "partition_poll_interval": "50ms",
            },
        ),
        (
            Outbox("app.outbox", notify=True),
            {
                "outbox_table_name": "app.outbox",
                "num_partitions": 1,
                "partition_select_limit": 1000,
                "partition_poll_interval": "300ms",
                "partition_notification_channel": "app_outbox",
            },
        ),
    ],
)
def test_configuration_of_the_server(outbox: Outbox, expected: dict[str, Any]) -> None:
    """The configuration has the names of Centrifugo 6 and the same table, partitions and channel as the outbox."""
    dsn = "postgresql://user@db/app"
    (consumer,) = outbox.server_config(dsn)["consumers"]
    assert consumer.pop("postgresql") == {"dsn": dsn, **expected}
    assert consumer == {"enabled": True, "name": outbox.table.replace(".", "_"), "type": "postgresql"}


def test_names_of_consumers_have_two_characters() -> None:
    """The server wants at least two characters for the name of a consumer."""
    assert Outbox("t").server_config("host=db")["consumers"][0]["name"] == "outbox_t"


@pytest.mark.parametrize(
    "dsn", ["", "localhost", "postgresql+psycopg://u:secret@db/app", "mysql://u:secret@db/app", "u:secret@db", None, 5]
)
def test_invalid_addresses(dsn: Any) -> None:
    """An address that the server cannot use is refused; the error does not show it, because it contains a password."""
    with pytest.raises(UsageError, match=r"^dsn must be ") as caught:
        Outbox().server_config(dsn)
    assert "secret" not in str(caught.value)


def test_partitions_in_the_table() -> None:
    """The table accepts exactly the partitions of the outbox, and has a JSONB column only on request."""
    assert "CHECK (partition BETWEEN 0 AND 3)" in Outbox(partitions=4).ddl()[0]
    assert " payload JSON NOT NULL" in Outbox().ddl()[0]
    assert " payload JSONB NOT NULL" in Outbox(jsonb=True).ddl()[0]
    assert len(Outbox(notify=True).ddl()) == len(Outbox().ddl()) + 2
    assert Outbox().ddl_drop() == Outbox(notify=True).ddl_drop()
