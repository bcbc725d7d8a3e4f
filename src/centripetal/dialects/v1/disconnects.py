"""The reasons for which a Centrifugo 1.x server closes connections (protocol 1: client-close-reasons). PURE."""

import msgspec

from centripetal.protocol.gojson import quote

__all__ = ["CLOSE_CODE", "DISCONNECT", "EXPIRED", "INVALID_MESSAGE", "INVALID_TOKEN", "LIMIT_EXCEEDED"]
__all__ += ["METHOD_NOT_FOUND", "SHUTTING_DOWN", "SLOW", "STALE", "UNAUTHORIZED", "Disconnect"]

CLOSE_CODE = 3000
"""The code of every close frame that the server sends on its own initiative (protocol 1: client-close-reasons)."""


class Disconnect(msgspec.Struct, frozen=True):
    """The reason for closing a connection, and whether the client should reconnect."""

    reason: str
    reconnect: bool

    def text(self) -> str:
        """Return the reason string of the close frame."""
        return f'{{"reason":{quote(self.reason).decode()},"reconnect":{"true" if self.reconnect else "false"}}}'

    @classmethod
    def parse(cls, code: int, text: str) -> "Disconnect":
        """Parse a close frame.

        After a code other than 3000, the client should reconnect (protocol 1: client-close-reasons). A reason that is
        not JSON comes from a server before 1.6.0 (protocol 1: versions).
        """
        if code == CLOSE_CODE:
            try:
                return _decode_disconnect(text)
            except msgspec.DecodeError:
                # Servers before 1.6.0 sent plain text; after "disconnect", the client should not reconnect.
                return cls(text, text != "disconnect")
        return cls(text, True)


_decode_disconnect = msgspec.json.Decoder(Disconnect).decode

INVALID_MESSAGE = Disconnect("invalid message", False)
UNAUTHORIZED = Disconnect("unauthorized", False)
INVALID_TOKEN = Disconnect("invalid token", False)
METHOD_NOT_FOUND = Disconnect("method not found", False)
LIMIT_EXCEEDED = Disconnect("limit exceeded", False)
STALE = Disconnect("stale", False)
EXPIRED = Disconnect("expired", True)
DISCONNECT = Disconnect("disconnect", False)
SLOW = Disconnect("slow", False)
SHUTTING_DOWN = Disconnect("shutting down", True)
