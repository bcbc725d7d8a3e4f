"""HTTP responses of a 1.x server, beyond the recorded transcripts."""

import itertools

import pytest

from centripetal.dialects.v1.credentials import generate_api_sign
from centripetal.server.engine.engine import ClientInfo
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.v1.config import read_config
from centripetal.server.v1.http_endpoints import HTTPEndpoints
from centripetal.server.v1.node import Node
from tests.server.environment import fixed_environment
from tests.server.listening.test_handshake import GOOD

JSON = ("content-type", "application/json")
CHANNELS = b'{"method":"channels"}'


def make(**config: object) -> tuple[HTTPEndpoints, Node]:
    ticks = itertools.count()
    node = Node(read_config(config)[0], fixed_environment(timer=lambda: next(ticks) / 1000))
    return HTTPEndpoints(node), node


def ask(endpoints: HTTPEndpoints, body: bytes = CHANNELS, *headers: tuple[str, str], target: str = "/api/") -> Response:
    return endpoints.answer(Request("POST", target, headers, body))


def test_checks_run_in_order() -> None:
    """The first check that fails determines the response (protocol 1: decision-order)."""
    endpoints, _ = make(secret="secret")
    good = ("x-api-sign", generate_api_sign("secret", CHANNELS))
    bad = ("x-api-sign", "0" * 64)
    assert ask(endpoints, b"", JSON).note.startswith("no sign")
    assert ask(endpoints, b"", JSON, bad).note.startswith("no data")
    assert ask(make()[0], b"x", JSON, bad).note.startswith("no secret")
    assert ask(endpoints, b"nonsense", JSON, bad).status == 401
    assert ask(endpoints, CHANNELS, JSON, ("x-api-sign", "\xe9")).status == 401
    assert ask(endpoints, CHANNELS, JSON, good).status == 200
    wrong = ("x-api-sign", generate_api_sign("secret", b"nonsense"))
    assert ask(endpoints, b"nonsense", JSON, wrong).status == 400


def test_insecure_api_ignores_signs() -> None:
    """With `insecure_api` the sign is ignored, even if it is wrong."""
    endpoints, _ = make(secret="secret", insecure_api=True)
    assert [ask(endpoints, CHANNELS, JSON, *more).status for more in ((), (("x-api-sign", "x"),))] == [200, 200]
    assert ask(endpoints, b"", JSON).status == 400


def test_the_reason_of_a_refusal_is_not_sent() -> None:
    """The reason of a refusal is a note for the log and not part of the body."""
    response = ask(make(insecure_api=True)[0], b"[1]", JSON)
    assert (response.status, response.body) == (400, b"Bad Request\n")
    assert "expected an object" in response.note


def test_an_unserializable_reply_is_a_server_error() -> None:
    """A reply with an info that is not JSON is answered with 500 (protocol 1: client-connect)."""
    endpoints, node = make(insecure_api=True, presence=True)
    node.engine.add_presence("c", ClientInfo("u", "1", b"nonsense"))
    response = ask(endpoints, b'{"method":"presence","params":{"channel":"c"}}', JSON)
    assert (response.status, response.body) == (500, b"Internal Server Error\n")


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/api", "/api/"),
        ("/api?x=1&y=%20", "/api/?x=1&y=%20"),
        ("//api/", "/api/"),
        ("/./api/../api/x", "/api/x"),
        ("/api//x/", "/api/x/"),
        ("//nope", "/nope"),
        ("/..", "/"),
        ("/a//<b>", "/a/%3Cb%3E"),
        ("/a//\xe9", "/a/%E9"),
        ("http://host/api", "/api/"),
    ],
)
def test_unclean_paths_are_redirected(target: str, location: str) -> None:
    """Paths with empty or dotted parts, and an endpoint without its slash, are redirected."""
    response = ask(make()[0], target=target)
    assert (response.status, response.headers, response.body) == (301, (("Location", location),), b"")


def test_redirects_have_a_page_for_browsers() -> None:
    """A redirect of a GET has an HTML body; a redirect of a HEAD only has its content type."""
    endpoints, _ = make()
    get, head = (endpoints.answer(Request(method, "/api?a&b")) for method in ("GET", "HEAD"))
    assert get.body == b'<a href="/api/?a&amp;b">Moved Permanently</a>.\n\n'
    assert head.body == b""
    assert dict(get.headers)["Content-Type"] == dict(head.headers)["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("target", ["/", "/API/", "/apix", "/info/", "/auth/", "/*"])
def test_other_paths_are_not_found(target: str) -> None:
    """An unknown path gets 404 with the real server's text."""
    response = ask(make()[0], target=target)
    assert (response.status, response.body) == (404, b"404 page not found\n")


@pytest.mark.parametrize("target", ["/api/x", "/%61pi/", "http://host:1/api/?x", "https://host/api/"])
def test_equivalent_paths_reach_the_endpoint(target: str) -> None:
    """Paths below the endpoint, escaped paths and absolute URLs reach the endpoint."""
    assert ask(make(insecure_api=True)[0], CHANNELS, JSON, target=target).status == 200


def test_options_for_the_whole_server_is_answered() -> None:
    """`OPTIONS *` is answered, and other methods with `*` are refused."""
    assert [make()[0].answer(Request(method, "*")).status for method in ("OPTIONS", "GET")] == [200, 400]


def test_the_prefix_applies_to_every_path() -> None:
    """All paths start with the configured prefix, and paths without it are not found."""
    endpoints, _ = make(insecure_api=True, http_prefix="/rt")
    assert [ask(endpoints, CHANNELS, JSON, target=path).status for path in ("/rt/api/", "/rt/api", "/api/")] == [
        200,
        301,
        404,
    ]


def test_a_stopping_server_answers_503() -> None:
    """A stopping server answers 503 with an empty body."""
    endpoints, _ = make(insecure_api=True)
    endpoints.stopping = True
    assert ask(endpoints, CHANNELS, JSON) == Response(503)


def test_requests_of_the_api_are_counted_and_timed() -> None:
    """API requests, including refused requests, are counted and timed; other requests are not."""
    endpoints, node = make(insecure_api=True)
    for target, body in (("/api/", CHANNELS), ("/api/", b""), ("/nope", b"")):
        ask(endpoints, body, JSON, target=target)
    metrics = node.metrics.current()
    assert (metrics["http_api_num_requests"], metrics["http_api_1_count"]) == (2, 2)
    assert metrics["http_api_1_microseconds_max"] == 1000


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/rt/connection/info", "does not emulate SockJS; connect to /rt/connection/websocket"),
        ("/rt/connection/1/2/xhr", "does not emulate SockJS"),
        ("/rt/connection", "does not emulate SockJS"),
        ("/rt/auth/", "does not emulate the admin endpoints"),
        ("/rt/socket", "does not emulate the admin endpoints"),
        ("/rt/connection/websocket/", ""),
        ("/rt/", ""),
        ("/socket", ""),
    ],
)
def test_paths_that_are_not_emulated_are_explained(target: str, words: str) -> None:
    """A path that is not emulated gets 404 with an explanation; real servers send 404 for unknown paths, too."""
    endpoints, _ = make(http_prefix="/rt", web=True)
    response = endpoints.answer(Request("GET", target))
    assert response.status == 404
    assert words in response.body.decode()
    assert words or response.body == b"404 page not found\n"


def test_admin_endpoints_need_a_configuration() -> None:
    """Admin endpoints are not found without a configuration, as on the real server."""
    for config, words in (({}, False), ({"admin": True}, True), ({"web": "false"}, False)):
        response = make(**config)[0].answer(Request("GET", "/socket"))
        assert (b"admin" in response.body) is words


@pytest.mark.parametrize(
    "target", ["/connection/websocket?x", "http://host:1/connection/websocket", "/connection/%77ebsocket"]
)
def test_equivalent_paths_reach_the_websocket(target: str) -> None:
    """Queries, absolute URLs and escapes are accepted in the WebSocket path, as in the API path."""
    endpoints, _ = make()
    assert endpoints.opens_websocket(Request("GET", target, tuple(GOOD.items())))


def test_a_stopping_server_refuses_websockets() -> None:
    """A stopping server answers WebSocket handshakes with 503."""
    endpoints, _ = make()
    request = Request("GET", "/connection/websocket", tuple(GOOD.items()))
    assert endpoints.opens_websocket(request)
    endpoints.stopping = True
    assert not endpoints.opens_websocket(request)
    assert endpoints.answer(request).status == 503
