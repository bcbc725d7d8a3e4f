"""JSON exactly as a Go server reads and writes it (spec v1 §7): PURE, and it never recurses, however deep the input.

`members` and `elements` split an object or an array into its values as they are written; `gostructs` makes structs of
them. `compact` and `quote` write what replies hold, `quote_push` what pushes to clients hold.

Every function that reads raises `JSONError` and nothing else, whatever the bytes.
"""

import json
import re
from collections.abc import Iterator

import msgspec

__all__ = ["MAX_DEPTH", "JSONError", "check", "compact", "elements", "first", "fold", "members", "pairs", "quote"]
__all__ += ["quote_push", "string", "values"]

_decode_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode

MAX_DEPTH = 10_000
"""Arrays and objects inside of one another, the outermost included, that Go's reader accepts."""

_VALUE, _FIRST_VALUE, _KEY, _FIRST_KEY, _COLON, _NEXT = range(6)
_TOKEN = re.compile(
    rb"[ \t\r\n]*+(?:"
    rb'("[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")'
    rb"|(-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+|true|false|null)"
    rb"|([][{},:]))"
)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_SOME_SPACE = re.compile(rb"[ \t\r\n]")
_STRING_OR_SPACE = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")|[ \t\r\n]++', re.DOTALL)
_ESCAPED_IN_REPLIES = re.compile(rb"[<>&]|\xe2\x80[\xa8\xa9]")
_REPLY_ESCAPES = {
    b"<": rb"\u003c",
    b">": rb"\u003e",
    b"&": rb"\u0026",
    b"\xe2\x80\xa8": rb"\u2028",
    b"\xe2\x80\xa9": rb"\u2029",
}
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_PUSH_ESCAPES = {rb"\b": rb"\u0008", rb"\f": rb"\u000c"}
_SURROGATE = re.compile("[\ud800-\udfff]")
# The only characters beyond ASCII that fold to an ASCII letter are the long s and the Kelvin sign; lower() does the
# latter by itself.
_LONG_S = "\u017f"


class JSONError(ValueError):
    """The bytes are not the JSON that they must be; the text says where and why."""


def check(text: bytes) -> None:
    """Make sure that *text* is one JSON value, with or without white space around it."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        _end(text, _scan(text, 0, None))


def first(text: bytes) -> bytes:
    """The value that *text* starts with, whatever follows it."""
    return text[: _scan(text, 0, None)]


def values(text: bytes) -> Iterator[bytes]:
    """The values that *text* is a sequence of, one by one; what is none raises when its turn comes."""
    position = 0
    while (start := _space(text, position)) < len(text):
        position = _scan(text, start, None)
        yield text[start:position]


def elements(text: bytes) -> list[bytes]:
    """The elements of an array, each as it is written."""
    try:
        return [bytes(raw) for raw in _decode_elements(text)]
    except (msgspec.DecodeError, RecursionError):
        return [text[start:end] for _, start, end in _container(text, b"[")]


def members(text: bytes) -> list[tuple[str, bytes]]:
    """The members of an object in order: names folded to lower case as Go compares them, values as they are written."""
    return [(fold(name), raw) for name, raw in pairs(text)]


def pairs(text: bytes) -> list[tuple[str, bytes]]:
    """The entries of an object in order, with their names as they are: what Go reads into a map."""
    return [(string(key), text[start:end]) for key, start, end in _container(text, b"{")]


def fold(name: str) -> str:
    """*name* in the form in which names that match are equal."""
    return name.replace(_LONG_S, "s").lower()


def string(raw: bytes) -> str:
    """The text of a string as it is written; whatever is no Unicode in it becomes U+FFFD."""
    token = _TOKEN.fullmatch(raw)
    if token is None or token.lastindex != 1:
        raise JSONError(f"a string is expected, not {_excerpt(raw)}")
    # Go replaces invalid UTF-8 byte by byte, as surrogateescape does, and not sequence by sequence.
    text = _SURROGATE.sub("\ufffd", token[1].decode("utf-8", "surrogateescape"))
    return text[1:-1] if "\\" not in text else _SURROGATE.sub("\ufffd", json.loads(text))


def compact(raw: bytes) -> bytes:
    """A JSON value as replies show it: no white space between tokens, `<`, `>`, `&`, U+2028 and U+2029 escaped.

    Raises:
        JSONError: it is none, so that no reply can hold it.
    """
    check(raw)
    if _SOME_SPACE.search(raw):
        raw = _STRING_OR_SPACE.sub(rb"\1", raw)
    return _escaped(raw)


def quote(text: str) -> bytes:
    """*text* as a JSON string in the style of replies."""
    return _escaped(msgspec.json.encode(text))


def quote_push(text: str) -> bytes:
    """*text* as a JSON string in the style of pushes to clients: backspace and form feed have no short form there."""
    raw = quote(text)
    if rb"\b" not in raw and rb"\f" not in raw:
        return raw
    return _ESCAPE.sub(lambda found: _PUSH_ESCAPES.get(found[0], found[0]), raw)


def _escaped(raw: bytes) -> bytes:
    if not _ESCAPED_IN_REPLIES.search(raw):
        return raw
    return _ESCAPED_IN_REPLIES.sub(lambda found: _REPLY_ESCAPES[found[0]], raw)


# ---- the scanner

Item = tuple[bytes, int, int]
"""The name as it is written (empty in an array), where the value starts, where it ends."""


def _container(text: bytes, opening: bytes) -> list[Item]:
    items: list[Item] = []
    start = _space(text, 0)
    if text[start : start + 1] != opening:
        raise JSONError(f"{'an object' if opening == b'{' else 'an array'} is expected, not {_excerpt(text[start:])}")
    _end(text, _scan(text, start, items))
    return items


def _space(text: bytes, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None  # it matches nothing, too
    return found.end()


def _end(text: bytes, position: int) -> None:
    end = _space(text, position)
    if end != len(text):
        raise JSONError(f"something follows the value at byte {end}: {_excerpt(text[end:])}")


def _scan(text: bytes, position: int, items: list[Item] | None) -> int:
    """Where the value ends that starts at *position*; what the outermost container holds is added to *items*."""
    stack = bytearray()  # the opening marks of the containers around us
    expected = _VALUE
    key, start = b"", 0
    while True:
        token = _TOKEN.match(text, position)
        if token is None:
            raise _unexpected(text, position)
        position = token.end()
        mark = token[3]
        if mark in (b"[", b"{") and expected in (_VALUE, _FIRST_VALUE):
            if len(stack) == MAX_DEPTH:
                raise JSONError(f"nested deeper than {MAX_DEPTH} levels")
            stack += mark
            expected = _FIRST_VALUE if mark == b"[" else _FIRST_KEY
        elif mark == b"," and expected == _NEXT:
            expected = _KEY if stack.endswith(b"{") else _VALUE
        elif mark == b":" and expected == _COLON:
            expected = _VALUE
        elif token.lastindex == 1 and expected in (_KEY, _FIRST_KEY):
            if len(stack) == 1:
                key = token[1]
            expected = _COLON
        else:
            if mark is not None:
                _close(stack, mark, expected, text, token.start(3))
            elif expected not in (_VALUE, _FIRST_VALUE):
                raise _unexpected(text, token.start(token.lastindex or 0))
            # Here a value ends: a scalar, or the container that was just closed.
            if not stack:
                return position
            if len(stack) == 1 and items is not None:
                items.append((key, start, position))
            expected = _NEXT
            continue
        if len(stack) == 1:
            start = _space(text, position)


def _close(stack: bytearray, mark: bytes, expected: int, text: bytes, position: int) -> None:
    opening, first = (b"[", _FIRST_VALUE) if mark == b"]" else (b"{", _FIRST_KEY)
    if mark not in (b"]", b"}") or not stack.endswith(opening) or expected not in (first, _NEXT):
        raise _unexpected(text, position)
    stack.pop()


def _unexpected(text: bytes, position: int) -> JSONError:
    position = _space(text, position)
    if position == len(text):
        return JSONError("the text ends in the middle of a value")
    return JSONError(f"not JSON at byte {position}: {_excerpt(text[position:])}")


def _excerpt(text: bytes) -> str:
    return ascii(text[:20].decode("latin-1"))
