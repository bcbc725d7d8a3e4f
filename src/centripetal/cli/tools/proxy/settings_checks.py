"""Checks of the proxies in a server's configuration, without asking anything."""

from collections.abc import Iterator, Mapping
from typing import Any

from centripetal.cli.tools.doctor.check import Check
from centripetal.server.configuration.proxy_sections import proxy_sections
from centripetal.server.configuration.value_readers import lowercase_keys, read_objects
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.config import Config
from centripetal.server.current.proxies import Proxy

__all__ = ["handler_checks", "settings_checks", "used_proxies"]

_CHANNEL_KINDS = ("subscribe", "publish", "sub_refresh")


def used_proxies(config: Config) -> Iterator[tuple[str, Proxy]]:
    """Yield the kind of event and the proxy of everything that the server asks, each proxy once for each kind."""
    proxies = config.proxies
    for kind, proxy in (("connect", proxies.connect), ("refresh", proxies.refresh)):
        if proxy is not None:
            yield kind, proxy
    for kind, name in _used_names(config):
        yield kind, proxies.of(kind, name)


def _used_names(config: Config) -> list[tuple[str, str]]:
    """Return the kinds of events and the names of the proxies that namespaces turn on."""
    channels = [(kind, each.proxy_of(kind)) for each in _namespaces(config).values() for kind in _CHANNEL_KINDS]
    found = [(kind, name) for kind, name in channels if name is not None]
    methods = (config.rpc.without_namespace, *config.rpc.namespaces.values())
    found += [("rpc", method.proxy_name) for method in methods if method.proxy_enabled]
    return list(dict.fromkeys(found))


def settings_checks(config: Config, raw: Mapping[str, Any]) -> Iterator[Check]:
    """Check what the server asks, whom it asks never, and whether web pages of others can use its users' cookies.

    Args:
        config: the configuration.
        raw: the same as it was written.
    """
    used = list(used_proxies(config))
    kinds = ", ".join(dict.fromkeys(kind for kind, _ in used))
    if used:
        yield Check("proxies", "ok", f"the server asks about {kinds}")
    else:
        yield Check("proxies", "failed", "the server asks nothing", "Turn proxies on: see `centripetal proxy config`.")
    yield from _never_asked(config, raw, _used_names(config))
    yield from _cookies(config, used)
    for kind, proxy in used:
        yield from _headers(kind, proxy)


def _namespaces(config: Config) -> dict[str, ChannelOptions]:
    return {"": config.channels.options, **config.channels.namespaces}


def _never_asked(config: Config, raw: Mapping[str, Any], used: list[tuple[str, str]]) -> Iterator[Check]:
    sections = {name: lowercase_keys(raw.get(name, {}), name) for name in ("client", "channel", "rpc")}
    for kind in ("connect", "refresh"):
        proxy = lowercase_keys(lowercase_keys(sections["client"].get("proxy", {}), "proxy").get(kind, {}), kind)
        if proxy.get("endpoint") and getattr(config.proxies, kind) is None:
            yield _unused(f"client.proxy.{kind}", f"Set client.proxy.{kind}.enabled to true.")
    channel = lowercase_keys(sections["channel"].get("proxy", {}), "channel.proxy")
    for kind in _CHANNEL_KINDS:
        if lowercase_keys(channel.get(kind, {}), kind).get("endpoint") and (kind, "default") not in used:
            advice = f"Set {kind}_proxy_enabled in channel.without_namespace or in an entry of channel.namespaces."
            yield _unused(f"channel.proxy.{kind}", advice)
    if lowercase_keys(sections["rpc"].get("proxy", {}), "rpc.proxy").get("endpoint") and ("rpc", "default") not in used:
        yield _unused("rpc.proxy", "Set proxy_enabled in rpc.without_namespace or in an entry of rpc.namespaces.")
    for _, entry in read_objects(raw.get("proxies", []), "proxies"):
        name = str(entry.get("name"))
        if all(name != other for _, other in used):
            yield _unused(f"proxies: {name}", "No namespace names it: set the proxy_name options of namespaces.")


def _unused(place: str, advice: str) -> Check:
    return Check("never asked", "warning", f"{place} has an endpoint, but is never asked", advice)


def _cookies(config: Config, used: list[tuple[str, Proxy]]) -> Iterator[Check]:
    with_cookies = [kind for kind, proxy in used if "cookie" in proxy.http_headers]
    if not with_cookies:
        return
    origins = config.client.allowed_origins
    if origins and "*" not in origins:
        yield Check("origins", "ok", f"cookies go to the application, and only from {', '.join(origins)}")
        return
    missing = "any page may connect" if origins else "client.allowed_origins is missing"
    yield Check(
        "origins",
        "failed",
        f"the proxy for {with_cookies[0]} passes cookies on, and {missing}",
        "List the origins of your own pages in client.allowed_origins: otherwise pages of others connect with the "
        "cookies of your users.",
    )


def _headers(kind: str, proxy: Proxy) -> Iterator[Check]:
    listed = proxy.http_headers | proxy.emulated_headers
    if both := sorted(name for name in proxy.static_headers if name.lower() in listed):
        yield Check(
            "headers",
            "failed",
            f"the proxy for {kind} replaces the static header {both[0]} by the header of the client",
            f"Remove {both[0]} from http_headers and emulated_headers: a client that sends it would be refused.",
        )
    if proxy.endpoint.url.startswith("http") and not proxy.static_headers and proxy.endpoint.tls is None:
        yield Check(
            "secret",
            "warning",
            f"nothing tells the application that the server asks about {kind}",
            "Add a secret to http.static_headers of the proxy, or let only the server reach the endpoint.",
        )


def handler_checks(config: Config, patterns: Mapping[str, list[str | None]]) -> Iterator[Check]:
    """Check that the server asks all handlers with these *patterns* by kind of event, and nobody else.

    Args:
        config: the server's configuration.
        patterns: the patterns of the handlers.
    """
    asked = {kind for kind, _ in used_proxies(config)}
    for kind in sorted(asked - patterns.keys()):
        advice = f"Add a handler for {kind}, or turn the proxy off: clients get error 100."
        yield Check("handlers", "failed", f"the server asks about {kind}, but there is no handler for it", advice)
    known = config.channels.namespaces
    wanted = proxy_sections(patterns, "http://unused", namespaces=known)
    for kind in _CHANNEL_KINDS:
        for name in sorted(_turned_on(wanted.get("channel", {}), f"{kind}_proxy_enabled")):
            options = _namespaces(config).get(name)
            if options is None or options.proxy_of(kind) is None:
                yield _not_asked(kind, f"the namespace {name!r}" if name else "channels without a namespace")
    for name in sorted(_turned_on(wanted.get("rpc", {}), "proxy_enabled")):
        method = config.rpc.namespaces.get(name) if name else config.rpc.without_namespace
        if method is None or not method.proxy_enabled:
            yield _not_asked("rpc", f"the RPC namespace {name!r}" if name else "methods without a namespace")
    for kind in ("connect", "refresh"):
        if kind in patterns and kind not in asked:
            yield _not_asked(kind, "connections")


def _turned_on(section: Mapping[str, Any], key: str) -> set[str]:
    names = {each["name"] for each in section.get("namespaces", []) if each.get(key)}
    return names | ({""} if section.get("without_namespace", {}).get(key) else set())


def _not_asked(kind: str, where: str) -> Check:
    advice = "Compare the configuration with the output of `centripetal proxy config`."
    return Check("handlers", "failed", f"the handler of {kind} is never asked about {where}", advice)
