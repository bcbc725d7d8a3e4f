"""Names and addresses that the server and every driver read in the same way. PURE.

The server writes the names of the table and of the notification channel into its SQL without quotation marks
(server 6.9.1: `internal/consuming/postgresql.go`).
"""

import re
from typing import Any

from centripetal.errors import UsageError, shown
from centripetal.protocol.checks import check_text
from centripetal.protocol.dsn import DSN, is_dsn
from centripetal.protocol.exact import exact_text

__all__ = ["RESERVED", "check_channel", "check_dsn", "check_table"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_BYTES = 63  # PostgreSQL truncates longer names
_LONGEST_SUFFIX = len("_partition_id_idx")

_WORDS = """
all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
concurrently constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
returning right select session_user similar some symmetric system_user table tablesample then to trailing true union
unique user using variadic verbose when where window with
"""
RESERVED = frozenset(_WORDS.split())
"""Words that PostgreSQL 11 to 18 accepts as a name only in quotation marks."""


def check_table(value: Any) -> str:
    """Check that *value* is the name of a table, with or without a schema; return it.

    Raises:
        UsageError: it needs quotation marks, or names derived from it would be truncated.
    """
    text = exact_text(value)
    parts = text.split(".") if text is not None else []
    if text is None or not 1 <= len(parts) <= 2 or not all(map(_NAME.fullmatch, parts)):
        raise UsageError(
            f"table must be a name like 'centrifugo_outbox' or 'schema.name' of ASCII letters, digits and _, because "
            f"the server uses it in SQL without quotation marks, not {shown(value)}"
        )
    for part in parts:
        if part.lower() in RESERVED:
            raise UsageError(f"table: {part!r} is a reserved word of PostgreSQL: choose another name")
    longest = _MAX_BYTES - _LONGEST_SUFFIX
    if len(parts[-1]) > longest or len(parts[0]) > _MAX_BYTES:
        raise UsageError(f"table must have at most {longest} characters, so that the names of its indexes fit: {text}")
    return text


def check_channel(value: Any, table: str) -> str | None:
    """Return the notification channel for *value*, the argument `notify` of an outbox; None without notifications.

    Raises:
        UsageError: it is not True, False, None or a name in lower case.
    """
    if value is None or value is False:
        return None
    if value is True:
        return table.lower().replace(".", "_")[:_MAX_BYTES]
    text = exact_text(value)
    if text is None or not _NAME.fullmatch(text) or text != text.lower() or len(text) > _MAX_BYTES or text in RESERVED:
        raise UsageError(
            f"notify must be True, or the name of a channel: lower-case ASCII letters, digits and _, at most "
            f"{_MAX_BYTES} characters, and not a reserved word of PostgreSQL, not {shown(value)}"
        )
    return text


def check_dsn(what: str, value: Any) -> str:
    """Check that *value* is the address of a PostgreSQL database; return it. Errors do not show it.

    Raises:
        UsageError: it is not a URL or a connection string of PostgreSQL.
    """
    address = check_text(what, value)
    if not is_dsn(address):
        raise UsageError(f"{what} must be {DSN}")
    return address
