"""Error codes in replies of Centrifugo 3 to 6 servers (protocol 6: api-errors, table-reply-errors). PURE."""

__all__ = ["ALREADY_SUBSCRIBED", "API_MESSAGES", "BAD_REQUEST", "CONFLICT", "EXPIRED", "INTERNAL", "LIMIT_EXCEEDED"]
__all__ += ["MESSAGES", "METHOD_NOT_FOUND", "NOT_AVAILABLE", "PERMISSION_DENIED", "TOKEN_EXPIRED", "UNAUTHORIZED"]
__all__ += ["UNKNOWN_CHANNEL", "UNRECOVERABLE_POSITION"]

INTERNAL = 100
UNAUTHORIZED = 101
UNKNOWN_CHANNEL = 102
PERMISSION_DENIED = 103
METHOD_NOT_FOUND = 104
ALREADY_SUBSCRIBED = 105
LIMIT_EXCEEDED = 106
BAD_REQUEST = 107
NOT_AVAILABLE = 108
TOKEN_EXPIRED = 109
EXPIRED = 110
UNRECOVERABLE_POSITION = 112
CONFLICT = 113

MESSAGES = {
    INTERNAL: "internal server error",
    UNKNOWN_CHANNEL: "unknown channel",
    PERMISSION_DENIED: "permission denied",
    METHOD_NOT_FOUND: "method not found",
    ALREADY_SUBSCRIBED: "already subscribed",
    LIMIT_EXCEEDED: "limit exceeded",
    BAD_REQUEST: "bad request",
    NOT_AVAILABLE: "not available",
    TOKEN_EXPIRED: "token expired",
    EXPIRED: "expired",
    UNRECOVERABLE_POSITION: "unrecoverable position",
}
"""Error messages of the client protocol by code."""

API_MESSAGES = {
    code: MESSAGES[code] for code in (INTERNAL, UNKNOWN_CHANNEL, BAD_REQUEST, NOT_AVAILABLE, UNRECOVERABLE_POSITION)
} | {METHOD_NOT_FOUND: "not found"}
"""Error messages of the server API by code."""
