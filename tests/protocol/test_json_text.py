"""Tests of JSON that people wrote: marks of encodings, and repeated members."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.protocol.json_text import repeated_member, unique_members, without_mark

NAMES = st.text(alphabet='ab"\\é:{}[], ', max_size=3)
VALUES = st.sampled_from(['"\\"a\\":"', "[1, {}]", '{"a": 1, "b": {"a": [2]}}', "null", '":"', "1.10"])


@given(st.lists(st.tuples(NAMES, VALUES, st.booleans()), max_size=5), st.sampled_from(["", " ", "\r\n\t"]))
def test_a_repeated_member_is_found(members: list[tuple[str, str, bool]], blank: str) -> None:
    """The first repeated name is found, whatever white space, escapes and values the object has."""
    written = [f"{json.dumps(name, ensure_ascii=escaped)}{blank}:{blank}{value}" for name, value, escaped in members]
    text = f"{{{blank}{f'{blank},'.join(written)}}}{blank}".encode()
    names = [name for name, _, _ in members]
    expected = next((name for index, name in enumerate(names) if name in names[:index]), None)
    assert repeated_member(text) == expected


def test_members_of_any_depth_are_unique() -> None:
    """As a hook of `json.loads`, `unique_members` rejects a repeated member at any depth and names it."""
    assert json.loads('{"a": {"b": 1}, "b": 2}', object_pairs_hook=unique_members) == {"a": {"b": 1}, "b": 2}
    with pytest.raises(UsageError, match="'b' occurs twice"):
        json.loads('{"a": [{"b": 1, "b": 2}]}', object_pairs_hook=unique_members)


@pytest.mark.parametrize("text", [b"", b"{", b"{}", b"\x00\x00", b"\x00{}", "é".encode(), b"1"])
def test_the_mark_of_utf8_is_removed(text: bytes) -> None:
    """A byte order mark of UTF-8 is removed, and other text is unchanged."""
    assert without_mark(b"\xef\xbb\xbf" + text, "the file") == text
    assert without_mark(text, "the file") == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_other_encodings_are_named(encoding: str) -> None:
    """Text in UTF-16 or UTF-32 is rejected with a hint to convert it, with or without a mark."""
    with pytest.raises(UsageError, match=r"the file is encoded as UTF-16 or UTF-32: convert it to UTF-8"):
        without_mark('{"publish": 1}'.encode(encoding), "the file")
