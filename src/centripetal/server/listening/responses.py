"""Standard answers of a Go HTTP server: errors as text, redirects to clean paths: PURE."""

import html
import posixpath
from http import HTTPStatus
from urllib.parse import quote

from centripetal.server.listening.http1 import Request, Response

__all__ = ["clean_path", "error", "redirect", "target_of"]

_REASONS = {HTTPStatus.NOT_FOUND: "404 page not found"}


def target_of(request: Request) -> str:
    """Return the path and query of *request*; if its target is a whole URL, ignore the host."""
    target = request.target
    if "://" in target.partition("?")[0]:
        return "/" + target.partition("://")[2].partition("/")[2]
    return target


def clean_path(path: str) -> str:
    """Return *path* without empty and dotted parts; the real servers redirect to this path."""
    cleaned = "/" + posixpath.normpath(path).lstrip("/")
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned


def redirect(method: str, path: str, query: str, status: HTTPStatus = HTTPStatus.MOVED_PERMANENTLY) -> Response:
    """Return a redirect to another path; *query* includes its question mark."""
    location = quote(path.encode("latin-1"), safe="/%:@!$&'()*+,;=~-._") + query
    headers = (("Location", location),)
    if method not in ("GET", "HEAD"):
        return Response(status, headers)
    # The real server answers HEAD without a length, so the body stays empty.
    body = f'<a href="{html.escape(location)}">{status.phrase}</a>.\n\n' if method == "GET" else ""
    return Response(status, (("Content-Type", "text/html; charset=utf-8"), *headers), body.encode("latin-1"))


def error(status: HTTPStatus, note: str, text: str = "") -> Response:
    """Return an error with one line of text; *note* is only for the log."""
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return Response(status, headers, f"{text or _REASONS.get(status, status.phrase)}\n".encode(), note)
