"""Read a history page by page and detect missing publications (protocol 6: history).

If publications expire between two pages, the server does not report it: the next page just starts later. Offsets grow
by one, so a page that does not continue where the previous page ended reveals the gap.

    while (command := paging.next()) is not None:
        page = paging.take(result)      # or, if the command failed: raise paging.failed(error)
"""

from centripetal.dialects.current.commands.channels import History
from centripetal.dialects.current.error_codes import UNRECOVERABLE_POSITION
from centripetal.dialects.current.objects import StreamPosition
from centripetal.dialects.current.results.standard import HistoryResult
from centripetal.errors import HistoryGapError, MalformedResponseError, ServerError, UsageError

__all__ = ["Paging"]


class Paging:
    """Position while reading one history page by page.

    Args:
        channel: channel of the history.
        limit: maximum number of publications per page, 1 or more.
        since: start after this position (with *reverse*, before it); None starts with the oldest publication (with
            *reverse*, the newest).
        reverse: read the newest publication first.
        timeout: time limit for each page in seconds; None for the client's `timeout`.

    Raises:
        UsageError: *limit* is below 1, or `History` rejects an argument.
    """

    def __init__(
        self, channel: str, *, limit: int, since: StreamPosition | None, reverse: bool, timeout: float | None
    ) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise UsageError(f"limit is the size of a page and must be an integer of 1 or more, not {limit!r}")
        self._channel = channel
        self._limit = limit
        self._since = since
        self._reverse = reverse
        self._timeout = timeout
        self._over = False
        self.next().changes()  # type: ignore[union-attr]  # reports invalid arguments at once, not at the first page

    def next(self) -> History | None:
        """Return the command for the next page; None after the last page."""
        if self._over:
            return None
        return History(
            self._channel, limit=self._limit, since=self._since, reverse=self._reverse, timeout=self._timeout
        )

    def take(self, page: HistoryResult) -> HistoryResult:
        """Check *page*, the result of the last command, and return it.

        Raises:
            HistoryGapError: publications before the page are missing, or the history was reset.
            MalformedResponseError: the page contradicts the position of the history, or contains no offset.
        """
        since = self._since
        if since is not None and since.epoch and page.epoch != since.epoch:
            raise self._reset(page.epoch)
        if since is not None:
            self._look_for_gap(page, since.offset)
        if not page.publications:
            self._over = True
            return page
        last = self._last(page)
        if since is not None and (last >= since.offset if self._reverse else last <= since.offset):
            text = f"the pages of the history repeat: the page after offset {since.offset} ends with offset {last}"
            raise MalformedResponseError(text, executed="yes")
        if not self._reverse and 0 < page.offset < last:
            text = f"the history has a publication with the offset {last}, but its newest offset is {page.offset}"
            raise MalformedResponseError(text, executed="yes")
        self._since = StreamPosition(last, page.epoch)
        # A page that is not full is the last one, unless the server says that newer publications exist.
        has_more = len(page.publications) == self._limit or (not self._reverse and last < page.offset)
        self._over = not has_more or last == (1 if self._reverse else page.offset)
        return page

    def _last(self, page: HistoryResult) -> int:
        """Return the last offset of *page*. The offset of a publication that cannot be read is 0."""
        for distance, publication in enumerate(reversed(page.publications)):
            if publication.offset:
                return publication.offset + (-distance if self._reverse else distance)
        text = "no publication in a page of the history has a readable offset: the next page cannot be read"
        raise MalformedResponseError(text, executed="yes")

    def _first(self, page: HistoryResult, default: int) -> int:
        """Return the first offset of *page*; *default* if it has no readable offset."""
        for distance, publication in enumerate(page.publications):
            if publication.offset:
                return publication.offset + (distance if self._reverse else -distance)
        return default

    def _look_for_gap(self, page: HistoryResult, last: int) -> None:
        if self._reverse:
            # Publications older than the last page may have expired, which is normal; a gap between pages is not.
            expected, found = last - 1, self._first(page, last - 1)
            if found < expected and page.offset >= expected:
                raise self._gap(expected, found, page.epoch)
            return
        expected = last + 1
        found = self._first(page, expected if page.publications else max(page.offset, last) + 1)
        if found > expected:
            raise self._gap(expected, found, page.epoch)

    def failed(self, error: ServerError) -> ServerError | HistoryGapError:
        """Return the exception to raise for *error*, with which the server rejected the last command."""
        return self._reset("") if error.code == UNRECOVERABLE_POSITION else error

    def _gap(self, expected: int, found: int, epoch: str) -> HistoryGapError:
        behind = found + 1 if self._reverse else found - 1
        return HistoryGapError(
            f"the history of {self._channel!r} has a gap: expected publication {expected}, found {found}. "
            f"To continue after the gap, pass since=StreamPosition({behind}, {epoch!r})",
            channel=self._channel,
            expected=expected,
            found=found,
            epoch=epoch,
        )

    def _reset(self, epoch: str) -> HistoryGapError:
        old = "" if self._since is None else self._since.epoch
        return HistoryGapError(
            f"the history of {self._channel!r} was reset: epoch {old!r} no longer exists, its publications are lost. "
            "To read the new history, start without since",
            channel=self._channel,
            expected=None,
            found=1,
            epoch=epoch,
        )
