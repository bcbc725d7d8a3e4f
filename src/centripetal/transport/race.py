"""Opening a connection to the fastest address of a host ("happy eyeballs", RFC 8305). No threads, no waiting.

Attempts start one after the other, without ending the earlier ones. The first connection that is completely open, TLS
handshake included, wins, and the others are closed.
"""

from collections.abc import Callable, Collection, Generator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from centripetal.errors import ConnectError, TimeoutError, TransportError
from centripetal.transport.addresses import Address
from centripetal.transport.connection import Steps
from centripetal.transport.mapping import listed, none_reached, reason_of
from centripetal.transport.polling import LONGEST_WAIT

if TYPE_CHECKING:
    # Importing ssl is slow, and programs without TLS do not need it.
    import ssl

__all__ = ["Race", "race"]

ATTEMPT_DELAY = 0.25
"""Seconds before the next attempt starts while the earlier ones continue; RFC 8305 recommends this value."""


class Opening(Protocol):
    """The methods of a connection that a race uses; see `Connection`."""

    def open(self, context: "ssl.SSLContext | None") -> Steps:
        """Return the steps that open the connection."""
        ...

    def expired(self, seconds: float) -> TimeoutError:
        """Return the error for a time limit of *seconds* that has passed."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


C = TypeVar("C", bound=Opening)

Race: TypeAlias = Generator[tuple[Mapping[C, int], float], Collection[C], C]
"""Yields the connections to wait for with their events, and for how many seconds; expects those that are ready."""


def race(
    addresses: Collection[Address],
    connect: Callable[[Address], C],
    context: "ssl.SSLContext | None",
    *,
    place: str,
    deadline: float,
    timeout: float,
) -> Race[C]:
    """Open connections to *addresses* until one of them is open, and return it.

    Args:
        addresses: the addresses in order of preference, at least one.
        connect: creates the connection to an address, without opening it.
        context: TLS settings, or None for plain HTTP.
        place: name of the server in error messages.
        deadline: when to give up, on the clock of `time.monotonic`.
        timeout: the caller's time limit in seconds, for the error message.

    Raises:
        ConnectError: no address could be reached.
        TimeoutError: no attempt succeeded before the deadline.
    """
    remaining = list(addresses)
    opening: dict[C, tuple[Address, Steps]] = {}
    waiting: dict[C, int] = {}
    failures: dict[Address, TransportError] = {}
    ready: Collection[C] = ()
    next_start = 0.0
    try:
        while True:
            if remaining and (not opening or monotonic() >= next_start):
                address = remaining.pop(0)
                try:
                    connection = connect(address)
                except ConnectError as error:
                    failures[address] = error.with_traceback(None)
                    next_start = 0.0
                else:
                    opening[connection] = address, connection.open(context)
                    ready = (*ready, connection)
                    if remaining:
                        # If little time is left, every address still gets its share of it.
                        now = monotonic()
                        next_start = now + min(ATTEMPT_DELAY, (deadline - now) / (len(remaining) + 1))
            for connection in ready:
                address, steps = opening[connection]
                try:
                    waiting[connection] = next(steps)
                except StopIteration:
                    del opening[connection]
                    return connection
                except TransportError as error:
                    failures[address] = error.with_traceback(None)  # a traceback would keep this frame alive
                    del opening[connection]
                    waiting.pop(connection, None)
                    connection.close()
                    next_start = 0.0
            ready = ()
            if remaining and (not opening or not next_start):
                continue
            if not opening:
                raise _failed(failures, place)
            until = min(next_start, deadline) if remaining else deadline
            seconds = until - monotonic()
            ready = yield waiting, seconds
            # Waiting in vain is the measure, not the clock, which may have been stopped by a test tool.
            if not ready and seconds <= LONGEST_WAIT:
                if not remaining or until == deadline:
                    raise _late(opening, failures, timeout)
                next_start = 0.0
    finally:
        failures.clear()
        for connection in opening:
            connection.close()


def _failed(failures: Mapping[Address, TransportError], place: str) -> TransportError:
    """Return the error for attempts that have all failed."""
    texts = dict.fromkeys(map(str, failures.values()))
    final = next((error for error in failures.values() if not error.retryable), None)
    if len(texts) > 1 and final is None:
        return none_reached({str(address): reason_of(error) for address, error in failures.items()}, place)
    # An error that a repetition does not remove contains advice.
    return final or list(failures.values())[-1]


def _late(
    opening: Mapping[C, tuple[Address, Steps]], failures: Mapping[Address, TransportError], timeout: float
) -> TimeoutError:
    """Return the error for attempts of which none succeeded before the deadline."""
    connection = next(iter(opening))
    error = connection.expired(timeout)
    if len(opening) + len(failures) > 1:
        states = {str(address): "no answer" for address, _ in opening.values()}
        states |= {str(address): reason_of(failure) for address, failure in failures.items()}
        return TimeoutError(f"{error}. Tried {listed(states)}", executed=error.executed)
    return error
