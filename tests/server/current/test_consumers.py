"""The consumers in a configuration."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server.consuming.options import PostgreSQLConsumer, PostgreSQLOptions
from centripetal.server.current.config import read_config
from tests.needs import find, needs

DSN = "postgres://u@h/d"
TABLE = {"dsn": DSN, "outbox_table_name": "box"}


def consumer(name: Any = "pg", kind: str = "postgresql", section: Any = TABLE, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "enabled": True, kind: section, **more}


@pytest.mark.parametrize(
    ("section", "options"),
    [
        ({}, {}),
        ({"num_partitions": 0, "partition_select_limit": 0, "partition_poll_interval": 0}, {}),
        (
            {"Num_Partitions": "4", "partition_poll_interval": "50ms"},
            {"num_partitions": 4, "partition_poll_interval": 0.05},
        ),
        (
            {"partition_notification_channel": "c", "partition_notification_dsn": "host=h", "use_try_lock": True},
            {"partition_notification_channel": "c", "partition_notification_dsn": "host=h", "use_try_lock": True},
        ),
    ],
)
def test_postgresql_consumers_are_read(section: dict[str, Any], options: dict[str, Any]) -> None:
    """The options of a PostgreSQL consumer have the names and defaults of the real server."""
    config, unhonoured = read_config({"consumers": [consumer(section={**TABLE, **section})]})
    assert unhonoured == []
    assert config.consumers == (
        PostgreSQLConsumer("pg", PostgreSQLOptions(dsn=DSN, outbox_table_name="box", **options)),
    )


def test_consumers_that_are_not_enabled_have_no_effect() -> None:
    """A consumer that is not enabled is not run, and need not be complete."""
    found = read_config({"consumers": [consumer(enabled=False), {"name": "k1", "type": "kafka"}]})
    assert (found[0].consumers, found[1]) == ((), [])


OTHERS: dict[str, dict[str, Any]] = {
    "kafka": {"brokers": ["h:1"], "topics": ["t"], "consumer_group": "g"},
    "nats_jetstream": {"stream_name": "s", "durable_consumer_name": "d"},
    "redis_stream": {"streams": ["s"], "consumer_group": "g"},
    "google_pub_sub": {"project_id": "p", "subscriptions": ["s"]},
    "aws_sqs": {"queues": ["q"]},
    "azure_service_bus": {"queues": ["q"], "connection_string": "c"},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_consumers_are_named_in_a_warning(kind: str) -> None:
    """A consumer of another type has no effect, and the warning says why; the PostgreSQL consumer beside it has."""
    config, unhonoured = read_config({"consumers": [consumer(), consumer("events", kind, OTHERS[kind])]})
    assert [each.name for each in config.consumers] == ["pg"]
    assert unhonoured == [
        f"the consumer 'events' (consumers[1].{kind}) has no effect: this server takes commands only from PostgreSQL"
    ]


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        ({"tls": {"enabled": True}}, "this server connects as the dsn says: use its parameters, such as sslmode"),
        ({"partition_pol_interval": "1s"}, "did you mean 'consumers[0].postgresql.partition_poll_interval'?"),
    ],
)
def test_options_without_an_effect_cause_a_warning(more: dict[str, Any], warning: str) -> None:
    """An option of a consumer that this server does not honour causes a warning."""
    (unhonoured,) = read_config({"consumers": [consumer(section={**TABLE, **more})]})[1]
    assert unhonoured.startswith("'consumers[0].postgresql.")
    assert unhonoured.endswith(warning)


REFUSED: list[tuple[Any, str]] = [
    (5, "consumers must be a list of objects"),
    ([consumer("a")], r"consumers\[0\].name is 'a': the name of a consumer must have at least two characters"),
    ([consumer("a-b")], "only letters, digits and _"),
    ([consumer(), consumer()], r"consumers\[1\].name 'pg' is a duplicate"),
    ([consumer(enabled=False), consumer(enabled=False)], "is a duplicate"),
    ([consumer(kind="rabbitmq")], r"consumers\[0\].type is 'rabbitmq', but must be one of postgresql, kafka"),
    ([consumer(section={"dsn": DSN})], r"consumers\[0\].postgresql.outbox_table_name is missing"),
    ([consumer(section={"dsn": "", "outbox_table_name": "b"})], r"postgresql.dsn is missing"),
    ([consumer(kind="kafka", section={"brokers": ["h"]})], r"consumers\[0\].kafka.topics is missing"),
    ([consumer(kind="aws_sqs", section=None)], r"consumers\[0\].aws_sqs.queues is missing"),
    ([consumer(section={**TABLE, "num_partitions": "many"})], "num_partitions must be a whole number"),
]
FAILING: list[tuple[Any, str]] = [
    ([consumer(section={**TABLE, "dsn": "mysql://u:hush@h/d"})], "postgresql.dsn must be a URL like"),
    ([consumer(section={**TABLE, "partition_notification_dsn": "x"})], "notification_dsn must be a URL like"),
    ([consumer(section={**TABLE, "num_partitions": -1})], "num_partitions must not be negative"),
    ([consumer(section={**TABLE, "partition_poll_interval": "-1s"})], "interval must not be negative"),
]
"""Values that the real server accepts in its configuration, but with which it fails later."""


@pytest.mark.parametrize(("raw", "reason"), [*REFUSED, *FAILING])
def test_values_that_stop_the_real_server_are_refused(raw: Any, reason: str) -> None:
    """A value with which the real server would not run is an error that names its key, and shows no password."""
    with pytest.raises(UsageError, match=reason) as caught:
        read_config({"consumers": raw})
    assert "hush" not in str(caught.value)


ACCEPTED: list[Any] = [
    [consumer(enabled=False, section={}), {"name": "k1", "type": "kafka"}],
    *([consumer("events", kind, section)] for kind, section in OTHERS.items()),
]


@needs("centrifugo-v6")
@pytest.mark.parametrize(("raw", "valid"), [*((raw, False) for raw, _ in REFUSED), *((raw, True) for raw in ACCEPTED)])
def test_the_real_server_validates_the_same(raw: Any, valid: bool, tmp_path: Path) -> None:
    """The real server's own check refuses the same consumers."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"consumers": raw}))
    command = [str(find("centrifugo-v6")), "checkconfig", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (done.returncode == 0) == valid, done
