"""How a session of a 1.x server refuses to go on: PURE."""

from centripetal.dialects.v1.disconnects import Disconnect

__all__ = ["FatalError"]


class FatalError(Exception):
    """The connection ends, and the replies of this frame are lost."""

    def __init__(self, disconnect: Disconnect) -> None:
        super().__init__(disconnect.reason)
        self.disconnect = disconnect
