"""The configuration of a 1.x server (protocol 1: configuration), in the format of the real server: PURE.

`read_config(raw)` returns a typed `Config` and a warning for each key that has no effect in this server.
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
    """The keys whose values are used without conversion."""

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
        # The repr may be logged, so it must not contain the secret.
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
    "admin": "the embedded server does not have admin endpoints",
    "web": "the embedded server does not have admin endpoints",
    "ssl": "the embedded server does not support TLS",
}

KEYS = frozenset(
    (
        *(field.name for field in (*msgspec.structs.fields(Config), *msgspec.structs.fields(ChannelOptions))),
        *_MARKS,
        *_REASONS,
        "namespaces",
    )
) - {"channels"}
"""The keys, in lower case, that identify a configuration as one for 1.x."""


def read_config(raw: Mapping[str, Any]) -> tuple[Config, list[str]]:
    """Return the configuration in *raw*, and a sentence for each of its keys that has no effect here.

    Raises:
        UsageError: the real server could not use a value either; the message names its key.
    """
    values = lowercase_keys(raw, "the configuration")
    known = read_known(values, _Plain)
    if known.get("presence_ping_interval", 1) < 1:
        raise UsageError(
            "presence_ping_interval must be at least 1 second: otherwise the real server would only renew presence"
        )
    marks = {mark: read(values.pop(key), str, key) for key, mark in _MARKS.items() if key in values}
    options = ChannelOptions(**read_known(values, ChannelOptions))
    namespaces, unknown = _namespaces(values.pop("namespaces", None))
    # The keys stay in `values`: they only change the text of the 404 for admin endpoints, so they count as ignored.
    known["admin"] = any(read(values.get(key, False), bool, key) for key in ("admin", "web"))
    rules = ChannelRules(options=options, namespaces=namespaces, **marks)
    engine = read(values.pop("engine", ""), str, "engine") or "memory"
    if engine not in ("memory", "redis"):
        raise UsageError(f'engine must be "memory" or "redis", not {engine!r}')
    if engine != "memory":
        unknown.append("engine")
    # A false or empty value asks for nothing, so it needs no warning.
    unknown += [key for key, value in values.items() if value]
    return Config(channels=rules, **known), [_unhonoured(key) for key in unknown]


def _unhonoured(key: str) -> str:
    reason = "the embedded server does not use Redis" if key.startswith("redis_") else _REASONS.get(key)
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
