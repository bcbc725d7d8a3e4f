"""Access control of the console: PURE.

    guard.check(request, access)      raises Refusal if the request is not allowed

The console shows and changes everything in the server. Only the person who runs the server may use it, and other pages
in that person's browser must not reach it:

- On a loopback address without a password, `Host` must be a loopback name. A foreign page whose name was rebound to
  127.0.0.1 (DNS rebinding) still sends its own name. Any port is accepted, so that tunnels work.
- The origin that browsers report (`Origin`, `Sec-Fetch-Site`) must be the console itself, except for navigation to the
  page through a link or the address bar. The responses have no CORS headers, and framing is denied.
- Changes must be JSON and must carry a token that only a page of the console can read.
- On other addresses, or with a password, HTTP Basic authentication is required. Unlike a cookie, it needs no login page
  and no sessions, and every tool supports it. Browsers send it automatically, which is safe because of the rules above.
  Any `Host` is then accepted, because a foreign page does not have the password.
- After several wrong passwords, callers must wait. The server cannot distinguish its callers, so an attacker who keeps
  guessing locks out all users, except pages whose event stream is already open.
"""

import base64
import binascii
import enum
import hmac
import ipaddress
import re
from collections.abc import Callable
from http import HTTPStatus

from centripetal.server.listening.http1 import Request

__all__ = ["TOKEN_HEADER", "Access", "Guard", "Refusal", "is_loopback"]

TOKEN_HEADER = "x-console-token"  # noqa: S105 - the name of a header

_FREE_TRIES = 5
_PAUSE = 5.0  # seconds between two attempts after `_FREE_TRIES` wrong passwords
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")


class Access(enum.Enum):
    """Kind of access that a request needs."""

    PAGE = "the page"
    READ = "what the page reads"
    CHANGE = "what changes something"


class Refusal(Exception):
    """The request is not allowed.

    Args:
        status: HTTP status of the response.
        text: message to the caller.
        headers: additional headers of the response.
    """

    def __init__(self, status: HTTPStatus, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class Guard:
    """Access control for one server.

    Args:
        host: the address on which the server listens.
        token: the unguessable token that changes must carry.
        password: the required password; "" for none, which is only allowed on a loopback address.
        timer: returns the seconds of a monotonic clock.

    Raises:
        ValueError: *password* is empty and *host* is not a loopback address.
    """

    def __init__(self, host: str, *, token: str, password: str, timer: Callable[[], float]) -> None:
        if not password and not is_loopback(host):
            raise ValueError("on an address other than loopback, the console needs a password")
        self.token = token
        self._password = password.encode()
        self._local = is_loopback(host) and not password
        self._timer = timer
        self._wrong = 0
        self._next_try = 0.0

    def check(self, request: Request, access: Access) -> None:
        """Check that *request* is allowed *access*.

        Raises:
            Refusal: it is not allowed.
        """
        self._check_host(request)
        self._check_origin(request, access)
        if self._password:
            self._check_password(request)
        if access is Access.CHANGE:
            self._check_change(request)

    def _check_host(self, request: Request) -> None:
        hosts = [value for name, value in request.headers if name == "host"]
        if len(hosts) != 1:
            raise Refusal(HTTPStatus.FORBIDDEN, "The console needs exactly one Host header.")
        if self._local and not is_loopback(_name(hosts[0])):
            raise Refusal(
                HTTPStatus.FORBIDDEN,
                "This console is available at this machine's own address only: open it at localhost or 127.0.0.1. "
                "To use other names, set a password.",
            )

    def _check_origin(self, request: Request, access: Access) -> None:
        site, mode = request.header("sec-fetch-site"), request.header("sec-fetch-mode")
        if access is Access.PAGE and mode == "navigate" and request.header("sec-fetch-dest") == "document":
            return  # navigation by a link or the address bar: the linking page cannot read the response
        origin = request.header("origin")
        if origin and origin.partition("://")[2].lower() != request.header("host").lower():
            raise _foreign()
        if site and site not in ("same-origin", "none"):
            raise _foreign()

    def _check_password(self, request: Request) -> None:
        given = request.header("authorization")
        if not given:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "The console requires its password; any user name works.", _ASK)
        now = self._timer()
        if self._wrong >= _FREE_TRIES and now < self._next_try:
            wait = str(int(self._next_try - now) + 1)
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"Too many wrong passwords. Try again in {wait} seconds.",
                (("Retry-After", wait),),
            )
        if not hmac.compare_digest(_password(given), self._password):
            self._wrong += 1
            self._next_try = now + _PAUSE
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Wrong password.", _ASK)
        self._wrong = 0

    def _check_change(self, request: Request) -> None:
        kind = request.header("content-type").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json.")
        if not hmac.compare_digest(request.header(TOKEN_HEADER).encode(), self.token.encode()):
            raise Refusal(HTTPStatus.FORBIDDEN, "The page belongs to an earlier start of the server: reload it.")


_ASK = (("WWW-Authenticate", 'Basic realm="centripetal console", charset="UTF-8"'),)


def _foreign() -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "The console accepts requests from its own page only, not from other origins.")


def is_loopback(host: str) -> bool:
    """Return whether *host* is a loopback address or `localhost`."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """Return the host name in a `Host` header, or "" if the header is invalid."""
    found = _HOST.fullmatch(host)
    return "" if found is None else found[1].strip("[]")


def _password(authorization: str) -> bytes:
    """Return the password in an `Authorization` header, or b"" if the header is not valid Basic authentication."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
