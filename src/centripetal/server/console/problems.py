"""What went wrong, and what to do about it: PURE. The tables are the dialects' own (`server/v1/explanations.py`).

    explain = explainer(table)
    problem = explain(event)            None: nothing went wrong

An entry of a table is looked up by the kind of the event and the server's own word for what happened.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from centripetal.server.engine.events import CommandRefused, CommandRun, Disconnected, Event, RequestRefused

__all__ = ["Explain", "Explanation", "Problem", "Problems", "explainer"]

_MAX_GROUPS = 100


class Explanation(NamedTuple):
    """One line of a table.

    Attributes:
        kind: the class of event.
        word: how the server's reason starts; "" fits everything that comes to it.
        what: what happened. Both sentences may name {channel}, {namespace}, {user}, {method} and {reason}.
        fix: what to do.
        when: what else must be true of the event.
    """

    kind: type[Event]
    word: str
    what: str
    fix: str
    when: Callable[[Any], bool] = lambda _: True

    def fits(self, event: Event, reason: str) -> bool:
        """Whether this is the explanation of *event*, which has that reason."""
        return isinstance(event, self.kind) and reason.startswith(self.word) and self.when(event)


class Problem(msgspec.Struct, frozen=True):
    """Something that a caller or client did wrong.

    Attributes:
        reason: the server's own words.
        where: the method or status that it concerns, for people.
        what: what happened.
        fix: what to do.
        at: when, Unix seconds; the last time.
        count: how often; of a single event, once.
    """

    reason: str
    where: str
    what: str
    fix: str
    at: float
    count: int = 1


Explain = Callable[[Event], Problem | None]

_UNKNOWN = Explanation(
    Event, "", "The server refused this with “{reason}”.", "Look this reason up in its documentation."
)


def explainer(table: Sequence[Explanation], normal: Mapping[type[Event], frozenset[str]] = {}) -> Explain:
    """A function that explains events by *table*, in whose order entries are tried.

    Args:
        table: the explanations.
        normal: reasons that are nothing to explain, by the class of event.
    """

    def explain(event: Event) -> Problem | None:
        reason = _reason(event)
        if not reason or reason in normal.get(type(event), ()):
            return None
        found = next((each for each in table if each.fits(event, reason)), _UNKNOWN)
        words = _words(event, reason)
        what, fix = (_sentence(each.format_map(words)) for each in (found.what, found.fix))
        return Problem(reason, _where(event), what, fix, event.at)

    return explain


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reason(event: Event) -> str:
    match event:
        case RequestRefused():
            return event.reason or f"status {event.status}"
        case CommandRun() | CommandRefused():
            return event.error
        case Disconnected():
            return event.reason
        case _:
            return ""


def _where(event: Event) -> str:
    match event:
        case RequestRefused():
            return f"request, {event.status}"
        case CommandRun():
            return f"API {event.method}"
        case CommandRefused():
            return f"client {event.method}"
        case _:
            return "client connection"


def _words(event: Event, reason: str) -> dict[str, str]:
    channels = event.channels if isinstance(event, CommandRun) else (getattr(event, "channel", ""),)
    user = getattr(event, "user", "")
    return {
        "channel": ", ".join(f"“{each}”" for each in channels[:3] if each) or "the channel",
        "namespace": next((each.removeprefix("$").partition(":")[0] for each in channels if ":" in each), ""),
        "user": f"user “{user}”" if user else "an anonymous client",
        "method": getattr(event, "method", ""),
        "reason": reason,
    }


class Problems:
    """Problems of one server, the same ones together."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], Problem] = {}

    def add(self, problem: Problem) -> None:
        """Count *problem*; of too many kinds, the one that was seen longest ago is forgotten."""
        key = problem.reason, problem.where, problem.what
        before = self._groups.pop(key, None)
        count = problem.count + (0 if before is None else before.count)
        self._groups[key] = msgspec.structs.replace(problem, count=count)
        if len(self._groups) > _MAX_GROUPS:
            del self._groups[next(iter(self._groups))]

    def latest(self) -> list[Problem]:
        """All of them, the latest first."""
        return list(reversed(self._groups.values()))

    def clear(self) -> None:
        """Forget them."""
        self._groups.clear()
