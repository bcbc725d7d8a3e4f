"""JSON exactly as a Go server reads and writes it. PURE; never recurses, no matter how deep the input is.

See protocol 1: json-rules.

`members` and `elements` split an object or an array into undecoded values; `gostructs` reads them into structs.
`compact` and `quote` write values of replies, `quote_push` writes values of pushes to clients.

Every function that reads raises only `JSONError`, for any bytes.
"""

import json
import re
from collections.abc import Iterator

import msgspec

__all__ = ["MAX_DEPTH", "JSONError", "brackets", "check", "compact", "elements", "first", "fold", "items_at", "members"]
__all__ += ["pairs", "quote", "quote_push", "spans", "string", "values"]

_decode_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode

MAX_DEPTH = 10_000
"""Maximum nesting depth of arrays and objects, the outermost included, that Go's reader accepts."""

_VALUE, _FIRST_VALUE, _KEY, _FIRST_KEY, _COLON, _NEXT = range(6)
_TOKEN = re.compile(
    rb"[ \t\r\n]*+(?:"
    rb'("[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")'
    rb"|(-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+|true|false|null)"
    rb"|([][{},:]))"
)
_OPENINGS = re.compile(
    rb"(?:[ \t\r\n]*+(?:\[++"
    rb'|\{[ \t\r\n]*+"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"[ \t\r\n]*+:))++'
)
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_CLOSINGS = re.compile(rb"[ \t\r\n]*+([]}]++)")
_CLOSING_OF = bytes.maketrans(b"[{", b"]}")
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
# The only non-ASCII characters that fold to an ASCII letter are the long s and the Kelvin sign; lower() handles the
# Kelvin sign.
_LONG_S = "\u017f"


class JSONError(ValueError):
    """The bytes are not the expected JSON; the message says where and why."""


def check(text: bytes, deepest: int = MAX_DEPTH) -> None:
    """Check that *text* is one JSON value, optionally surrounded by whitespace.

    Args:
        text: the text.
        deepest: maximum nesting depth of text that the fast decoder does not accept, which is about 1,000 levels.
    """
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        _end(text, _scan(text, 0, None, deepest=deepest))


def first(text: bytes) -> bytes:
    """Return the value at the start of *text*, ignoring the rest."""
    return text[: _scan(text, 0, None)]


def values(text: bytes) -> Iterator[bytes]:
    """Yield the values of *text*, a sequence of JSON values; raise an error at the first invalid value."""
    position = 0
    while (start := _space(text, position)) < len(text):
        position = _scan(text, start, None)
        yield text[start:position]


def elements(text: bytes) -> list[bytes]:
    """Return the elements of an array as the bytes in *text*."""
    try:
        return [bytes(raw) for raw in _decode_elements(text)]
    except (msgspec.DecodeError, RecursionError):
        return [text[start:end] for _, start, end in _container(text, b"[")]


def members(text: bytes) -> list[tuple[str, bytes]]:
    """Return the members of an object in order: names folded to lower case as Go compares them, values unchanged."""
    return [(fold(name), raw) for name, raw in pairs(text)]


def pairs(text: bytes) -> list[tuple[str, bytes]]:
    """Return the entries of an object in order with unchanged names, as Go reads an object into a map."""
    return [(string(key), text[start:end]) for key, start, end in _container(text, b"{")]


def fold(name: str) -> str:
    """Return *name* folded, so that matching names are equal."""
    return name.replace(_LONG_S, "s").lower()


def string(raw: bytes) -> str:
    """Decode the JSON string *raw*; bytes and escapes that are not valid Unicode become U+FFFD."""
    token = _TOKEN.fullmatch(raw)
    if token is None or token.lastindex != 1:
        raise JSONError(f"expected a string, not {_excerpt(raw)}")
    # Go replaces each invalid byte, as surrogateescape does; errors="replace" would replace whole sequences.
    text = _SURROGATE.sub("\ufffd", token[1].decode("utf-8", "surrogateescape"))
    return text[1:-1] if "\\" not in text else _SURROGATE.sub("\ufffd", json.loads(text))


def compact(raw: bytes) -> bytes:
    """Return a JSON value in the style of replies: no whitespace between tokens; `<`, `>`, `&`, U+2028, U+2029 escaped.

    Raises:
        JSONError: *raw* is not valid JSON, so a reply cannot contain it.
    """
    check(raw)
    if _SOME_SPACE.search(raw):
        raw = _STRING_OR_SPACE.sub(rb"\1", raw)
    return _escaped(raw)


def quote(text: str) -> bytes:
    """Return *text* as a JSON string in the style of replies."""
    return _escaped(msgspec.json.encode(text))


def quote_push(text: str) -> bytes:
    """Return *text* as a JSON string in the style of pushes: backspace and form feed are written as `\\u` escapes."""
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
"""The undecoded name (empty in an array), and the start and end of the value."""


def spans(text: bytes) -> tuple[int, dict[int, int]]:
    """Return where the value of *text* starts, and for the start of each object and array, where it ends.

    `items_at` then splits the containers at all levels, without scanning any part of the text again.
    """
    ends: dict[int, int] = {}
    _end(text, _scan(text, 0, None, ends))
    return _space(text, 0), ends


def items_at(text: bytes, start: int, ends: dict[int, int]) -> Iterator[Item]:
    """Yield the items of the object or array that starts at *start*; *ends* comes from `spans`."""
    is_object = text[start : start + 1] == b"{"
    last = ends[start] - 1
    position = _space(text, start + 1)
    while position < last:
        key = b""
        if is_object:
            name = _TOKEN.match(text, position)
            assert name is not None
            key, position = name[1], text.index(b":", name.end()) + 1
        value = _space(text, position)
        end = ends.get(value)
        if end is None:
            scalar = _TOKEN.match(text, value)
            assert scalar is not None
            end = scalar.end()
        yield key, value, end
        position = _space(text, end) + 1  # after the comma


def _container(text: bytes, opening: bytes) -> list[Item]:
    items: list[Item] = []
    start = _space(text, 0)
    if text[start : start + 1] != opening:
        raise JSONError(f"expected {'an object' if opening == b'{' else 'an array'}, not {_excerpt(text[start:])}")
    _end(text, _scan(text, start, items))
    return items


def _space(text: bytes, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None  # the pattern also matches the empty string
    return found.end()


def _end(text: bytes, position: int) -> None:
    end = _space(text, position)
    if end != len(text):
        raise JSONError(f"unexpected text after the value at byte {end}: {_excerpt(text[end:])}")


def _scan(
    text: bytes,
    position: int,
    items: list[Item] | None,
    ends: dict[int, int] | None = None,
    *,
    deepest: int = MAX_DEPTH,
) -> int:
    """Return the end of the value at *position*.

    Args:
        text: the text.
        position: where the value starts, apart from space before it.
        items: gets the items of the outermost container.
        ends: gets the end of each container by its start.
        deepest: maximum number of levels.
    """
    stack = bytearray()  # the opening brackets of the enclosing containers
    starts: list[int] = []  # their positions
    expected = _VALUE
    key, start = b"", 0
    while True:
        # Deep nesting is a run of openings followed by a run of closings: one step for each run, not for each level,
        # unless the caller wants the end of each level.
        if len(stack) > 1 and ends is None:
            if expected == _NEXT:
                position = _close_run(stack, text, position)
                if len(stack) == 1 and items is not None:
                    items.append((key, start, position))
            elif expected in (_VALUE, _FIRST_VALUE) and (run := _OPENINGS.match(text, position)):
                position = run.end()
                stack += brackets(run[0])
                expected = _FIRST_VALUE if stack.endswith(b"[") else _VALUE
                if len(stack) > deepest:
                    raise JSONError(f"nested deeper than {deepest} levels")
        token = _TOKEN.match(text, position)
        if token is None:
            raise _unexpected(text, position)
        position = token.end()
        mark = token[3]
        if mark in (b"[", b"{") and expected in (_VALUE, _FIRST_VALUE):
            if len(stack) == deepest:
                raise JSONError(f"nested deeper than {deepest} levels")
            stack += mark
            if ends is not None:
                starts.append(position - 1)
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
                if ends is not None:
                    ends[starts.pop()] = position
            elif expected not in (_VALUE, _FIRST_VALUE):
                raise _unexpected(text, token.start(token.lastindex or 0))
            # A value ends here: a scalar, or the container that was just closed.
            if not stack:
                return position
            if len(stack) == 1 and items is not None:
                items.append((key, start, position))
            expected = _NEXT
            continue
        if len(stack) == 1:
            start = _space(text, position)


def brackets(text: bytes) -> bytes:
    """Return the brackets in *text* that are not inside strings."""
    return (_STRING.sub(b"", text) if b'"' in text else text).translate(None, _NO_BRACKETS)


def _close_run(stack: bytearray, text: bytes, position: int) -> int:
    """Remove the containers from *stack* that end at *position*, except for the outermost, and return their end."""
    run = _CLOSINGS.match(text, position)
    if run is None:
        return position
    count = min(len(run[1]), len(stack) - 1)
    if stack[: -count - 1 : -1].translate(_CLOSING_OF) != run[1][:count]:
        return position  # `_close` finds the closing bracket that does not match
    del stack[-count:]
    return run.start(1) + count


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
