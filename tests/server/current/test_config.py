"""The configuration of a current server: supported keys, keys without effect, and errors."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server.current.config import Config, read_config
from centripetal.server.engine.engine import HistoryOptions
from tests.conformance.servers import running
from tests.needs import find, needs
from tests.ports import free_port
from tests.tokens.keys import pair

HISTORY = {"history_size": 5, "history_ttl": "300s"}


def in_namespace(**options: Any) -> dict[str, Any]:
    return {"channel": {"namespaces": [{"name": "ns", **options}]}}


def test_an_empty_configuration_has_the_defaults() -> None:
    """An empty configuration has the real server's defaults."""
    config, unhonoured = read_config({})
    assert (config, unhonoured) == (Config(channels=config.channels), [])
    assert config.client.ping_interval == 25.0
    assert config.client.queue_max_size == 1048576
    assert config.websocket.message_size_limit == 65536
    assert config.channels.options.history_meta_ttl == 720 * 3600.0


@pytest.mark.parametrize(
    ("section", "keys", "empty"),
    [
        ("client", ("ping_interval", "pong_timeout", "stale_close_delay", "presence_update_interval"), "0s"),
        ("client", ("queue_max_size", "channel_limit", "expired_close_delay", "user_connection_limit"), 0),
        ("channel", ("private_prefix", "namespace_boundary", "user_boundary", "user_separator"), ""),
        ("channel", ("max_length", "history_meta_ttl"), 0),
        ("websocket", ("message_size_limit",), 0),
        ("websocket", ("handler_prefix",), ""),
        ("http_api", ("handler_prefix",), ""),
    ],
)
def test_zero_or_empty_means_the_default(section: str, keys: tuple[str, ...], empty: object) -> None:
    """A zero or empty value means the default, as seen on a 6.9.1 server."""
    said, unsaid = (read_config({section: values})[0] for values in (dict.fromkeys(keys, empty), {}))
    assert said == unsaid


def test_pings_are_turned_off_by_negative_times() -> None:
    """Negative durations turn pings off; a pong timeout must be shorter than the ping interval."""
    config, _ = read_config({"client": {"ping_interval": "-1s", "pong_timeout": "-2s"}})
    assert (config.client.ping_interval, config.client.pong_timeout) == (-1.0, -2.0)
    for times in ({"ping_interval": "-1s"}, {"pong_timeout": "25s"}):
        with pytest.raises(UsageError, match="ping_interval must be longer than"):
            read_config({"client": times})


def test_the_presence_interval_must_not_be_negative() -> None:
    """A negative presence interval, which keeps a real server permanently busy, is an error."""
    with pytest.raises(UsageError, match="presence_update_interval must not be negative"):
        read_config({"client": {"presence_update_interval": "-1s"}})


def test_values_are_read_at_any_level() -> None:
    """Keys in any case, durations as text, and text for numbers are accepted at any level."""
    config, unhonoured = read_config(
        {
            "HTTP_API": {"Key": "k"},
            "client": {
                "token": {"hmac_secret_key": "t"},
                "allowed_origins": ["https://*"],
                "ping_interval": "1m",
                "channel_limit": "7",
                "subscribe_to_user_personal_channel": {"enabled": True},
            },
            "channel": {
                "without_namespace": {"presence": True},
                "namespaces": [{"name": "ns", **HISTORY}, {"name": "meta", **HISTORY, "history_meta_ttl": "1h"}],
                "publication_data_format": "json",
                "user_boundary": "%",
            },
            "rpc": {"ping": {"enabled": True}},
            "node": {"name": "n"},
            "engine": {"type": "memory"},
        }
    )
    assert unhonoured == []
    assert (config.http_api.key, config.client.token.hmac_secret_key) == ("k", "t")
    assert (config.client.ping_interval, config.client.channel_limit) == (60.0, 7)
    assert config.client.subscribe_to_user_personal_channel.enabled
    assert config.channels.options.presence
    assert config.channels.user_boundary == "%"
    assert config.channels.options_of("ns:x").history == HistoryOptions(5, 300, meta_ttl=720 * 3600)
    assert config.channels.options_of("meta:x").history == HistoryOptions(5, 300, meta_ttl=3600)
    assert config.channels.options_of("meta:x").publication_data_format == "json"
    assert config.rpc.ping.enabled
    assert config.node.name == "n"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"nonsense": 1}, "'nonsense' in the configuration has no effect: this server does not know it"),
        ({"client": {"nonsense": 1}}, "'client.nonsense' .* does not know it"),
        ({"engine": {"type": "redis"}}, "'engine' .* keeps everything in memory"),
        ({"grpc_api": {"enabled": True}}, "'grpc_api' .* no gRPC API"),
        (
            {"client": {"proxy": {"connect": {"enabled": True, "endpoint": "grpc://localhost:1"}}}},
            "'client.proxy.connect.endpoint' .* over HTTP only",
        ),
        (
            {"channel": {"proxy": {"map_publish": {"endpoint": "http://a"}}}},
            "'channel.proxy.map_publish' .* map channels",
        ),
        (in_namespace(subscribe_stream_proxy_enabled=True), "'.*subscribe_stream_proxy_enabled' .* need gRPC"),
        ({"rpc": {"proxy": {"timeuot": "1s"}}}, "'rpc.proxy.timeuot' .* did you mean 'rpc.proxy.timeout'"),
        (in_namespace(subscription_type="map", map={"mode": "persistent"}), "map channels .* are not emulated"),
        ({"http_server": {"port": 9000}}, "'http_server' .* one port"),
        ({"uni_sse": {"enabled": True}}, "'uni_sse' .* WebSocket"),
    ],
)
def test_keys_without_effect_are_named(raw: dict[str, Any], sentence: str) -> None:
    """A key without effect is reported with its place and the reason."""
    (unhonoured,) = read_config(raw)[1]
    assert re.search(sentence, unhonoured)


@pytest.mark.parametrize(
    ("raw", "instead"),
    [
        ({"chanel": {"max_length": 9}}, "channel"),
        ({"client": {"alowed_origins": ["*"]}}, "client.allowed_origins"),
        (in_namespace(presense=True), "channel.namespaces[0].presence"),
        ({"channel": {"without_namespace": {"histroy_size": 1}}}, "channel.without_namespace.history_size"),
        ({"presence": True}, "channel.without_namespace.presence"),
        ({"allowed_origins": ["*"]}, "client.allowed_origins"),
        ({"namespaces": [{"name": "ns"}]}, "channel.namespaces"),
        ({"token_hmac_secret_key": "k"}, "client.token.hmac_secret_key"),
        ({"enabled": True}, None),
        ({"port": 8000}, None),
        ({"client": {"connection_rate": 1}}, None),
    ],
)
def test_misspelled_keys_get_a_suggestion(raw: dict[str, Any], instead: str | None) -> None:
    """A misspelled key, or a key that moved in Centrifugo 6, gets a suggestion; other unknown keys get none."""
    (unhonoured,) = read_config(raw)[1]
    assert unhonoured.partition("; did you mean ")[2] == (f"{instead!r}?" if instead else "")


@pytest.mark.parametrize(
    "raw",
    [
        {"grpc_api": {"enabled": False}, "consumers": [], "admin": {"password": ""}},
        {"log": {"level": "debug"}, "usage_stats": {"disabled": True}},
        in_namespace(subscribe_proxy_name="default", map={"mode": ""}),
    ],
)
def test_options_without_a_visible_effect_are_ignored(raw: dict[str, Any]) -> None:
    """Options that are off or empty, or that have no effect on the protocol, are ignored silently."""
    assert read_config(raw)[1] == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    (in_namespace(history_size=5), "history_ttl is missing"),
    (in_namespace(history_ttl="5s"), "history_size is missing"),
    (in_namespace(history_size=5, history_ttl="1500ms"), "whole seconds"),
    (in_namespace(**HISTORY, history_meta_ttl="1500ms"), "whole seconds"),
    (in_namespace(**HISTORY, history_meta_ttl="10s"), "longer than its history_meta_ttl"),
    ({"channel": {"history_meta_ttl": "10s", "without_namespace": HISTORY}}, "longer than its history_meta_ttl"),
    (in_namespace(force_recovery=True), "requires history_size"),
    (in_namespace(force_recovery_mode="best"), "force_recovery_mode"),
    (in_namespace(**HISTORY, force_recovery=True, auto_cache_recover=True), "auto_cache_recover"),
    (in_namespace(allowed_delta_types=["fossil", "other"]), "'other'"),
    (in_namespace(publication_data_format="xml"), "publication_data_format"),
    (in_namespace(subscription_type="other"), "subscription_type"),
    (in_namespace(subscription_type="map"), "map.mode"),
    (in_namespace(channel_regex="("), "regular expression"),
    (in_namespace(publish_proxy_name="mine"), "proxies has no proxy with that name"),
    (in_namespace(history_ttl=300, history_size=1), "duration such as"),
    ({"channel": {"namespaces": [{"name": "a"}]}}, "at least two characters"),
    ({"channel": {"namespaces": [{"name": "ns"}, {"name": "ns"}]}}, "unique"),
    ({"channel": {"namespaces": 5}}, "list of objects"),
    ({"client": 5}, "client must be an object"),
    (
        {"client": {"subscribe_to_user_personal_channel": {"enabled": True, "personal_channel_namespace": "x"}}},
        "no namespace has that name",
    ),
    (
        {"client": {"subscribe_to_user_personal_channel": {"enabled": True, "single_connection": True}}},
        "requires presence",
    ),
    ({"client": {"token": {"rsa_public_key": "secret"}}}, r"client.token.rsa_public_key: .* cannot be read"),
    ({"client": {"token": {"rsa_public_key": pair("rsa").private}}}, "this is a private key"),
    ({"client": {"token": {"rsa_public_key": pair("p256").public}}}, "a key for ES256, not for RS algorithms"),
    ({"client": {"token": {"ecdsa_public_key": pair("ed25519").public}}}, "a key for EdDSA"),
    (
        {"client": {"subscription_token": {"enabled": True, "ecdsa_public_key": pair("rsa").public}}},
        "client.subscription_token.ecdsa_public_key is a key for RS256",
    ),
    ({"client": {"token": {"user_id_claim": "user-id"}}}, "client.token.user_id_claim is 'user-id'"),
    ({"client": {"subscription_token": {"user_id_claim": "user.id"}}}, "client.subscription_token.user_id_claim"),
    ({"http_api": {"handler_prefix": "api"}}, "http_api.handler_prefix must begin with /"),
    ({"websocket": {"handler_prefix": "/web socket"}}, "websocket.handler_prefix must .* not contain spaces"),
    ({"health": {"enabled": True, "handler_prefix": "/api"}}, "which http_api.handler_prefix already uses"),
    (
        {"health": {"enabled": True, "handler_prefix": "/ws/"}, "websocket": {"handler_prefix": "/ws"}},
        "which websocket.handler_prefix already uses",
    ),
    ({"http_api": {"error_mode": "status"}}, "http_api.error_mode"),
    ({"engine": {"type": "nats"}}, "broker.type"),
]
ACCEPTED: list[dict[str, Any]] = [
    {"client": {"token": {"rsa_public_key": pair("rsa").public, "ecdsa_public_key": pair("p521").public}}},
    {"client": {"subscription_token": {"rsa_public_key": "secret"}}},
    {"http_api": {"handler_prefix": "/"}},
    {"http_api": {"disabled": True, "handler_prefix": "api"}},
    {"health": {"handler_prefix": "/api"}},
]


@pytest.mark.parametrize(("raw", "words"), REFUSED)
def test_an_unusable_configuration_is_refused(raw: dict[str, Any], words: str) -> None:
    """A configuration that the real server refuses raises an error that names the key."""
    with pytest.raises(UsageError, match=words):
        read_config(raw)


@pytest.mark.parametrize("raw", ACCEPTED)
def test_unused_options_are_not_validated(raw: dict[str, Any]) -> None:
    """Options that are not in use are not validated, and unusual but valid options are accepted."""
    read_config(raw)


@needs("centrifugo-v6")
@pytest.mark.parametrize(("raw", "starts"), [*((raw, False) for raw, _ in REFUSED), *((raw, True) for raw in ACCEPTED)])
def test_a_real_server_starts_with_the_same_configurations(raw: dict[str, Any], starts: bool, tmp_path: Path) -> None:
    """The real server refuses to start exactly with the configurations that `read_config` refuses."""
    program, port, file = find("centrifugo-v6"), free_port(), tmp_path / "config.json"
    assert program
    file.write_text(json.dumps({**raw, "http_server": {"address": "127.0.0.1", "port": port}}))
    if starts:
        with running([program, "--config", str(file)], port, tmp_path):
            pass
    else:
        assert subprocess.run([program, "--config", str(file)], capture_output=True, timeout=20, check=False).returncode


def test_the_repr_hides_the_keys() -> None:
    """The repr of a configuration contains no key, because it may be logged."""
    config, _ = read_config({"http_api": {"key": "hush"}, "client": {"token": {"hmac_secret_key": "hush"}}})
    assert "hush" not in repr(config) + repr(config.http_api) + repr(config.client)
