"""Field types: accepted values, their form on the wire, and reading of files and requests."""

import datetime
import enum
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import UsageError
from centripetal.protocol import gostructs
from centripetal.protocol.field_kinds import (
    Base64,
    Flag,
    Int32,
    Int64,
    LocalFlag,
    Moment,
    Name,
    Payload,
    UInt32,
    UInt64,
    UserId,
    UserIdentifier,
)
from centripetal.protocol.fields import changed_fields, fields_of, reader, received, wire_struct


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: UInt32 = 0
    user: UserId = ""


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""
    name: Name = "x"
    flag: bool = False
    boxed: Flag | None = None
    small: Int32 = 0
    big: UInt64 = 0
    signed: Int64 = 0
    when: Moment = 0
    user: UserId = ""
    bytes: Base64 | None = None
    data: Payload | msgspec.UnsetType = msgspec.UNSET
    tags: Mapping[str, str] | None = None
    inner: Inner | None = None
    several: Sequence[Inner] = ()
    by_name: Mapping[str, Inner] | None = None
    users: Sequence[UserId] = ()
    timeout: float | None = None


class Number(int):
    pass


class Colour(enum.IntEnum):
    RED = 3


UTC = datetime.UTC

TRAVELS: list[tuple[str, Any, Any]] = [
    ("boxed", False, {"value": False}),
    ("when", datetime.datetime(1970, 1, 1, 0, 1, tzinfo=UTC), 60),
    ("when", datetime.datetime(1970, 1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), 0),
    ("user", 42, "42"),
    ("user", Number(7), "7"),
    ("user", Colour.RED, "3"),
    ("users", [1, "b"], ["1", "b"]),
    ("bytes", b"", ""),
    ("bytes", bytearray(b"\xff"), "/w=="),
    ("bytes", memoryview(b"\xff"), "/w=="),
    ("tags", MappingProxyType({"a": "b"}), {"a": "b"}),
    ("data", b" [1] ", msgspec.Raw(b" [1] ")),
    ("inner", Inner(user=5), Inner(user="5")),
    ("several", (Inner(user=5),), [Inner(user="5")]),
    ("by_name", {"a": Inner(user=5)}, {"a": Inner(user="5")}),
]


@pytest.mark.parametrize(("field", "value", "wire"), TRAVELS, ids=range(len(TRAVELS)))
def test_a_value_is_converted_to_its_wire_form(field: str, value: Any, wire: Any) -> None:
    """A value that the server would not accept is converted in a copy; the struct itself stays unchanged."""
    struct = Fields(**{field: value})
    assert changed_fields(struct) == {field: wire}
    assert getattr(struct, field) is value


SAME: list[tuple[str, Any]] = [
    ("text", "é"),
    ("flag", True),
    ("small", -(2**31)),
    ("big", 2**64 - 1),
    ("signed", -(2**63)),
    ("when", 99_999_999_999),
    ("user", "42"),
    ("bytes", "/w=="),
    ("data", {"a": None}),
    ("data", None),
    ("tags", {"a": "b"}),
    ("inner", Inner(5)),
    ("timeout", 5.0),
]


@pytest.mark.parametrize(("field", "value"), SAME, ids=range(len(SAME)))
def test_a_value_in_wire_form_is_not_converted(field: str, value: Any) -> None:
    """Values that need no conversion are not copied."""
    assert changed_fields(Fields(**{field: value})) == {}


REFUSED: list[tuple[str, Any, str]] = [
    ("text", 5, "text must be text, not int: write '5'"),
    ("text", None, "text must be text"),
    ("text", "\ud800", "lone surrogate"),
    ("name", "", "name must not be empty"),
    ("flag", 1, "flag must be True or False, not 1"),
    ("flag", None, "flag must be True or False"),
    ("boxed", "yes", "boxed must be True or False"),
    ("small", 2**31, "small must be from -2147483648 to 2147483647"),
    ("small", False, "small must be an integer, not bool: pass an int"),
    ("small", 1.5, r"small must be an integer, not float: write int\(small\)"),
    ("big", -1, "big must be from 0"),
    ("signed", 2**63, "signed must be from"),
    ("when", datetime.datetime(2030, 1, 1), "when is a datetime without a time zone"),
    ("when", 1.5, "when must be an integer"),
    ("when", 1_900_000_000_000, "when must be Unix seconds, not 1900000000000, which looks like milliseconds"),
    ("when", datetime.timedelta(1), "when must be an integer"),
    ("user", True, "user must be a user's id, text or an int, not bool"),
    ("user", None, "user must be a user's id"),
    ("user", "\udfff", "lone surrogate"),
    ("users", [None], r"users\[0\] must be a user's id"),
    ("users", bytearray(b"42"), "users must be a list, not bytearray"),
    ("users", "42", r"users must be a list, not str: pass \[value\] for a single value"),
    ("bytes", "/w=", "bytes is not valid base64"),
    ("bytes", "_w==", "bytes is not valid base64"),
    ("bytes", [1], "bytes must be bytes"),
    ("data", {1, 2}, "data is a set"),
    ("tags", {"a": None}, r"tags\['a'\] must be text, not NoneType"),
    ("tags", {1: "a"}, "tags has the key 1"),
    ("tags", "a=b", "tags must be a dict of text to text, not str"),
    ("inner", {"number": 1}, r"inner must be created with Inner\(…\), not dict"),
    ("inner", Inner(-1), r"inner\.number must be from 0"),
    ("several", [Inner(), Inner(-1)], r"several\[1\]\.number must be from 0"),
    ("by_name", {"a": Inner(-1)}, r"by_name\['a'\]\.number must be from 0"),
    ("by_name", {1: Inner()}, "by_name must be a dict whose keys are text"),
]


@pytest.mark.parametrize(("field", "value", "text"), REFUSED, ids=range(len(REFUSED)))
def test_a_value_that_no_server_accepts_is_refused(field: str, value: Any, text: str) -> None:
    """The message names the field, the position in it, and the fix."""
    with pytest.raises(UsageError, match=text):
        changed_fields(Fields(**{field: value}))


@given(number=st.integers(-(2**70), 2**70))
def test_a_user_id_is_the_text_of_its_number(number: int) -> None:
    """Integers of any size or sign are accepted as user ids."""
    assert UserIdentifier().check("user", number) == str(number)


@given(
    value=st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.lists(st.integers())
)
def test_any_value_is_converted_or_refused(value: Any) -> None:
    """Any value in any field either raises UsageError or gives a struct that can be encoded."""
    for field in Fields.__struct_fields__:
        if field == "timeout":
            continue
        struct = Fields(**{field: value})
        try:
            changes = changed_fields(struct)
        except UsageError:
            continue
        msgspec.json.encode(msgspec.structs.replace(struct, **changes))


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    word: str = ""
    trees: Sequence["Tree"] = ()


class Asked(msgspec.Struct, frozen=True):
    name: Name
    user: UserId
    number: UInt64 = 0
    data: Payload | msgspec.UnsetType = msgspec.UNSET
    flag: Flag | None = None
    tags: Mapping[str, str] | None = None
    trees: Sequence[Tree] = ()
    inner: Inner | None = None
    local: Annotated[bool, LocalFlag()] = False
    timeout: float | None = None


def as_server(text: bytes) -> Asked:
    return received(Asked, gostructs.read(text, wire_struct(Asked)))


RAW_NULL = msgspec.Raw(b"null")
GROWN = [Tree("", [Tree("w")])]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (b"{}", Asked("", "")),
        (b'{"NAME":"n","user":null,"nothing":1,"local":5,"timeout":"x"}', Asked("n", "")),
        (b'{"name":"n","user":"u","data":null}', Asked("n", "u", data=RAW_NULL)),
        (b'{"name":"n","user":"u","flag":{},"number":18446744073709551615}', Asked("n", "u", 2**64 - 1, flag=False)),
        (
            b'{"name":"n","user":"u","flag":{"value":true},"tags":{"a":null}}',
            Asked("n", "u", flag=True, tags={"a": ""}),
        ),
        (b'{"name":"n","user":"u","tags":{"a":"b"},"tags":null,"inner":{}}', Asked("n", "u", inner=Inner())),
        (b'{"name":"n","user":"u","trees":[{"trees":[{"WORD":"w"}]}]}', Asked("n", "u", trees=GROWN)),
    ],
)
def test_a_server_treats_missing_fields_as_empty(text: bytes, asked: Asked) -> None:
    """Names match in any case, null counts as absent, local fields are unknown, and payloads stay as written."""
    assert as_server(text) == asked


@pytest.mark.parametrize(
    "member",
    [
        *(b'"user":42', b'"flag":true', b'"number":18446744073709551616', b'"number":-1', b'"tags":{"a":1}'),
        *(b'"inner":[]', b'"inner":{"number":4294967296}', b'"inner":5,"inner":null', b'"trees":[1]', b'"data":'),
    ],
)
def test_a_server_refuses_a_wrong_type(member: bytes) -> None:
    """A server accepts fewer types than a client: numeric user ids and bare flags are refused."""
    with pytest.raises(ValueError):
        as_server(b'{"name":"n","user":"u",%b}' % member)


def test_a_struct_in_wire_form_is_read_directly() -> None:
    """No second struct is created for it, even if it contains objects of the same type."""
    assert wire_struct(Tree) is Tree


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (b'{"name":"n","user":42}', Asked("n", 42)),
        (b'{"name":"n","user":"u","data": 1.10,"flag":false}', Asked("n", "u", data=b"1.10", flag=False)),
        (b'{"name":"n","user":"u","data":null,"flag":{"value":true}}', Asked("n", "u", data=b"null", flag=True)),
        (b'{"name":"n","user":"u","inner":null,"local":true}', Asked("n", "u", local=True)),
        (b'{"name":"n","user":"u","trees":[{"trees":[{"word":"w"}]}]}', Asked("n", "u", trees=GROWN)),
    ],
)
def test_a_file_is_read_strictly(text: bytes, asked: Asked) -> None:
    """Reading a file gives the values that a caller could have passed; payloads keep every digit."""
    assert reader(Asked).read(text) == asked


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"name":"n"}', "the required field `user` is missing"),
        (b'{"name":"n","user":"u","nothing":1}', "unknown field `nothing`"),
        (b'{"NAME":"n","user":"u"}', "unknown field `NAME`"),
        (b'{"name":"n","user":"u","timeout":1}', "unknown field `timeout`"),
        (b'{"name":null,"user":"u"}', "Expected `str`, got `null`"),
        (b'{"name":"n","user":"u","inner":{"numbr":1}}', "unknown field `numbr`"),
        (b"[]", "Expected `object`, got `array`"),
    ],
)
def test_a_file_with_a_mistake_is_refused(text: bytes, message: str) -> None:
    """The message names the position and the reason."""
    with pytest.raises(UsageError, match=message):
        reader(Asked).read(text)


def test_a_field_of_an_unknown_type_raises() -> None:
    """A struct with a field of an unsupported type cannot be used as a command."""

    class Odd(msgspec.Struct):
        when: set[int]

    with pytest.raises(TypeError, match=r"Odd\.when has a type without a kind"):
        fields_of(Odd)
