"""The errors of commands to a Centrifugo 1.x server: messages without numeric codes. PURE.

See protocol 1: commands, client-connect.
"""

__all__ = ["ALREADY_SUBSCRIBED", "INVALID_MESSAGE", "LIMIT_EXCEEDED", "NAMESPACE_NOT_FOUND", "NOT_AVAILABLE"]
__all__ += ["PERMISSION_DENIED"]

ALREADY_SUBSCRIBED = "already subscribed"
INVALID_MESSAGE = "invalid message"
LIMIT_EXCEEDED = "limit exceeded"
NAMESPACE_NOT_FOUND = "namespace not found"
NOT_AVAILABLE = "not available"
PERMISSION_DENIED = "permission denied"
