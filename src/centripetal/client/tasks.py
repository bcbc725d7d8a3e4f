"""How asyncio tasks share requests: one line an event loop.

A call on an idle line makes its request itself, which costs what a call alone costs. Calls made while a request is
under way wait; when it returns, everything that waits goes out as one request, carried by a task of the line's own, so
that a caller that is cancelled or out of time disturbs nobody else. `protocol/grouping.py` decides what goes together;
here are the futures and the clock.
"""

import types
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.command import Outcome, Prepared
from centripetal.protocol.grouping import Entry, Group, Grouping, Limits, out_of_time

if TYPE_CHECKING:
    import asyncio  # it takes long to import; see client/awaiting.py

__all__ = ["Ask", "TaskLine"]

_MANY = 100
"""So many callers take as long to wake as a request takes: who waits meanwhile is sent off before they call again."""

Ask = Callable[[list[Prepared[Any]], float], Awaitable[Sequence[Outcome[Any]]]]


@types.coroutine
def _next_round() -> Generator[None, None, None]:
    """Let everything run that can, once; `asyncio.sleep(0)`, without its import."""
    yield


def _cancelled() -> ConnectionLostError:
    return ConnectionLostError("the task of this request was cancelled")


class TaskLine:
    """The line of one client in one event loop. The waiter of an entry is a future, resolved when the call is done.

    Args:
        loop: the running event loop.
        ask: makes one request of some commands within so many seconds.
        limits: how much one request may carry.
    """

    def __init__(self, loop: "asyncio.AbstractEventLoop", ask: Ask, limits: Limits) -> None:
        self._loop = loop
        self._ask = ask
        self._grouping = Grouping(limits)
        self._carriers: set[asyncio.Task[None]] = set()
        self._waiting: deque[Entry] = deque()  # in the order of their deadlines, but for those with their own timer
        self._timer: asyncio.TimerHandle | None = None

    async def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call*, in company if there is any; its outcome.

        Raises:
            TimeoutError: *timeout* seconds are over; `executed` is "no" if it was not sent by then.
            CentripetalError: the request that carried it failed.
        """
        if self._grouping.begin_alone(call):  # the usual case, by the shortest way
            try:
                outcome = (await self._ask([call], timeout))[0]
            except BaseException as error:
                self._failed_alone(call, error)
                raise
            if self._grouping.end_alone(call, outcome):
                # Not at once: a caller that calls again without delay travels with those that wait.
                self._loop.call_soon(self._send_off)
            return outcome
        me = Entry(call, self._loop.time() + timeout)
        self._grouping.add(me)
        self._send_off()
        me.waiter = self._loop.create_future()
        timer = self._set_alarm(me)
        try:
            await me.waiter
        except BaseException:
            self._grouping.cancel(me, ConnectionLostError("the task of this call was cancelled"))
            self._loop.call_soon(self._send_off)  # others may have waited for this one
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
        """Everything that waits and is not sent yet fails with *error*."""
        self._tell(self._grouping.close(error))

    async def _carry(self, group: Group | None) -> None:
        """Make the request of *group*, then those that can be made when it is answered."""
        while group is not None:
            await self._settle(group)
            # The next one goes on from here: a task of its own would have to wait for its turn in the loop.
            group = self._grouping.poll()
            self._send_off()

    async def _settle(self, group: Group) -> None:
        seconds = max(entry.deadline for entry in group.entries) - self._loop.time()
        try:
            self._tell(self._grouping.answer(group, await self._ask(group.calls, max(seconds, 0.001))))
            if not self._grouping or len(group.entries) < _MANY:
                await _next_round()  # those of them that call again without delay travel together
        except CentripetalError as error:
            self._tell(self._grouping.fail(group, error))
        except BaseException:
            self._abandon(group)
            raise
        else:
            self._grouping.land(group)

    def _abandon(self, group: Group) -> None:
        # Cancelled, as everything is when the loop ends: others are being cancelled in this very round of the loop, so
        # look only after it for who still wants to go on.
        self._tell(self._grouping.fail(group, _cancelled()))
        self._loop.call_soon(self._send_off)

    def _send_off(self) -> None:
        """Make the requests that can be made now, each in a task of its own."""
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

    def _set_alarm(self, me: Entry) -> "asyncio.TimerHandle | None":
        """End *me* at its deadline: by one timer for all while deadlines come in order, as they do where all calls
        have the client's own time limit; else by a timer of its own, which is returned.
        """
        if self._waiting and me.deadline < self._waiting[-1].deadline:
            return self._loop.call_at(me.deadline, self._expire, me)
        self._waiting.append(me)
        if self._timer is None:
            self._timer = self._loop.call_at(me.deadline, self._sweep)
        return None

    def _sweep(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._waiting:
            first = self._waiting[0]
            if first.state != "done" and first.deadline > now:
                self._timer = self._loop.call_at(first.deadline, self._sweep)
                break
            self._waiting.popleft()
            self._expire(first)

    def _expire(self, entry: Entry) -> None:
        if entry.state != "done":
            self._grouping.cancel(entry, out_of_time(entry))
            self._tell([entry])
            self._send_off()
