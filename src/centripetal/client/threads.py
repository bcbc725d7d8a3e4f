"""Group commit for threads: concurrent calls share requests without a background thread.

A call on an idle client is sent at once by its own thread and costs the same as an ungrouped call. Calls that arrive
while a request is in flight wait. When the reply arrives, the thread that sent the request wakes the callers it has
results for, and picks the waiting thread with the latest deadline to send the next request. The latest deadline, so
that the sender does not time out while others still need the reply. `protocol/grouping.py` decides which calls share a
request; this module adds the lock and the waiting.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from centripetal.client.forks import renew_after_fork
from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.command import Outcome, Prepared
from centripetal.protocol.grouping import Entry, Group, Grouping, Limits, out_of_time
from centripetal.transport.clock import monotonic

__all__ = ["Ask", "ThreadQueue"]

Ask = Callable[[list[Prepared[Any]], float], Sequence[Outcome[Any]]]


class ThreadQueue:
    """Queue of calls for one client. Each waiting entry holds a lock, released when its thread has something to do.

    Args:
        ask: sends one request with the given calls, within the given number of seconds.
        limits: maximum size of a request.
    """

    def __init__(self, ask: Ask, limits: Limits) -> None:
        self._ask = ask
        self._limits = limits
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        # Runs in a forked child too, where the waiting and sending threads of the parent do not exist.
        self._lock = threading.Lock()
        self._grouping = Grouping(self._limits)

    def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call*, sharing a request with other waiting calls if possible, and return its outcome.

        Raises:
            TimeoutError: not done within *timeout* seconds; `executed` is "no" if the call was not sent.
            CentripetalError: the request failed.
        """
        # Fast path for the usual case, an idle client.
        try:
            with self._lock:
                alone = self._grouping.begin_alone(call)
            if alone:
                outcome = self._ask([call], timeout)[0]
                with self._lock:
                    if self._grouping.end_alone(call, outcome):
                        self._dispatch()
                return outcome
        except BaseException as error:
            with self._lock:
                self._grouping.fail_alone(call, error if isinstance(error, CentripetalError) else _interrupted())
                self._go_on()
            raise
        return self._in_company(call, timeout)

    def _in_company(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        me = Entry(call, monotonic() + timeout)
        try:
            with self._lock:
                self._grouping.add(me)
                self._dispatch()
                if me.leads is None:
                    me.waiter = threading.Lock()
                    me.waiter.acquire()
            while me.state != "done":
                if me.leads is not None:
                    self._carry(me, me.leads)
                else:
                    self._wait(me)
        except BaseException:
            self._leave(me)
            raise
        return me.result()

    def close(self, error: CentripetalError) -> None:
        """Fail every call that has not been sent yet with *error*."""
        with self._lock:
            _wake(self._grouping.close(error))

    def _dispatch(self) -> None:
        """Assign each request that is ready to one of its callers. The caller must hold the lock."""
        while (group := self._grouping.poll()) is not None:
            self._appoint(group)

    def _appoint(self, group: Group) -> None:
        group.leader = leader = group.entries[0] if len(group.entries) == 1 else max(group.entries, key=_deadline)
        leader.leads = group
        if leader.waiter is not None:
            _wake([leader])

    def _carry(self, me: Entry, group: Group) -> None:
        outcomes: Sequence[Outcome[Any]] = ()
        failure: CentripetalError | None = None
        try:
            outcomes = self._ask(group.calls, max(me.deadline - monotonic(), 0.001))
        except CentripetalError as error:
            failure = error
        with self._lock:
            _wake(self._grouping.settle(group, outcomes) if failure is None else self._grouping.fail(group, failure))
            if me.state != "done" and me.waiter is None:  # a read that will be sent again
                me.waiter = threading.Lock()
                me.waiter.acquire()
            self._dispatch()
            if me.leads is group:
                me.leads = None

    def _wait(self, me: Entry) -> None:
        seconds = max(me.deadline - monotonic(), 0)
        if me.waiter.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            return
        with self._lock:
            if me.leads is None and me.state != "done":  # otherwise the result arrived just before the timeout
                self._grouping.cancel(me, out_of_time(me))
                self._dispatch()

    def _leave(self, me: Entry) -> None:
        """The thread of *me* was interrupted: release the calls that depend on it."""
        with self._lock:
            self._grouping.cancel(me, _interrupted())
            self._go_on(me)
            if me.leads is not None:
                _wake(me.leads.entries)  # the interrupt may have happened while they were being woken

    def _go_on(self, without: Entry | None = None) -> None:
        """A thread was interrupted: hand its work to other waiters. The caller must hold the lock."""
        for group in self._grouping.under_way():
            leader = group.leader
            if leader is None or leader is without:
                _wake(self._grouping.fail(group, _interrupted()))
            else:  # the interrupt may have happened before the leader was woken
                leader.leads = group
                _wake([leader])
        self._dispatch()


def _interrupted() -> ConnectionLostError:
    return ConnectionLostError("the thread that sent this request was interrupted")


def _wake(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry.waiter is not None and entry.waiter.locked():
            entry.waiter.release()


def _deadline(entry: Entry) -> float:
    return entry.deadline
