"""A 1.x server as the console sees it: PURE."""

from collections.abc import Callable
from functools import partial

import msgspec

from centripetal.dialects.v1.advice import ADVICE
from centripetal.protocol.records import Record
from centripetal.server.console.node import NodeBackend, UnknownNamespaceError
from centripetal.server.console.problems import explain
from centripetal.server.v1.api import VERSION, Node
from centripetal.server.v1.channels import NamespaceNotFoundError

__all__ = ["V1Backend"]


class V1Backend(NodeBackend):
    """The console's side of a node.

    Args:
        node: the server.
        now: the clock, Unix seconds.
    """

    version = VERSION
    history_options = "`history_size` and `history_lifetime`"
    explain = staticmethod(partial(explain, ADVICE))

    def __init__(self, node: Node, now: Callable[[], float]) -> None:
        super().__init__(node.engine, node.hub, now)
        self._node = node

    @property
    def websocket_path(self) -> str:
        return f"{self._node.config.http_prefix}/connection/websocket"

    def publish(self, channel: str, data: bytes) -> str:
        return self._run("publish", channel=channel, data=msgspec.Raw(data))

    def unsubscribe(self, channel: str, user: str) -> str:
        return self._run("unsubscribe", channel=channel, user=user)

    def disconnect(self, user: str) -> str:
        return self._run("disconnect", user=user)

    def _run(self, method: str, **params: object) -> str:
        """What the API says to this command; as for any other request, who listens is told."""
        record = Record(method, msgspec.json.encode(params))
        (reply,) = msgspec.json.decode(self._node.run(record.encode(), self._now()))
        return str(reply["error"] or "")

    def _switches(self, channel: str) -> tuple[bool, bool]:
        try:
            options = self._node.config.channels.options_of(channel)
        except NamespaceNotFoundError as error:
            raise UnknownNamespaceError(str(error)) from None
        return options.presence, options.history.is_kept
