"""Decoding of replies and data that the fast decoder rejects: the same values as it has, and nothing hidden."""

import contextlib
import decimal
import sys
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.current.reply_decoders import decoders_of
from centripetal.errors import MalformedResponseError, UsageError
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.payload import encode_json
from centripetal.protocol.tolerant_decoding import REFUSED, decode, decode_json, read
from tests.protocol.fragments import fragments

DEEP = b"[" * 10_001 + b"]" * 10_001  # Python 3.12 and later decode 9,999 levels


class Item(msgspec.Struct):
    stand_in: ClassVar[type[msgspec.Struct]]

    name: str
    raw: msgspec.Raw = msgspec.Raw()


class Broken(Item):
    name: str = ""
    error: str = ""


Item.stand_in = Broken


class Whole(msgspec.Struct):
    text: str = ""
    number: int | None = None
    part: float = 0.0
    flag: bool | msgspec.UnsetType = msgspec.UNSET
    items: list[Item] = []
    named: dict[str, Item] = {}
    either: Item | str | None = None
    raw: msgspec.Raw = msgspec.Raw()
    anything: Any = None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*Whole.__struct_fields__, "name", "error", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(Whole.__struct_fields__), VALUES))
@settings(deadline=None, max_examples=50)
def test_both_decoders_agree(value: dict[str, Any]) -> None:
    """What the fast decoder accepts, the tolerant decoder reads as the same value, also next to deep data."""
    text = msgspec.json.encode(value) if not _has_big(value) else b"{}"
    try:
        expected = msgspec.json.decode(text, type=Whole)
    except msgspec.DecodeError:
        return
    assert read(text, Whole) == expected
    first, deep, last = read(b'[%b,{"raw":%b},%b]' % (text, DEEP, text), list[Whole])
    assert (first, bytes(deep.raw), last) == (expected, DEEP, expected)


def _has_big(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_big, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


@given(st.binary() | VALUES.filter(lambda value: not _has_big(value)).map(msgspec.json.encode))
@settings(deadline=None, max_examples=50)
def test_any_bytes_become_a_value_or_the_documented_error(text: bytes) -> None:
    """Reading raises only JSONError, for any bytes and types."""
    for kind in (Whole, list[Item], dict[str, int], Any, msgspec.Raw, str, float | None, type(None)):
        with contextlib.suppress(JSONError):
            read(text, kind)


VALUES_OF: list[tuple[bytes, Any, Any]] = [
    (rb'"a\ud83d"', str, "a\ufffd"),
    (b'"a\xff"', str, "a\ufffd"),
    (rb'{"text":"\ud83d","raw":"\ud83d"}', Whole, Whole("\ufffd", raw=msgspec.Raw(rb'"\ud83d"'))),
    (rb'{"either":"\ud83d"}', Whole, Whole(either="\ufffd")),
    (rb'{"either":{"name":"\ud83d"}}', Whole, Whole(either=Item("\ufffd"))),
    (rb'{"either":null,"text":"\ud83d"}', Whole, Whole("\ufffd")),
    (b'{"anything":[1,%b,{"a":%b}]}' % (b"1" * 5, b"null"), Whole, Whole(anything=[1, 11111, {"a": None}])),
    (b'{"number":18446744073709551616}', Whole, Whole(number=2**64)),
    (b'{"text":"a","text":"b"}', Whole, Whole("b")),
]


@pytest.mark.parametrize(("text", "kind", "value"), VALUES_OF)
def test_unusual_values_are_read(text: bytes, kind: Any, value: Any) -> None:
    """Invalid characters become U+FFFD in text and stay in raw values; the last of repeated members wins."""
    assert decode(msgspec.json.Decoder(kind), text) == value


REFUSALS: list[tuple[bytes, Any, str]] = [
    (b"", Whole, "expected an object"),
    (b"\xef\xbb\xbf{}", Whole, "expected an object"),
    (b'{"text":"a"}\n{"text":"b"}', Whole, "unexpected text after the value"),
    (b'{"number":"1"}', Whole, "number: Expected `int`"),
    (b'{"number":%b}' % (b"1" * 5_000), Whole, "number: Integer value out of range"),
    (b'{"part":1e999}', Whole, "part: Number out of range"),
    (b'{"raw":nope}', Whole, "raw: not JSON"),
    (b'{"named":{"a":{}}}', Whole, "named: the required field `name` is missing"),
    (b"[[1]]", list[Whole], r"\[0\]: expected an object"),
    (b'{"a":1}', type("Closed", (msgspec.Struct,), {}, forbid_unknown_fields=True), "unknown field `a`"),
    (b"[1,nope]", Any, "Expecting value"),
]


@pytest.mark.parametrize(("text", "kind", "words"), REFUSALS, ids=lambda value: repr(value)[:30])
def test_an_error_names_the_place(text: bytes, kind: Any, words: str) -> None:
    """Text of another type raises JSONError, which says where and why."""
    with pytest.raises(JSONError, match=words):
        decode(msgspec.json.Decoder(kind), text)


def test_an_element_that_cannot_be_read_is_replaced() -> None:
    """The stand-in of an element has the members that can be read, and the reason."""
    items = read(b'[{"name":"a"},{"name":5,"raw":%b},nope]' % DEEP, list[Item])
    assert [type(item) for item in items] == [Item, Broken, Broken]
    assert (items[1].name, bytes(items[1].raw), items[1].error) == ("", DEEP, "name: expected a string, not '5'")
    assert "expected an object" in items[2].error


def test_deep_parts_of_any_value_are_raw() -> None:
    """The outer levels of a value of any type are decoded, and its deep parts are raw JSON."""
    value = read(b'{"list":[{"data":%b,"number":1}],"text":"a"}' % DEEP, Any)
    assert (value["text"], value["list"][0]["number"]) == ("a", 1)
    assert value["list"][0]["data"] == msgspec.Raw(DEEP)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_reply_can_be_read(command: Any) -> None:
    """The result of every method is built of types that can be read."""
    decoders = decoders_of(command)
    for decoder, name in ((decoders.alone, "result"), (decoders.member, command.name)):
        text = b'{"%b":{},"error":{"code":1,"message":"\\ud83d"}}' % name.encode()
        with pytest.raises(REFUSED):
            decoder.decode(text)
        error = decode(decoder, text).error
        assert error is not None
        assert error.message == "\ufffd"


def test_little_stack_is_our_error() -> None:
    """Deep in the caller's own recursion, reading raises JSONError instead of RecursionError, or succeeds."""

    def descend() -> None:
        try:
            read(b'{"items":[{"name":"a","raw":%b}]}' % DEEP, Whole)
        except JSONError as error:
            reached.append(str(error))
        descend()

    reached: list[str] = []
    with pytest.raises(RecursionError):
        descend()
    assert all("stack" in text for text in reached)


hard_to_read: list[tuple[bytes, Any]] = [
    (b"1e400", float("inf")),
    (b'{"a":-1e999}', {"a": -float("inf")}),
    (b'"\xff"', "\ufffd"),
    (b'"\\ud83d"', "\ufffd"),
    (b'"\\ud83d\\ud83d\\ude00\\ude00"', "\ufffd😀\ufffd"),
    (b'"\\\\ud83d \\"\\\\\\ud83d"', '\\ud83d "\\\ufffd'),
    (b'{"\\uDE00":["\\n\\/",1]}', {"\ufffd": ["\n/", 1]}),
    (b"1" * 5000, decimal.Decimal("1" * 5000)),
    (b"-0", 0),
    (b"18446744073709551616", 2**64),
    (b'{"a":1,"a":2}', {"a": 2}),
    (b" \t\r\n1 ", 1),
    (rb'"\u0000"', "\0"),
]


@pytest.mark.parametrize(("text", "value"), hard_to_read)
def test_unusual_data_of_other_clients_is_decoded(text: bytes, value: Any) -> None:
    """The server passes on numbers beyond any float and invalid text; decoding them does not raise."""
    assert decode_json(text) == value


@pytest.mark.parametrize(
    "text", [b"", b"{", b"nonsense", b"NaN", b"[Infinity]", b"[" * 100_000, b"\xef\xbb\xbf1", b'"\0"']
)
def test_invalid_json_is_malformed(text: bytes) -> None:
    """Invalid JSON is an error of the server, and the command has run."""
    with pytest.raises(MalformedResponseError, match=r"^info is ") as caught:
        decode_json(text, "info")
    assert caught.value.executed == "yes"


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param(
            2_000, marks=pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python 3.12 decodes 9,999 levels")
        ),
        10_000,
        100_000,
    ],
)
def test_deep_data_of_other_clients_is_raw_json(levels: int) -> None:
    """Data nested too deeply to be decoded are returned as their exact text, and can be published again."""
    text = b'[{"a":' * (levels // 2) + rb'"\ud83d"' + b"}]" * (levels // 2)
    value = decode_json(text)
    assert isinstance(value, msgspec.Raw)
    assert bytes(value) == text
    if levels == 2_000:
        assert encode_json(value) == encode_json(text) == text
    else:
        with pytest.raises(UsageError, match="deeper than 9990 levels"):
            encode_json(value)


@given(st.binary() | fragments)
@settings(deadline=None)
def test_decoding_any_bytes_gives_a_value_or_our_error(text: bytes) -> None:
    """Decoding raises only MalformedResponseError."""
    with contextlib.suppress(MalformedResponseError):
        decode_json(text)
