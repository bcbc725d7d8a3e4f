"""Splitting of JSON text into parts, compared with Python's decoder, and without recursion."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.protocol import gojson
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.json_parts import array_parts, nesting, object_parts

DEEP = b'[ {"a]" : ' * 600 + b'"}"' + b"} ]" * 600
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def depth_of(value: Any) -> int:
    if isinstance(value, dict | list):
        return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)
    return 0


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
@settings(deadline=None, max_examples=40)
def test_parts_are_those_of_the_decoder(value: Any, indent: int | None, ascii_only: bool) -> None:
    """Next to deep data, the parts of a value decode to its elements or members."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    deep, first, last = array_parts(b"[%b,%b,%b]" % (DEEP, text, text))
    assert (deep, json.loads(first), json.loads(last)) == (DEEP, value, value)
    members = object_parts(b'{"a" : %b , "b":%b,"a":%b}' % (text, DEEP, DEEP))
    assert (list(members), members["a"], members["b"]) == (["a", "b"], DEEP, DEEP)
    assert nesting(text) == depth_of(value)
    assert nesting(DEEP) == 1_200


@given(st.lists(st.sampled_from(list(b'{}[],:"\\ 1\xff"[]'))).map(bytes))
@settings(deadline=None)
def test_any_bytes_are_split_or_refused(text: bytes) -> None:
    """Splitting raises only JSONError, and text that a Go server accepts is split into the same parts."""
    for text_ in (b"[%b]" % text, b'{"a":%b}' % text):
        for split, strict in ((array_parts, gojson.elements), (object_parts, gojson.pairs)):
            try:
                expected: Any = strict(text_)
            except JSONError:
                expected = None
            try:
                found: Any = split(text_)
            except JSONError:
                assert expected is None
                continue
            if expected is not None:
                assert found == (expected if isinstance(found, list) else dict(expected))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"[]", []),
        (b" [ ] ", []),
        (b"[nope, 1,{]]", [b"nope", b"1", b"{]"]),
        (b"[nope, 1,{]}]", None),
        (b"[nope,1]", [b"nope", b"1"]),
        (b"[1,]", [b"1", b""]),
        (b"[,]", [b"", b""]),
        (b"[1] 2", None),
        (b"[1", None),
        (b'["]', None),
        (b"[[1]", None),
        (b"", None),
        (b"{}", None),
        (b"1", None),
    ],
)
def test_invalid_parts_do_not_hide_the_others(text: bytes, parts: list[bytes] | None) -> None:
    """Invalid parts are returned as they are, as long as brackets and strings end."""
    if parts is not None:
        assert array_parts(text) == parts
    else:
        with pytest.raises(JSONError):
            array_parts(text)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"a"}', b"{1:2}", b'{"a":1}}', b'{"a":1', b"{,}"])
def test_text_without_members_is_refused(text: bytes) -> None:
    """Text that is not an object of named members raises JSONError."""
    with pytest.raises(JSONError):
        object_parts(text)


def test_a_large_reply_is_split_in_linear_time() -> None:
    """Hundreds of elements of 10,000 levels are split in one pass; a pass for each level would take minutes."""
    element = b'{"a":' * 9_990 + b"1" + b"}" * 9_990
    text = b"[%b]" % b",".join([element] * 30)
    assert array_parts(text) == [element] * 30
    gojson.check(text)
