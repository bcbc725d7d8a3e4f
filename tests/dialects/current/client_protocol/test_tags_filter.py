"""Tags filters: which filters are valid, and which publications they match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.client_protocol.tags_filter import InvalidFilterError, matches, validate
from centripetal.dialects.current.objects import FilterNode


def leaf(cmp: str, val: str = "", *vals: str, key: str = "k") -> FilterNode:
    return FilterNode(key=key, cmp=cmp, val=val, vals=list(vals))


def join(op: str, *nodes: FilterNode) -> FilterNode:
    return FilterNode(op=op, nodes=list(nodes))


EN, YES, NO = leaf("eq", "en"), leaf("nex"), leaf("ex")

MATCHES = [
    (leaf("eq", "en"), ["en"], ["de", "", None]),
    (leaf("neq", "en"), ["de", "", None], ["en"]),
    (leaf("in", "", "fr", "de"), ["fr", "de"], ["en", "", None]),
    (leaf("in", "", "fr", ""), ["fr", "", None], ["en"]),
    (leaf("nin", "", "fr", "de"), ["en", "", None], ["fr"]),
    (leaf("ex"), ["en", ""], [None]),
    (leaf("nex"), [None], ["en", ""]),
    (leaf("sw", "en"), ["en", "english"], ["den", "", None]),
    (leaf("ew", "en"), ["en", "den"], ["english", "", None]),
    (leaf("ct", "en"), ["en", "dent"], ["e", "", None]),
    (leaf("gt", "10"), ["10.5", "11", "+11"], ["10", "9", "-11", "x", "", None]),
    (leaf("gte", "10"), ["10", "10.0", "010"], ["9.99", "1e3", "11.", ".11", "+", " 11", None]),
    (leaf("lt", "-1.5"), ["-2", "-1.50001"], ["-1.5", "0", "x", None]),
    (leaf("lte", "-1.5"), ["-1.5", "-1.50"], ["-1.4", "-0", None]),
    (leaf("gt", "x"), [], ["1", "y", None]),
    # At most 19 digits after the point, and at most 200 characters.
    (leaf("gt", "0"), ["0.0000000000000000001", "9" * 200], ["0.00000000000000000001", "9" * 201]),
    (join("and", YES, YES), [None], ["en"]),
    (join("and", YES, NO), [], [None, "en"]),
    (join("or", YES, NO), [None, "en"], []),
    (join("or", EN, leaf("eq", "fr")), ["en", "fr"], ["de", None]),
    (join("not", EN), ["de", None], ["en"]),
    (join("not", join("or", EN, join("and", NO, leaf("sw", "f")))), ["de", None], ["en", "fr"]),
]


@pytest.mark.parametrize(("node", "wanted", "unwanted"), MATCHES)
def test_a_filter_matches_by_tag(node: FilterNode, wanted: list[str | None], unwanted: list[str | None]) -> None:
    """A filter compares the tag that it names, which may be missing."""
    validate(node)
    for value, expected in [*((each, True) for each in wanted), *((each, False) for each in unwanted)]:
        assert matches(node, {"other": "en"} if value is None else {"other": "", "k": value}) is expected, value


@pytest.mark.parametrize(
    "node",
    [
        FilterNode(),
        leaf("like", "en"),
        leaf("eq"),
        leaf("eq", "a", "b"),
        leaf("eq", "en", key=""),
        leaf("in", "en"),
        leaf("in"),
        leaf("in", "a", "b"),
        leaf("in", "", "a", key=""),
        leaf("ex", "en"),
        leaf("nex", "", "en"),
        leaf("gt", key="n"),
        FilterNode(op="xor", nodes=[EN, EN]),
        join("and"),
        join("or"),
        join("not"),
        join("not", EN, EN),
        join("and", EN, leaf("like", "x")),
        join("not", FilterNode()),
    ],
)
def test_an_invalid_filter_is_refused(node: FilterNode) -> None:
    """An invalid node is refused at any position in the tree."""
    with pytest.raises(InvalidFilterError):
        validate(node)


def test_existence_needs_no_key() -> None:
    """As in the real server, `ex` with an empty key tests for the tag with the empty name."""
    validate(leaf("ex", key=""))
    assert matches(leaf("ex", key=""), {"": "x"})


@pytest.mark.parametrize("levels", [100, 20_000])
def test_a_filter_can_be_nested_deeply(levels: int) -> None:
    """The depth of a filter is not limited by Python's stack, neither when it is checked nor when it is used."""
    node = EN
    for level in range(levels):
        node = join(("and", "or", "not", "not")[level % 4], node)
    validate(node)
    assert matches(node, {"k": "en"})
    assert not matches(node, {"k": "de"})
    with pytest.raises(InvalidFilterError):
        validate(join("and", node, FilterNode()))


TAGS = {"k": "en"}
TREES = st.recursive(
    st.sampled_from([EN, YES, NO]),
    lambda nodes: st.one_of(
        st.builds(lambda inner: join("not", inner), nodes),
        st.builds(
            lambda op, inner: join(op, *inner), st.sampled_from(["and", "or"]), st.lists(nodes, min_size=1, max_size=3)
        ),
    ),
    max_leaves=6,
)


@given(TREES)
def test_operators_combine_their_nodes(node: FilterNode) -> None:
    """A filter matches if its operators, applied to the results of their nodes, are true."""

    def expected(each: FilterNode) -> bool:
        inner = [expected(one) for one in each.nodes]
        return {"and": all(inner), "or": any(inner), "not": not any(inner)}.get(each.op, each in (EN, NO))

    validate(node)
    assert matches(node, TAGS) is expected(node)
