"""The exception that ends a session of a 1.x server: PURE."""

from centripetal.dialects.v1.disconnects import Disconnect

__all__ = ["FatalError"]


class FatalError(Exception):
    """The server closes the connection without sending the replies to this frame."""

    def __init__(self, disconnect: Disconnect) -> None:
        super().__init__(disconnect.reason)
        self.disconnect = disconnect
