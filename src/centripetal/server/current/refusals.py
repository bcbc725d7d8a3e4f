"""Errors of a Centrifugo 6 server: error replies, and errors that end the connection: PURE."""

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.error_codes import API_MESSAGES, INTERNAL, MESSAGES
from centripetal.errors import ServerError

__all__ = ["FatalError", "ProxyRefusal", "failure", "is_temporary", "refused"]


class FatalError(Exception):
    """The connection ends, and the rest of the client's message is dropped."""

    def __init__(self, disconnect: Disconnect) -> None:
        super().__init__(disconnect.reason)
        self.disconnect = disconnect


class ProxyRefusal(ServerError):
    """The application refused a client's command with this error, of any code and length."""

    def __init__(self, code: int, message: str, *, temporary: bool) -> None:
        super().__init__(message, code=code)
        self.message = message  # the base class shortens it
        self.temporary = temporary


def refused(code: int) -> ServerError:
    """Return an error for the reply to a client's command."""
    return ServerError(MESSAGES[code], code=code)


def failure(code: int) -> ServerError:
    """Return an error of the API, with the real server's message (protocol 6: api-errors)."""
    return ServerError(API_MESSAGES[code], code=code)


def is_temporary(error: ServerError) -> bool:
    """Return whether the error is temporary, so that a client may retry."""
    return error.temporary if isinstance(error, ProxyRefusal) else error.code == INTERNAL
