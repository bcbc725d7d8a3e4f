"""The paths of the console, on a 1.x node without a socket."""

import json
from typing import Any

import pytest

from centripetal.server.console.endpoints import PREFIX, Endpoints, RunningServer
from centripetal.server.console.feed import Feed
from centripetal.server.console.guard import Guard
from centripetal.server.engine.engine import NO_HISTORY, Publication
from centripetal.server.engine.events import CommandRun, Event, Events, RequestRefused
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.v1.config import read_config
from centripetal.server.v1.console_backend import ConsoleBackend
from centripetal.server.v1.node import Node
from tests.server.environment import Clock, fixed_environment

Headers = tuple[tuple[str, str], ...]

HOST = ("host", "localhost:8000")
CHANGE = (HOST, ("content-type", "application/json"), ("x-console-token", "token"))
SCRIPTS = ("channel", "commands", "console", "copying", "dom", "stream", "tokens", "views")
FILES = ("", "index.html", "console.css", *(f"{name}.js" for name in SCRIPTS))


class ConsoleOfNode:
    """A node with a console and no other endpoints."""

    def __init__(self, **config: object) -> None:
        events = Events()
        self.heard: list[Event] = []
        self.node = Node(read_config(config)[0], fixed_environment(now=Clock(7)), events)
        backend = ConsoleBackend(self.node)
        self.feed = Feed("run", backend.explain, backend.check_token)
        guard = Guard("127.0.0.1", token="token", password="", timer=lambda: 0)
        running = RunningServer("run", 2, self.node.now, lambda name: name.encode())
        self.endpoints = Endpoints(backend, self.feed, guard, running)
        events.listen(self.feed.take)
        events.listen(self.heard.append)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: tuple[tuple[str, str], ...] = (HOST,)
    ) -> Response:
        response = self.endpoints.answer(Request(method, PREFIX + path, headers, body))
        assert response is not None
        return response

    def state(self, query: str = "") -> dict[str, Any]:
        response = self.ask("GET", f"state{query}")
        assert response.status == 200
        state: dict[str, Any] = json.loads(response.body)
        return state

    def change(self, path: str, value: object) -> tuple[int, dict[str, Any]]:
        response = self.ask("POST", path, json.dumps(value).encode(), CHANGE)
        return response.status, json.loads(response.body)


@pytest.fixture
def console() -> ConsoleOfNode:
    return ConsoleOfNode(presence=True, history_size=2, history_lifetime=60)


@pytest.mark.parametrize("path", [*FILES, "state"])
def test_every_response_has_protective_headers(console: ConsoleOfNode, path: str) -> None:
    """Headers forbid foreign scripts, frames, caching and type sniffing, and no response allows other origins."""
    response = console.ask("GET", path)
    headers = dict(response.headers)
    assert response.status == 200
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not [name for name in headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", ["console", "console/x", "consol", "console/state/", "", "api/", "api/../console/"])
def test_other_paths_do_not_belong_to_the_console(console: ConsoleOfNode, path: str) -> None:
    """Paths outside of the console are left to the server."""
    assert console.endpoints.answer(Request("GET", f"/{path}", (HOST,))) is None


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "", "GET, HEAD"),
        ("PUT", "console.js", "GET, HEAD"),
        ("HEAD", "state", "GET"),
        ("OPTIONS", "state", "GET"),
        ("POST", "events", "GET"),
        ("GET", "publish", "POST"),
        ("OPTIONS", "publish", "POST"),
    ],
)
def test_other_methods_are_refused(console: ConsoleOfNode, method: str, path: str, allowed: str) -> None:
    """Other methods get 405, including the preflight request of another origin."""
    response = console.ask(method, path)
    assert response.status == 405
    assert dict(response.headers)["Allow"] == allowed


@pytest.mark.parametrize("path", [*FILES, "state", "events"])
def test_every_path_is_guarded(console: ConsoleOfNode, path: str) -> None:
    """A request with a foreign host name is refused, and the response contains no token."""
    response = console.ask("GET", path, headers=(("host", "example.com"),))
    assert response.status == 403
    assert b"token" not in response.body


@pytest.mark.parametrize("path", ["publish", "unsubscribe", "disconnect", "forget", "explain"])
def test_changes_need_the_token(console: ConsoleOfNode, path: str) -> None:
    """A change without the token is refused and has no effect."""
    assert console.ask("POST", path, b"{}", CHANGE[:2]).status == 403
    assert console.heard == []


@pytest.mark.parametrize(("method", "path"), [("GET", "state"), ("POST", "events"), ("GET", "eventsx")])
def test_only_a_get_of_events_opens_the_stream(console: ConsoleOfNode, method: str, path: str) -> None:
    """Only a GET of `events` that the guard permits opens the stream."""
    assert not console.endpoints.opens_stream(Request(method, PREFIX + path, (HOST,)))
    assert not console.endpoints.opens_stream(Request("GET", f"{PREFIX}events", (("host", "example.com"),)))
    assert console.endpoints.opens_stream(Request("GET", f"{PREFIX}events", (HOST,)))


def test_the_state_lists_the_channels(console: ConsoleOfNode) -> None:
    """The state lists channels by size and name, including channels that only have history, and can be filtered."""
    for channel, clients in (("b", "12"), ("a", "12"), ("Big", "123")):
        for client in clients:
            console.node.engine.subscribe(channel, client)
    state = console.state()
    console.node.publish(Publication("1", "kept", b"1"), console.node.config.channels.options, 5)
    state = console.state()
    assert state["channels"] == [["Big", 3, 0], ["a", 2, 0], ["b", 2, 0], ["kept", 0, 1]]
    assert (state["server"], state["websocket_path"]) == ("Centrifugo 1.8.0", "/connection/websocket")
    assert (state["started"], state["now"], state["token"], state["run"]) == (2, 7, "token", "run")
    assert state["channel"] is None
    found = console.state("?filter=B")
    assert (found["channels"], found["channels_found"], found["channels_total"]) == ([["Big", 3, 0], ["b", 2, 0]], 2, 4)


def test_long_lists_are_truncated(console: ConsoleOfNode) -> None:
    """A long list is truncated and has the total number of channels."""
    for number in range(300):
        console.node.engine.subscribe(f"c{number:03}", "1")
    state = console.state()
    assert (len(state["channels"]), state["channels_total"]) == (200, 300)


def test_a_channel_is_shown_in_detail(console: ConsoleOfNode) -> None:
    """A channel view has the history with the data as published; channel names are percent-encoded."""
    options = console.node.config.channels.options
    console.node.publish(Publication("1", "a b", b'{"n": 1.0}'), options, 5)
    channel = console.state("?channel=a+b")["channel"]
    assert channel["history"] == [
        {"id": "1", "data": '{"n": 1.0}', "user": "", "tags": {}, "size": 10, "time": 5, "offset": 0, "epoch": ""}
    ]
    assert console.state("?channel=a%20b")["published"] == 1


def test_publishing_behaves_like_an_api_call(console: ConsoleOfNode) -> None:
    """Publishing emits the events of an API call, with the data exactly as entered."""
    body = b'{"channel": "news", "data": {"n": 1.00}}'
    assert console.ask("POST", "publish", body, CHANGE).status == 200
    assert [each.data for each in console.node.engine.history("news", NO_HISTORY, 7)[0]] == [b'{"n": 1.00}']
    assert [each.method for each in console.heard if isinstance(each, CommandRun)] == ["publish"]


def test_errors_of_the_server_are_explained() -> None:
    """An error of the server is shown with the explanation from the problem list."""
    console = ConsoleOfNode()
    status, answer = console.change("publish", {"channel": "no:where", "data": 1})
    assert status == 400
    assert "no namespace “no”" in answer["error"]
    assert "namespaces" in answer["fix"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("publish", {"channel": "", "data": 1}),
        ("publish", {"channel": "news"}),
        ("publish", {"channel": 5, "data": 1}),
        ("publish", []),
        ("unsubscribe", {"channel": "news"}),
        ("unsubscribe", {"channel": "news", "user": ""}),
        ("unsubscribe", {"channel": "", "user": "ada"}),
        ("disconnect", {"user": ""}),
        ("disconnect", {}),
        ("explain", {}),
        ("explain", {"token": ""}),
    ],
)
def test_incomplete_requests_are_refused(console: ConsoleOfNode, path: str, value: object) -> None:
    """An incomplete request is refused with a sentence that names the missing fields."""
    status, answer = console.change(path, value)
    assert status == 400
    assert answer["error"].startswith(f"Invalid request to {path}: ")


def test_problems_can_be_forgotten(console: ConsoleOfNode) -> None:
    """Forgetting removes the server's problems for all pages."""
    console.node.events.emit(RequestRefused(at=1, status=401, reason="invalid sign"))
    assert len(console.state()["problems"]) == 1
    assert console.change("forget", {}) == (200, {})
    assert console.state()["problems"] == []


def test_a_pasted_token_is_explained(console: ConsoleOfNode) -> None:
    """The page gets the explanation of a pasted token, without its signature and without a trace in the stream."""
    status, answer = console.change("explain", {"token": "secretsecret", "signed": {"user": "ada"}})
    assert (status, answer["accepted"], answer["token"]) == (200, False, "secretse… (12 characters)")
    assert console.heard == []
