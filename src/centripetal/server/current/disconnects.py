"""Why a Centrifugo 6 server refuses commands, and ends subscriptions and connections (spec v6 §18.1, §18.2): PURE."""

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.client_protocol.replies import UnsubscribePush
from centripetal.errors import ServerError

__all__ = ["BAD_REQUEST", "CHANNEL_LIMIT", "CONNECTION_EXPIRED", "CONNECTION_LIMIT", "INAPPROPRIATE_PROTOCOL"]
__all__ += ["INSUFFICIENT_STATE", "INTERNAL_SERVER_ERROR", "INVALID_TOKEN", "NOT_AVAILABLE", "NO_PONG"]
__all__ += ["PERMISSION_DENIED", "SHUTDOWN", "SLOW", "STALE", "SUBSCRIPTION_EXPIRED", "UNSUBSCRIBED_EXPIRED"]
__all__ += ["UNSUBSCRIBED_INSUFFICIENT", "FatalError", "is_temporary", "refused"]

# After these a client library comes back,
SHUTDOWN = Disconnect(3001, "shutdown")
INTERNAL_SERVER_ERROR = Disconnect(3004, "internal server error")
CONNECTION_EXPIRED = Disconnect(3005, "connection expired")
SUBSCRIPTION_EXPIRED = Disconnect(3006, "subscription expired")
SLOW = Disconnect(3008, "slow")
INSUFFICIENT_STATE = Disconnect(3010, "insufficient state")
NO_PONG = Disconnect(3012, "no pong")
# and after these it does not.
INVALID_TOKEN = Disconnect(3500, "invalid token")
BAD_REQUEST = Disconnect(3501, "bad request")
STALE = Disconnect(3502, "stale")
CONNECTION_LIMIT = Disconnect(3504, "connection limit")
CHANNEL_LIMIT = Disconnect(3505, "channel limit")
INAPPROPRIATE_PROTOCOL = Disconnect(3506, "inappropriate protocol")
PERMISSION_DENIED = Disconnect(3507, "permission denied")
NOT_AVAILABLE = Disconnect(3508, "not available")

UNSUBSCRIBED_INSUFFICIENT = UnsubscribePush(2500, "insufficient state")
UNSUBSCRIBED_EXPIRED = UnsubscribePush(2501, "subscription expired")

_MESSAGES = {
    100: "internal server error",
    102: "unknown channel",
    103: "permission denied",
    104: "method not found",
    105: "already subscribed",
    106: "limit exceeded",
    107: "bad request",
    108: "not available",
    109: "token expired",
    110: "expired",
    112: "unrecoverable position",
}


class FatalError(Exception):
    """The connection ends; what follows in the message is lost."""

    def __init__(self, disconnect: Disconnect) -> None:
        super().__init__(disconnect.reason)
        self.disconnect = disconnect


def refused(code: int) -> ServerError:
    """An error for the reply to a command."""
    return ServerError(_MESSAGES[code], code=code)


def is_temporary(code: int | None) -> bool:
    """Whether a client may just try again."""
    return code == 100
