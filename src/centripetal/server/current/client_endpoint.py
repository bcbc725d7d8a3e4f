"""The half of a Centrifugo 6 server that clients connect to (spec v6 §11.1): PURE."""

from collections.abc import Callable
from urllib.parse import parse_qs

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.disconnects import SLOW
from centripetal.server.current.node import Node
from centripetal.server.current.permissions import Gate
from centripetal.server.current.session import Session
from centripetal.server.listening.http1 import Request
from centripetal.server.session import CloseFrame, Link

__all__ = ["Clients"]

_JSON = "centrifuge-json"


class Clients:
    """Opens sessions; the `Realtime` of Centrifugo 6.

    Args:
        node: the server.
        new_id: makes connection ids.
        jitter: makes numbers from 0 to 1, so that not all clients are served at the same time.
    """

    slow = SLOW
    # Sessions ask by themselves whether clients are alive, with messages.
    ping_interval = 0.0

    def __init__(self, node: Node, new_id: Callable[[], str], jitter: Callable[[], float]) -> None:
        self._node = node
        self._gate = Gate(node.config)
        self._new_id = new_id
        self._jitter = jitter
        self.compresses = node.config.websocket.compression
        self.max_message_size = node.config.websocket.message_size_limit
        self.max_queue_size = node.config.client.queue_max_size

    def open(self, link: Link[Disconnect], request: Request) -> Session:
        wishes = parse_qs(request.target.partition("?")[2])
        # Who asks for pings of WebSocket instead, which tools answer by themselves, is not asked by messages.
        pings = wishes.get("cf_ws_frame_ping_pong", [""])[0] != "true"
        return Session(self._node, self._gate, link, self._new_id(), jitter=self._jitter, pings=pings)

    def subprotocol(self, request: Request) -> str:
        offered = (value for name, value in request.headers if name == "sec-websocket-protocol")
        names = {name.strip() for value in offered for name in value.split(",")}
        return _JSON if _JSON in names else ""

    def close_frame(self, disconnect: Disconnect) -> CloseFrame:
        return CloseFrame(disconnect.code, disconnect.reason)

    def count_received(self, microseconds: int) -> None:
        """There are no metrics of it."""

    def count_queued(self) -> None:
        """There are no metrics of it."""

    def count_sent(self, messages: int, size: int) -> None:
        """There are no metrics of it."""
