"""The conversation about some commands: no socket, no clock, no thread.

`exchange` is a generator: it yields the request to make and is sent the reply; what it returns are the outcomes, one
a command. A transport error is thrown into it where it waits. The drivers that run it (`client/blocking.py`,
`client/awaiting.py`) know sockets and clocks and nothing else.
"""

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar

from centripetal.errors import CentripetalError
from centripetal.protocol.command import Command, Outcome, Prepared, R
from centripetal.protocol.http import HTTPReply, HTTPRequest

__all__ = ["Codec", "Flow", "exchange"]

T = TypeVar("T")
OutcomeT = TypeVar("OutcomeT", bound=Outcome[Any])

Flow = Generator[HTTPRequest, HTTPReply, T]


class Codec(Protocol[OutcomeT]):
    """What a dialect knows: how commands become a request, and a reply the outcomes."""

    def prepare(self, command: Command[R]) -> Prepared[R]:
        """Check and encode one command; a `UsageError` if this dialect's servers could not accept it."""
        ...

    def request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest:
        """One request that carries all *calls* in order."""
        ...

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> list[OutcomeT]:
        """One outcome a call, in order; raises if the reply is not an answer to these calls."""
        ...


def exchange(codec: Codec[OutcomeT], calls: Sequence[Prepared[Any]]) -> Flow[list[OutcomeT]]:
    """Ask for *calls* in one request and return their outcomes."""
    try:
        reply = yield codec.request(calls)
        return codec.outcomes(calls, reply)
    except CentripetalError as error:
        if len(calls) == 1:
            error.command = calls[0].command
        raise
