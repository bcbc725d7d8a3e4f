"""Routing of HTTP requests, common to both generations of servers: PURE."""

from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import unquote

from centripetal.server.engine.events import RequestRefused
from centripetal.server.listening.handshake import handshake_status
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.listening.responses import clean_path, error, redirect, target_of
from centripetal.server.node import BaseNode
from centripetal.server.steps import Steps, finished

__all__ = ["BaseHTTPEndpoints", "websockets_missing"]

_INSTALL = "501 WebSocket connections need a package that is not installed here: pip install 'centripetal[server]'"


class BaseHTTPEndpoints(ABC):
    """The HTTP endpoints of one server.

    `answer` and `begin` answer every request except WebSocket handshakes that the server accepts: call
    `opens_websocket` first.

    Args:
        node: the server.
        websocket_path: the path of the WebSocket endpoint.
    """

    redirect_status: ClassVar[HTTPStatus]

    def __init__(self, node: BaseNode[Any, Any], websocket_path: str) -> None:
        self._now = node.now
        self._events = node.events
        self._can_websocket = node.environment.can_websocket
        self._websocket_path = websocket_path
        self.stopping = False
        """Whether the server is stopping; if so, it refuses new requests with status 503."""

    def answer(self, request: Request) -> Response:
        """Return the answer to *request*."""
        begun = self.begin(request)
        return begun if isinstance(begun, Response) else finished(begun)

    def begin(self, request: Request) -> Response | Steps[Response]:
        """Return the answer to *request*, or the steps of an answer that may take longer."""
        target = target_of(request)
        if target == "*":
            known = request.method == "OPTIONS"
            return Response(HTTPStatus.OK) if known else error(HTTPStatus.BAD_REQUEST, "no path in the request")
        path, mark, query = target.partition("?")
        if (cleaned := self._clean(path)) != path:
            return redirect(request.method, cleaned, mark + query, self.redirect_status)
        return self._answer_at(unquote(path), request)

    def opens_websocket(self, request: Request) -> bool:
        """Return whether *request* is the handshake of a client that may connect."""
        return (
            self._can_websocket
            and not self.stopping
            and unquote(target_of(request).partition("?")[0]) == self._websocket_path
            and handshake_status(request) is HTTPStatus.SWITCHING_PROTOCOLS
            and self._accepts_handshake(request)
        )

    def _clean(self, path: str) -> str:
        return clean_path(path)

    @abstractmethod
    def _answer_at(self, path: str, request: Request) -> Response | Steps[Response]:
        """Return the answer to *request* for the decoded *path*, or its steps."""

    @abstractmethod
    def _accepts_handshake(self, request: Request) -> bool:
        """Record a valid handshake, and return whether this client may connect."""

    def _emit_refusal(self, response: Response) -> None:
        if self._events:
            self._events.emit(RequestRefused(at=self._now(), status=response.status, reason=response.note))


def websockets_missing() -> Response:
    """Return the answer to a handshake when the package `websockets` is not installed."""
    return error(HTTPStatus.NOT_IMPLEMENTED, "package websockets is not installed", _INSTALL)
