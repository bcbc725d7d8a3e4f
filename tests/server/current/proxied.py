"""A world in which the application is asked about everything."""

from collections.abc import Mapping
from typing import Any

from tests.server.current.world import Client, World

__all__ = ["INTERNAL", "connected", "endpoint", "proxied"]

INTERNAL = {"code": 100, "message": "internal server error", "temporary": True}


def endpoint(kind: str, **options: Any) -> dict[str, Any]:
    return {"endpoint": f"http://app/{kind}", **options}


def proxied(
    namespaces: tuple[dict[str, Any], ...] = (),
    *,
    client: Mapping[str, Any] = {},
    refresh: bool = False,
    options: Mapping[str, Any] = {},
    **sections: Any,
) -> World:
    """Return a world with proxies for connect, subscribe, publish and RPC; *options* are of each proxy."""
    proxy = {"connect": {"enabled": True, **endpoint("connect", **options)}}
    if refresh:
        proxy["refresh"] = {"enabled": True, **endpoint("refresh", **options)}
    channel = {kind: endpoint(kind, **options) for kind in ("subscribe", "publish", "sub_refresh")}
    usual = (
        {"name": "sub", "subscribe_proxy_enabled": True},
        {"name": "pub", "publish_proxy_enabled": True, "allow_subscribe_for_client": True},
        {"name": "ref", "subscribe_proxy_enabled": True, "sub_refresh_proxy_enabled": True},
    )
    return World(
        (*(each for each in usual if each["name"] not in {own["name"] for own in namespaces}), *namespaces),
        {"allow_anonymous_connect_without_token": False, "proxy": proxy, **client},
        channel_proxy=channel,
        rpc={
            "proxy": endpoint("rpc", **options),
            "without_namespace": {"proxy_enabled": True},
            "namespaces": [{"name": "off"}, {"name": "on", "proxy_enabled": True}],
        },
        **sections,
    )


def connected(world: World, result: Mapping[str, Any] = {}, **connect: Any) -> Client:
    """Return a client whom the application let connect as the user "42", unless *result* says otherwise."""
    client = world.new(pings=False)
    client.say({"id": 1, "connect": connect})
    world.asked.pop().answer({"result": {"user": "42", **result}})
    assert "connect" in client.sent.pop(0)
    return client
