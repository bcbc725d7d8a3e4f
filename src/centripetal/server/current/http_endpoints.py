"""The HTTP endpoints of a Centrifugo 6 server (protocol 6: http-api, methods, client-handshake): PURE."""

import hmac
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from itertools import islice
from urllib.parse import parse_qsl

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.advice import NAMESPACES_HEADER
from centripetal.dialects.current.server_codec import (
    METHODS,
    UndecodableError,
    batch_steps,
    encode_error,
    encode_outcome,
    encode_reply,
    error_object,
    join_replies,
    read_commands,
    read_request,
    result_steps,
)
from centripetal.errors import ServerError
from centripetal.protocol.gojson import JSONError
from centripetal.server.current.api import API
from centripetal.server.current.node import Node
from centripetal.server.current.origins import Origins
from centripetal.server.http_endpoints import BaseHTTPEndpoints, websockets_missing
from centripetal.server.listening.handshake import handshake_status
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.listening.responses import error
from centripetal.server.steps import Steps

__all__ = ["HTTPEndpoints"]

_JSON = (("Content-Type", "application/json"),)
_STATUSES = {
    error_codes.INTERNAL: 500,
    error_codes.UNKNOWN_CHANNEL: 404,
    error_codes.METHOD_NOT_FOUND: 404,
    error_codes.BAD_REQUEST: 400,
    error_codes.NOT_AVAILABLE: 400,
    error_codes.UNRECOVERABLE_POSITION: 416,
    error_codes.CONFLICT: 409,
}
_UNKNOWN_CHANNEL = b'"code":%d,' % error_codes.UNKNOWN_CHANNEL
_MOST_NAMES = 100
_NOT_EMULATED = "404 page not found: this is a stand-in for Centrifugo 6, which does not emulate {}; connect to {}"
_OTHER_TRANSPORTS = (
    *("/connection/sse", "/connection/http_stream", "/connection/uni_sse", "/connection/uni_http_stream"),
    *("/connection/uni_websocket", "/connection/webtransport", "/emulation"),
)


class HTTPEndpoints(BaseHTTPEndpoints):
    """The HTTP endpoints of one server.

    Args:
        node: the server.
    """

    redirect_status = HTTPStatus.TEMPORARY_REDIRECT

    def __init__(self, node: Node) -> None:
        websocket = node.config.websocket
        super().__init__(node, "" if websocket.disabled else websocket.handler_prefix)
        self._hub = node.hub
        self._api = API(node)
        self._config = node.config
        self._origins = Origins(self._config.client.allowed_origins)
        self._paths = self._known_paths()

    def _known_paths(self) -> dict[str, Callable[[Request], Response | Steps[Response]]]:
        paths: dict[str, Callable[[Request], Response | Steps[Response]]] = {}
        api = self._config.http_api
        if not api.disabled:
            prefix = api.handler_prefix.rstrip("/")
            paths[prefix or "/"] = self._guarded(self._single)
            paths[f"{prefix}/batch"] = self._guarded(self._batch)
            for method in METHODS:
                paths[f"{prefix}/{method}"] = self._guarded(partial(self._call, method))
        if self._config.health.enabled:
            paths[self._config.health.handler_prefix] = lambda _: Response(HTTPStatus.OK, _JSON, b"{}")
        if self._config.init.enabled:
            paths[self._config.init.handler_prefix] = self._warm_up
        return paths

    def _answer_at(self, path: str, request: Request) -> Response | Steps[Response]:
        known_path = self._paths.get(path)
        if known_path is not None:
            return known_path(request)
        if path == self._websocket_path:
            return self._refuse_websocket(request)
        text = _NOT_EMULATED.format(path, self._websocket_path) if path in _OTHER_TRANSPORTS else ""
        return error(HTTPStatus.NOT_FOUND, f"no endpoint at {path}", text)

    def _accepts_handshake(self, request: Request) -> bool:
        return self._origins.admit(request) and not self._is_full()

    def _is_full(self) -> bool:
        limit = self._config.client.connection_limit
        return 0 < limit <= self._hub.count_connections()

    def _refuse_websocket(self, request: Request) -> Response:
        if self.stopping or self._is_full():
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        if handshake_status(request) is not HTTPStatus.SWITCHING_PROTOCOLS:
            response = error(HTTPStatus.BAD_REQUEST, "no WebSocket handshake")
        elif not self._origins.admit(request):
            response = error(HTTPStatus.FORBIDDEN, "the origin is not in client.allowed_origins")
            self._emit_refusal(response)
        else:
            response = websockets_missing()
        headers = (*response.headers, ("Sec-Websocket-Version", "13"), *self._origins.headers(request))
        return Response(response.status, headers, response.body, response.note)

    def _warm_up(self, request: Request) -> Response:
        """Answer the request that a page sends before it connects."""
        headers = (("Content-Type", "application/json; charset=utf-8"), *self._origins.headers(request))
        return Response(HTTPStatus.OK, headers, b"{}")

    # ---- the API

    def _guarded(self, answer: Callable[[Request], Steps[Response]]) -> Callable[[Request], Steps[Response]]:
        """Wrap *answer* with the checks of method and API key, and turn its exceptions into responses."""

        def guarded(request: Request) -> Steps[Response]:
            response = yield from self._answer_api(answer, request)
            if response.status >= 400 and response.note:
                self._emit_refusal(response)
            return response

        return guarded

    def _answer_api(self, answer: Callable[[Request], Steps[Response]], request: Request) -> Steps[Response]:
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, note=f"{request.method} instead of POST")
        if not self._config.http_api.insecure and not self._has_key(request):
            return Response(HTTPStatus.UNAUTHORIZED, note="no API key, or a wrong one")
        try:
            return self._with_namespaces((yield from answer(request)))
        except UndecodableError as problem:
            return error(HTTPStatus.BAD_REQUEST, str(problem))
        except JSONError as problem:
            return error(HTTPStatus.INTERNAL_SERVER_ERROR, f"a reply cannot be printed: {problem}")

    def _with_namespaces(self, response: Response) -> Response:
        """Add the names of the namespaces to a reply with error 102: this library's client suggests the nearest."""
        names = self._config.channels.namespaces
        if not names or _UNKNOWN_CHANNEL not in response.body:
            return response
        listed = ",".join(islice(names, _MOST_NAMES))
        return Response(response.status, (*response.headers, (NAMESPACES_HEADER, listed)), response.body, response.note)

    def _has_key(self, request: Request) -> bool:
        """Return whether the request has the API key in any of the three places (protocol 6: api-key)."""
        given = request.header("x-api-key")
        if not given:
            words = request.header("authorization").split()
            given = words[1] if len(words) == 2 and words[0].lower() == "apikey" else ""
        if self._is_key(given.encode("latin-1")):
            return True
        query = request.target.partition("?")[2]
        fields = dict(reversed(parse_qsl(query, encoding="utf-8", errors="surrogateescape")))
        return self._is_key(fields.get("api_key", "").encode("utf-8", "surrogateescape"))

    def _is_key(self, given: bytes) -> bool:
        key = self._config.http_api.key.encode()
        return bool(key) and hmac.compare_digest(key, given)

    def _call(self, method: str, request: Request) -> Steps[Response]:
        outcome = yield from self._api.steps(read_request(method, request.body), self._now())
        if not isinstance(outcome, ServerError):
            return Response(HTTPStatus.OK, _JSON, (yield from result_steps(outcome)))
        if "transport" in (request.header("x-centrifugo-error-mode"), self._config.http_api.error_mode):
            return Response(_STATUSES[outcome.code or error_codes.INTERNAL], _JSON, error_object(outcome))
        return Response(HTTPStatus.OK, _JSON, encode_error(outcome))

    def _batch(self, request: Request) -> Steps[Response]:
        commands = yield from batch_steps(request.body)
        outcomes = []
        # The order of a parallel batch is undefined, so sequential execution is valid too.
        for each in commands:
            outcome = yield from self._api.steps(each, self._now())
            outcomes.append(("" if each is None else each.name, outcome))
        replies = []
        for name, outcome in outcomes:
            replies.append(encode_outcome(name, outcome))
            yield
        return Response(HTTPStatus.OK, _JSON, join_replies(replies))

    def _single(self, request: Request) -> Steps[Response]:
        if self.stopping:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        # As in the real server, each command runs as soon as it is decoded. A later invalid command does not stop it.
        replies = []
        for call in read_commands(request.body):
            outcome = yield from self._api.steps(call.command, self._now())
            replies.append(encode_reply(call.id, outcome))
        return Response(HTTPStatus.OK, _JSON, b"\n".join(replies))
