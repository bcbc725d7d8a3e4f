"""The WebSocket endpoint of a 1.x server (protocol 1: client-transport): PURE."""

from centripetal.dialects.v1.disconnects import CLOSE_CODE, SLOW, Disconnect
from centripetal.server.listening.http1 import Request
from centripetal.server.session import ClientConnection, ClientEndpoint, CloseFrame
from centripetal.server.v1.api import API
from centripetal.server.v1.node import Node
from centripetal.server.v1.permissions import Permissions
from centripetal.server.v1.session import Session

__all__ = ["WebSocketEndpoint"]


class WebSocketEndpoint(ClientEndpoint[Disconnect]):
    """Opens the client sessions of one server."""

    slow = SLOW

    def __init__(self, node: Node) -> None:
        self._node = node
        self._api = API(node)
        self._permissions = Permissions(node.config)
        self.compresses = node.config.websocket_compression
        self.max_message_size = node.config.client_request_max_size
        self.max_queue_size = node.config.client_queue_max_size
        self.ping_interval = node.config.ping_interval

    def open(self, connection: ClientConnection[Disconnect], _: Request, /) -> Session:
        return Session(self._node, self._api, self._permissions, connection)

    def close_frame(self, disconnect: Disconnect) -> CloseFrame:
        return CloseFrame(CLOSE_CODE, disconnect.text())

    def count_queued(self) -> None:
        self._node.metrics.count("client_num_msg_queued")

    def count_sent(self, messages: int, size: int) -> None:
        self._node.metrics.count("client_num_msg_sent", messages)
        self._node.metrics.count("client_bytes_out", size)
