"""Requests and replies for a list of commands, as generators: no sockets, no clock, no threads.

A flow is a generator that yields an HTTP request, receives the reply, and finally returns one outcome per command. The
driver throws transport errors into the flow at the `yield`. A flow may also yield a `Pause`; if it does not fit into
the call's time limit, the driver throws a `TimeoutError`. The drivers (`client/blocking.py`, `client/awaiting.py`) add
the sockets and the clock. `protocol/retry.py` has the flow that retries.
"""

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar

from centripetal.errors import CentripetalError, TimeoutError
from centripetal.protocol.command import Command, Outcome, Prepared, R
from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["NO_PAUSE", "PAUSE_OVER", "Codec", "Dialect", "Flow", "Pause", "exchange", "fitted", "late"]

T = TypeVar("T")
OutcomeT = TypeVar("OutcomeT", bound=Outcome[Any])


class Pause:
    """A pause before the next step.

    Attributes:
        seconds: length of the pause.
        least: if the pause does not fit into the call's time limit, it may be shortened to this length.
    """

    __slots__ = ("least", "seconds")

    def __init__(self, seconds: float, least: float | None = None) -> None:
        self.seconds = seconds
        self.least = seconds if least is None else least


NO_PAUSE = Pause(0.0)
"""A pause that fits into any time limit that has not ended."""

PAUSE_OVER = HTTPReply(200, b"")
"""The value that a driver sends into a flow after a `Pause`."""

_LAST = 0.02
"""If less time is left, in seconds, a pause is not shortened any more: the request after it could not succeed."""


def fitted(pause: Pause, timeout: float) -> float:
    """Return the length of *pause* if *timeout* seconds are left for it and for a request after it.

    Raises:
        TimeoutError: there is not enough time left.
    """
    seconds = pause.seconds
    if seconds >= timeout > _LAST:
        seconds = max(timeout / 2, pause.least)
    if seconds >= timeout:
        raise TimeoutError("the call's timeout leaves no time for another attempt", executed="no")
    return seconds


def late() -> TimeoutError:
    """Return the error of a flow that needs another request after its time limit."""
    return TimeoutError("the call needs another request, which does not fit into the call's timeout")


Flow = Generator[HTTPRequest | Pause, HTTPReply, T]


class Codec(Protocol[OutcomeT]):
    """Protocol of a dialect: encodes commands as requests and decodes replies to outcomes."""

    def prepare(self, command: Command[R]) -> Prepared[R]:
        """Check and encode one command; raise a `UsageError` if servers of this dialect would reject it."""
        ...

    def ask(self, calls: Sequence[Prepared[Any]]) -> Flow[list[OutcomeT]]:
        """Send *calls*, usually in one request, and return one outcome per call, in order.

        Raises:
            CentripetalError: the reply is missing, or does not match these calls.
        """
        ...


class Dialect(Codec[OutcomeT], Protocol[OutcomeT]):
    """A codec for clients, with a faster way for the usual case of a single request."""

    def direct_request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest | None:
        """Return the request for *calls* if one request will probably be enough, which is faster than a flow.

        Return None if the calls need several requests; then use `ask`.
        """
        ...

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> Sequence[OutcomeT]:
        """Decode *reply* to the request of `direct_request`: one outcome per call, in order.

        Return an empty sequence if the calls need further requests; then call `ask` with *reply*.

        Raises:
            CentripetalError: the reply does not match these calls.
        """
        ...

    def ask(self, calls: Sequence[Prepared[Any]], reply: HTTPReply | None = None) -> Flow[list[OutcomeT]]:
        """Send *calls* as `Codec.ask` does. If *reply* is given, it is the reply to the request of `direct_request`."""
        ...


def exchange(calls: Sequence[Prepared[Any]], flow: Flow[T]) -> Flow[T]:
    """Run *flow*, which sends *calls*, and return its outcomes. The error of a single call names its command."""
    try:
        return (yield from flow)
    except CentripetalError as error:
        if len(calls) == 1:
            error.command = calls[0].command
        raise
