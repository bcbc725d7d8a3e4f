"""What a 1.x server answers to an HTTP request (spec v1 §5): PURE. The API endpoint, redirects and 404s.

`Endpoints.answer(request)` decides by the ladder of §5.3; it has an answer to everything. Ask `opens_websocket` first:
such a request is not for this module.
"""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

import msgspec

from centripetal.dialects.v1.credentials import sign
from centripetal.dialects.v1.server_codec import InvalidMessageError
from centripetal.protocol.gojson import JSONError
from centripetal.server.engine.events import RequestRefused
from centripetal.server.listening.handshake import verdict
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.listening.responses import clean, error, redirect, target_of
from centripetal.server.v1.api import Node
from centripetal.server.v1.form_fields import form_fields

__all__ = ["Endpoints"]

_NO_WEBSOCKETS = (
    "501 WebSocket connections need a package that is not installed here: pip install 'centripetal[server]'"
)
_NOT_EMULATED = "404 page not found: this is a stand-in for Centrifugo 1.x, which does not emulate {}"
_SOCKJS = _NOT_EMULATED.format("SockJS; connect to {}/connection/websocket")
_ADMIN = _NOT_EMULATED.format("the admin endpoints")


class Endpoints:
    """The paths of one server.

    Args:
        node: what the API's commands are about.
        now: the clock, Unix seconds.
        timer: seconds of a clock that is never set, to measure how long requests take.
        websockets: whether there is something to hand a WebSocket over to.
    """

    def __init__(
        self, node: Node, now: Callable[[], float], timer: Callable[[], float], *, websockets: bool = True
    ) -> None:
        self._node = node
        self._config = node.config
        self._now = now
        self._timer = timer
        self._websockets = websockets
        self._prefix = self._config.http_prefix
        self._api = f"{self._prefix}/api/"
        self._connection = f"{self._prefix}/connection"
        self._websocket = f"{self._connection}/websocket"
        self.stopping = False
        """Answer 503: the server is going down."""

    def answer(self, request: Request) -> Response:
        """The answer to *request*, whatever it is."""
        target = target_of(request)
        if target == "*":
            known = request.method == "OPTIONS"
            return Response(HTTPStatus.OK) if known else error(HTTPStatus.BAD_REQUEST, "no path in the request")
        path, mark, query = target.partition("?")
        cleaned = clean(path)
        if cleaned + "/" == self._api:
            cleaned += "/"
        if cleaned != path:
            return redirect(request.method, cleaned, mark + query)
        path = unquote(path)
        if path.startswith(self._api):
            return self._measured(request)
        if path == self._websocket:
            return self._refuse_websocket(request)
        return error(HTTPStatus.NOT_FOUND, f"no endpoint at {path}", self._missing(path))

    def opens_websocket(self, request: Request) -> bool:
        """Whether *request* is a handshake of a client, and welcome."""
        if self.stopping or not self._websockets or unquote(target_of(request).partition("?")[0]) != self._websocket:
            return False
        if verdict(request) is not HTTPStatus.SWITCHING_PROTOCOLS:
            return False
        self._node.metrics.count("http_raw_ws_num_requests")
        return True

    def _refuse_websocket(self, request: Request) -> Response:
        if self.stopping:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        self._node.metrics.count("http_raw_ws_num_requests")
        status = verdict(request)
        if status is HTTPStatus.SWITCHING_PROTOCOLS:
            return error(HTTPStatus.NOT_IMPLEMENTED, "package websockets is not installed", _NO_WEBSOCKETS)
        response = error(status, "no WebSocket handshake")
        return msgspec.structs.replace(response, headers=(*response.headers, ("Sec-Websocket-Version", "13")))

    def _missing(self, path: str) -> str:
        """What to say of endpoints that the real server has and this one has not."""
        if path == self._connection or (path.startswith(f"{self._connection}/") and path != f"{self._websocket}/"):
            return _SOCKJS.format(self._prefix)
        # Without a configuration that asks for them they are not there in the real server either.
        if self._config.admin and (path == f"{self._prefix}/socket" or path.startswith(f"{self._prefix}/auth/")):
            return _ADMIN
        return ""

    def _measured(self, request: Request) -> Response:
        if self.stopping:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        started = self._timer()
        self._node.metrics.count("http_api_num_requests")
        response = self._answer_api(request)
        if response.status != HTTPStatus.OK and self._node.events:
            self._node.events.tell(RequestRefused(at=self._now(), status=response.status, reason=response.note))
        self._node.metrics.http_api.record(int((self._timer() - started) * 1e6))
        return response

    def _answer_api(self, request: Request) -> Response:
        data, given = _data_and_sign(request)
        signed = not self._config.insecure_api
        if signed and not given:
            return error(HTTPStatus.BAD_REQUEST, "no sign found in API request")
        if not data:
            return error(HTTPStatus.BAD_REQUEST, "no data found in API request")
        if signed and not self._config.secret:
            return error(HTTPStatus.BAD_REQUEST, "no secret set in config")
        if signed and not hmac.compare_digest(sign(self._config.secret.encode(), data).encode(), given):
            return error(HTTPStatus.UNAUTHORIZED, "invalid sign")
        try:
            return Response(HTTPStatus.OK, (("Content-Type", "application/json"),), self._node.run(data, self._now()))
        except InvalidMessageError as problem:
            return error(HTTPStatus.BAD_REQUEST, str(problem))
        except JSONError as problem:
            return error(HTTPStatus.INTERNAL_SERVER_ERROR, f"a reply cannot be printed: {problem}")


def _data_and_sign(request: Request) -> tuple[bytes, bytes]:
    if request.header("content-type").lower().startswith("application/json"):
        return request.body, request.header("x-api-sign").encode("latin-1")
    fields = form_fields(request)
    return fields.get(b"data", b""), fields.get(b"sign", b"")
