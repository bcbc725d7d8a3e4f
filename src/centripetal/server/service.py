"""What an embedded server consists of, whatever its generation: PURE.

`v1/service.py` and `current/service.py` build these values from a configuration.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from centripetal.server.console.backend import BaseConsoleBackend
from centripetal.server.engine.events import Events
from centripetal.server.environment import Environment
from centripetal.server.http_endpoints import BaseHTTPEndpoints
from centripetal.server.node import BaseNode
from centripetal.server.session import ClientEndpoint

__all__ = ["ServerSettings", "Service"]


class Service(msgspec.Struct, frozen=True):
    """One server process, from its start to its stop.

    Attributes:
        node: its state.
        http: answers HTTP requests.
        clients: opens the sessions of clients.
        console: what the console shows and does.
    """

    node: BaseNode[Any, Any]
    http: BaseHTTPEndpoints
    clients: ClientEndpoint[Any]
    console: BaseConsoleBackend


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration says about a server before it starts.

    Attributes:
        generation: "1.x" or "6".
        version: the version of Centrifugo that the server stands in for.
        url_path: what the URL of API clients has after the address.
        api_path: the path of the API, or the beginning of its paths.
        websocket_path: the path to which clients connect.
        start: starts a server; takes its environment, the listeners to its events, and the name of the node, which
            a name in the configuration overrides.
        secret: the key of signs and tokens of 1.x; empty if none is configured.
        api_key: the API key of Centrifugo 6; empty if none is configured.
        token_secret: the key of client tokens; empty if none is configured.
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

    def __repr__(self) -> str:
        return f"<ServerSettings of Centrifugo {self.generation}>"  # the keys must not get into a log
