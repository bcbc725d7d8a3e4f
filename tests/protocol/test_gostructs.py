"""Trees of structs, read and written as Go does."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.protocol import gostructs
from centripetal.protocol.gojson import JSONError


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str = ""
    yes: bool = False
    number: int = 0


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "type"}):
    kind: str = ""
    leaf: Leaf | None = None
    leaves: list[Leaf] = []
    by_name: dict[str, Leaf] = {}
    words: dict[str, str] = {}
    raw: msgspec.Raw = msgspec.Raw(b"")


class Nest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nests: "list[Nest]" = []


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    """A struct with every type of field that the reader supports."""

    name: str = ""
    skip: bool = False
    keys: list[str] = []
    raw: msgspec.Raw = msgspec.Raw()


def as_tuple(value: Shape) -> tuple[str, bool, list[str], bytes]:
    return value.name, value.skip, value.keys, bytes(value.raw)


class Required(msgspec.Struct, frozen=True):
    text: str
    number: int
    things: list[str]
    optional: str = ""


TREE = Tree("k", Leaf("t", True, -7), [Leaf("a"), Leaf()], {"N": Leaf("n")}, {"w": "x"}, msgspec.Raw(b"[ 1 ]"))

leaves = st.builds(Leaf, st.text(max_size=5), st.booleans(), st.integers(-(1 << 40), 1 << 40))
trees = st.builds(
    Tree,
    st.text(max_size=5),
    st.none() | leaves,
    st.lists(leaves, max_size=3),
    st.dictionaries(st.text(max_size=3), leaves, max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
    st.just(msgspec.Raw(b'{"a":1}')),
)


def test_default_values_are_left_out() -> None:
    """Default values are left out at every level; fields without a default are always written."""
    assert gostructs.write(Tree(leaf=Leaf())) == b'{"leaf":{}}'
    assert gostructs.write(Required("", 0, [])) == b'{"text":"","number":0,"things":[]}'
    assert gostructs.write(TREE) == (
        b'{"type":"k","leaf":{"text":"t","yes":true,"number":-7},"leaves":[{"text":"a"},{}],'
        b'"by_name":{"N":{"text":"n"}},"words":{"w":"x"},"raw":[ 1 ]}'
    )


@pytest.mark.parametrize("name", [b"nests", b"Nests"])
@pytest.mark.parametrize("levels", [1, 16, 5_000, 5_001])
def test_nested_structs_are_read_up_to_the_limit_of_go(name: bytes, levels: int) -> None:
    """Structs are read in any spelling up to 10,000 levels of JSON, two of them per struct here, and no deeper."""
    text = b'{"%b":[' % name * (levels - 1) + b"{}" + b"]}" * (levels - 1)
    if levels > 5_000:
        with pytest.raises(JSONError, match="deeper than 10000"):
            gostructs.read(text, Nest)
    else:
        found, depth = gostructs.read(text, Nest), 1
        while found.nests:
            found, depth = found.nests[0], depth + 1
        assert depth == levels


class Several(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: Sequence[str] = ()


@pytest.mark.parametrize(
    ("several", "text"),
    [
        (Several(), b"{}"),
        (Several([]), b"{}"),
        (Several(["a"]), b'{"words":["a"]}'),
        (Several(("a",)), b'{"words":["a"]}'),
    ],
)
def test_a_sequence_is_written_as_a_list(several: Several, text: bytes) -> None:
    """Lists and tuples are written alike, and an empty sequence is left out if that is the default."""
    assert gostructs.write(several) == text


def test_raw_values_lose_only_newlines() -> None:
    """Newlines are removed because they separate messages; strings are escaped as in Go."""
    assert (
        gostructs.write(Tree("<\b", raw=msgspec.Raw(b'{\n "a": "<" }')))
        == b'{"type":"\\u003c\\u0008","raw":{ "a": "<" }}'
    )


class Holes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    some: list[Leaf | None] = []


@given(trees)
def test_a_written_tree_can_be_read(tree: Tree) -> None:
    """Both msgspec and the slow reader, which an unknown member forces, restore a written tree."""
    text = gostructs.write(tree)
    assert gostructs.read(text, Tree) == tree
    assert gostructs.read_first(text[:-1] + (b"," if len(text) > 2 else b"") + b'"foreign":1} rest', Tree) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (b"null", Tree()),
        (b' {"TYPE":"k"}', Tree("k")),
        (b'{"type":null,"leaf":null,"leaves":null,"by_name":null,"words":null}', Tree()),
        (b'{"leaves":[null,{"TEXT":"a","yes":null}]}', Tree(leaves=[Leaf(), Leaf("a")])),
        (b'{"by_name":{"Ab":null,"ab":{}},"words":{"A":null}}',
         Tree(by_name={"Ab": Leaf(), "ab": Leaf()}, words={"A": ""})),
        (b'{"raw":null,"x":1}', Tree(raw=msgspec.Raw(b"null"))),
        (b'{"leaf":{},"leaves":[{}],"by_name":{"a":{}},"words":{"a":"b"},"type":"k","raw":1,'
         b'"leaf":null,"leaves":null,"by_name":null,"words":null,"type":null,"raw":null}',
         Tree("k", raw=msgspec.Raw(b"null"))),
        (b'{"leaves":null,"leaves":[{}]}', Tree(leaves=[Leaf()])),
        (b'{"type":"\xff","raw": [1 , 2] }', Tree("\ufffd", raw=msgspec.Raw(b"[1 , 2]"))),
    ],
)  # fmt: skip
def test_the_rules_of_go_hold_at_every_level(text: bytes, tree: Tree) -> None:
    """Case of field names does not matter (of map keys it does), null is absent, and invalid bytes become U+FFFD."""
    assert gostructs.read(text, Tree) == tree


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"1",
        b"{",
        b'{"type":1}',
        b'{"leaf":{"yes":"true"}}',
        b'{"leaf":{"number":"1"}}',
        b'{"leaf":{"number":1.5}}',
        b'{"leaf":{"number":1e2}}',
        b'{"leaves":{}}',
        b'{"by_name":[]}',
        b'{"x":1,"leaf":[]}',
    ],
)
def test_values_of_a_wrong_type_raise(text: bytes) -> None:
    """Every value of a wrong type raises JSONError."""
    with pytest.raises(JSONError):
        gostructs.read(text, Tree)


def test_a_shape_must_forbid_unknown_fields() -> None:
    """Otherwise letter case would be handled in two ways, so a struct that allows unknown fields is refused."""
    with pytest.raises(AssertionError, match="Required must forbid unknown fields"):
        gostructs.read(b'{"x":1}', Required)


def test_replies_are_compact_and_in_order() -> None:
    """Raw values are compacted and escaped, and members of maps are sorted, at every level.

    See protocol 6: http-response.
    """
    leaf = Leaf("\b<")
    tree = Tree(raw=msgspec.Raw(b'{ "a" : "<" }'), leaf=leaf, leaves=[leaf], by_name={"b": leaf, "a": Leaf()})
    text = gostructs.write(tree, replies=True)
    written = rb'{"text":"\b\u003c"}'
    assert rb'"leaf":%b' % written in text
    assert rb'"leaves":[%b]' % written in text
    assert rb'"by_name":{"a":{},"b":%b}' % written in text
    assert rb'"raw":{"a":"\u003c"}' in text
    assert gostructs.read(text, Tree) == msgspec.structs.replace(tree, raw=msgspec.Raw(rb'{"a":"\u003c"}'))
    with pytest.raises(JSONError):
        gostructs.write(Tree(raw=msgspec.Raw(b"\xff")), replies=True)


def test_null_in_a_list_of_optional_structs_is_none() -> None:
    """null in a list stays None, also in the slow reader."""
    for text in (b'{"some":[null,{"text":"a"}]}', b'{"SOME":[null,{"text":"a"}]}'):
        assert gostructs.read(text, Holes).some == [None, Leaf("a")]


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
    """Letter case, repeated members, null and unknown members are handled as in protocol 1: json-reading."""
    assert as_tuple(gostructs.read(text, Shape)) == expected


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
        gostructs.read(text, Shape)


def test_a_list_of_objects_may_hold_null() -> None:
    """null is an object without members, and other elements are read as usual."""
    values = gostructs.read_list(b'[null,{"NAME":"a"},{"name":"b"}]', Shape)
    assert [value.name for value in values] == ["", "a", "b"]


@pytest.mark.parametrize("text", [b"{}", b"null", b"[1]", b"[[]]", b"[{}", b'[{"name":1}]', b'["a"]'])
def test_a_list_of_anything_else_is_refused(text: bytes) -> None:
    """Anything but an array of objects raises JSONError."""
    with pytest.raises(JSONError):
        gostructs.read_list(text, Shape)


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
        expected = as_tuple(gostructs.read(plain, Shape))
    except JSONError:
        with pytest.raises(JSONError):
            gostructs.read(odd, Shape)
    else:
        assert as_tuple(gostructs.read(odd, Shape)) == expected
