"""Group commit for asyncio tasks: concurrent calls share requests. Each event loop has its own queue.

A call on an idle queue sends its request itself and costs the same as an ungrouped call. Calls that arrive while a
request is in flight wait. When the reply arrives, all waiting calls are sent as one request by a separate task, so that
a caller that is cancelled or times out does not affect the others. `protocol/grouping.py` decides which calls share a
request; this module adds the futures and the clock.
"""

import types
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.command import Outcome, Prepared
from centripetal.protocol.grouping import Entry, Group, Grouping, Limits, out_of_time
from centripetal.transport.clock import Timer, call_later, monotonic

if TYPE_CHECKING:
    import asyncio  # slow to import; see client/awaiting.py

__all__ = ["Ask", "TaskQueue"]

_MANY = 100
"""Above this number, waking the callers takes as long as a request: send the next request before they call again."""

Ask = Callable[[list[Prepared[Any]], float], Awaitable[Sequence[Outcome[Any]]]]


@types.coroutine
def _next_round() -> Generator[None, None, None]:
    """Yield to the event loop once: `asyncio.sleep(0)` without importing asyncio."""
    yield


def _cancelled() -> ConnectionLostError:
    return ConnectionLostError("the task that sent this request was cancelled")


class TaskQueue:
    """Queue of calls for one client in one event loop. Each waiting entry has a future, resolved when the call is done.

    Args:
        loop: the running event loop.
        ask: sends one request with the given calls, within the given number of seconds.
        limits: maximum size of a request.
    """

    def __init__(self, loop: "asyncio.AbstractEventLoop", ask: Ask, limits: Limits) -> None:
        self._loop = loop
        self._ask = ask
        self._grouping = Grouping(limits)
        self._carriers: set[asyncio.Task[None]] = set()
        self._waiting: deque[Entry] = (
            deque()
        )  # in the order of their deadlines; entries with a separate timer are not included
        self._timer: Timer | None = None

    async def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call*, sharing a request with other waiting calls if possible, and return its outcome.

        Raises:
            TimeoutError: not done within *timeout* seconds; `executed` is "no" if the call was not sent.
            CentripetalError: the request failed.
        """
        if self._grouping.begin_alone(call):  # fast path for the usual case
            try:
                outcome = (await self._ask([call], timeout))[0]
            except BaseException as error:
                self._failed_alone(call, error)
                raise
            if self._grouping.end_alone(call, outcome):
                # Not at once: if this caller immediately makes its next call, it shares the waiting calls' request.
                self._loop.call_soon(self._send_off)
            return outcome
        me = Entry(call, monotonic() + timeout)
        self._grouping.add(me)
        self._send_off()
        me.waiter = self._loop.create_future()
        timer = self._set_alarm(me)
        try:
            await me.waiter
        except BaseException:
            self._grouping.cancel(me, ConnectionLostError("the task that made this call was cancelled"))
            self._loop.call_soon(self._send_off)  # other calls may wait for this one
            raise
        finally:
            if timer is not None:
                timer.cancel()
        return me.result()

    def _failed_alone(self, call: Prepared[Any], error: BaseException) -> None:
        if isinstance(error, CentripetalError):
            self._grouping.fail_alone(call, error)
            self._send_off()
        else:
            self._grouping.fail_alone(call, _cancelled())
            self._loop.call_soon(self._send_off)  # not at once: see _abandon()

    def close(self, error: CentripetalError) -> None:
        """Fail every call that has not been sent yet with *error*."""
        self._tell(self._grouping.close(error))

    async def _carry(self, group: Group | None) -> None:
        """Send the request of *group*, then the requests that are ready after its reply."""
        while group is not None:
            await self._settle(group)
            # Send the next request in this task: a new task would have to be scheduled first.
            group = self._grouping.poll()
            self._send_off()

    async def _settle(self, group: Group) -> None:
        seconds = max(entry.deadline for entry in group.entries) - monotonic()
        try:
            self._tell(self._grouping.answer(group, await self._ask(group.calls, max(seconds, 0.001))))
            if not self._grouping or len(group.entries) < _MANY:
                await _next_round()  # callers that make their next call immediately then share a request
        except CentripetalError as error:
            self._tell(self._grouping.fail(group, error))
        except BaseException:
            self._abandon(group)
            raise
        else:
            self._grouping.land(group)

    def _abandon(self, group: Group) -> None:
        # When the loop shuts down, all tasks are cancelled in the same iteration: start further requests only in the
        # next iteration, for the calls that are still waiting then.
        self._tell(self._grouping.fail(group, _cancelled()))
        self._loop.call_soon(self._send_off)

    def _send_off(self) -> None:
        """Send each request that is ready, in a separate task."""
        while (group := self._grouping.poll()) is not None:
            self._start(group)

    def _start(self, group: Group) -> None:
        carrier = self._loop.create_task(self._carry(group))
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    def _tell(self, done: Sequence[Entry]) -> None:
        for entry in done:
            if entry.waiter is not None and not entry.waiter.done():
                entry.waiter.set_result(None)
        while self._waiting and self._waiting[0].state == "done":
            self._waiting.popleft()

    def _set_alarm(self, me: Entry) -> Timer | None:
        """Time out *me* at its deadline.

        All calls share one timer as long as their deadlines are in order, as they are if all use the client's timeout.
        A call with an earlier deadline gets a separate timer, which is returned.
        """
        if self._waiting and me.deadline < self._waiting[-1].deadline:
            return call_later(self._loop, me.deadline - monotonic(), partial(self._expire, me))
        self._waiting.append(me)
        if self._timer is None:
            self._timer = call_later(self._loop, me.deadline - monotonic(), self._sweep)
        return None

    def _sweep(self) -> None:
        self._timer = None
        now = monotonic()
        while self._waiting:
            first = self._waiting[0]
            if first.state != "done" and first.deadline > now:
                self._timer = call_later(self._loop, first.deadline - now, self._sweep)
                break
            self._waiting.popleft()
            self._expire(first)

    def _expire(self, entry: Entry) -> None:
        if entry.state != "done" and monotonic() < entry.deadline:  # the clock of the loop has jumped
            call_later(self._loop, entry.deadline - monotonic(), partial(self._expire, entry))
        elif entry.state != "done":
            self._grouping.cancel(entry, out_of_time(entry))
            self._tell([entry])
            self._send_off()
