"""Refusals of proxy events: an error for the client, or the end of its connection. PURE.

See protocol 6: proxy-requests. Their arguments are checked when they are created, so an error shows the line that
passed the wrong value.
"""

from centripetal.errors import UsageError, shown
from centripetal.protocol.checks import check_flag, check_text
from centripetal.protocol.exact import exact_integer
from centripetal.protocol.payload import encode_plain

__all__ = ["Close", "Refuse"]

_OWN_CODES = range(400, 2000)
_SERVER_CODES = frozenset((101, 103, 104, 106, 107, 108, 111))
_CLOSE_CODES = range(4000, 5000)
_LONGEST_REASON = 123  # bytes


class Refuse(Exception):
    """Raise this in a handler to refuse: the client gets an error. In a refresh it means `Expired`.

    Args:
        code: the code for the client: 400 to 1999 for codes of the application; of the server's codes 101
            (unauthorized), 103 (permission denied), 104 (method not found), 106 (limit exceeded), 107 (bad request),
            108 (not available) and 111 (too many requests).
        message: text for the client.
        temporary: whether client libraries try again by themselves.

    Raises:
        UsageError: the code is outside these bounds, or an argument has the wrong type.
    """

    def __init__(self, code: int, message: str = "refused", *, temporary: bool = False) -> None:
        number = exact_integer(code)
        if number is None or (number not in _OWN_CODES and number not in _SERVER_CODES):
            raise UsageError(
                f"the code of Refuse must be from 400 to 1999, or one of {', '.join(map(str, sorted(_SERVER_CODES)))}, "
                f"not {shown(code)}; to close the connection, use Close"
            )
        self.code = number
        self.message = check_text("message", message)
        self.temporary = check_flag("temporary", temporary)
        super().__init__(number, self.message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def body(self) -> bytes:
        """Return the body of the response."""
        error = {"code": self.code, "message": self.message, **({"temporary": True} if self.temporary else {})}
        return encode_plain({"error": error}, "message")


class Close(Exception):
    """Raise this in a handler to close the connection. In a refresh it means `Expired`.

    Args:
        code: the close code: client libraries reconnect after 4000 to 4499, and stay away after 4500 to 4999.
        reason: text for the client, at most 123 bytes of UTF-8.

    Raises:
        UsageError: the code or the reason is outside these bounds: the server would send no close frame, and client
            libraries would reconnect.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        number = exact_integer(code)
        if number is None or number not in _CLOSE_CODES:
            raise UsageError(f"the code of Close must be from 4000 to 4999, not {shown(code)}")
        self.code = number
        self.reason = check_text("reason", reason)
        if (size := len(self.reason.encode())) > _LONGEST_REASON:
            raise UsageError(
                f"the reason of Close must have at most {_LONGEST_REASON} bytes of UTF-8, not {size}: "
                "shorten it, because clients would see neither the code nor the reason"
            )
        super().__init__(number, self.reason)

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"

    def body(self) -> bytes:
        """Return the body of the response."""
        return encode_plain({"disconnect": {"code": self.code, "reason": self.reason}}, "reason")
