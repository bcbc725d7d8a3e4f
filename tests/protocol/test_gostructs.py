"""Trees of structs, read and written as Go does."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
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
    """At every level; fields without a default are always there."""
    assert gostructs.write(Tree(leaf=Leaf())) == b'{"leaf":{}}'
    assert gostructs.write(Required("", 0, [])) == b'{"text":"","number":0,"things":[]}'
    assert gostructs.write(TREE) == (
        b'{"type":"k","leaf":{"text":"t","yes":true,"number":-7},"leaves":[{"text":"a"},{}],'
        b'"by_name":{"N":{"text":"n"}},"words":{"w":"x"},"raw":[ 1 ]}'
    )


@pytest.mark.parametrize("name", [b"nests", b"Nests"])
@pytest.mark.parametrize("levels", [1, 15, 16, 40_000])
def test_nested_structs_end_somewhere(name: bytes, levels: int) -> None:
    """Sixteen levels are read in any spelling; a text that is much deeper is refused, and not read level by level."""
    text = b'{"%b":[' % name * (levels - 1) + b"{}" + b"]}" * (levels - 1)
    if levels > 16:
        with pytest.raises(JSONError, match="nested"):
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
    """Lists and tuples alike; an empty one is left out if that is the default."""
    assert gostructs.write(several) == text


def test_raw_values_lose_only_newlines() -> None:
    """They separate messages; strings are escaped as Go escapes them."""
    assert (
        gostructs.write(Tree("<\b", raw=msgspec.Raw(b'{\n "a": "<" }')))
        == b'{"type":"\\u003c\\u0008","raw":{ "a": "<" }}'
    )


class Holes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    some: list[Leaf | None] = []


@given(trees)
def test_what_is_written_can_be_read(tree: Tree) -> None:
    """By msgspec alone, and by the slow reader as well, which a foreign member brings into play."""
    text = gostructs.write(tree)
    assert gostructs.read(text, Tree) == tree
    assert gostructs.read(text[:-1] + (b"," if len(text) > 2 else b"") + b'"foreign":1} rest', Tree) == tree


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
    """Letter case of fields, but not of names in a map; null is nothing, and empties what is no scalar; bytes that are
    no text become U+FFFD."""
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
def test_values_of_a_wrong_type_are_errors(text: bytes) -> None:
    """There is one kind of error, whatever is wrong."""
    with pytest.raises(JSONError):
        gostructs.read(text, Tree)


def test_a_shape_must_forbid_unknown_fields() -> None:
    """Or else letter case would be read in two ways; who writes such a shape hears of it at once."""
    with pytest.raises(AssertionError, match="Required must forbid unknown fields"):
        gostructs.read(b'{"x":1}', Required)


def test_replies_are_compact_and_in_order() -> None:
    """Raw values lose white space and get escapes, members of maps are sorted, at every level (spec v6 §4.3)."""
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


def test_nothing_in_a_list_of_structs_or_nothing_is_nothing() -> None:
    """Also where the text has to be read slowly."""
    for text in (b'{"some":[null,{"text":"a"}]}', b'{"SOME":[null,{"text":"a"}]}'):
        assert gostructs.read(text, Holes).some == [None, Leaf("a")]
