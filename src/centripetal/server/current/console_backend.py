"""A Centrifugo 6 server as the console sees it: PURE."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from centripetal.dialects.current import commands
from centripetal.dialects.current.advice import ADVICE
from centripetal.dialects.current.commands.base import Method
from centripetal.errors import ServerError
from centripetal.server.console.node import NodeBackend, UnknownNamespaceError
from centripetal.server.console.problems import explain
from centripetal.server.current.api import API
from centripetal.server.current.node import VERSION, Node

__all__ = ["CurrentBackend"]

# To the API, "" is all anonymous clients: more than whoever sees one of them would mean to hit.
_NOBODY = "an anonymous client cannot be told from the others: say which user is meant"


class CurrentBackend(NodeBackend):
    """The console's side of a node.

    Args:
        node: the server.
        now: the clock, Unix seconds.
    """

    version = VERSION
    history_options = "`history_size` and `history_ttl`"
    explain = staticmethod(partial(explain, ADVICE))

    def __init__(self, node: Node, now: Callable[[], float]) -> None:
        super().__init__(node.engine, node.hub, now)
        self._node = node
        self._api = API(node)

    @property
    def websocket_path(self) -> str:
        return self._node.config.websocket.handler_prefix

    def publish(self, channel: str, data: bytes) -> str:
        return self._run(commands.Publish(channel, msgspec.Raw(data)))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run(commands.Unsubscribe(channel, user)) if user else _NOBODY

    def disconnect(self, user: str) -> str:
        return self._run(commands.Disconnect(user)) if user else _NOBODY

    def _run(self, command: Method[Any]) -> str:
        """What the API says to this; as for any other request, who listens is told."""
        outcome = self._api.outcome(command, self._now())
        return outcome.message if isinstance(outcome, ServerError) else ""

    def _switches(self, channel: str) -> tuple[bool, bool]:
        try:
            options = self._node.options(channel)
        except ServerError:
            raise UnknownNamespaceError(channel.removeprefix("$").partition(":")[0]) from None
        return options.presence, options.history.is_kept
