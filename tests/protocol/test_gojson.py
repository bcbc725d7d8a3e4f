"""JSON as a Go server reads and writes it; the expected values come from a real 1.8.0 server."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.protocol import gojson
from centripetal.protocol.gojson import JSONError


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    """A struct with every type of field that the reader supports."""

    name: str = ""
    skip: bool = False
    keys: list[str] = []
    raw: msgspec.Raw = msgspec.Raw()


def as_tuple(value: Shape) -> tuple[str, bool, list[str], bytes]:
    return value.name, value.skip, value.keys, bytes(value.raw)


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
    ("text", "expected"),
    [
        (b'{"name":"a","skip":true,"keys":["b"],"raw":1}', ("a", True, ["b"], b"1")),
        (b' {"NAME" : "a" , "Skip":true} ', ("a", True, [], b"")),
        ('{"\u212aey\u017f":["x"],"\u017fkip":true}'.encode(), ("", True, ["x"], b"")),
        (rb'{"\u006eame":"a"}', ("a", False, [], b"")),
        (b'{"stranger":{"name":"b"},"name":"a"}', ("a", False, [], b"")),
        (b'{"name":"a","NAME":"b","name":"c"}', ("c", False, [], b"")),
        (b'{"name":"a","name":null,"skip":true,"SKIP":null}', ("a", True, [], b"")),
        (b'{"keys":["a"],"keys":null}', ("", False, [], b"")),
        (b'{"keys":["a",null]}', ("", False, ["a", ""], b"")),
        (b'{"raw":null}', ("", False, [], b"null")),
        (b'{"raw": { "a" : [1 ,2]} ,"x":1}', ("", False, [], b'{ "a" : [1 ,2]}')),
        (b'{"raw":1,"raw":[2]}', ("", False, [], b"[2]")),
        (b"null", ("", False, [], b"")),
        (b" {} ", ("", False, [], b"")),
    ],
)
def test_objects_are_read_by_the_rules_of_go(text: bytes, expected: tuple[Any, ...]) -> None:
    """Letter case, repeated members, null and unknown members are handled as in spec v1 §7.1."""
    assert as_tuple(gojson.read(text, Shape)) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"1",
        b'"a"',
        b"{",
        b"{}{}",
        b"{}x",
        b'{"name":1}',
        b'{"name":1,"name":"a"}',
        b'{"skip":"true"}',
        b'{"skip":1,"x":1}',
        b'{"keys":"a"}',
        b'{"keys":[1]}',
        b'{"keys":{}}',
        b'{"x":01}',
        b'{"x":1.}',
        b'{"x":.5}',
        b'{"x":-}',
        b'{"x":1e}',
        b'{"x":NaN}',
        b'{"x":tru}',
        b'{"x":1 2}',
        b'{"x":[1,]}',
        b'{"x":1,}',
        b'{,"x":1}',
        b'{"x"}',
        b'{"x":}',
        b'{"x" 1}',
        b"{x:1}",
        b'{"x":[}',
        b'{"x":]}',
        b'{"x":[1}',
        b'{"x":"a\nb"}',
        rb'{"x":"\x"}',
        rb'{"x":"\u12G4"}',
        b'{"x":1}\x0c',
        b'{\x0b"x":1}',
        b'{"x":/**/1}',
    ],
)
def test_text_that_go_refuses_is_refused(text: bytes) -> None:
    """Invalid syntax anywhere and wrong types of known members raise JSONError."""
    with pytest.raises(JSONError):
        gojson.read(text, Shape)


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


def test_a_list_of_objects_may_hold_null() -> None:
    """null is an object without members, and other elements are read as usual."""
    values = gojson.read_list(b'[null,{"NAME":"a"},{"name":"b"}]', Shape)
    assert [value.name for value in values] == ["", "a", "b"]


@pytest.mark.parametrize("text", [b"{}", b"null", b"[1]", b"[[]]", b"[{}", b'[{"name":1}]', b'["a"]'])
def test_a_list_of_anything_else_is_refused(text: bytes) -> None:
    """Anything but an array of objects raises JSONError."""
    with pytest.raises(JSONError):
        gojson.read_list(text, Shape)


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
        for read in (gojson.compact, gojson.elements, gojson.members, lambda text: gojson.read(text, Shape)):
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


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["name", "skip", "keys", "raw"]),
            st.none() | st.booleans() | st.text() | st.lists(st.text(), max_size=3),
        ),
        max_size=5,
    )
)
def test_the_fast_and_the_slow_reader_agree(pairs: list[tuple[str, Any]]) -> None:
    """An unknown member forces the slow reader, which gives the same result as the fast reader."""
    inner = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    plain, odd = f"{{{inner}}}".encode(), f'{{"stranger":1{"," if inner else ""}{inner}}}'.encode()
    try:
        expected = as_tuple(gojson.read(plain, Shape))
    except JSONError:
        with pytest.raises(JSONError):
            gojson.read(odd, Shape)
    else:
        assert as_tuple(gojson.read(odd, Shape)) == expected


def test_consecutive_values_are_split() -> None:
    """Values are returned as written, with or without white space in between; an invalid value raises in its turn."""
    assert list(gojson.values(b' 1 {"a": 2}[3]\n"4"\n')) == [b"1", b'{"a": 2}', b"[3]", b'"4"']
    assert list(gojson.values(b"  ")) == []
    found = gojson.values(b"1 x")
    assert next(found) == b"1"
    with pytest.raises(JSONError):
        next(found)
