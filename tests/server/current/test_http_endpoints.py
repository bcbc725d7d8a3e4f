"""HTTP responses of a current server, beyond the recorded transcripts."""

from typing import Any

import pytest

from centripetal.dialects.current.advice import ADVICE
from centripetal.server.console.problems import explain
from centripetal.server.current.http_endpoints import HTTPEndpoints
from centripetal.server.engine.events import Event, RequestRefused
from centripetal.server.listening.http1 import Request, Response
from tests.server.current.backstage import World
from tests.server.listening.test_handshake import GOOD

KEY = ("x-api-key", "k")
HANDSHAKE = tuple(GOOD.items())


def make(world: World | None = None) -> HTTPEndpoints:
    return HTTPEndpoints((world or World()).node)


def ask(
    target: str = "/api/channels",
    *headers: tuple[str, str],
    body: bytes = b"{}",
    method: str = "POST",
    **sections: Any,
) -> Response:
    return make(World(**sections)).answer(Request(method, target, headers, body))


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ((KEY,), "", 200),
        ((("authorization", "apikey k"),), "", 200),
        ((("authorization", "ApiKey  k"),), "", 200),
        ((), "?api_key=k", 200),
        ((), "", 401),
        ((("x-api-key", "x"), ("authorization", "apikey k")), "", 401),
        ((("x-api-key", ""), ("authorization", "apikey k")), "", 200),
        ((("x-api-key", "x"),), "?api_key=k", 200),
        ((KEY,), "?api_key=x", 200),
        ((("authorization", "apikey k k"),), "", 401),
        ((("authorization", "k"),), "", 401),
        ((), "?API_KEY=k", 401),
        ((), "?api_key=x&api_key=k", 401),
        ((("x-api-key", "\xe9"),), "", 401),
    ],
)
def test_the_key_is_read_from_three_places(headers: tuple[tuple[str, str], ...], query: str, status: int) -> None:
    """The first header with a key decides, and a correct query parameter is accepted even then.

    See protocol 6: api-key.
    """
    assert ask(f"/api/channels{query}", *headers).status == status


def test_a_server_without_a_key_refuses_api_requests() -> None:
    """A server without a key refuses API requests unless the API is insecure."""
    assert ask("/api/channels", http_api={}).status == 401
    assert ask("/api/channels?api_key=", http_api={}).status == 401
    assert ask("/api/channels", http_api={"insecure": True}).status == 200


@pytest.mark.parametrize(
    ("target", "location"),
    [("//api/info", "/api/info"), ("/api/./x?a=%20", "/api/x?a=%20"), ("/api//info/", "/api/info/")],
)
def test_unclean_paths_are_redirected(target: str, location: str) -> None:
    """Paths with empty or dotted parts are redirected with 307, which keeps the method."""
    response = ask(target, KEY)
    assert (response.status, dict(response.headers)["Location"]) == (307, location)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/publish", 405),
        ("/api", 405),
        ("/api/nothing", 404),
        ("/health", 404),
        ("/connection/init", 404),
        ("*", 400),
        ("http://host/api/channels", 405),
    ],
)
def test_the_method_is_checked_before_the_key(target: str, status: int) -> None:
    """The method is checked after the path and before the key."""
    assert ask(target, method="GET").status == status


def test_endpoints_can_be_moved_or_disabled() -> None:
    """Endpoints follow the configured prefixes and switches."""
    moved: dict[str, Any] = {"http_api": {"key": "k", "handler_prefix": "/"}}
    assert ask("/channels", KEY, **moved).status == 200
    assert ask("/", KEY, body=b"", **moved).status == 400
    assert ask("/api/channels", KEY, http_api={"key": "k", "disabled": True}).status == 404
    assert ask("/health", method="GET", health={"enabled": True}).body == b"{}"
    assert ask("/connection/websocket", websocket={"disabled": True}).status == 404


def test_the_error_mode_may_be_configured() -> None:
    """With the error mode in the configuration a request needs no header; batch replies do not change."""
    mode: dict[str, Any] = {"http_api": {"key": "k", "error_mode": "transport"}}
    response = ask("/api/publish", KEY, **mode)
    assert (response.status, response.body) == (400, b'{"code":107,"message":"bad request"}')
    assert ask("/api/batch", KEY, body=b'{"commands":[{"publish":{}}]}', **mode).status == 200
    assert ask("/api", KEY, **mode).body == b'{"error":{"code":107,"message":"bad request"}}'


def test_a_history_with_invalid_json_cannot_be_serialized() -> None:
    """A history with base64 data that is not JSON cannot be serialized, and fails its whole batch.

    See protocol 6: http-response.
    """
    bin_: dict[str, Any] = {"channel": {"namespaces": [{"name": "bin", "history_size": 1, "history_ttl": "9s"}]}}
    endpoints = make(World(**bin_))
    publish = b'{"publish":{"channel":"bin:a","b64data":"/w=="}},{"history":{"channel":"bin:a","limit":1}}'
    response = endpoints.answer(Request("POST", "/api/batch", (KEY,), b'{"commands":[%b]}' % publish))
    assert (response.status, response.body) == (500, b"Internal Server Error\n")


def test_commands_before_an_undecodable_one_have_run() -> None:
    """Commands before an undecodable command run at the single endpoint, and not at others.

    See protocol 6: single-endpoint.
    """
    world = World()
    endpoints = make(world)
    good = b'{"method":"publish","params":{"channel":"hist:a","data":1}}'
    assert endpoints.answer(Request("POST", "/api", (KEY,), good + b"nonsense")).status == 400
    batch = b'{"commands":[{"publish":{"channel":"hist:a","data":1}},{"publish":5}]}'
    assert endpoints.answer(Request("POST", "/api/batch", (KEY,), batch)).status == 400
    assert world.ask("history", channel="hist:a").offset == 1


def test_refused_requests_emit_events() -> None:
    """A refused request emits an event with a reason that is not in the response."""
    world, heard = World(), list[Event]()
    endpoints = make(world)
    world.node.events.listen(heard.append)
    for headers, body in (((), b"{}"), ((KEY,), b"x"), ((KEY,), b"{}")):
        endpoints.answer(Request("POST", "/api/channels", headers, body))
    refused = [event for event in heard if isinstance(event, RequestRefused)]
    assert [(event.status, event.reason.split(",")[0]) for event in refused] == [
        (401, "no API key"),
        (400, "not JSON at byte 0: 'x'"),
    ]


@pytest.mark.parametrize(
    ("origin", "allowed", "status"),
    [
        ("", [], None),
        ("https://a.example", [], 403),
        ("https://a.example", ["https://*.example"], None),
        ("HTTPS://A.Example", ["https://a.EXAMPLE"], None),
        ("https://b.example", ["https://a.example"], 403),
        ("null", ["*"], None),
    ],
)
def test_browsers_may_connect_from_allowed_origins(origin: str, allowed: list[str], status: int | None) -> None:
    """Browsers may connect from the allowed origins; other clients send no origin (protocol 6: client-handshake)."""
    endpoints = make(World(client={"allowed_origins": allowed}))
    request = Request("GET", "/connection/websocket", (*HANDSHAKE, *((("origin", origin),) if origin else ())))
    assert endpoints.opens_websocket(request) is (status is None)
    if status is not None:
        assert endpoints.answer(request).status == status


def test_a_refused_origin_emits_an_event() -> None:
    """A refused origin emits an event, so the console can explain it."""
    world, heard = World(), list[Event]()
    world.node.events.listen(heard.append)
    make(world).answer(Request("GET", "/connection/websocket", (*HANDSHAKE, ("origin", "http://localhost:3000"))))
    (event,) = heard
    assert isinstance(event, RequestRefused)
    problem = explain(ADVICE, event)
    assert problem is not None
    assert (event.status, problem.where) == (403, "request, 403")
    assert "`client.allowed_origins`" in problem.fix


def test_a_full_server_refuses_connections() -> None:
    """`client.connection_limit` limits the connections of the whole node."""
    world = World(client={"connection_limit": 1})
    endpoints, request = make(world), Request("GET", "/connection/websocket", HANDSHAKE)
    assert endpoints.opens_websocket(request)
    world.connect("1", "u")
    assert not endpoints.opens_websocket(request)
    assert endpoints.answer(request).status == 503


def test_a_stopping_server_refuses_requests() -> None:
    """A stopping server answers 503, also at the single endpoint."""
    endpoints, request = make(), Request("GET", "/connection/websocket", HANDSHAKE)
    endpoints.stopping = True
    assert not endpoints.opens_websocket(request)
    assert [endpoints.answer(each).status for each in (request, Request("POST", "/api", (KEY,), b"{}"))] == [503, 503]


def test_without_the_package_the_refusal_names_the_extra_to_install() -> None:
    """Without the websockets package, a valid handshake gets a response with the install command."""
    endpoints = make(World(can_websocket=False))
    request = Request("GET", "/connection/websocket", HANDSHAKE)
    assert not endpoints.opens_websocket(request)
    response = endpoints.answer(request)
    assert (response.status, b"centripetal[server]" in response.body) == (501, True)


def test_other_transports_are_not_emulated() -> None:
    """Other client transports are refused with the path of the WebSocket endpoint."""
    response = ask("/connection/sse", method="GET")
    assert response.status == 404
    assert b"connect to /connection/websocket" in response.body
