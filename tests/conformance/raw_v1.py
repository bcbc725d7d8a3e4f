"""Requests to the HTTP API of a 1.x server as bytes, valid ones and others, and replies made comparable."""

import hmac
import http.client
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from hypothesis import strategies as st

from tests.conformance.servers import Server
from tests.conformance.servers_v1 import SECRET

__all__ = ["Peer", "RawReply", "RawRequest", "bodies", "payloads", "requests", "signed"]


class RawRequest(NamedTuple):
    """An HTTP request."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class RawReply(NamedTuple):
    """An HTTP reply: what is compared of it, with all that differs between any two servers replaced."""

    status: int
    headers: tuple[str, ...]
    body: bytes


class Peer:
    """A connection to a server, kept open over many requests.

    Args:
        server: who is asked.
        mask: replaces in a reply's body what differs between any two servers.
    """

    def __init__(self, server: Server, mask: Callable[[bytes], bytes] | None = None) -> None:
        self._mask = mask or _mask
        parts = urlsplit(server.url)
        assert parts.hostname
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def ask(self, request: RawRequest) -> RawReply:
        """Make a request and read the whole reply."""
        # A text body would be encoded, and a None one have no length: bytes are neither.
        self._connection.putrequest(request.method, request.path, skip_accept_encoding=True)
        for name, value in request.headers:
            self._connection.putheader(name, value.encode())
        self._connection.putheader("Content-Length", str(len(request.body)))
        self._connection.endheaders(request.body)
        response = self._connection.getresponse()
        body = response.read()
        return RawReply(
            response.status, tuple(f"{name}: {response.getheader(name)}" for name in _COMPARED), self._mask(body)
        )

    def close(self) -> None:
        self._connection.close()


_COMPARED = ("Content-Type", "X-Content-Type-Options", "Location", "Allow")

_MASKS = (
    # A message's id, and a node's id, version, start and measurements: the names of these are compared.
    (re.compile(rb'"uid":"[0-9A-Za-z]{22}","channel":'), b'"uid":"MESSAGE","channel":'),
    (re.compile(rb'"uid":"[-0-9a-f]{36}","version":"[^"]*"'), b'"uid":"NODE","version":"VERSION"'),
    (re.compile(rb'"started_at":[0-9]+,'), b'"started_at":TIME,'),
    (re.compile(rb'("(?:http|client|node)_[^"]*"):-?[0-9]+'), rb"\1:NUMBER"),
)


def _mask(body: bytes) -> bytes:
    for pattern, replacement in _MASKS:
        body = pattern.sub(replacement, body)
    return body


def sign(body: bytes) -> str:
    return hmac.digest(SECRET.encode(), body, "sha256").hex()


def signed(body: bytes) -> RawRequest:
    """A request as a client makes it."""
    return RawRequest("POST", "/api/", (("Content-Type", "application/json"), ("X-API-Sign", sign(body))), body)


# ---- JSON texts, of all spellings and misspellings

_SPACES = st.sampled_from([b""] * 12 + [b" ", b"\n", b"\t\r\n "])
_ESCAPES = st.sampled_from(
    rb"\n \" \\ \/ \b \f \t \u0000 \u003C \u2028 \ud83d\uDE00 \ud800 \udc00 \ud800\ud800 \u00E9 \u0022 \u017f".split()
)
_BAD_ESCAPES = st.sampled_from(rb"\x \u12 \U0041 \' \ ".split())
_BAD_IN_STRINGS = st.sampled_from(
    [b"\x00", b"\n", b"\t", b"\x1f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xe2\x80"]
)
_PIECES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters='"\\', min_codepoint=32), max_size=5).map(str.encode),
    st.sampled_from(["<b>&", "\u2028\u2029", "\x7f\x80", "\ufeff", "\u212a\u017f", "é", "😀"]).map(str.encode),
    _ESCAPES,
)
_NUMBERS = st.one_of(
    st.integers().map(lambda number: b"%d" % number),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: repr(number).encode()),
    st.sampled_from([b"-0", b"0.10", b"1E5", b"1e+05", b"1e400", b"-1e-400", b"1" * 40, b"0e0"]),
)
_WRONG = st.sampled_from(
    [b"", b"tru\x00e", b"\xef\xbb\xbf1", b"[1 2]", b"'a'", b'"', b"[1,]", b"{,}", b'{"a":1,}', b'{"a"}', b"{1:2}"]
)
_WRONG |= st.sampled_from(b"01 -01 - +1 1. .5 1e 0x1 1e5.5 NaN Infinity True nul // ] }".split())


def _quoted(pieces: list[bytes]) -> bytes:
    return b'"%b"' % b"".join(pieces)


_STRINGS = st.one_of(
    st.sampled_from([b'""', b'"a"', b'"42"']),
    st.lists(_PIECES, max_size=3).map(_quoted),
)
_ODD_STRINGS = st.lists(st.one_of(_PIECES, _BAD_IN_STRINGS, _BAD_ESCAPES), min_size=1, max_size=3).map(_quoted)
_LITERALS = st.sampled_from([b"null", b"true", b"false", b"0", b"{}", b"[]", b'""'])


def _separated(opening: bytes, items: list[bytes], spaces: list[bytes], closing: bytes) -> bytes:
    spaced = [before + item + after for item, before, after in zip(items, spaces, reversed(spaces), strict=True)]
    return opening + b",".join(spaced) + closing


@st.composite
def _arrays(draw: st.DrawFn, elements: st.SearchStrategy[bytes]) -> bytes:
    items = draw(st.lists(elements, max_size=3))
    return _separated(b"[", items, [draw(_SPACES) for _ in items], b"]")


@st.composite
def _objects(draw: st.DrawFn, elements: st.SearchStrategy[bytes]) -> bytes:
    items = [name + b":" + draw(_SPACES) + draw(elements) for name in draw(st.lists(_STRINGS, max_size=3))]
    return _separated(b"{", items, [draw(_SPACES) for _ in items], b"}")


payloads = st.recursive(
    st.one_of(_LITERALS, _NUMBERS, _STRINGS), lambda inner: st.one_of(_arrays(inner), _objects(inner)), max_leaves=6
)
"""JSON values of any spelling, all valid."""

_values = st.one_of(payloads, payloads, payloads, payloads, payloads, _ODD_STRINGS, _WRONG)
"""JSON values, some of them wrong."""

# ---- commands

_CHANNELS = ["news", "news", "public:a", "one:a", "$public:a", "bare:x", "nowhere:x", "size-only:x", "inactive:x", ""]
_CHANNELS += ["é<&>\u2028", ":x", "a#1,2", "$", "k\u212a"]
_METHODS = ["publish", "broadcast", "unsubscribe", "disconnect", "presence", "history", "channels", "stats", "node"]
_CHANNEL = st.one_of(st.sampled_from(_CHANNELS).map(lambda name: b'"%b"' % name.encode()), _STRINGS)
_ANY = st.one_of(_values, _CHANNEL, _LITERALS)
_MEMBERS: dict[str, st.SearchStrategy[bytes]] = {
    "channel": _CHANNEL,
    "channels": _arrays(_CHANNEL),
    "data": payloads,
    "client": _STRINGS,
    "uid": _STRINGS,
    "user": st.one_of(st.just(b'"42"'), _STRINGS),
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
def _spelled(draw: st.DrawFn, name: str) -> bytes:
    """A member's name, quoted: letter case does not matter to Go, nor do some letters that fold to ASCII."""
    if draw(st.integers(0, 9)):
        return b'"%b"' % name.encode()
    changes: list[Callable[[str], str]] = [
        str.upper,
        str.title,
        lambda text: text.replace("s", "\u017f").replace("k", "\u212a"),
        lambda text: f"\\u{ord(text[0]):04x}{text[1:]}",
        lambda text: text + " ",
        lambda text: text.replace("i", "\u0131"),
    ]
    return b'"%b"' % draw(st.sampled_from(changes))(name).encode()


@st.composite
def _described(draw: st.DrawFn, names: list[str], values: dict[str, st.SearchStrategy[bytes]], wild: bool) -> bytes:
    """An object with these members, in any order if *wild*, some wrong then, some repeated."""
    items = []
    for name in draw(st.permutations(names)) if wild else names:
        odd = wild and not draw(st.integers(0, 15))
        spelled = draw(_spelled(name)) if wild else b'"%b"' % name.encode()
        items.append(spelled + b":" + draw(_SPACES) + draw(_ANY if odd else values.get(name, _ANY)))
    return _separated(b"{", items, [draw(_SPACES) for _ in items], b"}")


@st.composite
def _commands(draw: st.DrawFn, wild: bool) -> bytes:
    method = draw(st.sampled_from(_METHODS))
    names = _PARAMS.get(method, [])
    names = names[: _NEEDED.get(method, 0)] + draw(st.lists(st.sampled_from([*names, "x"]), max_size=3 if wild else 1))
    if wild and not draw(st.integers(0, 3)):
        names = names[1:]
    params = draw(_described(names, _MEMBERS, wild))
    members = {
        "uid": _STRINGS,
        "method": st.just(b'"%b"' % method.encode()),
        "params": st.just(params),
    }
    envelope = ["method", "params"]
    if wild:
        envelope += draw(st.lists(st.sampled_from(["uid", "method", "params", "x"]), max_size=2))
    elif draw(st.booleans()):
        envelope.insert(0, "uid")
    return draw(_described(envelope, members, wild))


@st.composite
def _mutated(draw: st.DrawFn, original: st.SearchStrategy[bytes]) -> bytes:
    """Bytes with some put in, taken out or replaced."""
    body = bytearray(draw(original))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(body)))
        end = min(len(body), place + draw(st.sampled_from([0, 0, 1, 1, 2, 9])))
        body[place:end] = draw(
            st.one_of(st.binary(max_size=2), st.sampled_from([b'"', b"\\", b"{", b"}", b"[", b",", b":"]))
        )
    return bytes(body)


@st.composite
def _lists(draw: st.DrawFn, wild: bool) -> bytes:
    items = draw(st.lists(_commands(wild), min_size=1, max_size=5))
    if wild and not draw(st.integers(0, 9)):
        items.append(draw(_ANY))
    return _separated(b"[", items, [draw(_SPACES) for _ in items], b"]") + draw(_SPACES)


_good = st.one_of(_lists(wild=False), _lists(wild=False), _commands(wild=False))
_bodies = st.one_of(_good, _good, _lists(wild=True), _commands(wild=True))

bodies = st.one_of(_bodies, _bodies, _bodies, _mutated(_good), _values | st.binary(max_size=20))
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
    """Requests as they should be, in JSON or form mode, but for one or two of method, path, type, data and sign."""
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
