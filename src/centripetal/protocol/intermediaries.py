"""Recognition of replies that a proxy, gateway, login or captive portal sent instead of Centrifugo. PURE.

Such a reply says nothing about the key of the API or about the command, so errors name its sender. Centrifugo itself
replies to requests it does not accept with an empty body or one line of plain text, never asks for a login with
`WWW-Authenticate`, and never sends HTML (protocol 1: http-request; protocol 6: http-response, api-key).
"""

import re

from centripetal.errors import MalformedResponseError
from centripetal.protocol.http import HTTPReply

__all__ = ["excerpt", "in_front", "page_error"]

_WHO = "a proxy, gateway or login in front of the server"

# Statuses that Centrifugo's API never sends.
_NEVER_SENT = frozenset((403, 407, 429, 502, 504, 511))
_REFUSALS = (b"", b"unauthorized")
_GATEWAY_TEXTS = (
    *("upstream connect error", "upstream request timeout", "no healthy upstream", "RBAC: access denied"),
    *("error code: ", "default backend", "stream timeout", "no available server"),
)
_DIRECTLY = "send the request to Centrifugo directly, or let the API's path pass without a login"
_HINTS = {
    401: f"it wants a login of its own, so {_DIRECTLY}",
    403: f"access denied, so {_DIRECTLY}",
    404: "check host, port and path",
    405: "check host, port and path",
    407: f"it wants a login of its own, so {_DIRECTLY}",
    413: "the request is too large for it, so send fewer commands at once",
    429: "too many requests: it limits the rate",
    502: "it got no valid reply from Centrifugo. Is Centrifugo running?",
    503: "it has no server to pass the request to. Is Centrifugo running?",
    511: "the network wants a login",
    504: "it got no reply from Centrifugo in time. Is Centrifugo running?",
}


def in_front(reply: HTTPReply) -> str:
    """Return what sent the error *reply*, what it says and what to do; "" if Centrifugo may have sent it."""
    scheme = reply.header("www-authenticate")
    page = _page(reply.body)
    text = bytes(reply.body)[:4096].strip()
    packed = reply.header("content-encoding")
    if scheme is not None:
        kind = re.match(r"[A-Za-z0-9_-]{1,40}", scheme)
        what = f"asks for {'' if kind is None else kind[0] + ' '}authentication"
    elif page:
        what = f"sent {page}"
    elif packed is not None and not text:
        what = f"sent a compressed page (Content-Encoding: {_printable(packed)})"
    elif (
        reply.status in _NEVER_SENT
        or (reply.status == 401 and text.lower() not in _REFUSALS)
        or text.startswith(tuple(each.encode() for each in _GATEWAY_TEXTS))
    ):
        what = f"sent {excerpt(text)}"
    else:
        return ""
    name = reply.header("server") or reply.header("via")
    hint = _HINTS.get(reply.status)
    return f"{_WHO}{'' if name is None else f' ({_printable(name)})'} {what}{'' if hint is None else f': {hint}'}"


def page_error(body: bytes, endpoint: str) -> MalformedResponseError | None:
    """Return the error for a reply with status 200 whose *body* is a web page; None if it is not."""
    page = _page(body)
    if not page:
        return None
    return MalformedResponseError(
        f"{endpoint} replied with {page} instead of a Centrifugo reply. It comes from {_WHO}, or the URL is wrong: "
        f"check the URL, or {_DIRECTLY}"
    )


def excerpt(body: bytes, most: int = 100) -> str:
    """Return the beginning of *body*, at most *most* bytes, for an error message."""
    text = bytes(body)[:most].decode("utf-8", "replace").strip()
    return repr(text) if text else "an empty body"


def _page(body: bytes) -> str:
    """Return a description of *body* if it is HTML or XML, else ""; JSON and Centrifugo's texts never begin with <."""
    start = bytes(body)[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"<"):
        return ""
    kind = "an XML document" if start.startswith(b"<?xml") and b"<html" not in start.lower() else "an HTML page"
    title = re.search(rb"<title[^>]*>([^<]{1,200})", start, re.IGNORECASE)
    words = b" ".join(title[1].split())[:60].decode("utf-8", "replace") if title is not None else ""
    return f"{kind} titled {words!r}" if words else f"{kind}: {excerpt(start, 60)}"


def _printable(value: str) -> str:
    return "".join([char if char.isprintable() else "?" for char in value[:40]])
