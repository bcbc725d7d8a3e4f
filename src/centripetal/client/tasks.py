"""Group commit for asyncio tasks: concurrent calls share requests. Each event loop has its own queue.

A call on an idle queue sends its request itself and costs the same as an ungrouped call. Calls that arrive while a
request is in flight wait. When the reply arrives, all waiting calls are sent as one request by a separate task, so that
a caller that is cancelled or times out does not affect the others. `protocol/grouping.py` decides which calls share a
request; this module adds the futures and the clock.

A signal handler can raise inside the loop, and the loop can run again afterwards. As in `threads.py`, a grouping that
an unexpected exception passed through is abandoned: calls that were not sent move to a new one in their order, and
calls in flight still get their results. An interrupt can also kill a callback before its first line. Therefore a timer
looks after the waiting calls several times a second.
"""

import sys
import types
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.command import Outcome, Prepared
from centripetal.protocol.flights import Entry, Group, out_of_time
from centripetal.protocol.grouping import Grouping, Limits
from centripetal.transport.clock import Timer, call_later, monotonic

if TYPE_CHECKING:
    import asyncio  # slow to import; see client/awaiting.py

__all__ = ["Ask", "TaskQueue"]

_MANY = 100
"""Above this number, waking the callers takes as long as a request: send the next request before they call again."""

_SLICE = 0.25
"""Seconds between two looks after the waiting calls."""

_GRACE = 1.0
"""Seconds after its time limit at which a request counts as lost; its task was interrupted several times."""

Ask = Callable[[list[Prepared[Any]], float], Awaitable[Sequence[Outcome[Any]]]]


@types.coroutine
def _next_round() -> Generator[None, None, None]:
    """Yield to the event loop once: `asyncio.sleep(0)` without importing asyncio."""
    yield


class TaskQueue:
    """Queue of calls for one client in one event loop. Each waiting entry has a future, resolved when the call is done.

    Args:
        loop: the running event loop.
        alone: sends a request with one call, within the given number of seconds.
        together: does the same for several calls.
        limits: maximum size of a request.
    """

    def __init__(self, loop: "asyncio.AbstractEventLoop", alone: Ask, together: Ask, limits: Limits) -> None:
        self._loop = loop
        self._alone = alone
        self._together = together
        # The client has loaded asyncio, and a call must not import anything.
        self._expected = (CentripetalError, sys.modules["asyncio"].CancelledError, GeneratorExit)
        self._grouping = Grouping(limits)
        self._dead = False  # whether the grouping must be abandoned
        self._inside = False  # whether the grouping is being changed, or was when an interrupt struck
        self._patience = 0.0  # time limit in seconds of the call that was sent alone
        self._entries: dict[Entry, None] = {}  # the calls that wait for their outcomes, in their order
        self._carriers: set[asyncio.Task[None]] = set()
        self._timers: list[Timer] = []
        self._next_look = 0.0

    async def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call*, sharing a request with other waiting calls if possible, and return its outcome.

        Raises:
            TimeoutError: not done within *timeout* seconds; `executed` is "no" if the call was not sent.
            CentripetalError: the request failed.
        """
        if self._inside:  # called by a finalizer or a hook inside this queue, or an interrupt left it so
            self._soon(self._look_after)
            return (await self._alone([call], timeout))[0]
        grouping = self._grouping
        # Three handlers, for an error and two interrupts: each handler can be interrupted too.
        try:
            try:
                try:
                    if not self._dead and grouping.begin_alone(call):  # fast path for the usual case
                        self._patience = timeout
                        outcome = (await self._alone([call], timeout))[0]
                        if grouping.end_alone(call):
                            self._land_alone(grouping, call)
                        return outcome
                    return await self._share(call, timeout)
                except BaseException as error:
                    self._leave(grouping, call, error)
                    raise
            except BaseException as error:
                self._leave(grouping, call, error)
                raise
        except BaseException as error:
            self._leave(grouping, call, error)
            raise

    def close(self, error: CentripetalError) -> None:
        """Fail every call that has not been sent yet with *error*."""
        for entry in list(self._entries):
            if entry.flight is None:
                self._grouping.cancel(entry, error.about(entry.call.command))
                _tell([entry])

    def _land_alone(self, grouping: Grouping, call: Prepared[Any]) -> None:
        grouping.land_alone(call)
        # Not at once: if this caller immediately makes its next call, it shares the waiting calls' request. When the
        # loop shuts down, all tasks are cancelled in the same iteration, and nothing is left to send in the next one.
        self._soon(self._send_off)

    def _leave(self, grouping: Grouping, call: Prepared[Any], error: BaseException) -> None:
        """Release the calls that wait for *call*, which ends with *error*."""
        if grouping.leave_alone(call):
            self._land_alone(grouping, call)
        if not isinstance(error, self._expected):
            self._dead = True
            self._soon(self._look_after)

    async def _share(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        now = monotonic()
        me = Entry(call, now + timeout)
        me.waiter = self._loop.create_future()
        self._entries[me] = None
        try:
            if self._dead:
                self._rescue()
            else:
                self._inside = True
                self._grouping.add(me)
                self._inside = False
            if me.deadline < self._next_look or now > self._next_look:
                self._arm(min(me.deadline, now + _SLICE))
            self._send_off()
            await me.waiter
        except BaseException:
            self._grouping.cancel(me, ConnectionLostError("the task that made this call was cancelled"))
            self._soon(self._send_off)  # other calls may wait for this one
            raise
        finally:
            self._entries.pop(me, None)
        return me.result()

    def _poll(self) -> Group | None:
        if self._dead:
            return None
        self._inside = True
        group = self._grouping.poll()
        self._inside = False
        return group

    def _send_off(self) -> None:
        """Send each request that is ready, in a separate task."""
        while (group := self._poll()) is not None:
            group.flight.carrier = carrier = self._loop.create_task(self._carry(self._grouping, group))
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)

    async def _carry(self, grouping: Grouping, group: Group | None) -> None:
        """Send the request of *group*, then the requests that are ready after its reply."""
        while group is not None and grouping is self._grouping:
            try:
                try:
                    await self._settle(grouping, group)
                except BaseException:
                    self._lose(group)
                    raise
            except BaseException:
                self._lose(group)
                raise
            # Send the next request in this task: a new task would have to be scheduled first.
            carrier, group = group.flight.carrier, self._poll()
            if group is not None:
                group.flight.carrier = carrier
        self._send_off()

    async def _settle(self, grouping: Grouping, group: Group) -> None:
        group.flight.started = True
        group.flight.until = until = max(entry.deadline for entry in group.entries)
        ask = self._alone if len(group.entries) == 1 else self._together
        try:
            outcomes = await ask(group.calls, max(until - monotonic(), 0.001))
        except CentripetalError as error:
            _tell(group.fail(error))
        else:
            _tell(grouping.answer(group, outcomes))
            if not grouping or len(group.entries) < _MANY:
                await _next_round()  # callers that make their next call immediately then share a request
        self._inside = True
        grouping.land(group)
        self._inside = False

    def _lose(self, group: Group) -> None:
        """The task that sends *group* was interrupted or cancelled."""
        group.flight.ended = self._dead = True
        self._soon(self._look_after)

    def _soon(self, callback: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon(callback)

    def _arm(self, when: float) -> None:
        for timer in self._timers:
            timer.cancel()
        self._next_look = when
        # Spare timers, because an interrupt can kill the callback of a timer before its first line.
        delay = when - monotonic()
        self._timers = [call_later(self._loop, delay + more, self._look_after) for more in (0.0, 0.1, 0.2)]

    def _look_after(self) -> None:
        """Time out calls, find what an interrupt has broken, and send what is ready."""
        try:
            now = monotonic()
            if self._dead or self._inside or self._is_broken(now):
                self._rescue()
            when = now + _SLICE
            for entry in list(self._entries):
                if entry.outcome is None and entry.deadline <= now:
                    self._grouping.cancel(entry, out_of_time(entry))
                if entry.outcome is None:
                    when = min(when, entry.deadline)
                else:
                    _tell([entry])
                    self._entries.pop(entry, None)
            if self._entries:
                self._arm(when)
            self._send_off()
        except BaseException:
            self._dead = True
            self._soon(self._look_after)
            raise

    def _is_broken(self, now: float) -> bool:
        """Return whether an interrupt got a request lost. Only true between two steps of the queue."""
        for flight in self._grouping.in_flight():
            if flight.until is None and flight.started:
                flight.until = now + self._patience
            carried = flight.started if flight.carrier is None else not flight.carrier.done()
            if not carried or (flight.until is not None and now > flight.until + _GRACE):
                flight.ended = flight.started
                return True
        return False

    def _rescue(self) -> None:
        """Abandon the grouping: move the calls that were not sent to a new one, and fail the calls that are lost."""
        self._dead = self._inside = True
        self._grouping = grouping = self._grouping.successor()
        for entry in list(self._entries):
            if entry.lost:
                entry.outcome = ConnectionLostError("the task that sent this request was interrupted or cancelled")
            elif entry.unsent:
                entry.flight, entry.after = None, 0
                grouping.add(entry)
        self._dead = self._inside = False


def _tell(done: Sequence[Entry]) -> None:
    for entry in done:
        if entry.waiter is not None and not entry.waiter.done():
            entry.waiter.set_result(None)
