"""Builds a Centrifugo 6 server from its parts: PURE."""

import functools

import msgspec

from centripetal.server.current.client_endpoint import WebSocketEndpoint
from centripetal.server.current.config import Config
from centripetal.server.current.console_backend import ConsoleBackend
from centripetal.server.current.consumption import Consumption
from centripetal.server.current.http_endpoints import HTTPEndpoints
from centripetal.server.current.node import VERSION, Node
from centripetal.server.current.origins import Origins
from centripetal.server.current.permissions import Permissions
from centripetal.server.engine.events import Events
from centripetal.server.environment import Environment
from centripetal.server.service import ServerSettings, Service

__all__ = ["settings_of", "start"]


def start(config: Config, environment: Environment, events: Events, name: str) -> Service:
    """Start a server. *name* is the node's name, unless *config* contains a name."""
    named = msgspec.structs.replace(config.node, name=config.node.name or name)
    node = Node(msgspec.structs.replace(config, node=named), environment, events)
    return Service(node, HTTPEndpoints(node), WebSocketEndpoint(node), ConsoleBackend(node), Consumption(node).steps)


def settings_of(config: Config) -> ServerSettings:
    """Return the settings of a server with *config* that are known before it starts.

    Raises:
        UsageError: *config* has an invalid regular expression, or an invalid pattern of origins.
    """
    # Report values with which the real server would not start when the server is created, not when it starts.
    Permissions(config)
    Origins(config.client.allowed_origins)
    prefix = config.http_api.handler_prefix
    return ServerSettings(
        generation="6",
        version=VERSION,
        # Clients append "/api", so the URL does not contain it.
        url_path=prefix.removesuffix("/api"),
        api_path=prefix,
        websocket_path=config.websocket.handler_prefix,
        start=functools.partial(start, config),
        api_key=config.http_api.key,
        token_secret=config.client.token.hmac_secret_key,
        endpoints=tuple(each for each in config.proxies.endpoints() if each.url),
        consumers=config.consumers,
    )
