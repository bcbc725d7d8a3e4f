"""The configuration of a 1.x server (spec v1 §2), read from what the real server reads: PURE.

`read_config(raw)` gives a typed `Config` and names the keys that this server does not honour.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.server.configuration.spelling import closest_key, key_paths
from centripetal.server.configuration.value_readers import lowercase_keys, read, read_known, read_names
from centripetal.server.v1.channels import ChannelOptions, ChannelRules

__all__ = ["KEYS", "Config", "read_config"]


class _Plain(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that are read as they are."""

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


class Config(_Plain, frozen=True, kw_only=True):
    """The configuration of a 1.x server, with the names, defaults and units (seconds, bytes) of its file."""

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
    values = lowercase_keys(raw, "the configuration")
    known = read_known(values, _Plain)
    if known.get("presence_ping_interval", 1) < 1:
        raise UsageError("presence_ping_interval must be at least 1 second: the real server would do nothing else")
    marks = {mark: read(values.pop(key), str, key) for key, mark in _MARKS.items() if key in values}
    options = ChannelOptions(**read_known(values, ChannelOptions))
    namespaces, unknown = _namespaces(values.pop("namespaces", None))
    # It has no effect but on what is said to who asks for the admin endpoints, so it stays a stranger.
    known["admin"] = any(read(values.get(key, False), bool, key) for key in ("admin", "web"))
    rules = ChannelRules(options=options, namespaces=namespaces, **marks)
    engine = read(values.pop("engine", ""), str, "engine") or "memory"
    if engine not in ("memory", "redis"):
        raise UsageError(f'engine must be "memory" or "redis", not {engine!r}')
    if engine != "memory":
        unknown.append("engine")
    # What is off or empty asks for nothing.
    unknown += [key for key, value in values.items() if value]
    return Config(channels=rules, **known), [_unhonoured(key) for key in unknown]


def _unhonoured(key: str) -> str:
    reason = "there is no Redis" if key.startswith("redis_") else _REASONS.get(key)
    if reason is None:
        reason = "this server does not know it"
        if instead := closest_key(key, (*(KEYS - _REASONS.keys()), *key_paths(ChannelOptions, "namespaces[]"))):
            reason += f"; did you mean {instead!r}?"
    return f"{key!r} in the configuration has no effect: {reason}"


def _namespaces(raw: Any) -> tuple[dict[str, ChannelOptions], list[str]]:
    """Return the namespaces by name, and the places of their unknown keys."""
    namespaces: dict[str, ChannelOptions] = {}
    unknown: list[str] = []
    for name, place, values in read_names(raw or [], "namespaces", "-_"):
        namespaces[name] = ChannelOptions(**read_known(values, ChannelOptions, f"{place}."))
        unknown += [f"{place}.{key}" for key in values]
    return namespaces, unknown
