"""The configuration of a 1.x server (spec v1 §2), read from what the real server reads: PURE.

`read_config(raw)` gives a typed `Config` and names the keys that this server does not honour.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.server.configuration.spelling import fields_of, meant
from centripetal.server.configuration.value_readers import folded, objects, read
from centripetal.server.v1.channels import ChannelOptions, ChannelRules

__all__ = ["KEYS", "Config", "read_config"]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What a 1.x server is told. Names, defaults and units (seconds, bytes) are those of its configuration file."""

    secret: str = ""
    insecure: bool = False
    insecure_api: bool = False
    name: str = ""
    http_prefix: str = ""
    connection_lifetime: int = 0
    expired_connection_close_delay: int = 25
    stale_connection_close_delay: int = 25
    ping_interval: int = 25
    client_request_max_size: int = 65536
    client_queue_max_size: int = 10485760
    client_channel_limit: int = 128
    user_connection_limit: int = 0
    max_channel_length: int = 255
    presence_ping_interval: int = 25
    presence_expire_interval: int = 60
    node_ping_interval: int = 3
    node_metrics_interval: int = 60
    websocket_compression: bool = False
    admin: bool = False
    channels: ChannelRules = ChannelRules()

    def __repr__(self) -> str:
        # The secret must not get into a log by way of a repr.
        return f"<Config of a 1.x server, {len(self.channels.namespaces)} namespaces>"


_MARKS = {
    "private_channel_prefix": "private_prefix",
    "namespace_channel_boundary": "namespace_boundary",
    "user_channel_boundary": "user_boundary",
    "user_channel_separator": "user_separator",
    "client_channel_boundary": "client_boundary",
}
_NAMESPACE_NAME = re.compile(r"[-a-zA-Z0-9_]{2,}")
_REASONS = {
    "engine": "everything is kept in memory",
    "port": "the address is an argument",
    "address": "the address is an argument",
    "api_port": "everything is served on one port",
    "admin_port": "everything is served on one port",
    "admin": "there are no admin endpoints",
    "web": "there are no admin endpoints",
    "ssl": "there is no TLS",
}

KEYS = frozenset(
    (
        *(field.name for field in (*msgspec.structs.fields(Config), *msgspec.structs.fields(ChannelOptions))),
        *_MARKS,
        *_REASONS,
        "namespaces",
    )
) - {"channels"}
"""What a configuration of a 1.x server may say that this one knows, in lower case."""


def read_config(raw: Mapping[str, Any]) -> tuple[Config, list[str]]:
    """The configuration that *raw* describes, and a sentence for each key in it that changes nothing here.

    Raises:
        UsageError: a value that the real server could not use either; the message names its key.
    """
    values = folded(raw, "the configuration")
    known = {
        field.name: read(values.pop(field.name), field.type, field.name)
        for field in msgspec.structs.fields(Config)
        if field.name not in ("admin", "channels") and field.name in values
    }
    if known.get("presence_ping_interval", 1) < 1:
        raise UsageError("presence_ping_interval must be at least 1 second: the real server would do nothing else")
    marks = {mark: read(values.pop(key), str, key) for key, mark in _MARKS.items() if key in values}
    options = _channel_options(values, "")
    namespaces, strangers = _namespaces(values.pop("namespaces", None))
    # It has no effect but on what is said to who asks for the admin endpoints, so it stays a stranger.
    known["admin"] = any(read(values.get(key, False), bool, key) for key in ("admin", "web"))
    rules = ChannelRules(options=options, namespaces=namespaces, **marks)
    engine = read(values.pop("engine", ""), str, "engine") or "memory"
    if engine not in ("memory", "redis"):
        raise UsageError(f'engine must be "memory" or "redis", not {engine!r}')
    if engine != "memory":
        strangers.append("engine")
    # What is off or empty asks for nothing.
    strangers += [key for key, value in values.items() if value]
    return Config(channels=rules, **known), [_unhonoured(key) for key in strangers]


def _unhonoured(key: str) -> str:
    reason = "there is no Redis" if key.startswith("redis_") else _REASONS.get(key)
    if reason is None:
        reason = "this server does not know it"
        if instead := meant(key, (*(KEYS - _REASONS.keys()), *fields_of(ChannelOptions, "namespaces[]"))):
            reason += f"; did you mean {instead!r}?"
    return f"{key!r} in the configuration has no effect: {reason}"


def _channel_options(values: dict[str, Any], place: str) -> ChannelOptions:
    """The options of channels, taken out of *values*."""
    return ChannelOptions(
        **{
            field.name: read(values.pop(field.name), field.type, place + field.name)
            for field in msgspec.structs.fields(ChannelOptions)
            if field.name in values
        }
    )


def _namespaces(raw: Any) -> tuple[dict[str, ChannelOptions], list[str]]:
    """The namespaces by name, and the places of what no namespace has."""
    namespaces: dict[str, ChannelOptions] = {}
    strangers: list[str] = []
    if not raw:
        return namespaces, strangers
    for place, values in objects(raw, "namespaces"):
        name = read(values.pop("name", ""), str, f"{place}.name")
        if not _NAMESPACE_NAME.fullmatch(name):
            raise UsageError(
                f"{place}.name is {name!r}: a namespace has a name of at least two characters, "
                "which are letters, digits, - and _"
            )
        if name in namespaces:
            raise UsageError(f"{place}.name is {name!r} once more: names of namespaces must be unique")
        namespaces[name] = _channel_options(values, f"{place}.")
        strangers += [f"{place}.{key}" for key in values]
    return namespaces, strangers
