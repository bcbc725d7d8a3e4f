"""Group commit for threads: concurrent calls share requests without a background thread.

A call on an idle client is sent at once by its own thread and costs the same as an ungrouped call. Calls that arrive
while a request is in flight wait. When the reply arrives, the thread that sent the request wakes the callers it has
results for, and picks the waiting thread with the latest deadline to send the next request. The latest deadline, so
that the sender does not time out while others still need the reply. `protocol/grouping.py` decides which calls share a
request; this module adds the lock and the waiting.

A signal handler can raise at any place, and can call the client again at any place. Two rules make both safe:

- A queue that an unexpected exception passed through is abandoned, not repaired, because a repair can be interrupted
  too. The client continues with a new queue. Waiting threads look regularly whether their queue was abandoned: calls
  that were not sent move to the new queue, and calls in flight still get their result from the thread that sends them.
- A thread that is already inside a call sends a further call in its own request, and touches no queue.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from centripetal.client.forks import renew_after_fork
from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.command import Outcome, Prepared
from centripetal.protocol.flights import Entry, Flight, Group, out_of_time
from centripetal.protocol.grouping import Grouping, Limits
from centripetal.transport.clock import monotonic

__all__ = ["Ask", "ThreadQueue"]

Ask = Callable[[list[Prepared[Any]], float], Sequence[Outcome[Any]]]

_SLICE = 0.25
"""Maximum number of seconds until a waiting thread looks whether its queue was abandoned."""

_GRACE = 1.0
"""Seconds after its time limit at which a request counts as lost; its thread was interrupted several times."""


class _Here(threading.local):
    """The work of the current thread, in any client.

    Attributes:
        queue: the queue that the thread uses. An interrupt can leave it set, so it is only a hint.
        flight: the request that the thread sends for the queue.
    """

    queue: "_Queue | None" = None
    flight: Flight | None = None


_here = _Here()


class _Queue:
    """The calls of one client until it is closed or interrupted. Each waiting entry holds a lock to wake its thread.

    Attributes:
        lock: protects `grouping`. An interrupted thread may hold it forever.
        dead: whether the queue was abandoned: no further request starts. Set at any time, without the lock.
        closed: the error for calls that were not sent, if the client was closed.
        patience: time limit in seconds of the call that was sent alone.
    """

    def __init__(self, grouping: Grouping) -> None:
        self.lock = threading.Lock()
        self.grouping = grouping
        self.dead = False
        self.closed: CentripetalError | None = None
        self.patience = 0.0
        self._next: dict[str, _Queue] = {}

    def successor(self) -> "_Queue":
        """Return the queue that replaces this abandoned queue: the same for every thread."""
        if not self._next:
            queue = _Queue(self.grouping.successor())
            queue.patience = self.patience
            self._next.setdefault("queue", queue)
        return self._next["queue"]

    def enter(self) -> bool:
        """Take the lock; return False if the queue was abandoned."""
        if not self.lock.acquire(timeout=_SLICE):
            self.dead = True  # the thread with the lock was interrupted
        elif not self.dead:
            return True
        else:
            self.lock.release()
        return False

    def dispatch(self) -> None:
        """Assign each request that is ready to one of its callers. The caller must hold the lock."""
        while (group := self.grouping.poll()) is not None:
            entries = group.entries
            leader = entries[0] if len(entries) == 1 else max(entries, key=_deadline)
            group.flight.until = leader.deadline
            leader.leads = group
            _wake([leader])

    def attend(self) -> None:
        """Dispatch, unless the queue was abandoned."""
        if self.enter():
            try:
                self.dispatch()
            finally:
                self.lock.release()

    def look_after(self) -> None:
        """Find what was lost because threads were interrupted repeatedly: overdue requests, and calls left waiting."""
        now = monotonic()
        for flight in self.grouping.in_flight():
            if flight.until is None:
                flight.until = now + self.patience
            elif now > flight.until + _GRACE:
                flight.ended = self.dead = True
        self.attend()

    def wake_all(self) -> None:
        """Wake the threads of the calls that were not sent, if possible; otherwise they notice a little later."""
        if self.lock.acquire(blocking=False):
            try:
                _wake(self.grouping.waiting())
            finally:
                self.lock.release()


class ThreadQueue:
    """The calls of one client.

    Args:
        alone: sends a request with one call, within the given number of seconds.
        together: does the same for several calls.
        limits: maximum size of a request.
    """

    def __init__(self, alone: Ask, together: Ask, limits: Limits) -> None:
        self._alone = alone
        self._together = together
        self._limits = limits
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        # Runs in a forked child too, where the waiting and sending threads of the parent do not exist.
        self._queue = _Queue(Grouping(self._limits))

    def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call*, sharing a request with other waiting calls if possible, and return its outcome.

        A call from a signal handler, a finalizer or a hook that runs inside another call is sent at once in its own
        request, without a fixed order relative to the call that it interrupts.

        Raises:
            TimeoutError: not done within *timeout* seconds; `executed` is "no" if the call was not sent.
            CentripetalError: the request failed.
        """
        if _here.queue is not None and _is_inside():
            return self._alone([call], timeout)[0]
        _here.queue = queue = self._queue
        # Three handlers, for an error and two interrupts: each handler can be interrupted too.
        try:
            try:
                try:
                    # Fast path for the usual case, an idle client.
                    if not queue.dead and queue.lock.acquire(False):  # faster than a keyword argument
                        idle = queue.grouping.begin_alone(call)
                        if idle:
                            queue.patience = timeout
                        queue.lock.release()
                        if idle:
                            outcome = self._alone([call], timeout)[0]
                            if queue.grouping.end_alone(call):
                                self._land_alone(queue, call)
                            return outcome
                    return self._share(call, timeout)
                except BaseException as error:
                    self._leave(call, error)
                    raise
            except BaseException as error:
                self._leave(call, error)
                raise
        except BaseException as error:
            self._leave(call, error)
            raise
        finally:
            _here.queue = None

    def close(self, error: CentripetalError) -> None:
        """Fail every call that has not been sent yet with *error*. Calls in flight complete."""
        queue = self._current()
        queue.closed = error
        queue.dead = True
        queue.wake_all()

    def _current(self) -> _Queue:
        queue = self._queue
        while queue.dead:
            queue = queue.successor()
        self._queue = queue
        return queue

    def _leave(self, call: Prepared[Any], error: BaseException) -> None:
        """Release the calls that wait for *call*, which ends with *error*: abandon the queue, or send what is ready."""
        queue = _here.queue
        if queue is None:
            return
        if isinstance(error, CentripetalError):
            if queue.grouping.leave_alone(call):
                self._land_alone(queue, call)
            return
        queue.dead = True
        if _here.flight is not None:
            _here.flight.ended = True
            _here.flight = None
        queue.grouping.leave_alone(call)
        queue.wake_all()

    def _land_alone(self, queue: _Queue, call: Prepared[Any]) -> None:
        if queue.enter():
            try:
                queue.grouping.land_alone(call)
                queue.dispatch()
            finally:
                queue.lock.release()
        else:
            self._current().attend()

    def _share(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        deadline = monotonic() + timeout
        while True:
            _here.queue = queue = self._current()
            me = Entry(call, deadline)
            if self._join(queue, me):
                return me.result()
            if queue.closed is not None:
                raise queue.closed.about(call.command)
            if not monotonic() < deadline:
                raise out_of_time(me)

    def _join(self, queue: _Queue, me: Entry) -> bool:
        """Queue *me* and wait for its outcome; return False if the queue was abandoned before the call was sent."""
        if not queue.enter():
            return False
        try:
            queue.grouping.add(me)
            queue.dispatch()
            if me.leads is None:
                me.waiter = threading.Lock()
                me.waiter.acquire()
        finally:
            queue.lock.release()
        while me.outcome is None:
            if queue.dead:
                if me.unsent:
                    return False
                _outlive(me)
            elif me.leads is not None:
                self._carry(queue, me, me.leads)
            else:
                _wait(queue, me)
        return True

    def _carry(self, queue: _Queue, me: Entry, group: Group) -> None:
        # In this order: the caller of an entry moves it to the next queue if it sees `dead` and then not `started`.
        _here.flight = flight = group.flight
        flight.started = True
        if queue.dead:
            flight.started = False
            return
        outcomes: Sequence[Outcome[Any]] = ()
        failure: CentripetalError | None = None
        ask = self._alone if len(group.entries) == 1 else self._together
        try:
            outcomes = ask(group.calls, max(me.deadline - monotonic(), 0.001))
        except CentripetalError as error:
            failure = error
        if queue.enter():
            try:
                _wake(queue.grouping.answer(group, outcomes) if failure is None else group.fail(failure))
                queue.grouping.land(group)
                queue.dispatch()
            finally:
                queue.lock.release()
        else:
            _wake(group.answer(outcomes) if failure is None else group.fail(failure))
            flight.ended = True
            self._current().attend()
        me.leads = _here.flight = None


_CALL = ThreadQueue.call.__code__


def _is_inside() -> bool:
    """Return whether the current thread is in another `ThreadQueue.call` than its caller."""
    caller = sys._getframe(1)
    frame = caller.f_back
    while frame is not None and frame.f_code is not _CALL:
        frame = frame.f_back
    return frame is not None


def _wait(queue: _Queue, me: Entry) -> None:
    left = me.deadline - monotonic()
    if me.waiter.acquire(timeout=max(min(left, _SLICE), 0)):
        return
    if left > _SLICE:
        queue.look_after()
    elif queue.enter():
        try:
            if me.leads is None and me.outcome is None:  # otherwise the result arrived just before the timeout
                queue.grouping.cancel(me, out_of_time(me))
                queue.dispatch()
        finally:
            queue.lock.release()


def _outlive(me: Entry) -> None:
    """Wait for the result of *me*, which was sent, in an abandoned queue."""
    left = me.deadline - monotonic()
    if me.lost:
        me.outcome = ConnectionLostError("the thread that sent this request was interrupted")
    elif not left > 0:
        me.outcome = out_of_time(me)
    else:
        me.waiter.acquire(timeout=min(left, _SLICE))


def _wake(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry.waiter is not None:
            try:  # noqa: SIM105
                entry.waiter.release()
            except RuntimeError:  # `suppress` is slower; another thread woke it, and it has not run yet
                pass


def _deadline(entry: Entry) -> float:
    return entry.deadline
