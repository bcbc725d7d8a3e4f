"""Adapter between the console and a Centrifugo 6 server: PURE."""

from functools import partial
from typing import Any

import msgspec

from centripetal.dialects.current import commands
from centripetal.dialects.current.advice import ADVICE
from centripetal.dialects.current.commands.base import Method
from centripetal.errors import ServerError
from centripetal.server.console.backend import BaseConsoleBackend
from centripetal.server.console.problems import explain
from centripetal.server.current.api import API
from centripetal.server.current.node import VERSION, Node

__all__ = ["ConsoleBackend"]

# In the API, "" means all anonymous clients, but a person who selects a client on the page means only that client.
_NOBODY = "anonymous clients cannot be addressed individually: name a user"


class ConsoleBackend(BaseConsoleBackend):
    """The console's view of a Centrifugo 6 node."""

    version = VERSION
    history_options = "`history_size` and `history_ttl`"
    explain = staticmethod(partial(explain, ADVICE))

    def __init__(self, node: Node) -> None:
        super().__init__(node, node.config.websocket.handler_prefix)
        self._api = API(node)

    def publish(self, channel: str, data: bytes) -> str:
        return self._run(commands.Publish(channel, msgspec.Raw(data)))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run(commands.Unsubscribe(channel, user)) if user else _NOBODY

    def disconnect(self, user: str) -> str:
        return self._run(commands.Disconnect(user)) if user else _NOBODY

    def _run(self, command: Method[Any]) -> str:
        """Execute *command* like the HTTP API, including events, and return its error."""
        outcome = self._api.outcome(command, self._now())
        return outcome.message if isinstance(outcome, ServerError) else ""
