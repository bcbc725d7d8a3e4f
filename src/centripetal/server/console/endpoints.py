"""The paths of the console: PURE.

    GET  /console/             the page; its files are under the same path
    GET  /console/state        the current state; ?channel= adds details of a channel, ?filter= filters the list
    GET  /console/events       the events of the server, as an event stream (`stream.py`)
    POST /console/publish      {"channel", "data"}
    POST /console/unsubscribe  {"channel", "user"}
    POST /console/disconnect   {"user"}
    POST /console/forget       clear the problems
    POST /console/explain      {"token"}: explain a token

Any other path under `/console/` gets the answer of a server without a console.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec

from centripetal.server.console.backend import BaseConsoleBackend, ChannelSize, ChannelView, Member
from centripetal.server.console.feed import Feed
from centripetal.server.console.guard import Access, Guard, Refusal
from centripetal.server.console.problems import Problem
from centripetal.server.engine.events import CommandRun, TokenSent
from centripetal.server.listening.http1 import Request, Response

__all__ = ["PREFIX", "Endpoints", "RunningServer", "State"]

PREFIX = "/console/"
_SCRIPT = "text/javascript; charset=utf-8"
_FILES = {
    "index.html": "text/html; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "channel.js": _SCRIPT,
    "commands.js": _SCRIPT,
    "console.js": _SCRIPT,
    "copying.js": _SCRIPT,
    "dom.js": _SCRIPT,
    "stream.js": _SCRIPT,
    "tokens.js": _SCRIPT,
    "views.js": _SCRIPT,
}
_HEADERS = (
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
_LISTED = 200  # maximum number of channels, connections, members and publications in a state


class RunningServer(msgspec.Struct, frozen=True):
    """Constants and functions of a running server.

    Attributes:
        run: id of this start of the server.
        started: the start time in Unix seconds.
        now: returns the time in Unix seconds.
        read: returns the content of a file of the page.
    """

    run: str
    started: float
    now: Callable[[], float]
    read: Callable[[str], bytes]


class State(msgspec.Struct, frozen=True):
    """The current state of the server, as the page shows it."""

    run: str
    token: str
    server: str
    generation: str
    websocket_path: str
    started: float
    now: float
    published: int
    connections_total: int
    users_total: int
    channels_total: int
    channels_found: int
    channels: list[ChannelSize]
    connections: list[Member]
    problems: list[Problem]
    channel: ChannelView | None = None


# In the API, an empty user means all anonymous users, and an empty channel all channels: more than a page intends.
_Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Publish(msgspec.Struct):
    channel: _Name
    data: msgspec.Raw


class _Unsubscribe(msgspec.Struct):
    channel: _Name
    user: _Name


class _Disconnect(msgspec.Struct):
    user: _Name


class _Explain(msgspec.Struct):
    token: _Name
    signed: dict[str, str] = {}


class Endpoints:
    """The console of one server, without its event stream."""

    def __init__(self, backend: BaseConsoleBackend, feed: Feed, guard: Guard, running: RunningServer) -> None:
        self._backend = backend
        self._feed = feed
        self._guard = guard
        self._running = running
        self._changes: dict[str, Callable[[bytes], str]] = {
            "publish": self._publish,
            "unsubscribe": self._unsubscribe,
            "disconnect": self._disconnect,
            "forget": self._forget,
        }

    def answer(self, request: Request) -> Response | None:
        """Return the response to *request*, or None if the path does not belong to the console."""
        path = request.target.partition("?")[0]
        if not path.startswith(PREFIX):
            return None
        name = path.removeprefix(PREFIX) or "index.html"
        try:
            if name in self._changes:
                return self._change(request, name)
            if name == "explain":
                return self._explain(request)
            if name in _FILES:
                _require(request, "GET", "HEAD")
                self._guard.check(request, Access.PAGE if name == "index.html" else Access.READ)
                return _ok(self._running.read(name), _FILES[name])
            if name in ("state", "events"):
                _require(request, "GET")
                self._guard.check(request, Access.READ)
                return _json(HTTPStatus.OK, self._state(request)) if name == "state" else None
        except Refusal as refusal:
            return _refused(refusal)
        return None

    def opens_stream(self, request: Request) -> bool:
        """Return whether *request* asks for the event stream and has access to it."""
        if request.method != "GET" or request.target.partition("?")[0] != f"{PREFIX}events":
            return False
        try:
            self._guard.check(request, Access.READ)
        except Refusal:
            return False  # `answer` then sends the refusal
        return True

    # ---- state

    def _state(self, request: Request) -> State:
        query = parse_qs(request.target.partition("?")[2], keep_blank_values=True)
        wanted, chosen = query.get("filter", [""])[0].lower(), query.get("channel", [""])[0]
        channels, connections = self._backend.channels(), self._backend.connections()
        found = [each for each in channels if wanted in each.name.lower()]
        found.sort(key=lambda each: (-each.subscribers, each.name))
        return State(
            run=self._running.run,
            token=self._guard.token,
            server=self._backend.name,
            generation=self._backend.generation,
            websocket_path=self._backend.websocket_path,
            started=self._running.started,
            now=self._running.now(),
            published=self._feed.published,
            connections_total=len(connections),
            users_total=len({each.user for each in connections}),
            channels_total=len(channels),
            channels_found=len(found),
            channels=found[:_LISTED],
            connections=connections[:_LISTED],
            problems=self._feed.problems.latest(),
            channel=self._backend.channel(chosen, _LISTED) if chosen else None,
        )

    def _explain(self, request: Request) -> Response:
        _require(request, "POST")
        self._guard.check(request, Access.CHANGE)
        try:
            asked = msgspec.json.decode(request.body, type=_Explain)
        except msgspec.MsgspecError as broken:
            return _json(HTTPStatus.BAD_REQUEST, {"error": f"Invalid request to explain: {broken}", "fix": ""})
        sent = TokenSent(
            at=self._running.now(), client="", user="", method="", channel="", token=asked.token, signed=asked.signed
        )
        return _json(HTTPStatus.OK, self._backend.check_token(sent, pasted=True))

    # ---- changes

    def _change(self, request: Request, name: str) -> Response:
        _require(request, "POST")
        self._guard.check(request, Access.CHANGE)
        try:
            error = self._changes[name](request.body)
        except msgspec.MsgspecError as broken:
            return _json(HTTPStatus.BAD_REQUEST, {"error": f"Invalid request to {name}: {broken}", "fix": ""})
        if not error:
            return _json(HTTPStatus.OK, {})
        problem = self._backend.explain(self._event(name, request.body, error))
        what = {"error": error} if problem is None else {"error": problem.what, "fix": problem.fix}
        return _json(HTTPStatus.BAD_REQUEST, what)

    def _event(self, name: str, body: bytes, error: str) -> CommandRun:
        values: dict[str, Any] = msgspec.json.decode(body)
        channels, user = (values.get("channel", ""),), values.get("user", "")
        return CommandRun(at=self._running.now(), method=name, channels=channels, user=user, error=error)

    def _publish(self, body: bytes) -> str:
        asked = msgspec.json.decode(body, type=_Publish)
        return self._backend.publish(asked.channel, bytes(asked.data))

    def _unsubscribe(self, body: bytes) -> str:
        asked = msgspec.json.decode(body, type=_Unsubscribe)
        return self._backend.unsubscribe(asked.channel, asked.user)

    def _disconnect(self, body: bytes) -> str:
        return self._backend.disconnect(msgspec.json.decode(body, type=_Disconnect).user)

    def _forget(self, _: bytes) -> str:
        self._feed.problems.clear()
        return ""


def _require(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise Refusal(
            HTTPStatus.METHOD_NOT_ALLOWED, f"Use the method {' or '.join(methods)}.", (("Allow", ", ".join(methods)),)
        )


def _ok(body: bytes, kind: str) -> Response:
    return Response(HTTPStatus.OK, (("Content-Type", kind), *_HEADERS), body)


def _json(status: HTTPStatus, value: object) -> Response:
    return Response(status, (("Content-Type", "application/json"), *_HEADERS), msgspec.json.encode(value))


def _refused(refusal: Refusal) -> Response:
    headers = (("Content-Type", "text/plain; charset=utf-8"), *_HEADERS, *refusal.headers)
    return Response(refusal.status, headers, f"{refusal}\n".encode(), note=f"console: {refusal}")
