"""Record publications and compare them with the publications that a test expects: PURE.

    published = Publications()
    published.note(event)               record an event of a server
    published.missing("news", {...})    "" if the data was published, else the text of the failure

The methods that look for a fault return the text that a failing test shows; the caller raises.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

import msgspec

from centripetal.errors import UsageError
from centripetal.protocol.exact import exact_integer
from centripetal.server.engine.events import CommandRun, Event, Published, RequestRefused
from centripetal.testing.matching import ANYTHING, clipped, decoded, differences, matches

__all__ = ["Expected", "Publication", "Publications", "bounded"]

Expected = Sequence[tuple[str, Any]] | Mapping[str, Sequence[Any]]
"""All expected publications: pairs of channel and data in order, or the data of each channel in order."""

_MOST_ROWS = 20
_MOST_DIFFERENCES = 12
_ALIGNED = 200  # rows of each side that are searched for the longest common sequence; the cost is quadratic


class Publication(msgspec.Struct, frozen=True):
    """One publication.

    Attributes:
        channel: the channel.
        data: the decoded JSON; every number is exact. JSON of more than 200 levels is a `msgspec.Raw`.
        client: id of the connection that published it, or that the back end named as originator; "" without either.
        user: the user of the client that published it; "" if it came through the API.
        by_client: whether a connected client published it, rather than the API.
        tags: its tags; Centrifugo 1.x has no tags.
    """

    channel: str
    data: Any
    client: str = ""
    user: str = ""
    by_client: bool = False
    tags: dict[str, str] = {}

    def is_as(self, channel: str, data: Any, tags: Any = ANYTHING) -> bool:
        """Return whether it was published to *channel* and matches *data* and *tags*."""
        return self.channel == channel and matches(data, self.data) and matches(tags, self.tags)


class Publications(Sequence[Publication]):
    """All publications so far, in order. The sequence grows while the server runs.

    Args:
        verb: what happened to the publications, for the texts of failures.
        refused: what the server did with other commands, likewise.
    """

    def __init__(self, verb: str = "published", refused: str = "the server refused") -> None:
        self._verb = verb
        self._refused_title = refused
        self._items: list[Publication] = []
        self._refusals: list[str] = []
        self._watchers: tuple[Callable[[], object], ...] = ()

    @overload
    def __getitem__(self, index: int) -> Publication: ...
    @overload
    def __getitem__(self, index: slice) -> list[Publication]: ...
    def __getitem__(self, index: int | slice) -> Publication | list[Publication]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Publication]:
        return iter(self._items[:])

    def __repr__(self) -> str:
        return f"<{_count(len(self))}{''.join(f'{chr(10)}{row}' for row in _listed(self._numbered()))}>"

    def to(self, channel: str) -> list[Any]:
        """Return the data of all publications to *channel*, in order."""
        return [each.data for each in self if each.channel == channel]

    def clear(self) -> None:
        """Forget all publications so far."""
        self._items, self._refusals = [], []

    # ---- for the test server, the recorder and the browsers

    def add(self, publication: Publication) -> None:
        """Append a publication."""
        self._items.append(publication)

    def refuse(self, what: str) -> None:
        """Append a command that the server refuses, for the texts of failures."""
        self._refusals.append(what)

    def note(self, event: Event) -> None:
        """Record an event of a server."""
        if isinstance(event, Published):
            data = decoded(bytes(event.data))
            self.add(Publication(event.channel, data, event.client, event.user, event.by_client, dict(event.tags)))
            for wake in self._watchers:
                wake()
        elif isinstance(event, CommandRun) and event.error:
            about = f" to {', '.join(map(repr, event.channels))}" if event.channels else ""
            self.refuse(f"{event.method}{about}: {event.error}")
        elif isinstance(event, RequestRefused):
            self.refuse(f"an entire request: {event.status} {event.reason}")

    def watch(self, wake: Callable[[], object]) -> Callable[[], None]:
        """Call *wake* after each publication, in the server's thread, until the returned function is called."""

        def once() -> object:
            return wake()

        self._watchers = (*self._watchers, once)

        def stop() -> None:
            self._watchers = tuple(each for each in self._watchers if each is not once)

        return stop

    def find(self, channel: str, data: Any, times: int = 1) -> Publication | None:
        """Return the matching publication number *times*, or None if there are fewer.

        Raises:
            UsageError: *times* is not an integer of 1 or more.
        """
        if (number := exact_integer(times)) is None or number < 1:
            raise UsageError(f"times must be an integer of 1 or more, got {times!r:.100}")
        found = [each for each in self if each.is_as(channel, data)]
        return found[number - 1] if len(found) >= number else None

    def missing(
        self, channel: str, data: Any = ANYTHING, times: int | None = None, more: str = "", *, tags: Any = ANYTHING
    ) -> str:
        """Return the fault if *data* was not published to *channel*, or not *times* times; "" if it was.

        Args:
            channel: the channel.
            data: the expected data.
            times: the exact number of publications; None means one or more.
            more: text to append to the first line.
            tags: the expected tags.
        """
        rows = self._numbered()
        found = [number for number, each in rows if each.is_as(channel, data, tags)]
        if (times is None and found) or len(found) == times:
            return ""
        what = f"to {channel!r}" if data is ANYTHING else f"of {clipped(data)} to {channel!r}"
        what += "" if tags is ANYTHING else f" with tags {clipped(tags)}"
        if not found:
            return self._report(f"no publication {what}{more}", rows, _closest(channel, data, tags, rows))
        title = f"{_count(len(found))} {what}{more}, expected {times}: {', '.join(map(str, found))}"
        return self._report(title, rows, [])

    def unwanted(self, channel: str | None = None) -> str:
        """Return the fault if anything was published, to any channel or to *channel*; "" otherwise."""
        rows = [(number, each) for number, each in self._numbered() if channel in (None, each.channel)]
        if not rows:
            return ""
        where = "" if channel is None else f" to {channel!r}"
        return "\n".join([f"{_count(len(rows))}{where}, expected none", "", *_listed(rows)])

    def deviating(self, expected: Expected) -> str:
        """Return the fault if the publications differ from *expected*; "" otherwise."""
        rows = self._numbered()
        if isinstance(expected, Mapping):
            channels = dict.fromkeys([*expected, *(each.channel for _, each in rows)])
            sides = [
                (
                    [(channel, data) for data in expected.get(channel, ())],
                    [(number, each) for number, each in rows if each.channel == channel],
                )
                for channel in channels
            ]
        else:
            sides = [(list(expected), rows)]
        told = [_compared(wanted, there) for wanted, there in sides]
        if all(same for same, _ in told):
            return ""
        lines = [line for _, part in told for line in part]
        title = "the publications differ from the expected publications (- missing, + unexpected)"
        return "\n".join([title, "", *bounded(lines, 2 * _MOST_ROWS), *self._refused()])

    def _numbered(self) -> "_Rows":
        return list(enumerate(self, start=1))

    def _report(self, title: str, rows: "_Rows", closest: list[str]) -> str:
        listed = [f"{self._verb}:", *_listed(rows)] if rows else [f"nothing was {self._verb}"]
        return "\n".join([title, "", *listed, *closest, *self._refused()])

    def _refused(self) -> list[str]:
        lines = [f"  {line}" for line in self._refusals]
        return ["", f"{self._refused_title}:", *bounded(lines, _MOST_ROWS)] if lines else []


_Rows = list[tuple[int, Publication]]


def _count(number: int) -> str:
    return "1 publication" if number == 1 else f"{number:,} publications"


def _row(number: int | None, channel: str, data: Any, tags: Mapping[str, str] = {}) -> str:
    tagged = f"  tags {clipped(tags)}" if tags else ""
    return f"{'' if number is None else f'{number}. '}{channel!r}  {clipped(data)}{tagged}"


def _listed(rows: _Rows) -> list[str]:
    lines = [f"  {_row(number, each.channel, each.data, each.tags)}" for number, each in rows[-_MOST_ROWS:]]
    hidden = len(rows) - len(lines)
    return [f"  … {hidden:,} earlier", *lines] if hidden else lines


def bounded(lines: list[str], most: int) -> list[str]:
    """Return *lines*, cut after *most* lines with the number of the others."""
    return lines if len(lines) <= most else [*lines[:most], f"  … {len(lines) - most:,} more"]


def _closest(channel: str, data: Any, tags: Any, rows: _Rows) -> list[str]:
    """Describe the publication that is most similar to the missing publication."""
    elsewhere = [number for number, each in rows if each.is_as(each.channel, data, tags)]
    if elsewhere and (data is not ANYTHING or tags is not ANYTHING):
        return ["", f"published to another channel: {', '.join(map(str, elsewhere[:_MOST_ROWS]))}"]
    candidates = [
        (number, differences(data, each.data) + differences(tags, each.tags, "tags"))
        for number, each in rows
        if each.channel == channel
    ]
    if not candidates:
        return []
    number, lines = min(candidates, key=lambda candidate: len(candidate[1]))
    shown = bounded([f"  {line}" for line in lines], _MOST_DIFFERENCES)
    return ["", f"closest is {number} (- expected, + published):", *shown]


def _compared(wanted: Sequence[tuple[str, Any]], there: _Rows) -> tuple[bool, list[str]]:
    """Return whether both sides match, and a line for each row, marked if only one side has the row."""
    lines: list[str] = []
    same = True
    i = j = 0
    for stop_i, stop_j in [*_common(wanted, there), (len(wanted), len(there))]:
        gap = wanted[i:stop_i], there[j:stop_j]
        same = same and not any(gap)
        lines += _gap(*gap)
        if stop_i < len(wanted) and stop_j < len(there):
            number, each = there[stop_j]
            lines.append(f"    {_row(number, each.channel, each.data, each.tags)}")
        i, j = stop_i + 1, stop_j + 1
    return same, _folded(lines)


def _gap(wanted: Sequence[tuple[str, Any]], there: _Rows) -> list[str]:
    """Describe rows without a match; two rows at the same place in the same channel are compared in detail."""
    lines = []
    for index in range(max(len(wanted), len(there))):
        if index < len(wanted):
            lines.append(f"  - {_row(None, *wanted[index])}")
        if index < len(there):
            number, each = there[index]
            lines.append(f"  + {_row(number, each.channel, each.data, each.tags)}")
            if index < len(wanted) and wanted[index][0] == each.channel and isinstance(each.data, dict | list):
                parts = differences(wanted[index][1], each.data)
                lines += bounded([f"      {line}" for line in parts], _MOST_DIFFERENCES)
    return lines


def _folded(lines: list[str]) -> list[str]:
    """Return *lines* with long runs of matching rows shortened."""
    shown: list[str] = []
    run: list[str] = []
    for line in [*lines, ""]:
        if line.startswith("    ") and not line.startswith("      "):
            run.append(line)
            continue
        shown += run if len(run) <= 5 else [*run[:2], f"    … {len(run) - 4:,} more as expected", *run[-2:]]
        shown += [line] if line else []
        run = []
    return shown


def _common(wanted: Sequence[tuple[str, Any]], there: _Rows) -> list[tuple[int, int]]:
    """Return index pairs of a longest common sequence of rows.

    Beyond the matching start, only the first `_ALIGNED` rows of each side are searched.
    """
    start = 0
    while start < min(len(wanted), len(there)) and there[start][1].is_as(*wanted[start]):
        start += 1
    rows, columns = min(len(wanted) - start, _ALIGNED), min(len(there) - start, _ALIGNED)
    # longest[i][j]: length of the longest common sequence from row i and column j on
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    same = [[there[start + j][1].is_as(*wanted[start + i]) for j in range(columns)] for i in range(rows)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            longest[i][j] = longest[i + 1][j + 1] + 1 if same[i][j] else max(longest[i + 1][j], longest[i][j + 1])
    pairs = [(place, place) for place in range(start)]
    i = j = 0
    while i < rows and j < columns:
        if same[i][j]:
            pairs.append((start + i, start + j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
