"""`history_pages` of both clients."""

from typing import Any

import pytest

from centripetal import HistoryGapError, HistoryResult, StreamPosition
from centripetal.errors import ConnectionLostError, UsageError
from centripetal.protocol.http import HTTPReply
from tests.client.facades import API_KEY, Facades, kinds
from tests.dialects.current.conversations import URL, reply


def _page(*offsets: int, top: int = 5, epoch: str = "e") -> HTTPReply:
    publications = [{"offset": offset, "data": offset} for offset in offsets]
    return reply({"result": {"publications": publications, "offset": top, "epoch": epoch}})


async def _pages(facades: Facades, **options: Any) -> tuple[list[list[int]], list[list[int]]]:
    blocking = [[one.offset for one in page.publications] for page in facades.blocking.history_pages("a", **options)]
    awaiting = []
    async for page in facades.awaiting.history_pages("a", **options):
        assert isinstance(page, HistoryResult)
        awaiting.append([one.offset for one in page.publications])
    return blocking, awaiting


async def test_a_history_is_read_page_by_page() -> None:
    """`history_pages` returns a generator or an async generator, and sends nothing before the first page is read."""
    facades = Facades(_page(1, 2), _page(3, 4), _page(5))
    assert await _pages(facades, limit=2, timeout=3) == ([[1, 2], [3, 4], [5]],) * 2
    assert [body.get("since") for body in facades.bodies] == [
        None,
        {"offset": 2, "epoch": "e"},
        {"offset": 4, "epoch": "e"},
    ]
    assert [request.body for request in facades.stubs[0].requests] == [r.body for r in facades.stubs[1].requests]
    Facades(ConnectionLostError("never asked")).blocking.history_pages("a")


async def test_a_gap_in_a_history_is_an_error() -> None:
    """The pages before a gap are yielded, and then HistoryGapError is raised."""
    for answers in ((_page(1, 2), _page(4, 5)), (_page(1, 2), reply({"error": {"code": 112, "message": "m"}}))):
        facades = Facades(*answers)
        pages, others = facades.blocking.history_pages("a", limit=2), facades.awaiting.history_pages("a", limit=2)
        assert next(pages) == await anext(others)
        with pytest.raises(HistoryGapError) as caught:
            next(pages)
        with pytest.raises(HistoryGapError) as other:
            await anext(others)
        assert str(caught.value) == str(other.value)


@kinds
def test_invalid_arguments_of_pages_are_rejected_at_once(kind: Any) -> None:
    """`history_pages` rejects an invalid argument when it is called, not when the first page is read."""
    with pytest.raises(UsageError, match="limit is the size of a page"):
        kind(URL, API_KEY).history_pages("a", limit=0)
    with pytest.raises(UsageError, match="nothing before offset 0"):
        kind(URL, API_KEY).history_pages("a", reverse=True, since=StreamPosition(0))
