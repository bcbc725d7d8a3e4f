"""Going through a history page by page, which notices what is missing (spec v6 §5.7).

A server does not say that publications between two pages have fallen out of the history: the next page just begins
later. Offsets grow by one, so a page that does not begin where the last one ended tells.

    while (command := paging.next()) is not None:
        page = paging.take(the result of the command)       or paging.failed(the error instead of it), which raises
"""

from centripetal.dialects.current.commands.channels import History
from centripetal.dialects.current.error_codes import UNRECOVERABLE_POSITION
from centripetal.dialects.current.objects import StreamPosition
from centripetal.dialects.current.results.standard import HistoryResult
from centripetal.errors import HistoryGapError, ServerError, UsageError

__all__ = ["Paging"]


class Paging:
    """The way through one history.

    Args:
        channel: whose history.
        limit: how many publications a page has at most.
        since: begin after (reverse: before) this position; None: with the oldest (reverse: newest) that there is.
        reverse: newest first.
        timeout: seconds for each page.

    Raises:
        UsageError: a limit below 1, or what `History` does not take.
    """

    def __init__(
        self, channel: str, *, limit: int, since: StreamPosition | None, reverse: bool, timeout: float | None
    ) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise UsageError(f"limit is the size of a page, at least 1, not {limit!r}")
        self._channel = channel
        self._limit = limit
        self._since = since
        self._reverse = reverse
        self._timeout = timeout
        self._over = False
        self.next().changes()  # type: ignore[union-attr]  # so that a mistake shows at once

    def next(self) -> History | None:
        """The command for the next page; None after the last one."""
        if self._over:
            return None
        return History(
            self._channel, limit=self._limit, since=self._since, reverse=self._reverse, timeout=self._timeout
        )

    def take(self, page: HistoryResult) -> HistoryResult:
        """*page* itself, which is the answer to the last command.

        Raises:
            HistoryGapError: publications before it are gone, or it is of another history.
        """
        since = self._since
        if since is not None and since.epoch and page.epoch != since.epoch:
            raise self._anew(page.epoch)
        if since is not None:
            self._look_for_gap(page, since.offset)
        if not page.publications:
            self._over = True
            return page
        last = page.publications[-1].offset
        self._since = StreamPosition(last, page.epoch)
        self._over = len(page.publications) < self._limit or last == (1 if self._reverse else page.offset)
        return page

    def _look_for_gap(self, page: HistoryResult, last: int) -> None:
        if self._reverse:
            # What is older than the oldest page is expected to be gone; but pages must follow on each other.
            expected, found = last - 1, page.publications[0].offset if page.publications else last - 1
            if found < expected and page.offset >= expected:
                raise self._gap(expected, found, page.epoch)
            return
        expected = last + 1
        found = page.publications[0].offset if page.publications else max(page.offset, last) + 1
        if found > expected:
            raise self._gap(expected, found, page.epoch)

    def failed(self, error: ServerError) -> ServerError | HistoryGapError:
        """What to raise instead of *error*, the answer to the last command."""
        return self._anew("") if error.code == UNRECOVERABLE_POSITION else error

    def _gap(self, expected: int, found: int, epoch: str) -> HistoryGapError:
        behind = found + 1 if self._reverse else found - 1
        return HistoryGapError(
            f"the history of {self._channel!r} has a gap: publication {expected} is expected, the next one is {found}; "
            f"to go on behind the gap, give since=StreamPosition({behind}, {epoch!r})",
            channel=self._channel,
            expected=expected,
            found=found,
            epoch=epoch,
        )

    def _anew(self, epoch: str) -> HistoryGapError:
        old = "" if self._since is None else self._since.epoch
        return HistoryGapError(
            f"the history of {self._channel!r} has begun anew: epoch {old!r} is over, and what was in it is gone; "
            "to read the new one, begin without since",
            channel=self._channel,
            expected=None,
            found=1,
            epoch=epoch,
        )
