"""SQL for the rows of an outbox, and decisions about them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.server.consuming.rows import Row, UnreadableRowError, delete, lock, next_pause, peek, row_of, select


def test_sql_is_that_of_the_real_server() -> None:
    """Rows are locked by the consumer's name and the partition, and read in the order of their ids."""
    assert lock("pg", 3, is_patient=True) == ("SELECT pg_advisory_xact_lock(hashtext('centrifugo_partition_lock_pg3'))")
    assert lock("pg", 0, is_patient=False).startswith("SELECT pg_try_advisory_xact_lock(")
    assert select("app.box", 1, 100).endswith(" FROM app.box WHERE partition=1 ORDER BY id ASC LIMIT 100")
    assert select("box").endswith(" FROM box ORDER BY id ASC")
    assert peek("box", 2) == "SELECT 1 FROM box WHERE partition=2 LIMIT 1"
    assert delete("box", [1, -2]) == "DELETE FROM box WHERE id = ANY('{1,-2}')"


@pytest.mark.parametrize(
    ("values", "row"),
    [
        ((1, "publish", '{"a": 1}', "json", 0), Row(1, "publish", b'{"a": 1}', 0)),
        ((1, "", "é", "text", 2), Row(1, "", "é".encode(), 2)),
        ((1, "publish", None, "json", 0), Row(1, "publish", None, 0)),
        ((1, "publish", "\\x7b7d", "bytea", 0), Row(1, "publish", b"{}", 0)),
        ((1, "publish", "\\x7b7d", "text", 0), Row(1, "publish", b"\\x7b7d", 0)),
        ((1, "publish", "a\\\\b\\303\\251", "bytea", 0), Row(1, "publish", b"a\\b\xc3\xa9", 0)),
    ],
)
def test_payloads_keep_their_bytes(values: tuple[Any, ...], row: Row) -> None:
    """The payload of a row is the bytes of the column, whatever its type."""
    assert row_of(values) == row


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (("0b5a", "publish", "{}", "json", 0), "the column id must be an integer, not str"),
        ((7, None, "{}", "json", 0), "the method of row 7 is NULL, which blocks its partition"),
    ],
)
def test_rows_that_block_the_real_server_block_this_one(values: tuple[Any, ...], reason: str) -> None:
    """A row without a method, and an id of another type, cannot be read."""
    with pytest.raises(UnreadableRowError, match=reason):
        row_of(values)


@given(jitters=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_pauses_grow_to_five_seconds(jitters: list[float]) -> None:
    """The pause after the first error is at most 40 ms, pauses grow, and they end at 5 s."""
    pause = 0.0
    for failures, jitter in enumerate(jitters, 1):
        before, pause = pause, next_pause(pause, failures, jitter)
        assert 0.02 <= pause <= min(5.0, 0.02 * 2**failures)
        assert pause >= before
    assert len(jitters) < 10 or pause == 5.0
