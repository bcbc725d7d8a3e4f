"""Problems in a server and their fixes, from the tables in `dialects/*/advice.py`. PURE."""

from collections.abc import Callable

import msgspec

from centripetal.protocol.advice import Advice, AdviceTable
from centripetal.server.console.token_checks import TokenCheck
from centripetal.server.engine.events import (
    ApplicationAsked,
    CommandRefused,
    CommandRun,
    Disconnected,
    Event,
    RequestRefused,
)

__all__ = ["Explain", "Problem", "Problems", "explain", "literal", "of_token"]

_MAX_GROUPS = 100

_BACKQUOTE = "\ufdd0"  # a noncharacter of Unicode


def literal(text: str) -> str:
    """Return *text* of a caller for insertion into a text with code in backquotes.

    The page shows the code between backquotes in another style. Backquotes of callers must not change the style, so the
    page gets a placeholder, and shows it as a backquote.
    """
    return text.replace("`", _BACKQUOTE)


class Problem(msgspec.Struct, frozen=True):
    """A mistake of an API caller or a client.

    Attributes:
        reason: the server's message.
        where: the method or status that failed, formatted for display.
        what: explanation of the problem, with code in backquotes; see `literal`.
        fix: suggested fix, likewise.
        at: time of the latest occurrence, in Unix seconds.
        count: number of occurrences.
        token: the latest token that the server refused, with its explanation.
    """

    reason: str
    where: str
    what: str
    fix: str
    at: float
    count: int = 1
    token: TokenCheck | None = None


Explain = Callable[[Event], Problem | None]

_UNKNOWN = Advice("The server refused this with “{reason}”.", "Search the documentation of Centrifugo for it.")


def explain(table: AdviceTable, event: Event) -> Problem | None:
    """Return the problem that *event* reports, explained by the *table* of its dialect; None without a problem."""
    found: Advice | None
    match event:
        case ApplicationAsked(problem=reason) if reason:
            # The text of a useless answer is its own explanation.
            fix = "Open the event in the stream to compare the question with the answer."
            what = f"The answer of the application is useless, so the client gets this: {event.meaning}."
            return Problem(reason, f"proxy {event.event}", what, fix, event.at)
        case RequestRefused():
            reason, where = event.reason or f"status {event.status}", f"request, {event.status}"
            found = table.for_request(literal(reason))
        case CommandRun(error=reason) if reason:
            where = f"API {event.method}"
            found = table.for_error(reason, event.method, tuple(map(literal, event.channels)))
        case CommandRefused(error=reason):
            where = f"client {event.method}"
            found = table.for_error(reason, event.method, (literal(event.channel),), literal(event.user))
        case Disconnected(reason=reason) if reason:
            where = "client connection"
            found = table.for_close(event.code, reason, literal(event.user))
            if found is None or not found.fix:  # the back end may disconnect with any code and reason
                return None
        case _:
            return None
    found = found or _UNKNOWN.about(reason=literal(reason))
    return Problem(reason, where, found.meaning, found.fix, event.at)


def of_token(check: TokenCheck, event: CommandRefused | Disconnected) -> Problem | None:
    """Return the problem of a refused token with its own reason; *event* reports the refusal."""
    if check.accepted or not check.reasons:
        return None
    first = check.reasons[0]
    reason = event.error if isinstance(event, CommandRefused) else event.reason
    return Problem(reason, f"{check.kind} token", first.what, first.fix, event.at, token=check)


class Problems:
    """The problems of one server, with equal problems counted together."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], Problem] = {}

    def add(self, problem: Problem) -> None:
        """Count *problem*. Above `_MAX_GROUPS` different problems, drop the least recent."""
        key = problem.reason, problem.where, problem.what
        before = self._groups.pop(key, None)
        count = problem.count + (0 if before is None else before.count)
        self._groups[key] = msgspec.structs.replace(problem, count=count)
        if len(self._groups) > _MAX_GROUPS:
            del self._groups[next(iter(self._groups))]

    def latest(self) -> list[Problem]:
        """Return all problems, most recent first."""
        return list(reversed(self._groups.values()))

    def clear(self) -> None:
        """Remove all problems."""
        self._groups.clear()
