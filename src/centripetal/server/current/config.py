"""The configuration of a Centrifugo 6 server (protocol 6: configuration), in the real server's format: PURE.

`read_config(raw)` returns a typed `Config` and a sentence for each key that this server does not honour. The structs
have the names and defaults of the configuration file. A float is a duration in seconds. A value that is 0 or empty gets
its default, as in the real server (seen on 6.9.1); to turn off an option whose default is above 0, use a negative
number. A configuration with which the real server would not start raises a `UsageError`.
"""

import functools
import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.server.configuration.spelling import key_paths
from centripetal.server.configuration.value_readers import lowercase_keys, read_section
from centripetal.server.consuming.options import PostgreSQLConsumer, PostgreSQLOptions
from centripetal.server.current.channels import ChannelOptions, ChannelRules
from centripetal.server.current.consumers import read_consumers
from centripetal.server.current.namespaces import read_namespaces
from centripetal.server.current.proxies import Proxies
from centripetal.server.current.proxy_config import (
    ChannelProxies,
    ClientProxies,
    ProxyOptions,
    RPCOptions,
    proxies_of,
    read_named,
    read_rpc_namespaces,
)
from centripetal.server.current.unhonoured import SILENT, is_set, sentence
from centripetal.tokens.signatures import BadKey, algorithms_of, load_public

__all__ = ["SECTIONS", "Client", "Config", "Token", "read_config", "with_keys"]

_HOUR = 3600.0
_CLAIM = re.compile("[a-zA-Z_]*")


class HTTPAPI(msgspec.Struct, frozen=True, kw_only=True):
    key: str = ""
    insecure: bool = False
    disabled: bool = False
    handler_prefix: str = "/api"
    error_mode: str = ""

    def __repr__(self) -> str:
        return "<HTTPAPI>"  # keep the key out of logs


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """Options for the verification of tokens (protocol 6: token-keys)."""

    hmac_secret_key: str = ""
    hmac_previous_secret_key: str = ""
    hmac_previous_secret_key_valid_until: int = 0
    rsa_public_key: str = ""
    ecdsa_public_key: str = ""
    audience: str = ""
    audience_regex: str = ""
    issuer: str = ""
    issuer_regex: str = ""
    user_id_claim: str = ""

    def __repr__(self) -> str:
        return "<Token>"


class SubscriptionToken(Token, frozen=True, kw_only=True):
    enabled: bool = False

    def __repr__(self) -> str:
        return "<SubscriptionToken>"


class PersonalChannel(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool = False
    personal_channel_namespace: str = ""
    single_connection: bool = False


class Client(msgspec.Struct, frozen=True, kw_only=True):
    token: Token = Token()
    subscription_token: SubscriptionToken = SubscriptionToken()
    allowed_origins: list[str] = []
    allow_anonymous_connect_without_token: bool = False
    disallow_anonymous_connection_tokens: bool = False
    insecure: bool = False
    insecure_skip_token_signature_verify: bool = False
    ping_interval: float = 25.0
    pong_timeout: float = 8.0
    stale_close_delay: float = 10.0
    expired_close_delay: float = 25.0
    expired_sub_close_delay: float = 25.0
    presence_update_interval: float = 27.0
    concurrency: int = 0
    channel_limit: int = 128
    channel_position_check_delay: float = 40.0
    user_connection_limit: int = 0
    connection_limit: int = 0
    queue_max_size: int = 1048576
    history_max_publication_limit: int = 300
    recovery_max_publication_limit: int = 300
    connect_include_server_time: bool = False
    subscribe_to_user_personal_channel: PersonalChannel = PersonalChannel()
    proxy: ClientProxies = ClientProxies()


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool = False
    method: str = "ping"


class RPC(msgspec.Struct, frozen=True, kw_only=True):
    """The section `rpc`; `namespaces` are the options of the RPC namespaces by name."""

    ping: Ping = Ping()
    proxy: ProxyOptions = ProxyOptions()
    without_namespace: RPCOptions = RPCOptions()
    namespace_boundary: str = ":"
    namespaces: dict[str, RPCOptions] = {}

    def options_of(self, method: str) -> RPCOptions | None:
        """Return the options of *method*; None if its namespace does not exist."""
        name, boundary, _ = method.partition(self.namespace_boundary)
        return self.namespaces.get(name) if boundary and name else self.without_namespace


class WebSocket(msgspec.Struct, frozen=True, kw_only=True):
    disabled: bool = False
    handler_prefix: str = "/connection/websocket"
    message_size_limit: int = 65536
    compression: bool = False


class Health(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool = False
    handler_prefix: str = "/health"


class Init(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool = False
    handler_prefix: str = "/connection/init"


class NodeOptions(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    info_metrics_aggregate_interval: float = 60.0


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Configuration of a Centrifugo 6 server.

    `channels` is the section `channel`; `proxies` come from all sections; `consumers` are those that are enabled.
    """

    http_api: HTTPAPI = HTTPAPI()
    client: Client = Client()
    channels: ChannelRules = ChannelRules()
    rpc: RPC = RPC()
    websocket: WebSocket = WebSocket()
    health: Health = Health()
    init: Init = Init()
    node: NodeOptions = NodeOptions()
    proxies: Proxies = Proxies()
    consumers: tuple[PostgreSQLConsumer, ...] = ()

    def __repr__(self) -> str:
        return f"<Config of a Centrifugo 6 server, {len(self.channels.namespaces)} namespaces>"


_READ_APART = ("channels", "proxies", "consumers")
"""The fields of `Config` that are not read as a section of the same name."""


class _Channel(msgspec.Struct, frozen=True, kw_only=True):
    """The section `channel`, without the options of namespaces."""

    max_length: int = 255
    private_prefix: str = "$"
    namespace_boundary: str = ":"
    user_boundary: str = "#"
    user_separator: str = ","
    history_meta_ttl: float = 720 * _HOUR
    publication_data_format: str = ""


SECTIONS = frozenset(
    (
        *(name for name in Config.__struct_fields__ if name != "channels"),
        *("admin", "broker", "channel", "emulation", "engine", "graphite", "grpc_api", "http_server"),
        *("http_stream", "log", "map_broker", "presence_manager", "prometheus", "shared_poll", "shutdown"),
        *("sse", "swagger", "uni_grpc", "uni_http_stream", "uni_sse", "uni_websocket", "usage_stats", "webtransport"),
    )
)
"""The names of the top-level sections in a Centrifugo 6 configuration."""


def read_config(raw: Mapping[str, Any], environ: Mapping[str, str] = {}) -> tuple[Config, list[str]]:
    """Return the configuration in *raw*, and a sentence for each key in *raw* that has no effect in this server.

    Args:
        raw: the configuration.
        environ: the environment variables that the static headers of proxies may refer to.

    Raises:
        UsageError: the real server would not start with a value; the message names its key.
    """
    values = lowercase_keys(raw, "the configuration")
    unknown_keys: dict[str, Any] = {}
    rpc = lowercase_keys(values.pop("rpc", {}), "rpc")
    methods = read_rpc_namespaces(rpc.pop("namespaces", []), unknown_keys)
    values["rpc"] = rpc
    named = read_named(values.pop("proxies", []), unknown_keys)
    sections = {
        field.name: read_section(values.pop(field.name, {}), field.type, field.name, unknown_keys)
        for field in msgspec.structs.fields(Config)
        if field.name not in _READ_APART
    }
    sections["consumers"], without_effect = read_consumers(values.pop("consumers", []), unknown_keys)
    channel = lowercase_keys(values.pop("channel", {}), "channel")
    options, namespaces = read_namespaces(channel, {*named, "default"}, unknown_keys)
    defaults = read_section(channel.pop("proxy", {}), ChannelProxies, "channel.proxy", unknown_keys)
    marks = read_section(channel, _Channel, "channel", unknown_keys)
    for place, each in (("without_namespace", options), *namespaces.items()):
        _check_times(each, marks, place)
    if sections["client"].ping_interval <= sections["client"].pong_timeout:
        raise UsageError("client.ping_interval must be longer than client.pong_timeout")
    if sections["client"].presence_update_interval < 0:
        raise UsageError("client.presence_update_interval must not be negative: the real server would loop")
    _check_personal(sections["client"].subscribe_to_user_personal_channel, options, namespaces)
    _check_token(sections["client"].token, "client.token", used=True)
    separate = sections["client"].subscription_token
    _check_token(separate, "client.subscription_token", used=separate.enabled)
    _check_paths(sections)
    sections["rpc"] = msgspec.structs.replace(sections["rpc"], namespaces=methods)
    sections["proxies"] = proxies_of(
        sections["client"].proxy,
        defaults,
        sections["rpc"].proxy,
        named,
        channels=(options, *namespaces.values()),
        methods={"rpc.without_namespace": sections["rpc"].without_namespace}
        | {f"the RPC namespace {name!r}": each for name, each in methods.items()},
        environ=environ,
        unknown_keys=unknown_keys,
    )
    if sections["http_api"].error_mode not in ("", "transport"):
        raise UsageError('http_api.error_mode must be "transport" or empty')
    engine = lowercase_keys(values.get("engine", {}), "engine").get("type") or "memory"
    if engine not in ("memory", "redis"):
        raise UsageError('engine.type must be "memory" or "redis"; for other systems use broker.type, such as "nats"')
    if engine == "memory":
        values.pop("engine", None)
    unknown_keys |= {key: value for key, value in values.items() if key not in SILENT}
    rules = ChannelRules(
        options=_completed(options, marks),
        namespaces={name: _completed(each, marks) for name, each in namespaces.items()},
        max_length=marks.max_length,
        private_prefix=marks.private_prefix,
        namespace_boundary=marks.namespace_boundary,
        user_boundary=marks.user_boundary,
        user_separator=marks.user_separator,
    )
    without_effect += [sentence(key, _honoured()) for key, value in unknown_keys.items() if is_set(value)]
    return Config(channels=rules, **sections), without_effect


def with_keys(config: Config, *, api_key: str | None, token_secret: str | None) -> Config:
    """Return *config* with the API key and the token secret replaced, unless they are None."""
    replace = msgspec.structs.replace
    if api_key is not None:
        config = replace(config, http_api=replace(config.http_api, key=api_key))
    if token_secret is not None:
        token = replace(config.client.token, hmac_secret_key=token_secret)
        config = replace(config, client=replace(config.client, token=token))
    return config


def _completed(options: ChannelOptions, marks: _Channel) -> ChannelOptions:
    """Return *options* with the defaults for all namespaces applied."""
    return msgspec.structs.replace(
        options,
        history_meta_ttl=options.history_meta_ttl or marks.history_meta_ttl,
        publication_data_format=options.publication_data_format or marks.publication_data_format,
    )


def _check_times(options: ChannelOptions, marks: _Channel, place: str) -> None:
    meta = options.history_meta_ttl or marks.history_meta_ttl
    if options.history_ttl > meta:
        raise UsageError(f"channel: history_ttl of {place} is longer than its history_meta_ttl of {meta:.0f} s")


def _check_personal(
    personal: PersonalChannel, options: ChannelOptions, namespaces: Mapping[str, ChannelOptions]
) -> None:
    name = personal.personal_channel_namespace
    if not personal.enabled:
        return
    if name and name not in namespaces:
        raise UsageError(f"personal_channel_namespace is {name!r}, but no namespace has that name")
    if personal.single_connection and not (namespaces[name] if name else options).presence:
        raise UsageError("single_connection of personal channels requires presence in their namespace")


def _check_token(token: Token, place: str, *, used: bool) -> None:
    if not _CLAIM.fullmatch(token.user_id_claim):
        raise UsageError(f"{place}.user_id_claim is {token.user_id_claim!r}: a claim can only contain letters and _")
    for name, family in (("rsa_public_key", "RS"), ("ecdsa_public_key", "ES")):
        pem = getattr(token, name)
        if not pem or not used:
            continue
        try:
            algorithms = algorithms_of(load_public(pem.encode()))
        except BadKey as error:
            raise UsageError(f"{place}.{name}: {error}") from None
        if not algorithms[0].startswith(family):
            raise UsageError(f"{place}.{name} is a key for {' and '.join(algorithms)}, not for {family} algorithms")


def _check_paths(sections: Mapping[str, Any]) -> None:
    served = {name: not sections[name].disabled for name in ("http_api", "websocket")}
    served |= {name: sections[name].enabled for name in ("health", "init")}
    owners: dict[str, str] = {}
    for name in (name for name, on in served.items() if on):
        path: str = sections[name].handler_prefix
        if not path.startswith("/") or any(map(str.isspace, path)):
            raise UsageError(f"{name}.handler_prefix must begin with / and must not contain spaces, got {path!r}")
        # A slash at the end of a path makes no difference (seen on 6.9.1).
        if (owner := owners.setdefault(path.rstrip("/"), name)) != name:
            raise UsageError(f"{name}.handler_prefix is {path!r}, which {owner}.handler_prefix already uses")


@functools.cache
def _honoured() -> tuple[str, ...]:
    """Return the places of all keys that have an effect."""
    sections = (key_paths(f.type, f.name) for f in msgspec.structs.fields(Config) if f.name not in _READ_APART)
    options = (key_paths(ChannelOptions, f"channel.{place}") for place in ("without_namespace", "namespaces[]"))
    proxies = (key_paths(ChannelProxies, "channel.proxy"), key_paths(ProxyOptions, "proxies[]"))
    more = (key_paths(_Channel, "channel"), key_paths(RPCOptions, "rpc.namespaces[]"), *proxies)
    consumers = key_paths(PostgreSQLOptions, "consumers[].postgresql")
    return (*SECTIONS, "channel.without_namespace", "channel.namespaces", *chain(*sections, *options, *more, consumers))
