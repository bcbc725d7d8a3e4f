"""Valid and invalid requests to the HTTP API of a 1.x server as bytes, and comparable replies."""

import hmac
import re
from collections.abc import Callable
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.conformance.raw import (
    LITERALS,
    SPACES,
    STRINGS,
    RawRequest,
    arrays,
    described,
    mutated,
    payloads,
    separated,
    values,
)
from tests.conformance.servers_v1 import SECRET

__all__ = ["bodies", "mask", "requests", "signed"]


_MASKS = (
    # A message's id, and a node's id, version, start and measurements: only their names are compared.
    (re.compile(rb'"uid":"[0-9A-Za-z]{22}","channel":'), b'"uid":"MESSAGE","channel":'),
    (re.compile(rb'"uid":"[-0-9a-f]{36}","version":"[^"]*"'), b'"uid":"NODE","version":"VERSION"'),
    (re.compile(rb'"started_at":[0-9]+,'), b'"started_at":TIME,'),
    (re.compile(rb'("(?:http|client|node)_[^"]*"):-?[0-9]+'), rb"\1:NUMBER"),
)


def mask(body: bytes) -> bytes:
    """Return a reply's body without values that differ between servers."""
    for pattern, replacement in _MASKS:
        body = pattern.sub(replacement, body)
    return body


def sign(body: bytes) -> str:
    return hmac.digest(SECRET.encode(), body, "sha256").hex()


def signed(body: bytes) -> RawRequest:
    """Return a request as a client sends it."""
    return RawRequest("POST", "/api/", (("Content-Type", "application/json"), ("X-API-Sign", sign(body))), body)


# ---- commands

_CHANNELS = ["news", "news", "public:a", "one:a", "$public:a", "bare:x", "nowhere:x", "size-only:x", "inactive:x", ""]
_CHANNELS += ["é<&>\u2028", ":x", "a#1,2", "$", "k\u212a"]
_METHODS = ["publish", "broadcast", "unsubscribe", "disconnect", "presence", "history", "channels", "stats", "node"]
_CHANNEL = st.one_of(st.sampled_from(_CHANNELS).map(lambda name: b'"%b"' % name.encode()), STRINGS)
_ANY = st.one_of(values, _CHANNEL, LITERALS)
_MEMBERS: dict[str, st.SearchStrategy[bytes]] = {
    "channel": _CHANNEL,
    "channels": arrays(_CHANNEL),
    "data": payloads,
    "client": STRINGS,
    "uid": STRINGS,
    "user": st.one_of(st.just(b'"42"'), STRINGS),
}
_PARAMS = {
    "publish": ["channel", "data", "channel", "data", "client", "uid"],
    "broadcast": ["channels", "data", "channels", "data", "client", "uid"],
    "unsubscribe": ["user", "channel", "user"],
    "disconnect": ["user"],
    "presence": ["channel"],
    "history": ["channel"],
}
_NEEDED = {"publish": 2, "broadcast": 2, "unsubscribe": 2, "disconnect": 1, "presence": 1, "history": 1}


@st.composite
def _commands(draw: st.DrawFn, wild: bool) -> bytes:
    method = draw(st.sampled_from(_METHODS))
    names = _PARAMS.get(method, [])
    names = names[: _NEEDED.get(method, 0)] + draw(st.lists(st.sampled_from([*names, "x"]), max_size=3 if wild else 1))
    if wild and not draw(st.integers(0, 3)):
        names = names[1:]
    params = draw(described(names, _MEMBERS, wild, _ANY))
    members = {
        "uid": STRINGS,
        "method": st.just(b'"%b"' % method.encode()),
        "params": st.just(params),
    }
    envelope = ["method", "params"]
    if wild:
        envelope += draw(st.lists(st.sampled_from(["uid", "method", "params", "x"]), max_size=2))
    elif draw(st.booleans()):
        envelope.insert(0, "uid")
    return draw(described(envelope, members, wild, _ANY))


@st.composite
def _lists(draw: st.DrawFn, wild: bool) -> bytes:
    items = draw(st.lists(_commands(wild), min_size=1, max_size=5))
    if wild and not draw(st.integers(0, 9)):
        items.append(draw(_ANY))
    return separated(b"[", items, [draw(SPACES) for _ in items], b"]") + draw(SPACES)


_good = st.one_of(_lists(wild=False), _lists(wild=False), _commands(wild=False))
_bodies = st.one_of(_good, _good, _lists(wild=True), _commands(wild=True))

bodies = st.one_of(_bodies, _bodies, _bodies, mutated(_good), values | st.binary(max_size=20))
"""Bodies of requests, about half of them valid."""

# ---- whole requests

_METHODS_ODD = ["PUT", "PATCH", "GET", "DELETE", "HEAD", "OPTIONS", "WHATEVER"]
_PATHS = [
    "/api/x",
    "/api/x/?y",
    "/api",
    "//api/",
    "/api//",
    "/apix",
    "/API/",
    "/",
    "/api/../api/",
    "/api/?data=[]&sign=x",
]
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_TYPES = [
    f"{_JSON}; charset=utf-8",
    _JSON.upper(),
    f"{_JSON}p",
    f" {_JSON}",
    "text/json",
    "",
    _FORM.title(),
    f"{_FORM}; a=b",
    None,
]
_DATA = [
    b"[]",
    b'[{"method":"publish","params":{"channel":"news","data":1}}]',
    b" []",
    b"[",
    b"",
    b'{"method":"history"}',
]
_SIGNS: list[Callable[[str], str]] = [
    str.upper,
    lambda sign: sign[:-1],
    lambda sign: sign + "0",
    lambda _: "",
    lambda _: "é",
]


@st.composite
def requests(draw: st.DrawFn) -> RawRequest:
    """Return a correct request, in JSON or form mode, with up to two of method, path, type, data and sign changed."""
    odd = draw(st.sets(st.sampled_from(["method", "path", "type", "data", "sign", "place"]), max_size=2))
    form = draw(st.booleans())
    data = draw(st.sampled_from(_DATA)) if "data" in odd else b'{"method":"channels"}'
    signature = draw(st.sampled_from(_SIGNS))(sign(data)) if "sign" in odd else sign(data)
    fields = urlencode({"data": data, "sign": signature})
    kind = draw(st.sampled_from(_TYPES)) if "type" in odd else _FORM if form else _JSON
    path = draw(st.sampled_from(_PATHS)) if "path" in odd else "/api/"
    headers = [] if kind is None else [("Content-Type", kind)]
    if not form or "place" in odd:
        headers.append(("X-API-Sign", signature))
    body = fields.encode() if form else data
    if "place" in odd:
        path, body = f"{path}{'&' if '?' in path else '?'}{fields}", draw(st.sampled_from([b"", body]))
    return RawRequest(draw(st.sampled_from(_METHODS_ODD)) if "method" in odd else "POST", path, tuple(headers), body)
