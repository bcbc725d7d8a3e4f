"""What went wrong in a server, and what to do about it, by the tables in `dialects/*/advice.py`. PURE."""

from collections.abc import Callable

import msgspec

from centripetal.protocol.advice import Advice, AdviceTable
from centripetal.server.engine.events import CommandRefused, CommandRun, Disconnected, Event, RequestRefused

__all__ = ["Explain", "Problem", "Problems", "explain"]

_MAX_GROUPS = 100


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

_UNKNOWN = Advice("The server refused this with “{reason}”.", "Look this reason up in its documentation.")


def explain(table: AdviceTable, event: Event) -> Problem | None:
    """The problem that *event* is, by the *table* of its server's dialect; None if nothing went wrong."""
    found: Advice | None
    match event:
        case RequestRefused():
            reason, where = event.reason or f"status {event.status}", f"request, {event.status}"
            found = table.for_request(reason)
        case CommandRun(error=reason) if reason:
            where = f"API {event.method}"
            found = table.for_error(reason, event.method, event.channels)
        case CommandRefused(error=reason):
            where = f"client {event.method}"
            found = table.for_error(reason, event.method, (event.channel,), event.user)
        case Disconnected(reason=reason) if reason:
            where = "client connection"
            found = table.for_close(event.code, reason, event.user)
            if found is None or not found.fix:  # the back end may end a connection with any code and reason
                return None
        case _:
            return None
    found = found or _UNKNOWN.about(reason=reason)
    return Problem(reason, where, found.meaning, found.fix, event.at)


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
