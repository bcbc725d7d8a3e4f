"""Generate the page about the embedded server's configuration from the structs that hold it."""

from collections.abc import Iterator, Mapping
from typing import Any, get_origin

import msgspec

from centripetal.server.consuming.options import PostgreSQLOptions
from centripetal.server.current import config as current
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.proxy_config import ChannelProxies, ConnectionProxy, ProxyOptions
from centripetal.server.current.unhonoured import REASONS
from centripetal.server.v1 import config as v1
from centripetal.server.v1.channels import ChannelOptions as ChannelOptionsOfV1
from centripetal.server.v1.channels import ChannelRules as ChannelRulesOfV1
from scripts._reference.keys import CHANNEL, CONSUMER, KEYS, KEYS_OF_V1, PROXY

__all__ = ["configuration_page", "keys"]

Rows = dict[str, Any]

_TOP = """# Configuration of the embedded server

`EmbeddedServer(config=…)` and `centripetal serve --config FILE` take the JSON configuration of the real server.
The keys below have an effect, with the names and defaults of the real server. Any other key whose value would change
something raises an `UnhonouredConfigWarning` with the reason. A value that the real server rejects at startup raises a
`UsageError`.
"""


def keys() -> dict[str, Rows]:
    """Return the keys that have an effect, by chapter, each with its default."""
    return {
        "Centrifugo 6": dict(_fields(current.Config, "")),
        "Centrifugo 6: options of channels": dict(_fields(ChannelOptions, "")),
        "Centrifugo 6: options of proxies": dict(_fields(ConnectionProxy, "")),
        "Centrifugo 6: options of PostgreSQL consumers": dict(_fields(PostgreSQLOptions, "")),
        "Centrifugo 1.x": {
            **{key: value for key, value in _fields(v1.Config, "") if not key.startswith(("admin", "channels."))},
            **{key: _mark(mark) for key, mark in v1._MARKS.items()},
            "namespaces": [],
        },
        "Centrifugo 1.x: options of channels": dict(_fields(ChannelOptionsOfV1, "")),
    }


def _mark(name: str) -> Any:
    return next(field.default for field in msgspec.structs.fields(ChannelRulesOfV1) if field.name == name)


def _fields(shape: type[msgspec.Struct], place: str) -> Iterator[tuple[str, Any]]:
    for field in msgspec.structs.fields(shape):
        name = f"{place}{field.name}"
        if name == "channels" and shape is current.Config:
            yield "channel.without_namespace", {}
            yield "channel.namespaces", []
            yield from _fields(current._Channel, "channel.")
            yield from _fields(ChannelProxies, "channel.proxy.")
        elif name in ("proxies", "consumers") and shape is current.Config:
            yield name, []
        elif isinstance(field.type, type) and issubclass(field.type, ProxyOptions):
            yield name, {}
        elif get_origin(field.type) is None and isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _fields(field.type, f"{name}.")
        else:
            yield name, field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


_TEXTS: Mapping[str, Mapping[str, str]] = {
    "Centrifugo 6": KEYS,
    "Centrifugo 6: options of channels": CHANNEL,
    "Centrifugo 6: options of proxies": PROXY,
    "Centrifugo 6: options of PostgreSQL consumers": CONSUMER,
    "Centrifugo 1.x": KEYS_OF_V1,
    "Centrifugo 1.x: options of channels": KEYS_OF_V1,
}
_NOTES = {
    "Centrifugo 6": 'Durations are strings such as `"25s"`.',
    "Centrifugo 6: options of channels": (
        "In `channel.without_namespace`, and in each entry of `channel.namespaces`, next to its `name`."
    ),
    "Centrifugo 6: options of proxies": (
        "In `client.proxy.connect`, `client.proxy.refresh`, `channel.proxy.subscribe`, `channel.proxy.publish`,"
        " `channel.proxy.sub_refresh`, `rpc.proxy`, and in each entry of `proxies`, next to its `name`."
    ),
    "Centrifugo 6: options of PostgreSQL consumers": (
        "In the section `postgresql` of each entry of `consumers`, next to its `name`, `enabled` and `type`."
    ),
    "Centrifugo 1.x": "Durations are in seconds, sizes in bytes.",
    "Centrifugo 1.x: options of channels": (
        "At the top level for channels without a namespace, and in each entry of `namespaces`, next to its `name`."
    ),
}


def configuration_page() -> str:
    """Return the Markdown of the page.

    Raises:
        LookupError: a key has no description.
    """
    parts = [_TOP]
    for chapter, rows in keys().items():
        lines = [f"| `{key}` | {_value(value)} | {_text(chapter, key)} |" for key, value in rows.items()]
        parts += [f"## {chapter}", _NOTES[chapter], "\n".join(["| key | default | |", "| --- | --- | --- |", *lines])]
    for title, reasons in (("Centrifugo 6", REASONS), ("Centrifugo 1.x", v1._REASONS)):
        lines = [f"| `{key}` | {reason} |" for key, reason in reasons.items()]
        parts += [f"## {title}: keys without effect", "\n".join(["| key | reason |", "| --- | --- |", *lines])]
    return "\n\n".join(parts) + "\n"


def _text(chapter: str, key: str) -> str:
    if key not in _TEXTS[chapter]:
        raise LookupError(f"{chapter}: describe the key {key!r} in scripts/_reference/keys.py")
    return _TEXTS[chapter][key]


def _value(value: Any) -> str:
    if isinstance(value, float):  # a duration
        return f'`"{value:g}s"`'
    if isinstance(value, bool):
        return "on" if value else "off"
    return {"": "none", "[]": "none", "{}": "all off"}.get(str(value), f"`{value}`")
