"""The proxies in a configuration: what is read, and what the real server rejects at startup, too."""

import base64
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.server.current.config import read_config
from centripetal.server.current.proxies import Proxies

HERE = {"endpoint": "http://app/x"}


def connect(**options: Any) -> dict[str, Any]:
    return {"client": {"proxy": {"connect": {"enabled": True, **HERE, **options}}}}


def transforms(*entries: dict[str, Any]) -> dict[str, Any]:
    return connect(http={"status_to_code_transforms": entries})


def in_namespace(**options: Any) -> dict[str, Any]:
    return {"channel": {"namespaces": [{"name": "ns", **options}]}}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (connect(endpoint=""), r"client.proxy.connect.endpoint is missing"),
        ({"client": {"proxy": {"refresh": {"enabled": True}}}}, r"client.proxy.refresh.endpoint is missing"),
        (in_namespace(subscribe_proxy_enabled=True), r"channel.proxy.subscribe.endpoint is missing"),
        ({"channel": {"without_namespace": {"publish_proxy_enabled": True}}}, r"channel.proxy.publish.endpoint"),
        (in_namespace(publish_proxy_name="none"), r"publish_proxy_name is 'none', but proxies has no proxy"),
        ({"rpc": {"namespaces": [{"name": "ab", "proxy_name": "none"}]}}, r"proxy_name is 'none'"),
        ({"rpc": {"namespaces": [{"name": "a"}]}}, r"at least two characters"),
        ({"rpc": {"namespaces": [{"name": "ab"}, {"name": "ab"}]}}, r"duplicate"),
        ({"proxies": [{"name": "ab"}]}, r"proxies\[0\].endpoint is missing"),
        ({"proxies": [{"name": "a", **HERE}]}, r"at least two letters"),
        ({"proxies": [{"name": "default", **HERE}]}, r"reserved"),
        ({"proxies": [{"name": "ab", **HERE}, {"name": "ab", **HERE}]}, r"duplicate"),
        (transforms({}), r"transforms\[0\].status_code is missing"),
        (transforms({"status_code": 404}), r"either to_error.code or to_disconnect.code"),
        (transforms({"status_code": 4, "to_error": {"code": 1}, "to_disconnect": {"code": 1}}), r"either"),
        (transforms({"status_code": 4, "to_error": {"code": 1, "message": "é"}}), r"ASCII text of at most 123"),
        (transforms({"status_code": 4, "to_disconnect": {"code": 1, "reason": "x" * 124}}), r"ASCII"),
        (connect(http={"static_headers": {"a": 1}}), r"static_headers must contain only strings"),
        (connect(http={"static_headers": "a"}), r"must be an object of strings"),
        (connect(http={"static_headers": [{"key": "a", "value": "b"}] * 2}), r"contains 'a' twice"),
        (connect(http={"static_headers": {"a": "${CENTRIFUGO_VAR_NONE}"}}), r"CENTRIFUGO_VAR_NONE, which is not set"),
        (in_namespace(subscribe_proxy_enabled=True, subscribe_stream_proxy_enabled=True), r"excludes the proxies"),
    ],
)
def test_what_the_real_server_rejects_is_an_error(raw: dict[str, Any], message: str) -> None:
    """A proxy with which a 6.9.1 server does not start raises an error that names the key."""
    with pytest.raises(UsageError, match=message):
        read_config({"channel": {}, **raw})


@pytest.mark.parametrize(
    "raw",
    [
        {"client": {"proxy": {"connect": {"http": {"status_to_code_transforms": [{}]}}}}},
        in_namespace(subscribe_proxy_name=""),
        {"rpc": {"proxy": HERE, "without_namespace": {"proxy_enabled": True}}},
        {"proxies": [{"name": "ab", **HERE, "timeout": "0s"}]},
        transforms({"status_code": 404, "to_error": {"code": 1, "message": "x" * 123}}),
        connect(grpc_metadata=["a"], http={"tls": {"enabled": True}}),
    ],
)
def test_what_the_real_server_accepts_is_accepted(raw: dict[str, Any]) -> None:
    """Proxies that are off are not checked, and names and times that are empty mean the defaults."""
    assert read_config(raw)[1] == []


def test_values_are_read_at_any_level() -> None:
    """Names match in any case, lists may be text, and headers may be a list of keys and values."""
    text = base64.b64encode(b"x").decode()
    config, unhonoured = read_config(
        {
            "Client": {
                "Concurrency": "4",
                "proxy": {
                    "Connect": {
                        "Enabled": "true",
                        "EndPoint": "https://user:pw@app/x?y",
                        "timeout": "250ms",
                        "http_headers": "Cookie X-A",
                        "emulated_headers": ["Authorization"],
                        "http": {
                            "static_headers": [{"key": "X-API-Key", "value": "a-${CENTRIFUGO_VAR_S}-z"}],
                            "tls": {"enabled": True, "server_ca_pem": text, "server_name": "app"},
                        },
                    }
                },
            },
            "proxies": [{"name": "other", **HERE}],
            "rpc": {"namespaces": [{"name": "on", "proxy_enabled": True, "proxy_name": "other"}]},
        },
        {"CENTRIFUGO_VAR_S": "secret"},
    )
    assert unhonoured == []
    proxy = config.proxies.connect
    assert proxy is not None
    assert config.client.concurrency == 4
    assert (proxy.endpoint.timeout, proxy.endpoint.shown) == (0.25, "https://app/x")
    assert proxy.static_headers == {"X-API-Key": "a-secret-z"}
    assert proxy.http_headers == {"cookie", "x-a"}
    assert proxy.endpoint.tls is not None
    assert (proxy.endpoint.tls.server_ca_pem, proxy.endpoint.tls.server_name) == (text, "app")
    assert config.proxies.of("rpc", "other").endpoint.url == "http://app/x"
    assert config.proxies.asks_rpc
    assert "secret" not in repr(config)


def test_without_proxies_nothing_is_asked() -> None:
    """A configuration without proxies has none."""
    assert read_config({})[0].proxies == Proxies()
