"""How threads share requests: a leader carries the commands of all that wait, with no thread of its own.

Who calls while nothing is under way leads at once, which costs what a call alone costs. Who calls while a request is
under way waits; when it returns, its leader wakes those that are answered and appoints one of the waiting to carry the
next request. That is the one with the most time left, so no leader has to leave a request that others still need.
`protocol/grouping.py` decides what goes together; here are the lock and the waiting.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from centripetal.client.forks import renew_after_fork
from centripetal.errors import CentripetalError, ConnectionLostError
from centripetal.protocol.command import Outcome, Prepared
from centripetal.protocol.grouping import Entry, Group, Grouping, Limits, out_of_time

__all__ = ["Ask", "ThreadLine"]

Ask = Callable[[list[Prepared[Any]], float], Sequence[Outcome[Any]]]


class ThreadLine:
    """The line of one client. The waiter of an entry is a lock that is released when there is news for its thread.

    Args:
        ask: makes one request of some commands within so many seconds.
        limits: how much one request may carry.
    """

    def __init__(self, ask: Ask, limits: Limits) -> None:
        self._ask = ask
        self._limits = limits
        self._renew()
        renew_after_fork(self)

    def _renew(self) -> None:
        # Also in a forked child: who waits and who leads are threads that only the parent has.
        self._lock = threading.Lock()
        self._grouping = Grouping(self._limits)

    def call(self, call: Prepared[Any], timeout: float) -> Outcome[Any]:
        """Send *call*, in company if there is any; its outcome.

        Raises:
            TimeoutError: *timeout* seconds are over; `executed` is "no" if it was not sent by then.
            CentripetalError: the request that carried it failed.
        """
        # The usual case: alone, and by the shortest way.
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
        me = Entry(call, time.monotonic() + timeout)
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
        """Everything that waits and is not sent yet fails with *error*."""
        with self._lock:
            _wake(self._grouping.close(error))

    def _dispatch(self) -> None:
        """Give each request that can be made now to one of its callers. The lock is held."""
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
            outcomes = self._ask(group.calls, max(me.deadline - time.monotonic(), 0.001))
        except CentripetalError as error:
            failure = error
        with self._lock:
            _wake(self._grouping.settle(group, outcomes) if failure is None else self._grouping.fail(group, failure))
            if me.state != "done" and me.waiter is None:  # a read that is asked again
                me.waiter = threading.Lock()
                me.waiter.acquire()
            self._dispatch()
            if me.leads is group:
                me.leads = None

    def _wait(self, me: Entry) -> None:
        seconds = max(me.deadline - time.monotonic(), 0)
        if me.waiter.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            return
        with self._lock:
            if me.leads is None and me.state != "done":  # else the news came at the last moment
                self._grouping.cancel(me, out_of_time(me))
                self._dispatch()

    def _leave(self, me: Entry) -> None:
        """The thread of *me* was interrupted, wherever: nobody else must wait for it."""
        with self._lock:
            self._grouping.cancel(me, _interrupted())
            self._go_on(me)
            if me.leads is not None:
                _wake(me.leads.entries)  # the interrupt may have struck while they were being woken

    def _go_on(self, without: Entry | None = None) -> None:
        """A thread came to a bad end: nobody is left waiting for what it was to do. The lock is held."""
        for group in self._grouping.under_way():
            leader = group.leader
            if leader is None or leader is without:
                _wake(self._grouping.fail(group, _interrupted()))
            else:  # the interrupt may have struck while it was being told
                leader.leads = group
                _wake([leader])
        self._dispatch()


def _interrupted() -> ConnectionLostError:
    return ConnectionLostError("the thread that carried this request was interrupted")


def _wake(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry.waiter is not None and entry.waiter.locked():
            entry.waiter.release()


def _deadline(entry: Entry) -> float:
    return entry.deadline
