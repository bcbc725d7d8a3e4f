"""Handlers as a WSGI application."""

from collections.abc import Callable, Iterable
from typing import Any

from centripetal.handling.dispatcher import Dispatcher
from centripetal.handling.flow import Answer, NoAnswer, rejected
from centripetal.handling.shells import kind_of

__all__ = ["WSGI", "strip_environ"]

_PHRASES = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
_PHRASES |= {413: "Content Too Large", 500: "Internal Server Error"}


class WSGI:
    """The WSGI application of the handlers at *dispatcher*."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = self._answer(environ)
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(f"{answer.status} {_PHRASES[answer.status]}", headers)
        return [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        dispatcher = self._dispatcher
        try:
            kind = kind_of(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
            headers = dispatcher.trusted(_headers(environ), _length(environ))
            strip_environ(environ, dispatcher.header)
            body = _body(environ, dispatcher.max_body)
            dispatcher.check_size(len(body))
        except NoAnswer as error:
            return rejected(error)
        return dispatcher.answer(kind, headers, body, environ)


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers


def _length(environ: dict[str, Any]) -> int:
    """Return the length of the body; 0 if it is missing or invalid."""
    length = environ.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else 0


def _body(environ: dict[str, Any], most: int) -> bytes:
    """Return the body, or one byte more than *most* of it."""
    is_chunked = not environ.get("CONTENT_LENGTH") and environ.get("wsgi.input_terminated")
    size = most + 1 if is_chunked else _length(environ)
    parts: list[bytes] = []
    while size > 0 and (part := environ["wsgi.input"].read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def strip_environ(environ: dict[str, Any], header: str) -> None:
    """Remove *header* from the environment itself, which also the frames of servers have in variables."""
    environ.pop(f"HTTP_{header.upper().replace('-', '_')}", None)
