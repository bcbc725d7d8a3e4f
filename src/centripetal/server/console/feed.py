"""What happened in a server lately, for pages that show it: PURE.

    feed.take(event)                       for each event, in the server's thread
    frame, cursor = feed.read(cursor)      what came after cursor, as an event stream; a part of it, if it is much

What is remembered is one ring for all pages: a page that reads too slowly, or comes late, is told how many events it
has missed. Publications of any size are kept, as the beginning of their text.
"""

from collections import deque
from typing import NamedTuple

import msgspec

from centripetal.server.console.backend import tags_as_text
from centripetal.server.console.problems import Explain, Problems
from centripetal.server.engine.events import Event, Published

__all__ = ["Cursor", "Feed"]

_KEPT = 500  # events
_PORTION = 100  # events that are read at once
_TEXT = 4096  # bytes of a publication, and of its tags, that are kept


class Cursor(NamedTuple):
    """How far a page has read; what it sends back as `Last-Event-ID`.

    Attributes:
        run: the server's start that this belongs to.
        number: of the last event that was read.
    """

    run: str
    number: int

    def __str__(self) -> str:
        return f"{self.run}-{self.number}"


class _Shown(msgspec.Struct, frozen=True):
    """A publication as pages get it: its JSON as text, because the beginning of JSON is none."""

    kind: str
    at: float
    channel: str
    text: str
    size: int
    user: str
    by_client: bool
    tags: str
    receivers: int


class Feed:
    """The ring of one server.

    Args:
        run: what tells this start of the server from others.
        explain: what events mean.
    """

    def __init__(self, run: str, explain: Explain) -> None:
        self._run = run
        self._explain = explain
        self._events: deque[Event | _Shown] = deque(maxlen=_KEPT)
        self._count = 0
        self.published = 0
        """Publications since the start."""
        self.problems = Problems()
        """What went wrong since the start, or since it was cleared."""

    @property
    def count(self) -> int:
        """Events since the start."""
        return self._count

    def take(self, event: Event) -> None:
        """Remember *event*."""
        self._count += 1
        if isinstance(event, Published):
            self.published += 1
            # What may be long is not kept as it is; all else is done when a page reads it.
            self._events.append(_shown(event) if event.tags or len(bytes(event.data)) > _TEXT else event)
            return
        self._events.append(event)
        if (problem := self._explain(event)) is not None:
            self.problems.add(problem)

    def cursor(self, text: str) -> Cursor:
        """The cursor that a page sends back; if it has none, or one of another start: that of all that is kept."""
        run, _, number = text.rpartition("-")
        known = run == self._run and number.isascii() and number.isdigit() and len(number) < 20
        return Cursor(self._run, min(int(number), self._count) if known else self._count - len(self._events))

    def read(self, cursor: Cursor) -> tuple[bytes, Cursor]:
        """The next events after *cursor*, as an event stream, and the cursor after them; b"" if there are none."""
        oldest = self._count - len(self._events)
        start = max(cursor.number, oldest)
        end = min(start + _PORTION, self._count)
        if start == end:
            return b"", cursor
        found = [self._events[number - oldest] for number in range(start, end)]
        shown = [_shown(event) if isinstance(event, Published) else event for event in found]
        after = Cursor(self._run, end)
        body = msgspec.json.encode({"missed": start - cursor.number, "events": shown})
        return b"id: %b\nevent: events\ndata: %b\n\n" % (str(after).encode(), body), after


def _shown(event: Published) -> _Shown:
    data = bytes(event.data)
    return _Shown(
        kind="published",
        at=event.at,
        channel=event.channel,
        text=data[:_TEXT].decode(errors="replace"),
        size=len(data),
        user=event.user,
        by_client=event.by_client,
        tags=tags_as_text(event.tags)[:_TEXT],
        receivers=event.receivers,
    )
