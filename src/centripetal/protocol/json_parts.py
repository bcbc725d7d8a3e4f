"""Split JSON text into the parts of its outermost array or object, without checking the parts. PURE.

`gojson` reads text as strictly as a Go server; this module only finds where each part ends, by brackets and strings. An
invalid part therefore does not hide the others, and any nesting depth takes linear time and no recursion.
"""

import re

import msgspec

from centripetal.protocol.gojson import JSONError, brackets, string

__all__ = ["array_parts", "nesting", "object_parts"]

_SPACE = b" \t\r\n"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SCALARS = re.compile(rb'(?:[^][{}",]++|%b)*+' % _STRING, re.DOTALL)
_OPENINGS = re.compile(rb'(?:(?:[^][{}"]++|%b)*+[\[{]++)++' % _STRING, re.DOTALL)
_CLOSINGS = re.compile(rb'(?:[^][{}"]++|%b)*+([]}]++)' % _STRING, re.DOTALL)
_MEMBER = re.compile(rb"[ \t\r\n]*+(%b)[ \t\r\n]*+:" % _STRING, re.DOTALL)

_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def array_parts(text: bytes) -> list[bytes]:
    """Return the elements of the array *text* as unchecked text.

    Raises:
        JSONError: *text* is not an array, or its end is missing.
    """
    try:
        return [bytes(raw) for raw in _decode_array(text)]
    except _REFUSED:
        return _parts(text, b"[", b"]")


def object_parts(text: bytes) -> dict[str, bytes]:
    """Return the members of the object *text*, with unchecked values. The last of repeated members wins.

    Raises:
        JSONError: *text* is not an object, its end is missing, or a member has no name.
    """
    try:
        return {name: bytes(raw) for name, raw in _decode_object(text).items()}
    except _REFUSED:
        return dict(map(_member, _parts(text, b"{", b"}")))


def nesting(text: bytes) -> int:
    """Return the maximum nesting depth of the arrays and objects in *text*, one JSON value; 0 for a scalar."""
    text = text.strip(_SPACE)
    return _past(text, 0)[1] if text.startswith((b"[", b"{")) else 0


def _member(part: bytes) -> tuple[str, bytes]:
    name = _MEMBER.match(part)
    if name is None:
        raise JSONError(f"expected a member of an object, not {part[:20].decode('latin-1')!a}")
    return string(name[1]), part[name.end() :].strip(_SPACE)


def _parts(text: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    parts: list[bytes] = []
    text = text.strip(_SPACE)
    if not text.startswith(opening):
        raise JSONError(f"expected {'an object' if opening == b'{' else 'an array'}")
    start = position = 1
    while True:
        scalars = _SCALARS.match(text, position)
        assert scalars is not None  # the pattern also matches the empty string
        position = scalars.end()
        mark = text[position : position + 1]
        if mark in (b"[", b"{"):
            position, _ = _past(text, position)
            continue
        if mark not in (b",", closing):
            raise JSONError("the end of an array, object or string is missing")
        part = text[start:position].strip(_SPACE)
        start = position = position + 1
        if mark == b"," or part or parts:
            parts.append(part)
        if mark == closing:
            if position != len(text):
                raise JSONError("unexpected text after the value")
            return parts


def _past(text: bytes, position: int) -> tuple[int, int]:
    """Return the end of the array or object that begins at *position*, and its nesting depth."""
    depth = deepest = 0
    while True:
        run = _OPENINGS.match(text, position)
        if run is not None:
            depth += len(brackets(run[0]))
            deepest = max(deepest, depth)
            position = run.end()
        run = _CLOSINGS.match(text, position)
        if run is None:
            raise JSONError("the end of an array, object or string is missing")
        if len(run[1]) >= depth:
            return run.start(1) + depth, deepest
        depth -= len(run[1])
        position = run.end()
