"""Tags filters, with which a subscriber selects publications by their tags: PURE.

See protocol 6: client-delta-and-tags-filter.

validate(node)              reject filters that the real server rejects; called once, at subscribe
matches(node, tags)         return whether a publication with these tags matches; *node* must be valid
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from centripetal.dialects.current.objects import FilterNode

__all__ = ["InvalidFilterError", "matches", "validate"]

_DEEPEST = 100  # levels. The real server has no limit; this one protects Python's stack
_LONGEST_NUMBER = 200
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]{1,19})?")


class InvalidFilterError(ValueError):
    """The filter is empty or malformed."""


def validate(node: FilterNode, depth: int = 1) -> None:
    """Check that *node*, at this *depth* in a filter, is valid.

    Raises:
        InvalidFilterError: the filter is invalid.
    """
    if depth > _DEEPEST:
        raise InvalidFilterError(f"a filter must not be deeper than {_DEEPEST} levels")
    if node.op == "":
        _validate_leaf(node)
    elif node.op not in ("and", "or", "not"):
        raise InvalidFilterError(f"op must be and, or, not, or missing, not {node.op!r}")
    elif not node.nodes or (node.op == "not" and len(node.nodes) > 1):
        raise InvalidFilterError(f"{node.op} has {len(node.nodes)} nodes")
    for each in node.nodes if node.op else ():
        validate(each, depth + 1)


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
    match node.op:
        case "and":
            return all(matches(each, tags) for each in node.nodes)
        case "or":
            return any(matches(each, tags) for each in node.nodes)
        case "not":
            return not matches(node.nodes[0], tags)
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
