"""A current server without a network, and connections that record their messages."""

import dataclasses
import json
from typing import Any

import msgspec

from centripetal.dialects.current.server_codec import read_request
from centripetal.errors import ServerError
from centripetal.server.current.api import API
from centripetal.server.current.config import read_config
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.node import Node
from centripetal.server.current.refusals import failure
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.engine.engine import Position
from tests.server.environment import fixed_environment

__all__ = ["FakeConnection", "World"]

CONFIG = {
    "http_api": {"key": "k"},
    "channel": {
        "without_namespace": {"presence": True},
        "namespaces": [
            {"name": "hist", "history_size": 3, "history_ttl": "10s", "history_meta_ttl": "20s"},
            {"name": "delta", "history_size": 3, "history_ttl": "10s", "delta_publish": True},
            {"name": "obj", "publication_data_format": "json_object"},
            {"name": "bin", "publication_data_format": "binary"},
            {"name": "opts", "join_leave": True, "force_recovery": True, "history_size": 1, "history_ttl": "1s"},
            {"name": "map", "subscription_type": "map", "map": {"mode": "persistent"}},
        ],
    },
}


@dataclasses.dataclass
class FakeConnection:
    """A connection that records the calls made to it."""

    id: str
    user: str
    session: str = ""
    told: list[Any] = dataclasses.field(default_factory=list)
    refuses: bool = False

    def push(self, payload: bytes) -> None:
        self.told.append(payload)

    def deliver(self, outgoing: OutgoingPublication) -> None:
        self.told.append(outgoing)

    def announce(self, outgoing: OutgoingJoinLeave) -> None:
        self.told.append(outgoing)

    def subscribe(self, channel: str, options: SubscribeOptions, since: Position | None) -> None:
        self.told.append((channel, options, since))
        if self.refuses:
            raise failure(100)

    def unsubscribe(self, channel: str, code: int, reason: str) -> None:
        self.told.append((channel, code, reason))

    def disconnect(self, code: int, reason: str) -> None:
        self.told.append((code, reason))

    def refresh(self, *, expired: bool, expire_at: int, conn_info: bytes) -> None:
        self.told.append((expired, expire_at, conn_info))


class World:
    """A node and its API, with a clock that the test sets."""

    def __init__(self, *, can_websocket: bool = True, **sections: Any) -> None:
        self.time = 1000.0
        config, _ = read_config({**CONFIG, "node": {"name": "n"}, **sections})
        self.node = Node(config, fixed_environment(now=lambda: self.time, can_websocket=can_websocket))
        self.api = API(self.node)

    def connect(self, id_: str, user: str, *channels: str, session: str = "") -> FakeConnection:
        """Return a connection that is subscribed to *channels*."""
        connection = FakeConnection(id_, user, session)
        self.node.hub.add(connection)
        for channel in channels:
            self.node.engine.subscribe(channel, id_)
        return connection

    def ask(self, method: str, /, **fields: Any) -> Any:
        """Return the result of an API call, or the code of its error."""
        request = read_request(method, json.dumps(fields).encode())
        outcome: msgspec.Struct | ServerError = self.api.outcome(request, self.time)
        return outcome.code if isinstance(outcome, ServerError) else outcome
