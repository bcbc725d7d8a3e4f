"""Tags filters, with which a subscriber selects publications by their tags: PURE.

See protocol 6: client-delta-and-tags-filter.

validate(node)              reject filters that the real server rejects; called once, at subscribe
matches(node, tags)         return whether a publication with these tags matches; *node* must be valid

Filters can be nested as deep as a message allows, so neither function recurses.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from centripetal.dialects.current.objects import FilterNode

__all__ = ["InvalidFilterError", "matches", "validate"]

_LONGEST_NUMBER = 200
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]{1,19})?")


class InvalidFilterError(ValueError):
    """The filter is empty or malformed."""


def validate(node: FilterNode) -> None:
    """Check that *node* and all nodes in it are valid.

    Raises:
        InvalidFilterError: the filter is invalid.
    """
    todo = [node]
    while todo:
        node = todo.pop()
        if node.op == "":
            _validate_leaf(node)
        elif node.op not in ("and", "or", "not"):
            raise InvalidFilterError(f"op must be and, or, not, or missing, not {node.op!r:.100}")
        elif not node.nodes or (node.op == "not" and len(node.nodes) > 1):
            raise InvalidFilterError(f"{node.op} has {len(node.nodes)} nodes")
        else:
            todo += node.nodes


def _validate_leaf(node: FilterNode) -> None:
    if node.cmp in _EXISTENCE:
        wanted = (False, False)
    elif node.cmp in _MEMBERSHIP:
        wanted = (False, True)
    elif node.cmp in _COMPARISONS or node.cmp in _NUMERIC:
        wanted = (True, False)
    else:
        raise InvalidFilterError(f"cmp must be the name of a comparison, not {node.cmp!r}")
    if (node.val != "", bool(node.vals)) != wanted:
        needs = [f"{'' if is_wanted else 'no '}{name}" for is_wanted, name in zip(wanted, ("val", "vals"), strict=True)]
        raise InvalidFilterError(f"{node.cmp} needs {' and '.join(needs)}")
    if not node.key and node.cmp not in _EXISTENCE:
        raise InvalidFilterError(f"{node.cmp} needs a key")


def matches(node: FilterNode, tags: Mapping[str, str]) -> bool:
    """Return whether *tags* match the valid filter *node*."""
    open_nodes: list[tuple[str, Iterator[FilterNode]]] = []  # the operators around *node*, and their other nodes
    while True:
        while node.op:
            nodes = iter(node.nodes)
            open_nodes.append((node.op, nodes))
            node = next(nodes)
        found = _matches_leaf(node, tags)
        while open_nodes:
            op, others = open_nodes[-1]
            # The other nodes cannot change the result of an "and" that has failed, or of an "or" that has matched.
            following = next(others, None) if (op, found) in (("and", True), ("or", False)) else None
            if following is not None:
                node = following
                break
            open_nodes.pop()
            found = found is not (op == "not")
        else:
            return found


def _matches_leaf(node: FilterNode, tags: Mapping[str, str]) -> bool:
    tag = tags.get(node.key)
    if node.cmp in _EXISTENCE:
        return (tag is not None) is _EXISTENCE[node.cmp]
    if node.cmp in _MEMBERSHIP:
        # As in the real server, a missing tag counts as the empty string.
        return ((tag or "") in node.vals) is _MEMBERSHIP[node.cmp]
    if tag is None:
        return node.cmp == "neq"
    if node.cmp in _NUMERIC:
        left, right = _number(tag), _number(node.val)
        return left is not None and right is not None and _NUMERIC[node.cmp](left, right)
    return _COMPARISONS[node.cmp](tag, node.val)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) else None


_EXISTENCE = {"ex": True, "nex": False}
_MEMBERSHIP = {"in": True, "nin": False}
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda tag, val: tag == val,
    "neq": lambda tag, val: tag != val,
    "sw": str.startswith,
    "ew": str.endswith,
    "ct": lambda tag, val: val in tag,
}
_NUMERIC: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "lt": lambda tag, val: tag < val,
    "lte": lambda tag, val: tag <= val,
    "gt": lambda tag, val: tag > val,
    "gte": lambda tag, val: tag >= val,
}
