"""Reads the consumers in a Centrifugo 6 configuration (protocol 6: consumers): PURE."""

import re
from collections.abc import Mapping
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.dsn import DSN, is_dsn
from centripetal.server.configuration.value_readers import boolean, read_objects, read_section, text
from centripetal.server.consuming.options import PostgreSQLConsumer, PostgreSQLOptions
from centripetal.server.current.unhonoured import consumer_sentence

__all__ = ["read_consumers"]

_POSTGRESQL = "postgresql"
_NAME = re.compile("[a-zA-Z0-9_]{2,}")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    _POSTGRESQL: ("dsn", "outbox_table_name"),
    "kafka": ("brokers", "topics", "consumer_group"),
    "nats_jetstream": ("stream_name", "durable_consumer_name"),
    "redis_stream": ("streams", "consumer_group"),
    "google_pub_sub": ("project_id", "subscriptions"),
    "aws_sqs": ("queues",),
    "azure_service_bus": ("queues",),
}
"""The options without which the real server does not start, by type."""


def read_consumers(raw: Any, unknown_keys: dict[str, Any]) -> tuple[tuple[PostgreSQLConsumer, ...], list[str]]:
    """Return the PostgreSQL consumers that are enabled, and a sentence for each consumer without an effect.

    Args:
        raw: the list `consumers` of the configuration.
        unknown_keys: gets the keys that this server does not know, by their place.

    Raises:
        UsageError: the real server would not start with a value.
    """
    consumers: list[PostgreSQLConsumer] = []
    sentences: list[str] = []
    names: set[str] = set()
    for place, values in read_objects(raw, "consumers"):
        name, kind = (text(values.pop(key, ""), f"{place}.{key}") for key in ("name", "type"))
        _check_name(name, place, names)
        if kind not in _REQUIRED:
            raise UsageError(f"{place}.type is {kind!r:.100}, but must be one of {', '.join(_REQUIRED)}")
        enabled = boolean(values.pop("enabled", False), f"{place}.enabled")
        sections = {each: values.pop(each) for each in _REQUIRED if each in values}
        unknown_keys |= {f"{place}.{key}": value for key, value in values.items()}
        section = sections.get(kind, {})
        if kind != _POSTGRESQL:
            if enabled:
                _check_required(section, f"{place}.{kind}", kind)
                sentences.append(consumer_sentence(place, name, kind))
            continue
        options = read_section(section, PostgreSQLOptions, f"{place}.{kind}", unknown_keys)
        if enabled:
            _check_required(section, f"{place}.{kind}", kind)
            _check(options, f"{place}.{kind}")
            consumers.append(PostgreSQLConsumer(name, options))
    return tuple(consumers), sentences


def _check_name(name: str, place: str, names: set[str]) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{place}.name is {name!r:.100}: the name of a consumer must have at least two characters, only letters, "
            "digits and _"
        )
    if name in names:
        raise UsageError(f"{place}.name {name!r:.100} is a duplicate: names of consumers must be unique")
    names.add(name)


def _check_required(section: Any, place: str, kind: str) -> None:
    given = {str(key).lower() for key, value in section.items() if value} if isinstance(section, Mapping) else set()
    for name in _REQUIRED[kind]:
        if name not in given:
            raise UsageError(f"{place}.{name} is missing")


def _check(options: PostgreSQLOptions, place: str) -> None:
    for name in ("dsn", "partition_notification_dsn"):
        value = getattr(options, name)
        if value and not is_dsn(value):
            raise UsageError(f"{place}.{name} must be {DSN}")
    for name in ("num_partitions", "partition_select_limit", "partition_poll_interval"):
        if getattr(options, name) < 0:
            raise UsageError(f"{place}.{name} must not be negative: the real server would fail or loop")
