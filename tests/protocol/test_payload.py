"""Encoding of payloads: each supported type becomes its documented JSON, and everything else is refused."""

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import json
import types
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
import pydantic
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.protocol import gojson
from centripetal.protocol.payload import check_json, encode_json, plain_data
from centripetal.protocol.tolerant_decoding import decode_json
from tests.protocol.fragments import fragments

T = TypeVar("T")

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5), max_leaves=20
)


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, 2)
    NOTHING = None


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    HI = "hi"


class Legacy(str, enum.Enum):  # noqa: UP042 - code from before Python 3.11 does this
    OLD = "old"


class Flag(enum.Flag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: int
    y: int


class SelfText(str):
    """Text like Django's SafeString: `str()` returns the same type again."""

    __slots__ = ()

    def __str__(self) -> str:
        return self


class Number(int):
    def __repr__(self) -> str:
        return "a number"


class Fraction(float):
    pass


class Items(list[T]):
    pass


class Moment(dt.datetime):
    pass


class Day(dt.date):
    pass


class Clock(dt.time):
    pass


class Span(dt.timedelta):
    pass


class Id(uuid.UUID):
    pass


class Headers(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return {"a": 1, "b": 2}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("a", "b"))

    def __len__(self) -> int:
        return 2


@dataclasses.dataclass
class User:
    name: str
    born: dt.date | None = None
    tags: list[Any] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted(Generic[T]):
    value: T
    left_out: Any = msgspec.UNSET


class Plain(msgspec.Struct):
    a: Any = 1
    b: Any = None


class Renamed(msgspec.Struct, rename="camel"):
    first_name: str
    other: int = msgspec.field(default=1, name="OTHER")


class Tagged(msgspec.Struct, tag="t1", tag_field="kind"):
    a: Any = 1


class TaggedByNumber(msgspec.Struct, tag=7):
    a: Any = 1


class Row(msgspec.Struct, array_like=True):
    a: Any
    b: Any = 2


class TaggedRow(msgspec.Struct, array_like=True, tag="row"):
    a: Any
    b: Any = 2


class Sparse(msgspec.Struct, omit_defaults=True):
    a: Any = 1
    b: list[Any] = []
    c: Any = None
    d: dict[str, Any] = msgspec.field(default_factory=dict)
    e: Any = msgspec.field(default_factory=lambda: [1])
    f: Any = ()


class Maybe(msgspec.Struct):
    a: Any = msgspec.UNSET
    b: Any = 1


class Model(pydantic.BaseModel):
    id: uuid.UUID
    when: dt.datetime
    price: decimal.Decimal
    tags: set[int]


class Loose(pydantic.BaseModel):
    inner: Any = None


class Priced(pydantic.BaseModel):
    price: float


class Duck:
    """Not a pydantic model, but an object with the same method."""

    def model_dump(self, *, mode: str) -> Any:
        return {"mode": mode, "at": dt.date(2020, 1, 2)}


UTC = dt.UTC
TWO = dt.timezone(dt.timedelta(hours=2))
ID = "12345678-1234-5678-1234-567812345678"

VALUES: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    (0, "0"),
    (-0.0, "-0.0"),
    (2**64, "18446744073709551616"),
    (-(10**30), "-1000000000000000000000000000000"),
    (1.5, "1.5"),
    ("", '""'),
    ("é 😀 <&>\u2028", '"é 😀 <&>\u2028"'),
    ('"\\\n\x00\x7f', '"\\"\\\\\\n\\u0000\x7f"'),
    ([], "[]"),
    ({}, "{}"),
    ((1, (2,)), "[1,[2]]"),
    ({"b": 1, "a": [None, {"": False}]}, '{"b":1,"a":[null,{"":false}]}'),
    # subclasses
    (SelfText("x"), '"x"'),
    (Number(5), "5"),
    (Fraction(0.5), "0.5"),
    (Items([1, SelfText("a")]), '[1,"a"]'),
    (Point(1, 2), "[1,2]"),
    (collections.OrderedDict([("z", 1), ("a", 2)]), '{"z":1,"a":2}'),
    (collections.defaultdict(int, a=1), '{"a":1}'),
    (collections.Counter("a"), '{"a":1}'),
    (collections.ChainMap({"a": 1}), '{"a":1}'),
    (collections.UserDict({"a": 1}), '{"a":1}'),
    (types.MappingProxyType({"a": (1,)}), '{"a":[1]}'),
    (Headers(), '{"a":1,"b":2}'),
    # times and UUIDs
    (dt.datetime(2020, 1, 2, 3, 4, 5), '"2020-01-02T03:04:05"'),
    (dt.datetime(2020, 1, 2, 3, 4, 5, 678, UTC), '"2020-01-02T03:04:05.000678Z"'),
    (dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=TWO), '"2020-01-02T03:04:05+02:00"'),
    (Moment(2020, 1, 2, 3, 4, 5, 678, UTC), '"2020-01-02T03:04:05.000678Z"'),
    (dt.date(2020, 1, 2), '"2020-01-02"'),
    (Day(2020, 1, 2), '"2020-01-02"'),
    (dt.time(3, 4, 5), '"03:04:05"'),
    (Clock(3, 4, 5, 600, TWO), '"03:04:05.000600+02:00"'),
    (dt.timedelta(days=1, seconds=2), '"P1DT2S"'),
    (Span(seconds=-1), '"-PT1S"'),
    (uuid.UUID(ID), f'"{ID}"'),
    (Id(ID), f'"{ID}"'),
    # decimals keep every digit
    (decimal.Decimal("1.10"), '"1.10"'),
    (decimal.Decimal("1E+30"), '"1E+30"'),
    (decimal.Decimal("-0.000000000000000000001"), '"-1E-21"'),
    # enums are encoded as their values
    (Colour.RED, '"red"'),
    (Colour.PAIR, "[1,2]"),
    (Colour.NOTHING, "null"),
    (Level.HIGH, "3"),
    (Word.HI, '"hi"'),
    (Legacy.OLD, '"old"'),
    (Flag.A | Flag.B, "3"),
    # keys
    ({1: 2, -5: 3}, '{"1":2,"-5":3}'),
    ({SelfText("k"): 1}, '{"k":1}'),
    ({Number(5): 1}, '{"5":1}'),
    ({Word.HI: 1, Legacy.OLD: 2, Level.HIGH: 3, Colour.RED: 4}, '{"hi":1,"old":2,"3":3,"red":4}'),
    ({uuid.UUID(ID): 1}, f'{{"{ID}":1}}'),
    ({dt.date(2020, 1, 2): 1, Moment(2020, 1, 2, tzinfo=UTC): 2}, '{"2020-01-02":1,"2020-01-02T00:00:00Z":2}'),
    # dataclasses and structs
    (User("Zoë", dt.date(2000, 1, 2), [Level.HIGH]), '{"name":"Zoë","born":"2000-01-02","tags":[3]}'),
    (Slotted(Slotted(decimal.Decimal("0.1"))), '{"value":{"value":"0.1"}}'),
    (Plain(b=Plain(b=(1,))), '{"a":1,"b":{"a":1,"b":[1]}}'),
    (Renamed("Zoë"), '{"firstName":"Zoë","OTHER":1}'),
    (Tagged(Tagged(dt.date(2020, 1, 2))), '{"kind":"t1","a":{"kind":"t1","a":"2020-01-02"}}'),
    (TaggedByNumber(), '{"type":7,"a":1}'),
    (Row(1, Row(2)), "[1,[2,2]]"),
    (TaggedRow(decimal.Decimal("1.0")), '["row","1.0",2]'),
    (Maybe(), '{"b":1}'),
    (Maybe(None), '{"a":null,"b":1}'),
    (Sparse(), '{"e":[1]}'),
    (Sparse(a=True, e=[2]), '{"a":true,"e":[2]}'),
    (Sparse(a=1.0, b=[1], c=0, d={"x": 1}, e=2, f=[]), '{"a":1.0,"b":[1],"c":0,"d":{"x":1},"e":2,"f":[]}'),
    # pydantic models and similar objects
    (
        Model(id=ID, when="2020-01-02T03:04:05Z", price="1.10", tags={1}),  # type: ignore[arg-type]
        f'{{"id":"{ID}","when":"2020-01-02T03:04:05Z","price":"1.10","tags":[1]}}',
    ),
    (Loose(inner=Loose(inner=Point(1, 2))), '{"inner":{"inner":[1,2]}}'),
    (Duck(), '{"mode":"json","at":"2020-01-02"}'),
    # ready-made JSON inside a value
    (msgspec.Raw(b'{ "a" : 1.00 }'), '{ "a" : 1.00 }'),
    ({"a": [msgspec.Raw(b"1e400")]}, '{"a":[1e400]}'),
]


def shown(value: Any) -> str:
    """Return the id of a case without addresses, so that it is the same in every process."""
    return "" if isinstance(value, str) else f"{type(value).__name__}-{ascii(value).split(' object at ')[0][:40]}"


@pytest.mark.parametrize(("value", "text"), VALUES, ids=shown)
def test_a_value_becomes_its_documented_json(value: Any, text: str) -> None:
    """Each supported type is encoded as documented, on its own and inside other values."""
    assert encode_json(value).decode() == text
    assert encode_json({"in": [value, 1]}).decode() == f'{{"in":[{text},1]}}'
    assert encode_json(Plain(User("x", tags=[value]))).decode() == (
        f'{{"a":{{"name":"x","born":null,"tags":[{text}]}},"b":null}}'
    )


STRUCTS = [value for value, _ in VALUES if isinstance(value, msgspec.Struct)]


@pytest.mark.parametrize("value", STRUCTS, ids=shown)
def test_a_struct_is_encoded_as_by_msgspec(value: msgspec.Struct) -> None:
    """Renaming, tags, arrays and omitted defaults give the same JSON as msgspec itself."""
    assert json.loads(encode_json(value)) == json.loads(msgspec.json.encode(value))


@pytest.mark.parametrize(("value", "text"), VALUES, ids=shown)
def test_the_callers_value_is_not_changed(value: Any, text: str) -> None:
    """Encoding does not change the caller's value at any depth."""
    holder = {"in": [value, {"deep": value}]}
    before = repr(holder)
    assert encode_json(holder) == encode_json(holder)
    assert holder["in"][0] is value
    assert repr(holder) == before


class Broken(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("this iterator is broken")

    def __len__(self) -> int:
        return 1


class NoZone(dt.tzinfo):
    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta:
        raise RuntimeError("unknown zone")

    def dst(self, when: dt.datetime | None) -> dt.timedelta | None:
        return None

    def tzname(self, when: dt.datetime | None) -> str | None:
        return None


@dataclasses.dataclass
class Unfinished:
    x: int = dataclasses.field(init=False)


class Bad(enum.Enum):
    SET = frozenset({1})
    BYTES = b"x"
    NAN = float("nan")


def circle(kind: Callable[[], Any], put: Callable[[Any, Any], object]) -> Any:
    value = kind()
    put(value, value)
    return value


def closed_view() -> memoryview:
    view = memoryview(b"1")
    view.release()
    return view


HALF = "\ud83d"

REFUSED: list[tuple[Any, str]] = [
    (float("nan"), "data is nan, which JSON does not support"),
    ({"a": [1, float("inf")]}, r"data\.a\[1\] is inf"),
    ([-float("inf")], r"data\[0\] is -inf"),
    ((Fraction("nan"),), r"data\[0\] is nan"),
    (decimal.Decimal("NaN"), "data is NaN"),
    ({"a": decimal.Decimal("-Infinity")}, r"data\.a is -Infinity"),
    (decimal.Decimal("sNaN"), "data is sNaN"),
    ({1, 2}, "data is a set, and JSON has no sets"),
    ({"a": {"b": frozenset()}}, r"data\.a\.b is a set"),
    ([b"x"], r"data\[0\] is bytes"),
    ({"a": bytearray(b"x")}, r"data\.a is bytes"),
    (User("x", tags=[memoryview(b"x")]), r"data\.tags\[0\] is bytes"),
    (object(), "data is of type object, which has no JSON form"),
    ([object()], r"data\[0\] is of type object"),
    ({"a": len}, r"data\.a is of type builtin_function_or_method"),
    (User, "data is of type type"),
    (iter([1]), "data is of type list_iterator"),
    (1 + 2j, "data is of type complex"),
    (collections.deque([1]), "data is of type deque"),
    (Bad.SET, "data is a set"),
    ([Bad.BYTES], r"data\[0\] is bytes"),
    (Plain(Bad.NAN), r"data\.a is nan"),
    (Renamed({1}), r"data\.firstName is a set"),  # type: ignore[arg-type]
    (Row(1, msgspec.UNSET), r"data\[1\] is of type UnsetType"),
    (msgspec.UNSET, "data is of type UnsetType"),
    (Priced(price=float("nan")), r"data\.price is nan"),
    (Loose(inner=object()), "a value in data is of type object, which has no JSON form: convert it first"),
    ([Broken()], "data cannot be sent as JSON: RuntimeError: this iterator is broken"),
    (dt.datetime(2020, 1, 1, tzinfo=NoZone()), "data cannot be sent as JSON: RuntimeError: unknown zone"),
    (Unfinished(), "data cannot be sent as JSON: AttributeError"),
    (10**5000, "data cannot be sent as JSON: .*4300 digits"),
    ({10**5000: 1}, "data cannot be sent as JSON: .*4300 digits"),
    # keys
    ({None: 1}, "data has the key None: keys of a JSON object must be text"),
    ({"a": {True: 1}}, r"data\.a has the key True"),
    ([{1.5: 1}], r"data\[0\] has the key 1.5"),
    ({(1,): 1}, r"data has the key \(1,\)"),
    ({b"a": 1}, "data has the key b'a'"),
    ({"1": 1, 1: 2}, "data has two keys with the same text form"),
    ({"a": {Word.HI: 1, Colour.RED: 2, "red": 3}}, r"data\.a has two keys with the same text form"),
    # lone surrogates
    (HALF, "data contains a lone surrogate"),
    ({"a": ["x", HALF]}, r"data\.a\[1\] contains a lone surrogate"),
    ({"a": [["x"], [["é"], [HALF]]]}, r"data\.a\[1\]\[1\]\[0\] contains a lone surrogate"),
    ({"a": {HALF: 1}}, r"a key of data\.a contains a lone surrogate"),
    (User(HALF), r"data\.name contains a lone surrogate"),
    (Tagged((1, HALF)), r"data\.a\[1\] contains a lone surrogate"),
    # circular
    (circle(list, list.append), r"data\[0\]\[0\].* is nested deeper than 200 levels, or contains itself"),
    (circle(dict, lambda d, v: d.update(me=v)), r"data\.me\.me.* or contains itself"),
    (circle(lambda: User("x"), lambda u, v: u.tags.append(v)), r"data\.tags\[0\].* or contains itself"),
    (circle(Plain, lambda s, v: setattr(s, "a", v)), r"data\.a\.a.* or contains itself"),
    # ready-made JSON
    ([msgspec.Raw(b"{")], r"data\[0\] was passed as bytes, which must be encoded JSON"),
    ({"a": msgspec.Raw()}, r"data\.a was passed as bytes"),
    (closed_view(), "data cannot be sent as JSON: ValueError: .*released"),
]


@pytest.mark.parametrize(("value", "text"), REFUSED, ids=[str(index) for index in range(len(REFUSED))])
def test_a_value_without_json_form_is_refused_with_its_position(value: Any, text: str) -> None:
    """A UsageError names the position of the value; exceptions of the value's own code become UsageError, too."""
    with pytest.raises(UsageError, match=f"(?s)^{text}") as caught:
        encode_json(value)
    assert caught.value.executed == "no"
    assert len(str(caught.value)) < 400


def test_an_error_uses_the_given_name() -> None:
    """The caller of `encode_json` can name another field than `data`."""
    with pytest.raises(UsageError, match=r"^info\.a\[0\] is nan"):
        encode_json({"a": [float("nan")]}, "info")


@pytest.mark.parametrize("depth", [1, 50, 190])
def test_values_may_be_nested(depth: int) -> None:
    """Deep values are accepted up to the limit."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    assert encode_json(value) == b"[" * depth + b"1" + b"]" * depth


def test_the_limit_holds_however_little_stack_is_left() -> None:
    """A caller deep in its own recursion also gets a UsageError instead of a RecursionError."""

    def descend(value: Any) -> bytes:
        try:
            return descend(value)
        except RecursionError:
            return encode_json(value)

    with pytest.raises(UsageError, match="or contains itself"):
        descend(circle(list, list.append))


READY_MADE = [
    b"null",
    b' { "b" : 1.00 , "a" : [ 1e400 , -0 ] } \n',
    b'"\\u00e9 \xc3\xa9 \x7f"',
    b"1" * 5000,
    b'{"a":1,"a":2}',
]


@pytest.mark.parametrize("text", READY_MADE)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_ready_made_json_and_sent_unchanged(text: bytes, kind: Callable[[bytes], Any]) -> None:
    """Ready-made JSON keeps every byte: white space, digits, escapes and repeated members."""
    assert encode_json(kind(text)) == text


NOT_JSON = [
    b"", b" ", b"hello", b"{", b"[1,]", b"[1 2]", b"{}{}", b"1 2", b"NaN", b"Infinity", b"'a'", b"{a:1}", b"01",
    b"1.", b".5", b"+1", b"0x1", b"tru", b'"a', b'"\n"', b'"\\x"', b'"\\u12"', b'"\xff"', b'"\xed\xa0\x80"',
    b'"\\ud83d"', b"\xef\xbb\xbf1", b"// x\n1", b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_JSON, ids=lambda text: ascii(text[:12]))
def test_bytes_of_invalid_json_are_refused(text: bytes) -> None:
    """Text that the server would refuse, or that clients could not read, is refused with advice."""
    with pytest.raises(UsageError, match=r"^data was passed as bytes, which must be encoded JSON.*pass a str"):
        encode_json(text)


@given(json_values)
@settings(deadline=None)
def test_any_json_value_survives_encoding_and_decoding(value: Any) -> None:
    """Encoding and decoding a value gives an equal value."""
    before = copy.deepcopy(value)
    text = encode_json(value)
    assert decode_json(text) == json.loads(text) == value == before


@given(json_values)
@settings(deadline=None)
def test_a_plain_value_is_not_copied(value: Any) -> None:
    """Values of JSON's own types are encoded without a copy."""
    assert plain_data(value, "data") is value


@given(st.binary() | fragments | json_values.map(lambda value: json.dumps(value).encode()))
@example(b'"\\ud83d"')
@settings(deadline=None)
def test_any_bytes_are_unchanged_or_refused(text: bytes) -> None:
    """Ready-made bytes are encoded unchanged if Python and the server's reader accept them, or raise UsageError."""
    try:
        assert encode_json(text) == text
    except UsageError:
        return
    json.loads(text)
    gojson.check(text)
    assert check_json(text, "data") is text


def test_raw_json_inside_a_value_counts_its_containers() -> None:
    """Raw JSON in a value is checked with the levels around it, because a server counts them too."""
    text = msgspec.Raw(b"[" * 9_988 + b"]" * 9_988)
    assert encode_json({"a": [text]}) == b'{"a":[%b]}' % bytes(text)
    with pytest.raises(UsageError, match=r"^data\.a\[0\]\.b .* deeper than 9987 levels"):
        encode_json({"a": [{"b": text}]})
