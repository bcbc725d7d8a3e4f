"""Reads the proxies in a Centrifugo 6 configuration (protocol 6: proxy-requests): PURE.

The structs have the names and defaults of the configuration file. `read_proxies` turns them into `Proxies`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from centripetal.dialects.current.proxy.events import PublishEvent, RPCEvent, SubRefreshEvent, SubscribeEvent
from centripetal.dialects.current.proxy.reading import Closed, Refused, StatusTransform
from centripetal.errors import UsageError
from centripetal.server.configuration.value_readers import read_names, read_objects, read_section, text
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.proxies import Proxies, Proxy
from centripetal.server.questions import TLS, Endpoint

__all__ = ["ChannelProxies", "ClientProxies", "ProxyOptions", "RPCOptions", "read_named"]
__all__ += ["proxies_of", "read_rpc_namespaces"]

DEFAULT = "default"
_NAME = "[-a-zA-Z0-9_.]{2,}"
_VARIABLE = re.compile(r"\$\{(CENTRIFUGO_VAR_[^}]+)}")
_LONGEST_TEXT = 123
_DEFAULTS = {event.kind: f"channel.proxy.{event.kind}" for event in (SubscribeEvent, PublishEvent, SubRefreshEvent)}
_DEFAULTS |= {RPCEvent.kind: "rpc.proxy"}
"""The places of the proxies called "default", by the kind of event."""


class TransformError(msgspec.Struct, frozen=True, kw_only=True):
    code: int = 0
    message: str = ""
    temporary: bool = False


class TransformDisconnect(msgspec.Struct, frozen=True, kw_only=True):
    code: int = 0
    reason: str = ""


class Transform(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `status_to_code_transforms`."""

    status_code: int = 0
    to_error: TransformError = TransformError()
    to_disconnect: TransformDisconnect = TransformDisconnect()


class TLSOptions(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool = False
    cert_pem: str = ""
    key_pem: str = ""
    server_ca_pem: str = ""
    client_ca_pem: str = ""
    insecure_skip_verify: bool = False
    server_name: str = ""

    def __repr__(self) -> str:
        return "<TLSOptions>"


class HTTPOptions(msgspec.Struct, frozen=True, kw_only=True):
    tls: TLSOptions = TLSOptions()
    static_headers: dict[str, str] = {}
    status_to_code_transforms: list[Transform] = []

    def __repr__(self) -> str:
        return "<HTTPOptions>"  # keep the secret in the headers out of logs


class ProxyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One proxy. `grpc_metadata` is accepted without effect: clients connect by WebSocket only."""

    endpoint: str = ""
    timeout: float = 1.0
    http_headers: list[str] = []
    grpc_metadata: list[str] = []
    emulated_headers: list[str] = []
    binary_encoding: bool = False
    include_connection_meta: bool = False
    http: HTTPOptions = HTTPOptions()


class ConnectionProxy(ProxyOptions, frozen=True, kw_only=True):
    enabled: bool = False


class ClientProxies(msgspec.Struct, frozen=True, kw_only=True):
    """The section `client.proxy`."""

    connect: ConnectionProxy = ConnectionProxy()
    refresh: ConnectionProxy = ConnectionProxy()


class ChannelProxies(msgspec.Struct, frozen=True, kw_only=True):
    """The section `channel.proxy`."""

    subscribe: ProxyOptions = ProxyOptions()
    publish: ProxyOptions = ProxyOptions()
    sub_refresh: ProxyOptions = ProxyOptions()


class RPCOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of an RPC namespace."""

    proxy_enabled: bool = False
    proxy_name: str = DEFAULT


def read_named(raw: Any, unknown_keys: dict[str, Any]) -> dict[str, ProxyOptions]:
    """Return the proxies of the section `proxies` by name, and add their unknown keys to *unknown_keys*.

    Raises:
        UsageError: a name is invalid, reserved or a duplicate, or a proxy has no endpoint.
    """
    found: dict[str, ProxyOptions] = {}
    for place, values in read_objects(raw, "proxies"):
        name = text(values.pop("name", ""), f"{place}.name")
        if not re.fullmatch(_NAME, name):
            raise UsageError(
                f"{place}.name is {name!r}: the name of a proxy must have at least two letters, digits, "
                "hyphens, underscores or dots"
            )
        if name in found or name == DEFAULT:
            problem = "a duplicate" if name in found else "reserved for the proxies in other sections"
            raise UsageError(f"{place}.name {name!r} is {problem}")
        found[name] = read_section(values, ProxyOptions, place, unknown_keys)
        _check(found[name], place)
    return found


def read_rpc_namespaces(raw: Any, unknown_keys: dict[str, Any]) -> dict[str, RPCOptions]:
    """Return the RPC namespaces by name, and add their unknown keys to *unknown_keys*."""
    return {
        name: read_section(values, RPCOptions, place, unknown_keys)
        for name, place, values in read_names(raw, "rpc.namespaces", "-_.")
    }


def proxies_of(
    client: ClientProxies,
    channel: ChannelProxies,
    rpc: ProxyOptions,
    named: Mapping[str, ProxyOptions],
    *,
    channels: Iterable[ChannelOptions],
    methods: Mapping[str, RPCOptions],
    environ: Mapping[str, str],
    unknown_keys: dict[str, Any],
) -> Proxies:
    """Return the proxies of a server.

    Args:
        client, channel, rpc: the sections with proxies.
        named: the section `proxies`.
        channels: the options of all channel namespaces.
        methods: the options of all RPC namespaces, by their place.
        environ: the environment variables that static headers may refer to.
        unknown_keys: gets the endpoints that cannot be asked over HTTP.

    Raises:
        UsageError: the real server would not start with these values.
    """
    connections = {"client.proxy.connect": client.connect, "client.proxy.refresh": client.refresh}
    used: dict[str, ProxyOptions] = {place: found for place, found in connections.items() if found.enabled}
    for kind in ChannelProxies.__struct_fields__:
        if any(options.proxy_of(kind) == DEFAULT for options in channels):
            used[f"channel.proxy.{kind}"] = getattr(channel, kind)
    for place, options in used.items():
        _check(options, place)
    for place, method in methods.items():
        if method.proxy_name != DEFAULT and method.proxy_name not in named:
            raise UsageError(f"{place}.proxy_name is {method.proxy_name!r}, but proxies has no proxy with that name")
        if method.proxy_enabled and method.proxy_name == DEFAULT:
            used["rpc.proxy"] = rpc
    used |= {f"proxies[{index}]": options for index, options in enumerate(named.values())}
    for place, options in used.items():
        if not options.endpoint.startswith(("http://", "https://")):
            unknown_keys[f"{place}.endpoint"] = options.endpoint or "missing"
    return Proxies(
        connect=_proxy(client.connect, environ) if client.connect.enabled else None,
        refresh=_proxy(client.refresh, environ) if client.refresh.enabled else None,
        defaults={kind: _proxy(used[place], environ) for kind, place in _DEFAULTS.items() if place in used},
        named={name: _proxy(options, environ) for name, options in named.items()},
        asks_rpc=any(method.proxy_enabled for method in methods.values()),
    )


def _check(options: ProxyOptions, place: str) -> None:
    if not options.endpoint:
        raise UsageError(f"{place}.endpoint is missing: the URL where the application answers")
    for index, each in enumerate(options.http.status_to_code_transforms):
        inside = f"{place}.http.status_to_code_transforms[{index}]"
        if not each.status_code:
            raise UsageError(f"{inside}.status_code is missing")
        if bool(each.to_error.code) == bool(each.to_disconnect.code):
            raise UsageError(f"{inside} must have either to_error.code or to_disconnect.code")
        for name, words in (
            ("to_error.message", each.to_error.message),
            ("to_disconnect.reason", each.to_disconnect.reason),
        ):
            if not words.isascii() or len(words) > _LONGEST_TEXT:
                raise UsageError(f"{inside}.{name} must be ASCII text of at most {_LONGEST_TEXT} characters")


def _proxy(options: ProxyOptions, environ: Mapping[str, str]) -> Proxy:
    tls = options.http.tls
    names = ("cert_pem", "key_pem", "server_ca_pem", "server_name", "insecure_skip_verify")
    return Proxy(
        endpoint=Endpoint(
            url=options.endpoint,
            timeout=options.timeout,
            tls=TLS(**{name: getattr(tls, name) for name in names}) if tls.enabled else None,
        ),
        http_headers=frozenset(map(str.lower, options.http_headers)),
        emulated_headers=frozenset(map(str.lower, options.emulated_headers)),
        static_headers={name: _expanded(value, environ) for name, value in options.http.static_headers.items()},
        transforms=tuple(map(_transform, options.http.status_to_code_transforms)),
        binary_encoding=options.binary_encoding,
        include_connection_meta=options.include_connection_meta,
    )


def _expanded(value: str, environ: Mapping[str, str]) -> str:
    def variable(found: re.Match[str]) -> str:
        if found[1] not in environ:
            raise UsageError(f"a static header refers to the environment variable {found[1]}, which is not set")
        return environ[found[1]]

    return _VARIABLE.sub(variable, value)


def _transform(each: Transform) -> StatusTransform:
    error, disconnect = each.to_error, each.to_disconnect
    return StatusTransform(
        each.status_code,
        Refused(error.code, error.message, error.temporary),
        Closed(disconnect.code, disconnect.reason),
    )
