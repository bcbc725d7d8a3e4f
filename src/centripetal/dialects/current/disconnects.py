"""Codes and reasons with which Centrifugo 4 to 6 servers end subscriptions and connections. PURE.

See protocol 6: table-close-codes.
"""

from centripetal.dialects.current.client_protocol.objects import Disconnect, UnsubscribePush

__all__ = ["BAD_REQUEST", "CHANNEL_LIMIT", "CONNECTION_EXPIRED", "CONNECTION_LIMIT", "FORCE_DISCONNECT"]
__all__ += ["INAPPROPRIATE_PROTOCOL", "INSUFFICIENT_STATE", "INTERNAL_SERVER_ERROR", "INVALID_TOKEN", "NOT_AVAILABLE"]
__all__ += ["NO_PONG", "PERMISSION_DENIED", "SHUTDOWN", "SLOW", "STALE", "SUBSCRIPTION_EXPIRED", "UNSUBSCRIBED"]
__all__ += ["UNSUBSCRIBED_EXPIRED", "UNSUBSCRIBED_INSUFFICIENT"]

# Client libraries reconnect after these codes.
SHUTDOWN = Disconnect(3001, "shutdown")
INTERNAL_SERVER_ERROR = Disconnect(3004, "internal server error")
CONNECTION_EXPIRED = Disconnect(3005, "connection expired")
SUBSCRIPTION_EXPIRED = Disconnect(3006, "subscription expired")
SLOW = Disconnect(3008, "slow")
INSUFFICIENT_STATE = Disconnect(3010, "insufficient state")
NO_PONG = Disconnect(3012, "no pong")
# Client libraries do not reconnect after these codes.
INVALID_TOKEN = Disconnect(3500, "invalid token")
BAD_REQUEST = Disconnect(3501, "bad request")
STALE = Disconnect(3502, "stale")
FORCE_DISCONNECT = Disconnect(3503, "force disconnect")
CONNECTION_LIMIT = Disconnect(3504, "connection limit")
CHANNEL_LIMIT = Disconnect(3505, "channel limit")
INAPPROPRIATE_PROTOCOL = Disconnect(3506, "inappropriate protocol")
PERMISSION_DENIED = Disconnect(3507, "permission denied")
NOT_AVAILABLE = Disconnect(3508, "not available")

UNSUBSCRIBED = UnsubscribePush(2000, "server unsubscribe")
UNSUBSCRIBED_INSUFFICIENT = UnsubscribePush(2500, "insufficient state")
UNSUBSCRIBED_EXPIRED = UnsubscribePush(2501, "subscription expired")
