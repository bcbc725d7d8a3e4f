"""The console's access to a 1.x server: PURE."""

from functools import partial

import msgspec

from centripetal.dialects.v1.advice import ADVICE
from centripetal.protocol.records import Record
from centripetal.server.console.backend import BaseConsoleBackend
from centripetal.server.console.problems import explain
from centripetal.server.v1.api import API
from centripetal.server.v1.node import VERSION, Node

__all__ = ["ConsoleBackend"]


class ConsoleBackend(BaseConsoleBackend):
    """Runs the console's commands on a node."""

    version = VERSION
    history_options = "`history_size` and `history_lifetime`"
    explain = staticmethod(partial(explain, ADVICE))

    def __init__(self, node: Node) -> None:
        super().__init__(node, f"{node.config.http_prefix}/connection/websocket")
        self._api = API(node)

    def publish(self, channel: str, data: bytes) -> str:
        return self._run("publish", channel=channel, data=msgspec.Raw(data))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run("unsubscribe", channel=channel, user=user)

    def disconnect(self, user: str) -> str:
        return self._run("disconnect", user=user)

    def _run(self, method: str, **params: object) -> str:
        """Run a command like the HTTP API, including events, and return its error, or an empty string."""
        record = Record(method, msgspec.json.encode(params))
        (reply,) = msgspec.json.decode(self._api.run(record.encode(), self._now()))
        return str(reply["error"] or "")
