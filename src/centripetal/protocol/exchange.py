"""The conversation about some commands: no socket, no clock, no thread.

A flow is a generator: it yields the request to make and is sent the reply; what it returns are the outcomes, one a
command. A transport error is thrown into it where it waits. A flow may also yield a `Pause`, and goes on after it; if
there is no time for that, a `TimeoutError` is thrown in. The drivers that run it (`client/blocking.py`,
`client/awaiting.py`) know sockets and clocks and nothing else. `protocol/retry.py` has the flow that asks again.
"""

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar

from centripetal.errors import CentripetalError, TimeoutError
from centripetal.protocol.command import Command, Outcome, Prepared, R
from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["PAUSE_OVER", "Codec", "Dialect", "Flow", "Pause", "check_pause", "exchange", "late"]

T = TypeVar("T")
OutcomeT = TypeVar("OutcomeT", bound=Outcome[Any])


class Pause:
    """Wait for so many seconds before the next step.

    Attributes:
        seconds: how long.
    """

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


PAUSE_OVER = HTTPReply(200, b"")
"""What a driver sends into a flow after a `Pause`."""


def check_pause(pause: Pause, timeout: float) -> None:
    """There must be time for *pause* and for a request after it."""
    if pause.seconds >= timeout:
        raise TimeoutError("no time is left for another try", executed="no")


def late() -> TimeoutError:
    """Return the error of a conversation that needs another request and has no time left for it."""
    return TimeoutError("the time ran out between two requests")


Flow = Generator[HTTPRequest | Pause, HTTPReply, T]


class Codec(Protocol[OutcomeT]):
    """What a dialect knows: how commands become requests, and replies the outcomes."""

    def prepare(self, command: Command[R]) -> Prepared[R]:
        """Check and encode one command; a `UsageError` if this dialect's servers could not accept it."""
        ...

    def ask(self, calls: Sequence[Prepared[Any]]) -> Flow[list[OutcomeT]]:
        """Ask for *calls*, as a rule in one request: one outcome a call, in order.

        Raises:
            CentripetalError: the reply is not an answer to these calls, or there is none.
        """
        ...


class Dialect(Codec[OutcomeT], Protocol[OutcomeT]):
    """A codec for clients, which mostly make one request and need no conversation."""

    def direct_request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest | None:
        """Return the request for *calls* if its reply will probably do, which costs less than a conversation.

        None if the calls need a conversation from the start, which `ask` leads.
        """
        ...

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> Sequence[OutcomeT]:
        """Return what *reply* to the request of `direct_request` says: one outcome a call, in order.

        Empty if the calls need a conversation after all: then `ask` goes on from *reply*.

        Raises:
            CentripetalError: the reply is not an answer to these calls.
        """
        ...

    def ask(self, calls: Sequence[Prepared[Any]], reply: HTTPReply | None = None) -> Flow[list[OutcomeT]]:
        """Ask for *calls* as `Codec.ask` does; a *reply* is the server's answer to the request of `direct_request`."""
        ...


def exchange(calls: Sequence[Prepared[Any]], flow: Flow[T]) -> Flow[T]:
    """Run *flow*, which asks for *calls*, and return its outcomes. The error of a single call names its command."""
    try:
        return (yield from flow)
    except CentripetalError as error:
        if len(calls) == 1:
            error.command = calls[0].command
        raise
