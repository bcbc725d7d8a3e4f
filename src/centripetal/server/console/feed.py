"""Recent events of a server, for the pages that show them: PURE.

    feed.take(event)                       store an event; called in the server's thread
    frame, cursor = feed.read(cursor)      the next events after cursor, as a part of an event stream

All pages share one ring buffer. A page that reads too slowly or connects late gets the number of events that it missed.
Events of any size are stored, but only the beginnings of their texts.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from centripetal.server.console.backend import tags_as_text
from centripetal.server.console.problems import Explain, Problem, Problems, of_token
from centripetal.server.console.token_checks import TokenCheck
from centripetal.server.engine.events import CommandRefused, Disconnected, Event, Published, TokenSent

__all__ = ["Cursor", "Feed"]

_KEPT = 500  # events
_PORTION = 100  # maximum number of events in one read
_TEXT = 4096  # bytes stored of a publication's data, and of its tags, and characters of any other text
_NAMES = 20  # channels stored of a command
_NAME = 256  # characters of each of them


class Cursor(NamedTuple):
    """The position up to which a page has read; the page sends it back as `Last-Event-ID`.

    Attributes:
        run: id of the server's start.
        number: number of the last event that the page read.
    """

    run: str
    number: int

    def __str__(self) -> str:
        return f"{self.run}-{self.number}"


class _Shown(msgspec.Struct, frozen=True):
    """A publication as pages get it. Its JSON is text, because it may be cut and then is not valid JSON."""

    kind: str
    at: float
    channel: str
    text: str
    size: int
    user: str
    by_client: bool
    tags: str
    receivers: int
    offset: int
    epoch: str


class _ShownToken(msgspec.Struct, frozen=True):
    """A token as pages get it."""

    kind: str
    at: float
    client: str
    user: str
    method: str
    channel: str
    check: TokenCheck


class Feed:
    """The ring buffer of one server.

    Args:
        run: id of this start of the server.
        explain: returns the problem that an event reports, or None.
        check_token: explains a token.
    """

    def __init__(self, run: str, explain: Explain, check_token: Callable[[TokenSent], TokenCheck]) -> None:
        self._run = run
        self._explain = explain
        self._check_token = check_token
        self._token: TokenSent | None = None  # the latest token, until its client sends another command
        self._events: deque[Event | _Shown | _ShownToken] = deque(maxlen=_KEPT)
        self._count = 0
        self.published = 0
        """Number of publications since the start."""
        self.problems = Problems()
        """Problems since the start, or since they were cleared."""

    @property
    def count(self) -> int:
        """Number of events since the start."""
        return self._count

    def take(self, event: Event) -> None:
        """Store *event*, with the beginnings of its texts if they are long."""
        self._count += 1
        if isinstance(event, TokenSent):
            # Explaining takes longer than the server's check, so it waits for a refusal or a reader.
            self._token = event
            long = len(event.token) + sum(map(len, event.signed.values())) > _TEXT
            self._events.append(self._shown_token(event) if long else event)
            return
        event = _cut(event)
        if isinstance(event, Published):
            self.published += 1
            # Cut long data now to save memory. Format short publications later, only if a page reads them.
            self._events.append(_shown(event) if event.tags or len(bytes(event.data)) > _TEXT else event)
            return
        self._events.append(event)
        if (problem := self._refused_token(event) or self._explain(event)) is not None:
            self.problems.add(problem)

    def _refused_token(self, event: Event) -> Problem | None:
        """Return the problem with the token whose refusal *event* reports."""
        sent = self._token
        if sent is None or not isinstance(event, CommandRefused | Disconnected) or event.client != sent.client:
            return None
        self._token = None
        return of_token(self._check_token(sent), event)

    def _page_form(self, number: int) -> Any:
        """Return the event at *number* in the buffer as pages get it."""
        event = self._events[number]
        if isinstance(event, TokenSent):
            # Keep the explanation instead of the token, for other pages.
            event = self._events[number] = self._shown_token(event)
        return _shown(event) if isinstance(event, Published) else event

    def _shown_token(self, sent: TokenSent) -> _ShownToken:
        names = {name: getattr(sent, name)[:_NAME] for name in ("client", "user", "method", "channel")}
        return _ShownToken(kind="token", at=sent.at, check=self._check_token(sent), **names)

    def cursor(self, text: str) -> Cursor:
        """Return the cursor in *text*. If it is missing or from another start, return the oldest position."""
        run, _, number = text.rpartition("-")
        known = run == self._run and number.isascii() and number.isdigit() and len(number) < 20
        return Cursor(self._run, min(int(number), self._count) if known else self._count - len(self._events))

    def read(self, cursor: Cursor) -> tuple[bytes, Cursor]:
        """Return the next events after *cursor* as event stream bytes (b"" for none), and the cursor after them."""
        oldest = self._count - len(self._events)
        start = max(cursor.number, oldest)
        end = min(start + _PORTION, self._count)
        if start == end:
            return b"", cursor
        shown = [self._page_form(number - oldest) for number in range(start, end)]
        after = Cursor(self._run, end)
        body = msgspec.json.encode({"missed": start - cursor.number, "events": shown})
        return b"id: %b\nevent: events\ndata: %b\n\n" % (str(after).encode(), body), after


def _cut(event: Event) -> Event:
    """Return *event* without the ends of long texts and lists, which would fill the memory."""
    cut: dict[str, object] = {}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if isinstance(value, str) and len(value) > _TEXT:
            cut[name] = f"{value[:_TEXT]}…"
        elif isinstance(value, tuple) and (len(value) > _NAMES or any(len(each) > _NAME for each in value)):
            more = (f"… and {len(value) - _NAMES} more",) if len(value) > _NAMES else ()
            cut[name] = (*(each if len(each) <= _NAME else f"{each[:_NAME]}…" for each in value[:_NAMES]), *more)
    return msgspec.structs.replace(event, **cut) if cut else event


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
        offset=event.offset,
        epoch=event.epoch,
    )
