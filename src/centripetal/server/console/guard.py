"""Who may use the console: PURE.

    guard.check(request, access)      raises Refusal, if it is not welcome

The console shows and changes everything in the server, so it is for whoever runs the server, and for no other page in
that person's browser:

- On a loopback address, the `Host` must be a name of this machine's loopback: a page elsewhere whose name was rebound
  to 127.0.0.1 still sends its own name. Any port will do, for the sake of tunnels.
- What browsers say of where a request comes from (`Origin`, `Sec-Fetch-Site`) must be the console itself, but for the
  page as the target of a link or of the address bar. There are no CORS headers, and frames are refused.
- What changes something is JSON and carries the token that only a page of the console can have read.
- Beyond loopback, or if a password is set, HTTP Basic authentication. Not a cookie: there is no login page and no
  session to keep, every tool can do it; and that browsers send it along unasked does no harm, because of the above.
  All names are welcome then: another origin does not have the password, whatever name it goes by.
- Who gives wrong passwords is made to wait. The server does not tell its callers apart, so somebody who keeps guessing
  keeps everybody out, except pages that are open.
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
_PAUSE = 5.0  # seconds between two tries after that
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")


class Access(enum.Enum):
    """What a request is about."""

    PAGE = "the page"
    READ = "what the page reads"
    CHANGE = "what changes something"


class Refusal(Exception):
    """The request is refused.

    Args:
        status: of the answer.
        text: what to tell the caller.
        headers: of the answer, besides the usual.
    """

    def __init__(self, status: HTTPStatus, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class Guard:
    """Decides for one server.

    Args:
        host: the address that the server listens on.
        token: what changes must carry: unguessable.
        password: what to ask for; "" on a loopback address: nothing.
        timer: seconds of a clock that is never set back.
    """

    def __init__(self, host: str, *, token: str, password: str, timer: Callable[[], float]) -> None:
        if not password and not is_loopback(host):
            raise ValueError("beyond loopback, the console needs a password")
        self.token = token
        self._password = password.encode()
        self._local = is_loopback(host) and not password
        self._timer = timer
        self._wrong = 0
        self._next_try = 0.0

    def check(self, request: Request, access: Access) -> None:
        """Return if *request* may have *access*.

        Raises:
            Refusal: it may not.
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
            raise Refusal(HTTPStatus.FORBIDDEN, "The console needs to know by one name how it was called (Host).")
        if self._local and not is_loopback(_name(hosts[0])):
            raise Refusal(
                HTTPStatus.FORBIDDEN,
                "This console answers to this machine's own address only: open it at localhost or 127.0.0.1. "
                "For other names, set a password.",
            )

    def _check_origin(self, request: Request, access: Access) -> None:
        site, mode = request.header("sec-fetch-site"), request.header("sec-fetch-mode")
        if access is Access.PAGE and mode == "navigate" and request.header("sec-fetch-dest") == "document":
            return  # somebody follows a link or types the address; the page where the link was sees nothing of it
        origin = request.header("origin")
        if origin and origin.partition("://")[2].lower() != request.header("host").lower():
            raise _foreign()
        if site and site not in ("same-origin", "none"):
            raise _foreign()

    def _check_password(self, request: Request) -> None:
        given = request.header("authorization")
        if not given:
            raise Refusal(HTTPStatus.UNAUTHORIZED, "The console needs its password; any user name will do.", _ASK)
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
            raise Refusal(HTTPStatus.UNAUTHORIZED, "That is not the console's password.", _ASK)
        self._wrong = 0

    def _check_change(self, request: Request) -> None:
        kind = request.header("content-type").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, with Content-Type: application/json.")
        if not hmac.compare_digest(request.header(TOKEN_HEADER).encode(), self.token.encode()):
            raise Refusal(HTTPStatus.FORBIDDEN, "The page is older than this server: reload it.")


_ASK = (("WWW-Authenticate", 'Basic realm="centripetal console", charset="UTF-8"'),)


def _foreign() -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "The console is for its own page only, not for other origins.")


def is_loopback(host: str) -> bool:
    """Whether *host* can only be this machine, reached from itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """The name in a `Host` header; "" if it is none."""
    found = _HOST.fullmatch(host)
    return "" if found is None else found[1].strip("[]")


def _password(authorization: str) -> bytes:
    """The password in an `Authorization` header; what nobody has, if it is none."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
