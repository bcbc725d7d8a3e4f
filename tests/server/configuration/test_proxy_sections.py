"""The configuration of proxies for handlers."""

from typing import Any

import pytest

from centripetal.server.configuration.proxy_sections import (
    has_proxies,
    namespace_names,
    proxy_sections,
    with_sections,
)


def test_each_kind_of_event_has_its_place() -> None:
    """Each kind of event is turned on where its handlers are for, with its endpoint, and no other."""
    patterns: dict[str, list[str | None]] = {
        "connect": [None],
        "refresh": [None],
        "subscribe": ["rooms:{room}", "rooms:lobby", "lobby", "$private:{id}"],
        "publish": ["rooms:{room}"],
        "sub_refresh": ["news"],
        "rpc": ["add", "admin:{what}", "admin.x"],
        "shared_poll_refresh": ["scores:{id}"],
    }
    common = {"timeout": "2s"}
    assert proxy_sections(patterns, "https://app/centrifugo/", common) == {
        "client": {
            "proxy": {
                kind: {"enabled": True, "endpoint": f"https://app/centrifugo/{kind}", **common}
                for kind in ("connect", "refresh")
            }
        },
        "channel": {
            "proxy": {
                kind: {"endpoint": f"https://app/centrifugo/{kind}", **common}
                for kind in ("subscribe", "publish", "sub_refresh", "shared_poll_refresh")
            },
            "without_namespace": {"subscribe_proxy_enabled": True, "sub_refresh_proxy_enabled": True},
            "namespaces": [
                {"name": "private", "subscribe_proxy_enabled": True},
                {"name": "rooms", "subscribe_proxy_enabled": True, "publish_proxy_enabled": True},
                {"name": "scores", "subscription_type": "shared_poll"},
            ],
        },
        "rpc": {
            "proxy": {"endpoint": "https://app/centrifugo/rpc", **common},
            "without_namespace": {"proxy_enabled": True},
            "namespaces": [{"name": "admin", "proxy_enabled": True}],
        },
    }


@pytest.mark.parametrize(
    ("pattern", "names"),
    [("*", {"", "a", "b"}), ("{kind}:{id}", {"a", "b"}), ("{id}", {""}), ("a:*", {"a"}), ("a*", {"", "a", "b"})],
)
def test_patterns_without_a_fixed_namespace_are_for_all(pattern: str, names: set[str]) -> None:
    """A pattern whose namespace is a place turns its event on in all known namespaces."""
    channel = proxy_sections({"publish": [pattern]}, "http://x", namespaces=["a", "b"])["channel"]
    found = {each["name"] for each in channel.get("namespaces", [])} | (
        {""} if "without_namespace" in channel else set()
    )
    assert found == names


def test_a_configuration_keeps_its_own_values() -> None:
    """Sections are added to a configuration, whose own values take precedence."""
    config = {
        "Client": {"insecure": True, "proxy": {"connect": {"timeout": "9s"}}},
        "channel": {"namespaces": [{"name": "rooms", "presence": True, "publish_proxy_enabled": False}]},
    }
    sections = proxy_sections({"connect": [None], "publish": ["rooms:a", "other:b"]}, "http://x")
    assert with_sections(config, sections) == {
        "client": {
            "insecure": True,
            "proxy": {"connect": {"timeout": "9s", "enabled": True, "endpoint": "http://x/connect"}},
        },
        "channel": {
            "namespaces": [
                {"name": "rooms", "presence": True, "publish_proxy_enabled": False},
                {"name": "other", "publish_proxy_enabled": True},
            ],
            "proxy": {"publish": {"endpoint": "http://x/publish"}},
        },
    }
    assert namespace_names(config) == ["rooms"]


@pytest.mark.parametrize(
    ("config", "has"),
    [
        ({}, False),
        ({"client": {"proxy": {}}, "proxies": []}, False),
        ({"client": {"proxy": {"connect": {"enabled": True}}}}, True),
        ({"Proxies": [{"name": "a"}]}, True),
        ({"rpc": {"without_namespace": {"proxy_enabled": True}}}, True),
        ({"channel": {"namespaces": [{"name": "a", "subscribe_proxy_enabled": False}]}}, False),
        ({"channel": {"namespaces": [{"name": "a", "publish_proxy_enabled": True}]}}, True),
    ],
)
def test_a_configuration_with_proxies_is_left_alone(config: dict[str, Any], has: bool) -> None:
    """Any proxy that a configuration turns on counts; empty sections do not."""
    assert has_proxies(config) is has
