r"""Values that are valid JSON, but which PostgreSQL cannot store as JSONB. PURE.

PostgreSQL converts JSONB to its own types for text and numbers. They have no U+0000, no lone surrogates, and a limited
number of digits (PostgreSQL: "8.14. JSON Types" and "8.1.2. Arbitrary Precision Numbers").
"""

import re

__all__ = ["jsonb_fault"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")

_MAX_INTEGER_DIGITS = 131_072
_MAX_FRACTION_DIGITS = 16_383
_EXPONENT = re.compile(r"\d[eE]")
_SAFE_LENGTH = 16_000
"""A text of at most this length without an exponent has no number with too many digits."""


def jsonb_fault(text: str) -> str | None:
    """Return why PostgreSQL refuses *text*, valid JSON, as JSONB; None if it accepts the text.

    A few numbers with leading zeros at the edge of the limits are refused here although PostgreSQL accepts them.
    """
    has_escapes = "\\u" in text
    if not has_escapes and len(text) <= _SAFE_LENGTH and _EXPONENT.search(text) is None:
        return None
    for token in _TOKEN.finditer(text):
        if token[1] is None:
            fault = _fault_of_string(token[0]) if has_escapes else None
        else:
            fault = _fault_of_number(token[1], token[2] or "", token[3] or "0")
        if fault is not None:
            return fault
    return None


def _fault_of_string(string: str) -> str | None:
    # Replace escaped backslashes first, because the text after them is not an escape. A pair encodes one character.
    rest = _PAIR.sub("_", string.replace("\\\\", "_"))
    for escape in _ESCAPE.finditer(rest):
        if escape[1] is None:
            continue
        if escape[1] == "0000":
            return "it contains the character U+0000"
        if escape[1][0] in "dD" and escape[1][1] in "89abcdefABCDEF":
            return "it contains a lone surrogate"
    return None


def _fault_of_number(integer: str, fraction: str, exponent: str) -> str | None:
    # A longer exponent is out of range, and Python refuses to read a very long one.
    power = int(exponent) if len(exponent.lstrip("+-").lstrip("0")) < 10 else 10**10
    if len(integer) + power > _MAX_INTEGER_DIGITS or len(fraction) - power > _MAX_FRACTION_DIGITS:
        return "it contains a number with too many digits"
    return None
