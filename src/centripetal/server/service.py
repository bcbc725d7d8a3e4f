"""The parts of an embedded server, common to both generations: PURE.

`v1/service.py` and `current/service.py` create these values from a configuration.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.server.console.backend import BaseConsoleBackend
from centripetal.server.consuming.options import PostgreSQLConsumer
from centripetal.server.consuming.rows import Verdict
from centripetal.server.engine.events import Events
from centripetal.server.environment import Environment
from centripetal.server.http_endpoints import BaseHTTPEndpoints
from centripetal.server.node import BaseNode
from centripetal.server.questions import Endpoint
from centripetal.server.session import ClientEndpoint
from centripetal.server.steps import Steps

__all__ = ["Consume", "ServerSettings", "Service"]

Consume = Callable[[str, bytes | None], Steps[Verdict]]
"""Executes a message of a queue: a method, or "" if the payload contains it, and the payload."""


class Service(msgspec.Struct, frozen=True):
    """A running server.

    Attributes:
        node: its state.
        http: answers HTTP requests.
        clients: opens the sessions of clients.
        console: the data and the commands of the console.
        consume: executes the messages of consumers; None in 1.x.
    """

    node: BaseNode[Any, Any]
    http: BaseHTTPEndpoints
    clients: ClientEndpoint[Any]
    console: BaseConsoleBackend
    consume: Consume | None = None


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of a server that are known from its configuration, before it starts.

    Attributes:
        generation: "1.x" or "6".
        version: the version of Centrifugo that the server emulates.
        url_path: the path in the URL that API clients are given.
        api_path: the path of the API, or the prefix of its paths.
        websocket_path: the path of the WebSocket endpoint.
        start: starts a server. It takes the environment, the events, and the name of the node; a name in the
            configuration overrides the last argument.
        secret: the key of signatures and tokens of 1.x; empty if not configured.
        api_key: the API key of Centrifugo 6; empty if not configured.
        token_secret: the key of client tokens; empty if not configured.
        endpoints: the addresses of the application that the server asks.
        consumers: the tables from which the server takes commands.
    """

    generation: str
    version: str
    url_path: str
    api_path: str
    websocket_path: str
    start: Callable[[Environment, Events, str], Service]
    secret: str = ""
    api_key: str = ""
    token_secret: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    consumers: tuple[PostgreSQLConsumer, ...] = ()

    def __repr__(self) -> str:
        return f"<ServerSettings of Centrifugo {self.generation}>"  # the keys must not appear in logs
