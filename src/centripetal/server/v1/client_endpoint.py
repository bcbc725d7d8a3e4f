"""The half of a 1.x server that clients connect to (spec v1 §9.1): PURE."""

from collections.abc import Callable

from centripetal.dialects.v1.disconnects import CLOSE_CODE, SLOW, Disconnect
from centripetal.server.listening.http1 import Request
from centripetal.server.session import CloseFrame, Link
from centripetal.server.v1.api import Node
from centripetal.server.v1.session import Session

__all__ = ["Clients"]


class Clients:
    """Opens sessions; the `Realtime` of 1.x.

    Args:
        node: the server.
        new_id: makes connection ids.
    """

    slow = SLOW

    def __init__(self, node: Node, new_id: Callable[[], str]) -> None:
        self.node = node
        self._new_id = new_id
        self.compresses = node.config.websocket_compression
        self.max_message_size = node.config.client_request_max_size
        self.max_queue_size = node.config.client_queue_max_size
        self.ping_interval = node.config.ping_interval

    def open(self, link: Link[Disconnect], _: Request) -> Session:
        return Session(self.node, link, self._new_id())

    def subprotocol(self, _: Request) -> str:
        return ""

    def close_frame(self, disconnect: Disconnect) -> CloseFrame:
        return CloseFrame(CLOSE_CODE, disconnect.text())

    def count_received(self, microseconds: int) -> None:
        self.node.metrics.client_api.record(microseconds)

    def count_queued(self) -> None:
        self.node.metrics.count("client_num_msg_queued")

    def count_sent(self, messages: int, size: int) -> None:
        self.node.metrics.count("client_num_msg_sent", messages)
        self.node.metrics.count("client_bytes_out", size)
