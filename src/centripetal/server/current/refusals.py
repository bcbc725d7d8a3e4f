"""How a session of a Centrifugo 6 server refuses commands, and refuses to go on: PURE."""

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.error_codes import API_MESSAGES, INTERNAL, MESSAGES
from centripetal.errors import ServerError

__all__ = ["FatalError", "failure", "is_temporary", "refused"]


class FatalError(Exception):
    """The connection ends; what follows in the message is lost."""

    def __init__(self, disconnect: Disconnect) -> None:
        super().__init__(disconnect.reason)
        self.disconnect = disconnect


def refused(code: int) -> ServerError:
    """An error for the reply to a command."""
    return ServerError(MESSAGES[code], code=code)


def failure(code: int) -> ServerError:
    """Return an error of the API, in the real server's words (spec v6 §6)."""
    return ServerError(API_MESSAGES[code], code=code)


def is_temporary(code: int | None) -> bool:
    """Whether a client may just try again."""
    return code == INTERNAL
