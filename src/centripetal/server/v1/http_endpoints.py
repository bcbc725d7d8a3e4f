"""The HTTP endpoints of a 1.x server (protocol 1: http-api): the API, redirects and 404 answers: PURE.

The checks run in the order of protocol 1: decision-order.
"""

import hmac
from http import HTTPStatus

import msgspec

from centripetal.dialects.v1.credentials import sign
from centripetal.dialects.v1.server_codec import InvalidMessageError
from centripetal.protocol.gojson import JSONError
from centripetal.server.http_endpoints import BaseHTTPEndpoints, websockets_missing
from centripetal.server.listening.handshake import handshake_status
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.listening.responses import error
from centripetal.server.steps import Steps
from centripetal.server.v1.api import API
from centripetal.server.v1.form_fields import form_fields
from centripetal.server.v1.node import Node

__all__ = ["HTTPEndpoints"]

_NOT_EMULATED = "404 page not found: this is a stand-in for Centrifugo 1.x, which does not emulate {}"
_SOCKJS = _NOT_EMULATED.format("SockJS; connect to {}/connection/websocket")
_ADMIN = _NOT_EMULATED.format("the admin endpoints")


class HTTPEndpoints(BaseHTTPEndpoints):
    """The HTTP endpoints of one 1.x server.

    Args:
        node: the server.
    """

    redirect_status = HTTPStatus.MOVED_PERMANENTLY

    def __init__(self, node: Node) -> None:
        self._prefix = node.config.http_prefix
        self._api_path = f"{self._prefix}/api/"
        self._sockjs_path = f"{self._prefix}/connection"
        super().__init__(node, f"{self._sockjs_path}/websocket")
        self._config = node.config
        self._metrics = node.metrics
        self._timer = node.environment.timer
        self._api = API(node)

    def _clean(self, path: str) -> str:
        cleaned = super()._clean(path)
        return self._api_path if cleaned + "/" == self._api_path else cleaned

    def _answer_at(self, path: str, request: Request) -> Response | Steps[Response]:
        if path.startswith(self._api_path):
            return self._measured(request)
        if path == self._websocket_path:
            return self._refuse_websocket(request)
        return error(HTTPStatus.NOT_FOUND, f"no endpoint at {path}", self._missing(path))

    def _accepts_handshake(self, request: Request) -> bool:  # noqa: ARG002  # any page may connect
        self._metrics.count("http_raw_ws_num_requests")
        return True

    def _refuse_websocket(self, request: Request) -> Response:
        if self.stopping:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        self._metrics.count("http_raw_ws_num_requests")
        status = handshake_status(request)
        if status is HTTPStatus.SWITCHING_PROTOCOLS:
            return websockets_missing()
        response = error(status, "no WebSocket handshake")
        return msgspec.structs.replace(response, headers=(*response.headers, ("Sec-Websocket-Version", "13")))

    def _missing(self, path: str) -> str:
        """Return the text for an endpoint that exists only in the real server, or an empty string."""
        sockjs = path == self._sockjs_path or path.startswith(f"{self._sockjs_path}/")
        if sockjs and path != f"{self._websocket_path}/":
            return _SOCKJS.format(self._prefix)
        # The real server has admin endpoints only if the configuration enables them.
        if self._config.admin and (path == f"{self._prefix}/socket" or path.startswith(f"{self._prefix}/auth/")):
            return _ADMIN
        return ""

    def _measured(self, request: Request) -> Steps[Response]:
        if self.stopping:
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        started = self._timer()
        self._metrics.count("http_api_num_requests")
        response = yield from self._answer_api(request)
        if response.status != HTTPStatus.OK:
            self._emit_refusal(response)
        self._metrics.http_api.record(int((self._timer() - started) * 1e6))
        return response

    def _answer_api(self, request: Request) -> Steps[Response]:
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
            body = yield from self._api.steps(data, self._now())
            return Response(HTTPStatus.OK, (("Content-Type", "application/json"),), body)
        except InvalidMessageError as problem:
            return error(HTTPStatus.BAD_REQUEST, str(problem))
        except JSONError as problem:
            return error(HTTPStatus.INTERNAL_SERVER_ERROR, f"a reply cannot be printed: {problem}")


def _data_and_sign(request: Request) -> tuple[bytes, bytes]:
    if request.header("content-type").lower().startswith("application/json"):
        return request.body, request.header("x-api-sign").encode("latin-1")
    fields = form_fields(request)
    return fields.get(b"data", b""), fields.get(b"sign", b"")
