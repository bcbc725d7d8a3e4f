"""JSON that people wrote, in files and arguments: byte order marks, and members that occur twice: PURE."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.json_parts import object_parts

__all__ = ["repeated_member", "unique_members", "without_mark"]

_UTF8_MARK = b"\xef\xbb\xbf"
# The marks; or without a mark, zero bytes next to each character, because JSON starts with ASCII characters.
_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|\0\0\xfe\xff|(?:[^\0]\0){2}|(?:\0[^\0]){2}|[^\0]\0{3}|\0{3}[^\0]")
_BLANKS = b" \t\r\n"
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}:]')

_decode_text = msgspec.json.Decoder(str).decode


def without_mark(text: bytes, source: str) -> bytes:
    """Return *text* without a byte order mark of UTF-8, which editors and shells on Windows write.

    Args:
        text: the start of a file, or all of it.
        source: the name of the file, for the message.

    Raises:
        UsageError: *text* is UTF-16 or UTF-32, as `>` in Windows PowerShell 5 writes it.
    """
    if text.startswith(_UTF8_MARK):
        return text[len(_UTF8_MARK) :]
    if _WIDE.match(text):
        raise UsageError(
            f"{source} is encoded as UTF-16 or UTF-32: convert it to UTF-8, for example with "
            "`iconv -f UTF-16 -t UTF-8`, or with `Set-Content -Encoding utf8` in PowerShell"
        )
    return text


def repeated_member(text: bytes) -> str | None:
    """Return the name of a member that occurs twice in an object; None if all names differ.

    Args:
        text: the JSON text of the object, which must be valid. Objects inside it are not checked.
    """
    # The usual case first: without backslashes, every second part is a string, and no string occurs twice at any depth.
    if b"\\" not in text:
        strings = text.split(b'"')[1::2]
        if len(set(strings)) == len(strings):
            return None
    # Without a lost member, both texts are equal except for white space. This is faster than reading the names.
    kept = msgspec.json.encode({name: msgspec.Raw(value) for name, value in object_parts(text).items()})
    if len(kept.translate(None, _BLANKS)) == len(text.translate(None, _BLANKS)):
        return None
    return _twice(_names(text))


def unique_members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* as a dict; `json.loads(…, object_pairs_hook=unique_members)` calls this for each object.

    Raises:
        UsageError: a name occurs twice.
    """
    if (name := _twice(name for name, _ in pairs)) is not None:
        raise UsageError(f"the member {name!r:.100} occurs twice in an object")
    return dict(pairs)


def _names(text: bytes) -> Iterator[str]:
    """Yield the name of each member of the object *text*, which must be valid JSON, but not of objects inside it."""
    depth, last = 0, b""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in b"{[":
            depth += 1
        elif token in b"}]":
            depth -= 1
        elif token != b":":
            last = token
        elif depth == 1:
            yield _decode_text(last)


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
