"""Reading a history in pages: each publication once, and an error if publications are missing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.dialects.current.commands import History
from centripetal.dialects.current.history_pages import Paging
from centripetal.dialects.current.objects import StreamPosition
from centripetal.dialects.current.results.standard import HistoryResult, Publication
from centripetal.errors import HistoryGapError, MalformedResponseError, ServerError, UsageError


class Stream:
    """A history that behaves like the server's (protocol 6: history)."""

    def __init__(self, count: int, size: int = 10**6, epoch: str = "abcd") -> None:
        self.top = 0
        self.size = size
        self.epoch = epoch
        self.kept: list[int] = []
        self.publish(count)

    def publish(self, count: int = 1) -> None:
        for _ in range(count):
            self.top += 1
            self.kept = [*self.kept, self.top][-self.size :]

    def answer(self, command: History) -> HistoryResult:
        since = command.since
        if since is not None and since.epoch and since.epoch != self.epoch:
            raise ServerError("unrecoverable position", code=112)
        kept = self.kept[::-1] if command.reverse else self.kept
        if since is not None:
            kept = [one for one in kept if (one < since.offset if command.reverse else one > since.offset)]
        kept = kept[: command.limit]
        return HistoryResult([Publication(offset=one) for one in kept], self.epoch, self.top)


def paging(limit: int = 2, since: StreamPosition | None = None, reverse: bool = False, **options: Any) -> Paging:
    return Paging("news", **{"limit": limit, "since": since, "reverse": reverse, "timeout": None} | options)


def read(pages: Paging, stream: Stream, between: Any = lambda: None) -> list[list[int]]:
    got = []
    while (command := pages.next()) is not None:
        try:
            page = stream.answer(command)
        except ServerError as error:
            raise pages.failed(error) from None
        got.append([one.offset for one in pages.take(page).publications])
        between()
    return got


def test_a_whole_history_is_read_in_pages() -> None:
    """Pages start with the oldest publication; the page that reaches the top is the last, without another request."""
    assert read(paging(), Stream(5)) == [[1, 2], [3, 4], [5]]
    assert read(paging(), Stream(4)) == [[1, 2], [3, 4]]
    assert read(paging(), Stream(0)) == [[]]
    assert read(paging(), Stream(9, size=3)) == [[7, 8], [9]]


def test_a_history_can_be_read_from_its_end() -> None:
    """In reverse, pages end with the oldest publication that the server still has, without a gap error."""
    assert read(paging(reverse=True), Stream(5)) == [[5, 4], [3, 2], [1]]
    assert read(paging(reverse=True), Stream(4)) == [[4, 3], [2, 1]]
    assert read(paging(reverse=True), Stream(9, size=3)) == [[9, 8], [7]]
    assert read(paging(reverse=True, since=StreamPosition(3, "abcd")), Stream(5)) == [[2, 1]]


def test_reading_continues_after_a_position() -> None:
    """Reading starts after the position; after the top of the history there is nothing to read."""
    assert read(paging(since=StreamPosition(3, "abcd")), Stream(5)) == [[4, 5]]
    assert read(paging(since=StreamPosition(5, "abcd")), Stream(5)) == [[]]
    assert read(paging(since=StreamPosition(3)), Stream(4)) == [[4]]


def test_a_gap_before_the_first_page_raises() -> None:
    """If publications after the position have expired, the error names the position to continue from."""
    stream = Stream(9, size=3)
    with pytest.raises(
        HistoryGapError, match=r"expected publication 4, found 7\..*StreamPosition\(6, 'abcd'\)"
    ) as caught:
        read(paging(since=StreamPosition(3, "abcd")), stream)
    error = caught.value
    assert (error.channel, error.expected, error.found, error.epoch) == ("news", 4, 7, "abcd")
    assert (error.executed, error.retryable) == ("yes", False)
    assert read(paging(since=StreamPosition(error.found - 1, error.epoch)), stream) == [[7, 8], [9]]


def test_a_gap_between_pages_raises() -> None:
    """Publications that expire while the history is read raise HistoryGapError."""
    stream = Stream(5, size=5)
    with pytest.raises(HistoryGapError) as caught:
        read(paging(), stream, lambda: stream.publish(5))
    assert (caught.value.expected, caught.value.found) == (3, 6)


def test_a_gap_in_reverse_raises() -> None:
    """A page that does not follow the previous page raises; reading continues from `found` + 1."""
    stream = Stream(9)
    pages = paging(reverse=True)
    pages.take(stream.answer(History("news", limit=2, reverse=True)))
    stream.kept = [1, 2, 3, 4, 8, 9]
    with pytest.raises(
        HistoryGapError, match=r"expected publication 7, found 4\..*StreamPosition\(5, 'abcd'\)"
    ) as caught:
        read(pages, stream)
    assert (caught.value.expected, caught.value.found) == (7, 4)
    position = StreamPosition(caught.value.found + 1, caught.value.epoch)
    assert read(paging(reverse=True, since=position), stream) == [[4, 3], [2, 1]]


def test_a_history_that_is_emptied_has_a_gap_up_to_its_top() -> None:
    """An emptied history returns no publications, and its top position reveals the gap."""
    stream = Stream(5)
    with pytest.raises(HistoryGapError) as caught:
        read(paging(), stream, lambda: stream.kept.clear())
    assert (caught.value.expected, caught.value.found) == (3, 6)


@pytest.mark.parametrize("reverse", [False, True])
def test_another_epoch_raises(reverse: bool) -> None:
    """Offsets of different epochs cannot be compared, even if they match."""
    stream = Stream(5)

    def reset() -> None:
        stream.epoch = "wxyz"

    with pytest.raises(HistoryGapError, match="was reset: epoch 'abcd' no longer exists") as caught:
        read(paging(reverse=reverse), stream, reset)
    assert (caught.value.expected, caught.value.found, caught.value.epoch) == (None, 1, "")
    pages = paging(since=StreamPosition(1, "abcd"))
    with pytest.raises(HistoryGapError, match="was reset"):
        pages.take(HistoryResult([Publication(offset=2)], "wxyz", 2))


def test_other_errors_are_unchanged() -> None:
    """Only an unrecoverable position becomes a HistoryGapError."""
    error = ServerError("not available", code=108)
    assert paging().failed(error) is error


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, None])
def test_a_page_holds_at_least_one(limit: Any) -> None:
    """0 and -1 have special meanings for the server, so they are refused as a page size."""
    with pytest.raises(UsageError, match="limit is the size of a page"):
        paging(limit=limit)


def test_invalid_arguments_are_refused_before_the_first_page() -> None:
    """Arguments that `History` would refuse are refused before the first request."""
    with pytest.raises(UsageError, match="channel must not be empty"):
        Paging("", limit=1, since=None, reverse=False, timeout=None)
    with pytest.raises(UsageError, match="nothing before offset 0"):
        paging(since=StreamPosition(0), reverse=True)


@given(
    count=st.integers(0, 30),
    size=st.integers(1, 30),
    limit=st.integers(1, 10),
    since=st.none() | st.integers(0, 35),
    reverse=st.booleans(),
    published=st.lists(st.integers(0, 4), max_size=40),
)
def test_reading_is_ordered_and_complete(
    count: int, size: int, limit: int, since: int | None, reverse: bool, published: list[int]
) -> None:
    """While others publish, every offset is read exactly once, or an error is raised."""
    stream = Stream(count, size)
    more = iter(published)
    position = None if since is None else StreamPosition(max(since, 1) if reverse else since, "abcd")
    got: list[int] = []
    pages = paging(limit=limit, since=position, reverse=reverse)
    try:
        while (command := pages.next()) is not None:
            got += [one.offset for one in pages.take(stream.answer(command)).publications]
            stream.publish(next(more, 0))
    except HistoryGapError:
        assert stream.top > size
    step = -1 if reverse else 1
    assert got == list(range(got[0], got[0] + step * len(got), step)) if got else True


def page(*offsets: int, top: int) -> HistoryResult:
    return HistoryResult([Publication(offset=one) for one in offsets], "abcd", top)


def test_a_publication_beyond_the_newest_offset_is_malformed() -> None:
    """A server that never reports the offset it has reached does not cause endless requests."""
    pages = paging()
    pages.take(page(1, 2, top=2 + 1))
    with pytest.raises(MalformedResponseError, match="offset 4, but its newest offset is 3"):
        pages.take(page(3, 4, top=3))


@pytest.mark.parametrize(
    ("offsets", "reverse"), [((1, 2), False), ((2,), False), ((4, 3), True), ((3,), True), ((0, 4), True)]
)
def test_pages_that_repeat_are_malformed(offsets: tuple[int, ...], reverse: bool) -> None:
    """A server that returns publications again, or goes backwards, does not cause endless requests."""
    pages = paging(reverse=reverse)
    pages.take(page(*((4, 3) if reverse else (1, 2)), top=4))
    with pytest.raises(MalformedResponseError, match="repeat"):
        pages.take(page(*offsets, top=4))


def test_a_short_page_before_the_newest_publication_is_not_the_last() -> None:
    """If a page is not full although newer publications exist, the next page is read too."""
    pages = paging(limit=5)
    pages.take(page(1, 2, top=4))
    command = pages.next()
    assert command is not None
    assert command.since == StreamPosition(2, "abcd")
    pages.take(page(3, 4, top=4))
    assert pages.next() is None


@pytest.mark.parametrize(
    ("offsets", "reverse", "last"), [((1, 0), False, 2), ((0, 2), False, 2), ((4, 0), True, 3), ((0, 3), True, 3)]
)
def test_reading_continues_after_a_publication_without_an_offset(
    offsets: tuple[int, ...], reverse: bool, last: int
) -> None:
    """The offset of a publication that cannot be read follows from its neighbours."""
    pages = paging(reverse=reverse)
    pages.take(page(*offsets, top=4))
    command = pages.next()
    assert command is not None
    assert command.since == StreamPosition(last, "abcd")


def test_a_page_without_offsets_is_malformed() -> None:
    """If no publication of a page has an offset, the next page cannot be asked for."""
    with pytest.raises(MalformedResponseError, match="readable offset"):
        paging().take(page(0, 0, top=4))
