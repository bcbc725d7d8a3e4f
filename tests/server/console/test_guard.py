"""The guard of the console: tables of requests."""

import base64
from http import HTTPStatus

import pytest

from centripetal.server.console.guard import TOKEN_HEADER, Access, Guard, Refusal, is_loopback
from centripetal.server.listening.http1 import Request

TOKEN = "token"
JSON = ("content-type", "application/json")
LOCAL = ("host", "127.0.0.1:8000")
NAVIGATION = (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"))
OWN = (LOCAL, ("origin", "http://127.0.0.1:8000"), ("sec-fetch-site", "same-origin"))

Header = tuple[str, str]


class Clock:
    """A timer that moves only when the test sets it."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def guard(host: str = "127.0.0.1", password: str = "", timer: Clock | None = None) -> Guard:
    return Guard(host, token=TOKEN, password=password, timer=timer or Clock())


def verdict(guard: Guard, access: Access, *headers: Header) -> int:
    """Return 200, or the status of the refusal."""
    try:
        guard.check(Request("GET", "/console/", headers), access)
    except Refusal as refusal:
        return refusal.status
    return 200


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("example.com", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
    ],
)
def test_loopback_is_recognized_by_address_and_name(host: str, local: bool) -> None:
    """Loopback hosts are recognized by address and name; similar hosts are not."""
    assert is_loopback(host) is local


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("localhost:9000", 200),  # a tunnel
        ("example.com:8000", 403),
        ("localhost.example.com", 403),
        ("127.0.0.1@example.com", 403),
        ("127.0.0.1:8000:1", 403),
        ("localhost:x", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("access", Access)
def test_a_local_console_answers_to_local_names_only(host: str, status: int, access: Access) -> None:
    """A local console refuses a foreign name that was rebound to this machine, for any access."""
    headers = (("host", host), JSON, (TOKEN_HEADER, TOKEN))
    assert verdict(guard(), access, *headers) == status


def test_exactly_one_host_is_required() -> None:
    """A request must have exactly one host name."""
    assert verdict(guard(), Access.READ) == 403
    assert verdict(guard(), Access.READ, LOCAL, LOCAL) == 403


@pytest.mark.parametrize(
    ("headers", "page", "read"),
    [
        ((), 200, 200),  # not a browser
        ((("sec-fetch-site", "same-origin"),), 200, 200),
        ((("sec-fetch-site", "none"),), 200, 200),  # typed into the address bar
        ((("origin", "http://127.0.0.1:8000"),), 200, 200),
        ((("origin", "HTTP://127.0.0.1:8000"),), 200, 200),
        ((("sec-fetch-site", "same-site"),), 403, 403),  # another port of this machine
        ((("sec-fetch-site", "cross-site"),), 403, 403),
        ((("origin", "http://127.0.0.1:9000"),), 403, 403),
        ((("origin", "http://localhost:8000"),), 403, 403),
        ((("origin", "https://example.com"),), 403, 403),
        ((("origin", "null"),), 403, 403),
        ((("origin", "http://127.0.0.1:8000"), ("sec-fetch-site", "cross-site")), 403, 403),
        ((("sec-fetch-site", "cross-site"), *NAVIGATION), 200, 403),  # a link on another site
        ((("sec-fetch-site", "cross-site"), NAVIGATION[0], ("sec-fetch-dest", "iframe")), 403, 403),
        ((("sec-fetch-site", "cross-site"), NAVIGATION[0], ("sec-fetch-dest", "object")), 403, 403),
    ],
)
def test_other_origins_may_only_link_to_the_page(headers: tuple[Header, ...], page: int, read: int) -> None:
    """The fetch metadata of browsers decides; requests without it do not come from a browser."""
    assert verdict(guard(), Access.PAGE, LOCAL, *headers) == page
    assert verdict(guard(), Access.READ, LOCAL, *headers) == read
    assert verdict(guard(), Access.CHANGE, LOCAL, JSON, (TOKEN_HEADER, TOKEN), *headers) == read


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((JSON, (TOKEN_HEADER, TOKEN)), 200),
        ((("content-type", "Application/JSON; charset=utf-8"), (TOKEN_HEADER, TOKEN)), 200),
        (((TOKEN_HEADER, TOKEN),), 415),
        ((("content-type", "text/plain"), (TOKEN_HEADER, TOKEN)), 415),
        ((("content-type", "application/x-www-form-urlencoded"), (TOKEN_HEADER, TOKEN)), 415),
        ((JSON,), 403),
        ((JSON, (TOKEN_HEADER, "")), 403),
        ((JSON, (TOKEN_HEADER, "tokem")), 403),
        ((JSON, (TOKEN_HEADER, "é")), 403),
    ],
)
def test_changes_need_json_and_the_token(headers: tuple[Header, ...], status: int) -> None:
    """A change needs a JSON body and the token, which forms and simple requests of other pages cannot send."""
    assert verdict(guard(), Access.CHANGE, *OWN, *headers) == status


def basic(password: str) -> Header:
    return "authorization", "Basic " + base64.b64encode(f"any:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (basic("pass:wörd"), 200),
        (("authorization", basic("pass:wörd")[1].replace("Basic", "basic")), 200),
        (basic("pass"), 401),
        (basic(""), 401),
        (("authorization", "Bearer pass:wörd"), 401),
        (("authorization", "Basic ???"), 401),
        (("authorization", "Basic é"), 401),
        (("authorization", "Basic"), 401),
        (("authorization", ""), 401),
    ],
)
@pytest.mark.parametrize("access", Access)
def test_a_password_is_required(header: Header, status: int, access: Access) -> None:
    """A password is required for every access; anything else counts as a wrong password, and user names are ignored."""
    beyond = guard("0.0.0.0", "pass:wörd")
    headers = (("host", "my-machine:8000"), JSON, (TOKEN_HEADER, TOKEN))
    assert verdict(beyond, access, *headers, header) == status


def test_a_password_does_not_permit_other_origins() -> None:
    """A password does not permit requests of other origins, because browsers send it automatically."""
    beyond = guard("0.0.0.0", "password")
    headers = (("host", "here:8000"), ("origin", "http://there"), basic("password"))
    assert verdict(beyond, Access.READ, *headers) == 403


def test_a_request_without_a_password_is_asked_for_one() -> None:
    """A request without a password gets the header that makes browsers ask for it."""
    with pytest.raises(Refusal) as caught:
        guard("0.0.0.0", "password").check(Request("GET", "/console/", (LOCAL,)), Access.PAGE)
    assert caught.value.status is HTTPStatus.UNAUTHORIZED
    assert dict(caught.value.headers)["WWW-Authenticate"].startswith("Basic realm=")


def test_guessing_is_slowed_down() -> None:
    """After some wrong passwords only one attempt per five seconds is checked; a correct password resets this."""
    clock = Clock()
    beyond = guard("0.0.0.0", "password", clock)
    assert [verdict(beyond, Access.READ, LOCAL, basic("wrong")) for _ in range(6)] == [401] * 5 + [429]
    assert verdict(beyond, Access.READ, LOCAL, basic("password")) == 429
    assert verdict(beyond, Access.READ, LOCAL) == 401  # a request without a password is not an attempt
    clock.now += 5
    assert [verdict(beyond, Access.READ, LOCAL, basic("wrong")) for _ in range(2)] == [401, 429]
    clock.now += 5
    assert verdict(beyond, Access.READ, LOCAL, basic("password")) == 200
    assert verdict(beyond, Access.READ, LOCAL, basic("wrong")) == 401
    assert verdict(beyond, Access.READ, LOCAL, basic("password")) == 200


def test_a_console_beyond_loopback_requires_a_password() -> None:
    """A console beyond loopback requires a password, so the caller has to choose one."""
    with pytest.raises(ValueError, match="password"):
        guard("0.0.0.0")
