"""Reads the channel options in a Centrifugo 6 configuration (protocol 6: namespace-options): PURE."""

from collections.abc import Set
from typing import Any

from centripetal.errors import UsageError
from centripetal.server.configuration.value_readers import lowercase_keys, read_known, read_names
from centripetal.server.current.channels import ChannelOptions
from centripetal.tokens.patterns import compiled

__all__ = ["read_namespaces"]

_TYPES = ("", "stream", "map", "map_clients", "map_users", "shared_poll")
_FORMATS = ("", "json", "json_object", "binary")


def read_namespaces(
    channel: dict[str, Any], proxies: Set[str], unknown_keys: dict[str, Any]
) -> tuple[ChannelOptions, dict[str, ChannelOptions]]:
    """Return the options of channels without a namespace, and the options of each namespace by name.

    Args:
        channel: the section `channel`; the keys that this function reads are removed from it.
        proxies: the names of the configured proxies.
        unknown_keys: gets the keys that namespaces do not have, by their place.

    Raises:
        UsageError: the real server would not start with a value; the message names its key.
    """
    place = "channel.without_namespace"
    options = _options(lowercase_keys(channel.pop("without_namespace", {}), place), place, proxies, unknown_keys)
    namespaces: dict[str, ChannelOptions] = {}
    for name, place, values in read_names(channel.pop("namespaces", []), "channel.namespaces", "-_."):
        namespaces[name] = _options(values, place, proxies, unknown_keys)
    return options, namespaces


def _options(values: dict[str, Any], place: str, proxies: Set[str], unknown_keys: dict[str, Any]) -> ChannelOptions:
    known = read_known(values, ChannelOptions, f"{place}.")
    # The real server replaces an empty name by the default.
    options = ChannelOptions(**{key: value for key, value in known.items() if value or not key.endswith("_proxy_name")})
    _check(options, place)
    _check_proxies(options, values, place, proxies)
    if options.is_stream:
        # Streams ignore the options of maps and shared polling, so these options need no warning.
        values.pop("map", None)
        values.pop("shared_poll", None)
    else:
        _check_map(options.subscription_type, values.get("map", {}), place)
    # The name of a proxy alone turns nothing on.
    unknown_keys |= {f"{place}.{key}": value for key, value in values.items() if not key.endswith("proxy_name")}
    return options


def _check(options: ChannelOptions, place: str) -> None:
    """Raise a `UsageError` for options with which the real server would not start, apart from other sections."""
    if bool(options.history_size) != bool(options.history_ttl):
        missing = "history_ttl" if options.history_size else "history_size"
        raise UsageError(f"{place}: history_size and history_ttl must be set together, but {missing} is missing")
    for name in ("history_ttl", "history_meta_ttl"):
        if not getattr(options, name).is_integer():
            raise UsageError(f"{place}.{name} must be in whole seconds")
    if options.force_recovery and not options.history_size:
        raise UsageError(f"{place}.force_recovery requires history_size and history_ttl")
    if options.force_recovery_mode not in ("", "stream", "cache"):
        raise UsageError(f'{place}.force_recovery_mode must be "stream" or "cache"')
    if options.auto_cache_recover and not (options.force_recovery and options.force_recovery_mode == "cache"):
        raise UsageError(f'{place}.auto_cache_recover requires force_recovery, and force_recovery_mode "cache"')
    if unknown := [each for each in options.allowed_delta_types if each != "fossil"]:
        raise UsageError(f'{place}.allowed_delta_types contains {unknown[0]!r}, but only "fossil" is supported')
    if options.publication_data_format not in _FORMATS:
        raise UsageError(f"{place}.publication_data_format must be one of {', '.join(_FORMATS[1:])}")
    if options.subscription_type not in _TYPES:
        raise UsageError(f"{place}.subscription_type must be one of {', '.join(_TYPES[1:])}")
    compiled(options.channel_regex, f"{place}.channel_regex")


def _check_proxies(options: ChannelOptions, values: dict[str, Any], place: str, proxies: Set[str]) -> None:
    kinds = ("subscribe", "publish", "sub_refresh")
    names = {f"{kind}_proxy_name": getattr(options, f"{kind}_proxy_name") for kind in kinds}
    names |= {key: value for key, value in values.items() if key.endswith("proxy_name") and value}
    for key, name in names.items():
        if name not in proxies:
            raise UsageError(f"{place}.{key} is {name!r}, but proxies has no proxy with that name")
    if values.get("subscribe_stream_proxy_enabled") and any(options.proxy_of(kind) for kind in kinds):
        raise UsageError(
            f"{place}.subscribe_stream_proxy_enabled excludes the proxies for subscribe, publish and sub_refresh"
        )


def _check_map(kind: str, raw: Any, place: str) -> None:
    if kind == "shared_poll":
        return
    mode = lowercase_keys(raw, f"{place}.map").get("mode", "")
    if mode not in ("ephemeral", "recoverable", "persistent"):
        raise UsageError(f'{place}.map.mode must be "ephemeral", "recoverable" or "persistent"')
