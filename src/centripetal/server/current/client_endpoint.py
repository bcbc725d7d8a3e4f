"""The endpoint of a Centrifugo 6 server to which clients connect (protocol 6: client-handshake): PURE."""

from urllib.parse import parse_qs

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.disconnects import SLOW
from centripetal.server.current.node import Node
from centripetal.server.current.permissions import Permissions
from centripetal.server.current.session import Session
from centripetal.server.listening.http1 import Request
from centripetal.server.session import ClientConnection, ClientEndpoint, CloseFrame

__all__ = ["WebSocketEndpoint"]

_JSON = "centrifuge-json"
_LEFT = 3000


class WebSocketEndpoint(ClientEndpoint[Disconnect]):
    """The WebSocket endpoint of one server, which opens its sessions."""

    slow = SLOW

    def __init__(self, node: Node) -> None:
        self._node = node
        self._permissions = Permissions(node.config)
        self.compresses = node.config.websocket.compression
        self.max_message_size = node.config.websocket.message_size_limit
        self.max_queue_size = node.config.client.queue_max_size

    def open(self, connection: ClientConnection[Disconnect], request: Request, /) -> Session:
        options = parse_qs(request.target.partition("?")[2])
        # Such a client asks for WebSocket ping frames instead, which WebSocket libraries answer automatically.
        pings = options.get("cf_ws_frame_ping_pong", [""])[0] != "true"
        return Session(self._node, self._permissions, connection, request.headers, pings=pings)

    def subprotocol(self, request: Request, /) -> str:
        offered = (value for name, value in request.headers if name == "sec-websocket-protocol")
        names = {name.strip() for value in offered for name in value.split(",")}
        return _JSON if _JSON in names else ""

    def close_frame(self, disconnect: Disconnect) -> CloseFrame | None:
        # The real server has this code for clients that have left, also if the application chooses it.
        return None if disconnect.code == _LEFT else CloseFrame(disconnect.code, disconnect.reason)
