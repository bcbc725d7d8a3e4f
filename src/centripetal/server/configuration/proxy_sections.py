"""The configuration of proxies for the handlers that an application has: PURE.

Both `EmbeddedServer(proxy=…)` and `centripetal proxy config` use it, so a test asks what a production server would ask.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from centripetal.server.configuration.value_readers import lowercase_keys, read_objects

__all__ = ["USUAL_OPTIONS", "has_proxies", "namespace_names", "proxy_sections", "with_sections"]

USUAL_OPTIONS: Mapping[str, Any] = {
    "http_headers": ["Cookie", "Authorization"],
    "emulated_headers": ["Authorization"],
    "include_connection_meta": True,
}
"""Options of proxies with which handlers get all that events can have: cookies, bearer tokens and the meta."""

_OF_CONNECTIONS = ("connect", "refresh")
_OF_CHANNELS = ("subscribe", "publish", "sub_refresh")
_BOUNDARY = ":"


def proxy_sections(
    patterns: Mapping[str, Sequence[str | None]],
    url: str,
    options: Mapping[str, Any] = {},
    *,
    namespaces: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the sections of a configuration that asks the handlers with these *patterns*, and only them.

    Args:
        patterns: the patterns of channels or methods by kind of event; None for events without a pattern.
        url: the address of the handlers, to which the kind is added as the last segment.
        options: more options of each proxy, such as `http`.
        namespaces: names of known channel namespaces. Patterns whose namespace is a place, such as `{kind}:{id}`, are
            for all of them.
    """
    sections: dict[str, Any] = {}
    channels: dict[str, dict[str, Any]] = {}
    methods: dict[str, dict[str, Any]] = {}
    for kind, found in patterns.items():
        proxy = {"endpoint": f"{url.rstrip('/')}/{kind}", **options}
        if kind in _OF_CONNECTIONS:
            _within(sections, "client", "proxy")[kind] = {"enabled": True, **proxy}
        elif kind in _OF_CHANNELS:
            _within(sections, "channel", "proxy")[kind] = proxy
            for name in _names(found, [*namespaces, *channels]):
                channels.setdefault(name, {})[f"{kind}_proxy_enabled"] = True
        elif kind == "rpc":
            _within(sections, "rpc")["proxy"] = proxy
            for name in _names(found, methods):
                methods.setdefault(name, {})["proxy_enabled"] = True
        elif kind == "shared_poll_refresh":
            _within(sections, "channel", "proxy")[kind] = proxy
            for name in _names(found, ()):
                channels.setdefault(name, {})["subscription_type"] = "shared_poll"
    for section, options_by_name in (("channel", channels), ("rpc", methods)):
        if (plain := options_by_name.pop("", None)) is not None:
            _within(sections, section)["without_namespace"] = plain
        if options_by_name:
            _within(sections, section)["namespaces"] = [
                {"name": name, **each} for name, each in sorted(options_by_name.items())
            ]
    return sections


def has_proxies(config: Mapping[str, Any]) -> bool:
    """Return whether *config* itself has proxies, so that none must be added."""
    values = lowercase_keys(config, "the configuration")
    sections = [lowercase_keys(values.get(name, {}), name) for name in ("client", "channel", "rpc")]
    if values.get("proxies") or any(section.get("proxy") for section in sections):
        return True
    options = [lowercase_keys(section.get("without_namespace", {}), "without_namespace") for section in sections]
    options += [each for section in sections for _, each in read_objects(section.get("namespaces", []), "namespaces")]
    return any(key.endswith("proxy_enabled") and value for each in options for key, value in each.items())


def with_sections(config: Mapping[str, Any], sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return *config* with *sections* added to it. Values of *config* take precedence."""
    merged = lowercase_keys(config, "the configuration")
    for key, value in sections.items():
        if key not in merged:
            merged[key] = value
        elif key == "namespaces":
            merged[key] = _with_namespaces(merged[key], value)
        elif isinstance(value, Mapping):
            merged[key] = with_sections(merged[key], value)
    return merged


def namespace_names(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the channel namespaces in *config*."""
    channel = lowercase_keys(lowercase_keys(config, "the configuration").get("channel", {}), "channel")
    return [str(each.get("name", "")) for _, each in read_objects(channel.get("namespaces", []), "channel.namespaces")]


def _with_namespaces(known: Any, added: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = [each for _, each in read_objects(known, "namespaces")]
    for namespace in added:
        same = next((each for each in found if each.get("name") == namespace["name"]), None)
        if same is None:
            found.append(dict(namespace))
        else:
            same.update({key: value for key, value in namespace.items() if key not in same})
    return found


def _names(patterns: Sequence[str | None], known: Iterable[str]) -> list[str]:
    """Return the names of the namespaces that *patterns* are for; "" for names without a namespace."""
    names: dict[str, None] = {}
    for pattern in patterns:
        name, boundary, _ = (pattern or "").removeprefix("$").partition(_BOUNDARY)
        if not boundary:
            names[""] = None
        if "*" in name or (boundary and "{" in name):
            names |= dict.fromkeys(known)
        elif boundary:
            names[name] = None
    return list(names)


def _within(sections: dict[str, Any], *path: str) -> dict[str, Any]:
    for name in path:
        sections = sections.setdefault(name, {})
    return sections
