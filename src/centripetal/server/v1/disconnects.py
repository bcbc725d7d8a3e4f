"""Why a 1.x server ends connections (spec v1 §9.3): PURE."""

from centripetal.dialects.v1.client_protocol import Disconnect

__all__ = ["DISCONNECT", "EXPIRED", "INVALID_MESSAGE", "INVALID_TOKEN", "LIMIT_EXCEEDED", "METHOD_NOT_FOUND"]
__all__ += ["SHUTTING_DOWN", "SLOW", "STALE", "UNAUTHORIZED", "FatalError"]

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


class FatalError(Exception):
    """The connection ends, and the replies of this frame are lost."""

    def __init__(self, disconnect: Disconnect) -> None:
        super().__init__(disconnect.reason)
        self.disconnect = disconnect
