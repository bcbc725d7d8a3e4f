"""Origins of web pages that may connect (protocol 6: client-handshake, transport-emulation): PURE."""

from collections.abc import Sequence

from centripetal.errors import UsageError
from centripetal.server.current.channel_patterns import GlobError, matcher
from centripetal.server.listening.http1 import Request

__all__ = ["Origins"]


class Origins:
    """The globs of `client.allowed_origins`.

    Raises:
        UsageError: a glob is invalid; the real server would not start with it either.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        try:
            self._matchers = [matcher(glob.lower()).fullmatch for glob in allowed]
        except GlobError as error:
            raise UsageError(f"client.allowed_origins contains an invalid pattern: {error}") from None

    def admit(self, request: Request) -> bool:
        """Return whether the page that sent *request* may connect. Clients outside browsers send no origin and may."""
        origin = request.header("origin").lower()
        return not origin or any(matches(origin) for matches in self._matchers)

    def headers(self, request: Request) -> tuple[tuple[str, str], ...]:
        """Return the headers that allow the page to read the response."""
        if not self.admit(request):
            return ()
        origin = request.header("origin")
        return ("Access-Control-Allow-Credentials", "true"), ("Access-Control-Allow-Origin", origin)
