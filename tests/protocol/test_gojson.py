"""JSON as a Go server reads and writes it; the expected values come from a real 1.8.0 server."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.protocol import gojson, gostructs
from centripetal.protocol.gojson import JSONError


class Empty(msgspec.Struct, forbid_unknown_fields=True):
    pass


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
MANGLED = st.builds(
    lambda text, at, junk: text[: at % (len(text) + 1)] + junk + text[at % (len(text) + 1) :],
    VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    st.integers(min_value=0),
    st.sampled_from(
        [b"", b" ", b"\t", b"\x0b", b"\x00", b",", b"[", b"]", b"{", b"}", b'"', b":", b"0", b"-", b"1e", b"\xff"]
    ),
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'""', ""),
        ('"é 😀"'.encode(), "é 😀"),
        (rb'"\u00e9\n\/\"\\"', 'é\n/"\\'),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\ud83d\u0041\ude00"', "\ufffdA\ufffd"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd😀"),
        (b'"\xff"', "\ufffd"),
        (b'"\xe2\x82(\xed\xa0\x80"', "\ufffd\ufffd(\ufffd\ufffd\ufffd"),
        (b'"\xff\\n"', "\ufffd\n"),
    ],
)
def test_invalid_unicode_becomes_the_replacement_character(raw: bytes, expected: str) -> None:
    """Each byte of invalid UTF-8 and each lone surrogate becomes one U+FFFD."""
    assert gojson.string(raw) == expected


@pytest.mark.parametrize("raw", [b"1", b"null", b"", b'"', rb'"\x"'])
def test_another_value_is_not_read_as_a_string(raw: bytes) -> None:
    """Reading another value as a string raises JSONError."""
    with pytest.raises(JSONError):
        gojson.string(raw)


@pytest.mark.parametrize("depth", [1000, 9_999, 10_000])
def test_deep_nesting_is_read_up_to_the_limit_of_go(depth: int) -> None:
    """10,000 levels are accepted, without recursion."""
    text = b"[" * depth + b"]" * depth
    gojson.check(text)
    assert gojson.compact(b" ".join([text[:depth], text[depth:]])) == text
    assert gojson.elements(text) == [text[1:-1]]


def test_deeper_nesting_is_refused() -> None:
    """10,001 levels raise JSONError, even if they are never closed."""
    for text in (b"[" * 10_001 + b"]" * 10_001, b'{"a":' * 10_001, b"[" * 1_000_000):
        with pytest.raises(JSONError, match="deeper than 10000"):
            gojson.check(text)


def test_members_and_elements_are_raw_slices() -> None:
    """Values are raw slices and names are folded, both in order and with repetitions."""
    text = b' { "A" : [ 1 , 2 ] , "b" : { } , "a":"x" } '
    assert gojson.members(text) == [("a", b"[ 1 , 2 ]"), ("b", b"{ }"), ("a", b'"x"')]
    assert gojson.elements(b' [ 1 , [ ] , "a" ] ') == [b"1", b"[ ]", b'"a"']
    assert gojson.elements(b"[]") == []
    assert gojson.members(b"{ }") == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b' { "b" : 1 , "a" : [ 1, 2 ] } ', b'{"b":1,"a":[1,2]}'),
        (b'"<b> & </b>"', rb'"\u003cb\u003e \u0026 \u003c/b\u003e"'),
        ('"\u2028\u2029\u202a"'.encode(), rb'"\u2028\u2029' + '\u202a"'.encode()),
        (rb'"\u00e9\/\ud83d"', rb'"\u00e9\/\ud83d"'),
        (b"12345678901234567890123", b"12345678901234567890123"),
        (b"[1.0,1e400]", b"[1.0,1e400]"),
        (b'{"a":1,"a":2}', b'{"a":1,"a":2}'),
        (b'"a \\" b"', b'"a \\" b"'),
        (b'["a \\\\" , " \xff"]', b'["a \\\\"," \xff"]'),
    ],
)
def test_raw_values_are_compacted_as_in_replies(raw: bytes, expected: bytes) -> None:
    """White space is removed, five characters are escaped, and the rest stays unchanged."""
    assert gojson.compact(raw) == expected


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"{", b"1 2"])
def test_invalid_json_cannot_be_compacted(raw: bytes) -> None:
    """A value that no reply can contain raises JSONError."""
    with pytest.raises(JSONError):
        gojson.compact(raw)


def test_strings_have_two_styles() -> None:
    """Strings in replies and in pushes differ only in backspace and form feed."""
    text = 'é"\\/<>&\u2028\u2029\b\f\n\r\t\x00\x1f\x7f'
    common = r"é\"\\/\u003c\u003e\u0026\u2028\u2029%s\n\r\t\u0000\u001f" + "\x7f"
    assert gojson.quote(text).decode() == '"' + common % r"\b\f" + '"'
    assert gojson.quote_push(text).decode() == '"' + common % r"\u0008\u000c" + '"'
    assert gojson.quote_push("\\b") == rb'"\\b"'


@settings(deadline=None)
@given(st.binary() | MANGLED)
def test_any_bytes_are_read_or_raise_json_error(text: bytes) -> None:
    """All readers raise only JSONError, and for the same texts."""
    try:
        gojson.check(text)
    except JSONError:
        for read in (gojson.compact, gojson.elements, gojson.members, lambda text: gostructs.read(text, Empty)):
            with pytest.raises(JSONError):
                read(text)
    else:
        # The reverse does not hold: json also accepts NaN, and text that is invalid UTF-8 for Go.
        json.loads(text.decode("utf-8", "replace"))
        gojson.compact(text)


@settings(deadline=None)
@given(VALUES)
def test_compacting_keeps_any_json_value(value: Any) -> None:
    """Compacting does not change a value."""
    text = json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "replace")
    assert json.loads(gojson.compact(text)) == json.loads(text)


@settings(deadline=None)
@given(st.text())
def test_strings_survive_writing_and_reading(text: str) -> None:
    """Both styles of strings decode to the original text."""
    assert gojson.string(gojson.quote(text)) == text
    assert gojson.string(gojson.quote_push(text)) == text


def test_consecutive_values_are_split() -> None:
    """Values are returned as written, with or without white space in between; an invalid value raises in its turn."""
    assert list(gojson.values(b' 1 {"a": 2}[3]\n"4"\n')) == [b"1", b'{"a": 2}', b"[3]", b'"4"']
    assert list(gojson.values(b"  ")) == []
    found = gojson.values(b"1 x")
    assert next(found) == b"1"
    with pytest.raises(JSONError):
        next(found)
