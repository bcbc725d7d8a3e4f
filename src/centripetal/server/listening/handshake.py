"""The WebSocket handshake, with the checks of the real servers (protocol 1: client-transport): PURE.

It is more lenient than RFC 6455: any text is accepted as a key, and the subprotocols that a client offers are not
checked.
"""

import base64
import hashlib
from http import HTTPStatus

from centripetal.server.listening.http1 import Request

__all__ = ["accepts_deflate", "handshake_status", "switching_response"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_DEFLATE = "permessage-deflate"


def handshake_status(request: Request) -> HTTPStatus:
    """Return 101 if *request* is a valid handshake, otherwise the status to reject it with."""
    if request.method != "GET":
        return HTTPStatus.METHOD_NOT_ALLOWED
    wanted = (("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"))
    if not all(token in _tokens(request, name) for name, token in wanted) or not request.header("sec-websocket-key"):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.SWITCHING_PROTOCOLS


def accepts_deflate(request: Request) -> bool:
    """Return whether the client offers compression; the parameters of the offer are ignored."""
    return any(token.partition(";")[0].strip() == _DEFLATE for token in _tokens(request, "sec-websocket-extensions"))


def switching_response(request: Request, *, deflate: bool, protocol: str = "") -> bytes:
    """Return the answer to a handshake; *protocol* is the subprotocol chosen from the client's offer."""
    key = request.header("sec-websocket-key").encode("latin-1")
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    extension = f"{_DEFLATE}; server_no_context_takeover; client_no_context_takeover"
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%b%b%b\r\n" % (
        b"Sec-WebSocket-Accept: %b\r\n" % accept,
        b"Sec-WebSocket-Protocol: %b\r\n" % protocol.encode("latin-1") if protocol else b"",
        b"Sec-WebSocket-Extensions: %b\r\n" % extension.encode() if deflate else b"",
    )


def _tokens(request: Request, name: str) -> list[str]:
    values = (value for key, value in request.headers if key == name)
    return [token.strip().lower() for value in values for token in value.split(",")]
