"""Queued calls, and the requests that carry them. `grouping.py` decides which calls share a request."""

from collections.abc import Sequence
from typing import Any

import msgspec

from centripetal.errors import CentripetalError, TimeoutError
from centripetal.protocol.command import Outcome, Prepared

__all__ = ["ENVELOPE_BYTES", "Entry", "Flight", "Group", "out_of_time"]

ENVELOPE_BYTES = 20
"""Maximum number of bytes that a request adds to each command."""


class Flight:
    """State of one request. The calls refer to it instead of their `Group`, which would be a reference cycle.

    Attributes:
        lone: whether it is the request of `begin_alone`.
        started: whether the driver has begun to send the request.
        ended: whether the request has ended, with or without outcomes.
        until: used by the driver: time on its clock at which the request must have ended.
        carrier: used by the driver: the task that sends the request.
    """

    lone = started = ended = False
    until: float | None = None
    carrier: Any = None


class Entry:
    """One queued call.

    Args:
        call: the prepared command.
        deadline: time at which the caller gives up, on the driver's clock.

    Attributes:
        flight: the request that contains the call, or None while it waits.
        outcome: the call's outcome or error, once it is done.
        waiter: used by the driver to wake the caller.
        leads: used by the driver: the request that this caller must send.
    """

    # Class attributes as defaults: most entries never set them, and a busy client creates 100,000 entries per second.
    flight: Flight | None = None
    outcome: Outcome[Any] | CentripetalError | None = None
    waiter: Any = None
    leads: "Group | None" = None
    seq = 0
    after = 0  # a read waits until the write with this sequence number is answered

    def __init__(self, call: Prepared[Any], deadline: float) -> None:
        self.call = call
        self.deadline = deadline
        self.reads = call.command.reads
        self.keys = call.keys
        self.size = len(call.text) + ENVELOPE_BYTES

    @property
    def unsent(self) -> bool:
        """Whether the call has no outcome, and nothing has begun to send it."""
        return self.outcome is None and (self.flight is None or not self.flight.started)

    @property
    def lost(self) -> bool:
        """Whether the call was sent and its request has ended without an outcome."""
        # The order matters: the thread that sent the request sets the outcome before `ended`.
        return self.flight is not None and self.flight.ended and self.outcome is None

    def result(self) -> Outcome[Any]:
        """Return the outcome of a call that is done, or raise its error."""
        if isinstance(self.outcome, CentripetalError):
            raise self.outcome
        assert self.outcome is not None, "this call is not done"
        return self.outcome


class Group(msgspec.Struct, eq=False):
    """The calls of one request: `entries`. Calls whose callers have given up are sent too.

    Attributes:
        passed: calls that were cancelled before they were sent; they left the queue together with this group.
    """

    reads: bool
    entries: list[Entry] = []
    passed: list[Entry] = []
    flight: Flight = msgspec.field(default_factory=Flight)

    @property
    def calls(self) -> list[Prepared[Any]]:
        return [entry.call for entry in self.entries]

    def answer(self, outcomes: Sequence[Outcome[Any]]) -> list[Entry]:
        """Record the reply, one outcome per call, and return the entries that are now done."""
        done = []
        for entry, outcome in zip(self.entries, outcomes, strict=True):
            if entry.outcome is None:
                entry.outcome = outcome
                done.append(entry)
        return done

    def fail(self, error: CentripetalError) -> list[Entry]:
        """Record that the request failed, and return the entries that are now done, each with its error."""
        done = [entry for entry in self.entries if entry.outcome is None]
        for entry in done:
            entry.outcome = error.about(entry.call.command)
        return done


def out_of_time(entry: Entry) -> TimeoutError:
    """Return the timeout error of *entry*; its text and `executed` depend on whether the call was sent."""
    if entry.flight is None:
        text = "an earlier request did not end within the call's timeout; nothing was sent"
        return TimeoutError(text, executed="no")
    return TimeoutError("no reply within the call's timeout. The server may still execute the command")
