"""Who may use the console: tables of requests."""

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
    """A timer that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def guard(host: str = "127.0.0.1", password: str = "", timer: Clock | None = None) -> Guard:
    return Guard(host, token=TOKEN, password=password, timer=timer or Clock())


def verdict(guard: Guard, access: Access, *headers: Header) -> int:
    """200, or the status of the refusal."""
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
def test_loopback_is_known_by_address_and_name(host: str, local: bool) -> None:
    """Nothing that only looks like it is taken for it."""
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
    """A name of somebody else's that was rebound to this machine is refused, for whatever is asked."""
    headers = (("host", host), JSON, (TOKEN_HEADER, TOKEN))
    assert verdict(guard(), access, *headers) == status


def test_it_must_be_called_by_one_name() -> None:
    """No name, or two of them, is no name."""
    assert verdict(guard(), Access.READ) == 403
    assert verdict(guard(), Access.READ, LOCAL, LOCAL) == 403


@pytest.mark.parametrize(
    ("headers", "page", "read"),
    [
        ((), 200, 200),  # no browser
        ((("sec-fetch-site", "same-origin"),), 200, 200),
        ((("sec-fetch-site", "none"),), 200, 200),  # the address bar
        ((("origin", "http://127.0.0.1:8000"),), 200, 200),
        ((("origin", "HTTP://127.0.0.1:8000"),), 200, 200),
        ((("sec-fetch-site", "same-site"),), 403, 403),  # another port of this machine
        ((("sec-fetch-site", "cross-site"),), 403, 403),
        ((("origin", "http://127.0.0.1:9000"),), 403, 403),
        ((("origin", "http://localhost:8000"),), 403, 403),
        ((("origin", "https://example.com"),), 403, 403),
        ((("origin", "null"),), 403, 403),
        ((("origin", "http://127.0.0.1:8000"), ("sec-fetch-site", "cross-site")), 403, 403),
        ((("sec-fetch-site", "cross-site"), *NAVIGATION), 200, 403),  # a link somewhere
        ((("sec-fetch-site", "cross-site"), NAVIGATION[0], ("sec-fetch-dest", "iframe")), 403, 403),
        ((("sec-fetch-site", "cross-site"), NAVIGATION[0], ("sec-fetch-dest", "object")), 403, 403),
    ],
)
def test_other_origins_get_at_most_a_link_to_the_page(headers: tuple[Header, ...], page: int, read: int) -> None:
    """What browsers say of where a request comes from decides; who is no browser says nothing."""
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
def test_changes_are_json_and_carry_the_token(headers: tuple[Header, ...], status: int) -> None:
    """What forms and simple requests of other pages cannot send."""
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
def test_a_password_is_asked_for(header: Header, status: int, access: Access) -> None:
    """For the page, too; whatever comes instead of it is a wrong one. Names are then of no importance."""
    beyond = guard("0.0.0.0", "pass:wörd")
    headers = (("host", "my-machine:8000"), JSON, (TOKEN_HEADER, TOKEN))
    assert verdict(beyond, access, *headers, header) == status


def test_a_password_does_not_open_the_console_to_other_origins() -> None:
    """Browsers send it along unasked."""
    beyond = guard("0.0.0.0", "password")
    headers = (("host", "here:8000"), ("origin", "http://there"), basic("password"))
    assert verdict(beyond, Access.READ, *headers) == 403


def test_a_request_without_a_password_is_asked_for_one() -> None:
    """By the header that makes browsers ask."""
    with pytest.raises(Refusal) as caught:
        guard("0.0.0.0", "password").check(Request("GET", "/console/", (LOCAL,)), Access.PAGE)
    assert caught.value.status is HTTPStatus.UNAUTHORIZED
    assert dict(caught.value.headers)["WWW-Authenticate"].startswith("Basic realm=")


def test_who_guesses_is_made_to_wait() -> None:
    """After some wrong tries one is looked at in five seconds, right or wrong; a right one ends that."""
    clock = Clock()
    beyond = guard("0.0.0.0", "password", clock)
    assert [verdict(beyond, Access.READ, LOCAL, basic("wrong")) for _ in range(6)] == [401] * 5 + [429]
    assert verdict(beyond, Access.READ, LOCAL, basic("password")) == 429
    assert verdict(beyond, Access.READ, LOCAL) == 401  # to ask is no try
    clock.now += 5
    assert [verdict(beyond, Access.READ, LOCAL, basic("wrong")) for _ in range(2)] == [401, 429]
    clock.now += 5
    assert verdict(beyond, Access.READ, LOCAL, basic("password")) == 200
    assert verdict(beyond, Access.READ, LOCAL, basic("wrong")) == 401
    assert verdict(beyond, Access.READ, LOCAL, basic("password")) == 200


def test_there_is_no_console_without_a_password_beyond_loopback() -> None:
    """Whoever builds one has to think of it."""
    with pytest.raises(ValueError, match="password"):
        guard("0.0.0.0")
