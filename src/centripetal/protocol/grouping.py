"""Group commit: decide which waiting calls share the next request. No lock, no clock, no waiting.

    grouping.add(entry)                               a call was made
    group = grouping.poll()                           a request to send now, or None; poll again until None
    grouping.settle(group, outcomes)                  the reply arrived      } each returns the entries that now have
    grouping.fail(group, error)                       the request failed     } their outcome; then poll again
    grouping.cancel(entry, error)                     a caller gave up
    grouping.close(error)                             fail all waiting calls; no further polls

A call on an idle client needs no entry, and is not tracked until a second call arrives:

    if grouping.begin_alone(call):                    idle: the caller sends its request itself
        grouping.end_alone(call, outcome)             the reply arrived; if true, other calls wait, so poll
        grouping.fail_alone(call, error)              the request failed; poll

There are two queues, for writes and for reads, each with at most one request in flight. Calls that arrive meanwhile
wait; when the reply arrives, all waiting calls are sent together, up to the limits. Therefore calls never wait on an
idle client, requests grow with the load, and reads do not wait behind a long queue of writes. Reads and writes never
share a request, because one read can make the server reject the whole array (presence of a client whose info is not
JSON; protocol 1: decision-order).

Order: calls on one channel run in the order in which they were made. Writes are sent in order. A read waits until
earlier writes to its channel are answered, and a write waits until earlier reads of its channel are answered.
"""

from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

import msgspec

from centripetal.errors import CentripetalError, HTTPStatusError, TimeoutError, shown
from centripetal.protocol.checks import check_at_least, reading
from centripetal.protocol.command import Outcome, Prepared

__all__ = ["Entry", "Group", "Grouping", "Limits", "out_of_time"]

_ENVELOPE = 20
"""Maximum number of bytes that a request adds to each command."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Maximum size of a shared request.

    Args:
        commands: maximum number of commands.
        bytes: maximum total size of the commands; a larger command is sent alone (1.x servers have no limit).
    """

    commands: int = 1000
    bytes: int = 1 << 20

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            with reading(f"Limits({name}=…)"):
                number = check_at_least(f"Limits({name}={shown(value)}): {name}", value, least=1)
            msgspec.structs.force_setattr(self, name, number)


class Entry:
    """One queued call.

    Args:
        call: the prepared command.
        deadline: time at which the caller gives up, on the driver's clock.

    Attributes:
        state: "waiting", "sent" (its request is in flight) or "done".
        outcome: the call's outcome or error, once it is done.
        waiter: used by the driver to wake the caller.
        leads: used by the driver: the request that this caller must send.
    """

    # Class attributes as defaults: most entries never set them, and a busy client creates 100,000 entries per second.
    state: Literal["waiting", "sent", "done"] = "waiting"
    outcome: Outcome[Any] | CentripetalError | None = None
    waiter: Any = None
    leads: "Group | None" = None
    alone = False
    seq = 0
    after = 0  # a read waits until the write with this sequence number is answered

    def __init__(self, call: Prepared[Any], deadline: float) -> None:
        self.call = call
        self.deadline = deadline
        self.reads = call.command.reads
        self.keys = call.keys
        self.size = len(call.text) + _ENVELOPE

    def finish(self, outcome: Outcome[Any] | CentripetalError) -> None:
        """Set the outcome of the call."""
        self.state = "done"
        self.outcome = outcome

    def result(self) -> Outcome[Any]:
        """Return the outcome of a call that is done, or raise its error."""
        if isinstance(self.outcome, CentripetalError):
            raise self.outcome
        assert self.outcome is not None, "this call is not done"
        return self.outcome


class Group(msgspec.Struct, eq=False):
    """The calls of one request: `entries`. Calls whose callers have given up are sent too.

    Attributes:
        leader: used by the driver: the entry whose caller sends the request.
    """

    reads: bool
    entries: list[Entry] = []
    leader: Entry | None = None
    passed: list[Entry] = []  # cancelled before they were sent; they left the queue together with this group

    @property
    def calls(self) -> list[Prepared[Any]]:
        return [entry.call for entry in self.entries]


class Grouping:
    """The queues of reads and writes of one client."""

    def __init__(self, limits: Limits) -> None:
        self._max_commands = limits.commands
        self._max_bytes = limits.bytes
        self._writes: deque[Entry] = deque()
        self._reads: deque[Entry] = deque()
        self._write_under_way: Group | None = None
        self._read_under_way: Group | None = None
        self._seq = 0
        # By channel: the newest unanswered write, and the unanswered reads, oldest first.
        self._last_write: dict[str, int] = {}
        self._open_reads: dict[str, deque[Entry]] = {}
        self._proven: set[str] = set()
        # The untracked call in flight, until a second call arrives.
        self._lone: Prepared[Any] | None = None

    def __len__(self) -> int:
        """Return the number of queued calls, including cancelled calls that have not been removed yet."""
        return len(self._writes) + len(self._reads)

    def add(self, entry: Entry) -> None:
        """Queue a call."""
        if self._lone is not None:
            self._keep_company(self._lone)
        self._note(entry)
        if entry.reads:
            entry.alone = self._goes_alone(entry)
            self._reads.append(entry)
        else:
            self._writes.append(entry)

    def _note(self, entry: Entry) -> None:
        """Number *entry*, and make later calls on its channels wait for it."""
        self._seq += 1
        entry.seq = self._seq
        if entry.reads:
            for key in entry.keys:
                entry.after = max(entry.after, self._last_write.get(key, 0))
                self._open_reads.setdefault(key, deque()).append(entry)
        elif len(entry.keys) == 1:
            self._last_write[entry.keys[0]] = entry.seq
        else:
            self._last_write.update(dict.fromkeys(entry.keys, entry.seq))

    def begin_alone(self, call: Prepared[Any]) -> bool:
        """Return whether *call* can be sent at once because the client is idle; if so, count it as in flight."""
        if (
            self._write_under_way is not None
            or self._read_under_way is not None
            or self._lone is not None
            or self._writes
            or self._reads
        ):
            return False
        self._lone = call
        return True

    def end_alone(self, call: Prepared[Any], outcome: Outcome[Any]) -> bool:
        """Record the reply to *call*, which was sent alone; return whether other calls arrived meanwhile."""
        self._lone = None
        if self._write_under_way is None and self._read_under_way is None:
            if call.command.newer:
                self._proven.add(call.command.name)
            return False
        for group in self._groups_of(call):
            self.settle(group, [outcome])
        return True

    def fail_alone(self, call: Prepared[Any], error: CentripetalError) -> None:
        """Record that the request of *call* failed. Does nothing if the call was not sent alone or has ended."""
        if self._lone is call:
            self._lone = None
        for group in self._groups_of(call):
            self.fail(group, error)

    def _keep_company(self, call: Prepared[Any]) -> None:
        """Start tracking *call*, which was sent alone, because a second call has arrived."""
        # As in poll(): if an interrupt strikes between two steps, end_alone() still finds the request in flight.
        entry = Entry(call, 0.0)
        entry.state = "sent"
        group = Group(entry.reads, [entry], leader=entry)
        if entry.reads:
            self._read_under_way = group
        else:
            self._write_under_way = group
        self._lone = None
        self._note(entry)

    def _groups_of(self, call: Prepared[Any]) -> list[Group]:
        return [group for group in self.under_way() if group.entries and group.entries[0].call is call]

    def poll(self) -> Group | None:
        """Return the next request to send now, or None."""
        # A request counts as in flight before it is filled, and entries are added to it before they leave the queue: a
        # KeyboardInterrupt can strike between any two steps, and no entry may be lost.
        if self._writes and self._write_under_way is None:
            self._write_under_way = group = Group(reads=False)
            if self._fill_with_writes(group):
                return group
            self._write_under_way = None
        if self._reads and self._read_under_way is None:
            self._read_under_way = group = Group(reads=True)
            if self._fill_with_reads(group):
                return group
            self._read_under_way = None
        return None

    def under_way(self) -> list[Group]:
        """Return the requests in flight, at most two."""
        return [group for group in (self._write_under_way, self._read_under_way) if group is not None]

    def settle(self, group: Group, outcomes: Sequence[Outcome[Any]]) -> list[Entry]:
        """Record the reply to *group*, one outcome per call, and return the entries that are now done."""
        done = self.answer(group, outcomes)
        self.land(group)
        return done

    def answer(self, group: Group, outcomes: Sequence[Outcome[Any]]) -> list[Entry]:
        """Do the first half of `settle`: no further request of this queue is sent before `land`."""
        done = []
        for entry, outcome in zip(group.entries, outcomes, strict=True):
            if (command := entry.call.command).newer:
                self._proven.add(command.name)
            if entry.state == "sent":
                entry.state, entry.outcome = "done", outcome
                done.append(entry)
        return done

    def fail(self, group: Group, error: CentripetalError) -> list[Entry]:
        """Record that the request of *group* failed, and return the entries that are now done, each with its error.

        If a request of several reads was rejected with 400 or 500, the reads are queued again and sent one by one,
        because one of them can make the server reject all, and repeating a read is harmless.
        """
        wanted = [entry for entry in group.entries if entry.state == "sent"]
        if group.reads and len(group.entries) > 1 and isinstance(error, HTTPStatusError) and error.status in (400, 500):
            for entry in wanted:
                entry.state, entry.alone = "waiting", True
            self._reads.extendleft(reversed(wanted))
            wanted = []
        for entry in wanted:
            entry.finish(error.about(entry.call.command))
        self.land(group)
        return wanted

    def cancel(self, entry: Entry, error: CentripetalError) -> None:
        """Fail *entry* with *error*, because its caller gave up. If it is still waiting, it will not be sent."""
        if entry.state == "done":
            return
        entry.finish(error)
        if entry.reads:
            self._forget_read(entry)

    def close(self, error: CentripetalError) -> list[Entry]:
        """Fail all waiting calls with *error*, and return their entries."""
        waiting = [entry for entry in (*self._writes, *self._reads) if entry.state == "waiting"]
        for entry in waiting:
            self.cancel(entry, error.about(entry.call.command))
        return waiting

    def _fill_with_writes(self, group: Group) -> bool:
        queue, size = self._writes, 0
        while queue and len(group.entries) < self._max_commands:
            entry = queue[0]
            if entry.state == "done":
                group.passed.append(queue.popleft())
                continue
            alone = self._goes_alone(entry)
            if group.entries and (alone or size + entry.size > self._max_bytes):
                break
            if self._open_reads and self._behind_a_read(entry):
                break
            entry.state = "sent"
            group.entries.append(entry)
            queue.popleft()
            size += entry.size
            if alone:
                break
        if not group.entries:
            self._forget_writes(group)
        return bool(group.entries)

    def _fill_with_reads(self, group: Group) -> bool:
        size = 0
        kept: deque[Entry] = deque()
        open_write = self._first_open_write()
        for entry in self._reads:
            if entry.state == "done":
                continue
            full = len(group.entries) == self._max_commands or (bool(group.entries) and group.entries[-1].alone)
            fits = not group.entries or (not full and not entry.alone and size + entry.size <= self._max_bytes)
            if not fits or (open_write is not None and entry.after >= open_write):
                kept.append(entry)
                continue
            entry.state = "sent"
            group.entries.append(entry)
            size += entry.size
        self._reads = kept
        return bool(group.entries)

    def _goes_alone(self, entry: Entry) -> bool:
        command = entry.call.command
        return command.alone or (command.newer and command.name not in self._proven)

    def _first_open_write(self) -> int | None:
        if self._write_under_way is not None and self._write_under_way.entries:
            return self._write_under_way.entries[0].seq
        return self._writes[0].seq if self._writes else None

    def _behind_a_read(self, entry: Entry) -> bool:
        return any(key in self._open_reads and self._open_reads[key][0].seq < entry.seq for key in entry.keys)

    def land(self, group: Group) -> None:
        """End the request of *group*: the calls that waited for it may be sent."""
        if group.reads:
            self._read_under_way = None
            for entry in group.entries:
                if entry.state == "done":
                    self._forget_read(entry)
        else:
            self._write_under_way = None
            self._forget_writes(group)

    def _forget_writes(self, group: Group) -> None:
        if not self._writes:
            self._last_write.clear()  # all writes are answered; deleting thousands of channels of a broadcast is slower
            return
        for entry in chain(group.entries, group.passed):
            for key in entry.keys:
                if self._last_write.get(key) == entry.seq:
                    del self._last_write[key]

    def _forget_read(self, entry: Entry) -> None:
        for key in entry.keys:
            queue = self._open_reads.get(key)
            while queue and queue[0].state == "done":
                queue.popleft()
            if not queue:
                self._open_reads.pop(key, None)


def out_of_time(entry: Entry) -> TimeoutError:
    """Return the timeout error of *entry*; its text and `executed` depend on whether the call was sent."""
    if entry.state == "waiting":
        text = "an earlier request did not end within the call's timeout; nothing was sent"
        return TimeoutError(text, executed="no")
    return TimeoutError("no reply within the call's timeout. The server may still execute the command")
