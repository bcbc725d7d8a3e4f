"""Assembly of a 1.x server: PURE."""

import functools

import msgspec

from centripetal.server.engine.events import Events
from centripetal.server.environment import Environment
from centripetal.server.service import ServerSettings, Service
from centripetal.server.v1.client_endpoint import WebSocketEndpoint
from centripetal.server.v1.config import Config
from centripetal.server.v1.console_backend import ConsoleBackend
from centripetal.server.v1.http_endpoints import HTTPEndpoints
from centripetal.server.v1.node import VERSION, Node

__all__ = ["settings_of", "start"]


def start(config: Config, environment: Environment, events: Events, name: str) -> Service:
    """Start a server. *name* is the node's name if *config* does not set a name."""
    node = Node(msgspec.structs.replace(config, name=config.name or name), environment, events)
    return Service(node, HTTPEndpoints(node), WebSocketEndpoint(node), ConsoleBackend(node))


def settings_of(config: Config) -> ServerSettings:
    """Return the properties of a server with *config* that are known before it starts."""
    return ServerSettings(
        generation="1.x",
        version=VERSION,
        url_path=config.http_prefix,
        api_path=f"{config.http_prefix}/api",
        websocket_path=f"{config.http_prefix}/connection/websocket",
        start=functools.partial(start, config),
        secret=config.secret,
        token_secret=config.secret,
    )
