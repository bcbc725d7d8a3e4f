"""Valid and invalid HTTP API requests as bytes, and comparable replies: the part for all dialects."""

import http.client
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from hypothesis import strategies as st

from tests.conformance.servers import Server

__all__ = ["LITERALS", "SPACES", "STRINGS", "Peer", "RawReply", "RawRequest", "arrays", "described", "mutated"]
__all__ += ["payloads", "separated", "values"]


class RawRequest(NamedTuple):
    """An HTTP request."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class RawReply(NamedTuple):
    """An HTTP reply, reduced to the compared parts, with values that differ between servers masked."""

    status: int
    headers: tuple[str, ...]
    body: bytes


class Peer:
    """A connection to a server, kept open for many requests.

    Args:
        server: server to connect to.
        mask: function that replaces values in a reply's body that differ between servers.
    """

    def __init__(self, server: Server, mask: Callable[[bytes], bytes]) -> None:
        self._mask = mask
        parts = urlsplit(server.url)
        assert parts.hostname
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def ask(self, request: RawRequest) -> RawReply:
        """Send a request and read the whole reply."""
        # The body must be bytes: the client would encode text, and None has no length.
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

# ---- JSON texts, valid and invalid

SPACES = st.sampled_from([b""] * 12 + [b" ", b"\n", b"\t\r\n "])
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


STRINGS = st.one_of(
    st.sampled_from([b'""', b'"a"', b'"42"']),
    st.lists(_PIECES, max_size=3).map(_quoted),
)
_ODD_STRINGS = st.lists(st.one_of(_PIECES, _BAD_IN_STRINGS, _BAD_ESCAPES), min_size=1, max_size=3).map(_quoted)
LITERALS = st.sampled_from([b"null", b"true", b"false", b"0", b"{}", b"[]", b'""'])


def separated(opening: bytes, items: list[bytes], spaces: list[bytes], closing: bytes) -> bytes:
    spaced = [before + item + after for item, before, after in zip(items, spaces, reversed(spaces), strict=True)]
    return opening + b",".join(spaced) + closing


@st.composite
def arrays(draw: st.DrawFn, elements: st.SearchStrategy[bytes]) -> bytes:
    items = draw(st.lists(elements, max_size=3))
    return separated(b"[", items, [draw(SPACES) for _ in items], b"]")


@st.composite
def _objects(draw: st.DrawFn, elements: st.SearchStrategy[bytes]) -> bytes:
    items = [name + b":" + draw(SPACES) + draw(elements) for name in draw(st.lists(STRINGS, max_size=3))]
    return separated(b"{", items, [draw(SPACES) for _ in items], b"}")


payloads = st.recursive(
    st.one_of(LITERALS, _NUMBERS, STRINGS), lambda inner: st.one_of(arrays(inner), _objects(inner)), max_leaves=6
)
"""Valid JSON values in any spelling."""

values = st.one_of(payloads, payloads, payloads, payloads, payloads, _ODD_STRINGS, _WRONG)
"""JSON values, some of them invalid."""


@st.composite
def _spelled(draw: st.DrawFn, name: str) -> bytes:
    """Return a member's name in quotes; Go ignores letter case and accepts some letters that fold to ASCII."""
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
def described(
    draw: st.DrawFn,
    names: list[str],
    members: dict[str, st.SearchStrategy[bytes]],
    wild: bool,
    anything: st.SearchStrategy[bytes],
) -> bytes:
    """Return an object with these members; if *wild*, in any order, with some of *anything* and some repeated."""
    items = []
    for name in draw(st.permutations(names)) if wild else names:
        odd = wild and not draw(st.integers(0, 15))
        spelled = draw(_spelled(name)) if wild else b'"%b"' % name.encode()
        items.append(spelled + b":" + draw(SPACES) + draw(anything if odd else members.get(name, anything)))
    return separated(b"{", items, [draw(SPACES) for _ in items], b"}")


@st.composite
def mutated(draw: st.DrawFn, original: st.SearchStrategy[bytes]) -> bytes:
    """Return bytes with some inserted, removed or replaced."""
    body = bytearray(draw(original))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(body)))
        end = min(len(body), place + draw(st.sampled_from([0, 0, 1, 1, 2, 9])))
        body[place:end] = draw(
            st.one_of(st.binary(max_size=2), st.sampled_from([b'"', b"\\", b"{", b"}", b"[", b",", b":"]))
        )
    return bytes(body)
