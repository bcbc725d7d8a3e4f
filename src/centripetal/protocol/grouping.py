"""Group commit: decide which waiting calls share the next request. No lock, no clock, no waiting.

    grouping.add(entry)                               a call was made
    group = grouping.poll()                           a request to send now, or None; poll again until None
    grouping.answer(group, outcomes)                  the reply arrived      } each returns the entries that now have
    group.fail(error)                                 the request failed     } their outcome
    grouping.land(group)                              the request ended; poll again
    grouping.cancel(entry, error)                     a caller gave up

A call on an idle client needs no entry, and is not tracked until a second call arrives:

    if grouping.begin_alone(call):                    idle: the caller sends its request itself
        if grouping.end_alone(call):                  the request ended; true if other calls arrived meanwhile,
            grouping.land_alone(call)                 so record the end, and poll

A driver whose thread was interrupted at an unknown place abandons its grouping, and continues with `successor()`.
A driver sets `started` of a flight before it sends the request, and `ended` when nothing more comes of it.

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
from typing import Any

import msgspec

from centripetal.errors import CentripetalError, shown
from centripetal.protocol.checks import check_at_least, reading
from centripetal.protocol.command import Outcome, Prepared
from centripetal.protocol.flights import Entry, Flight, Group

__all__ = ["Grouping", "Limits"]


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


class Grouping:
    """The queues of reads and writes of one client."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._max_commands = limits.commands
        self._max_bytes = limits.bytes
        self._writes: deque[Entry] = deque()
        self._reads: deque[Entry] = deque()
        self._write_under_way: Group | None = None
        self._read_under_way: Group | None = None
        # Requests of the groupings before this one that have not ended: nothing is sent until they have.
        self._earlier: list[Flight] = []
        self._seq = 0
        # By channel: the newest unanswered write, and the unanswered reads, oldest first.
        self._last_write: dict[str, int] = {}
        self._open_reads: dict[str, deque[Entry]] = {}
        self._proven: set[str] = set()
        # The call that was sent alone, "call", until it ends, and its "group" after a second call has arrived. A dict,
        # because `pop` is atomic: the end needs no lock.
        self._lone: dict[str, Any] = {}

    def successor(self) -> "Grouping":
        """Return an empty grouping to use instead of this one, which must not be polled any more.

        It sends nothing before the requests in flight have ended, so calls on one channel keep their order.
        """
        self._track()
        new = Grouping(self._limits)
        new._proven = self._proven
        new._earlier = [flight for flight in self.in_flight() if flight.started and not flight.ended]
        return new

    def __len__(self) -> int:
        """Return the number of queued calls, including cancelled calls that have not been removed yet."""
        return len(self._writes) + len(self._reads)

    def add(self, entry: Entry) -> None:
        """Queue a call."""
        if self._lone:
            self._track()
        self._note(entry)
        if entry.reads:
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
            or self._lone
            or self._writes
            or self._reads
            or self._earlier
        ):
            return False
        self._lone["call"] = call
        return True

    def end_alone(self, call: Prepared[Any]) -> bool:
        """Record that *call*, for which `begin_alone` returned True, was answered. Needs no lock.

        Return whether other calls arrived meanwhile: then call `land_alone`.
        """
        if call.command.newer:
            self._proven.add(call.command.name)
        del self._lone["call"]
        if not self._lone:
            return False
        group = self._lone.get("group")
        if group is not None:
            group.flight.ended = True
            self._lone.clear()
        return True

    def land_alone(self, call: Prepared[Any]) -> None:
        """The calls that waited for *call*, which was sent alone, may be sent."""
        for group in self.under_way():
            if group.flight.lone and group.entries[0].call is call:
                self.land(group)

    def leave_alone(self, call: Prepared[Any]) -> bool:
        """Do the same if *call* is in flight alone, after any failure or interrupt. Can be repeated. Needs no lock."""
        if self._lone.get("call") is call:
            del self._lone["call"]
        group = self._lone.get("group")
        if group is None or group.entries[0].call is not call:
            return False
        group.flight.ended = True
        self._lone.clear()
        return True

    def _track(self) -> None:
        """Start tracking the call that was sent alone, if any, because it is not the only call any more."""
        call = self._lone.get("call")
        if call is None:
            return
        entry = Entry(call, 0.0)
        group = Group(entry.reads, [entry])
        entry.flight = flight = group.flight
        flight.lone = flight.started = True
        group = self._lone.setdefault("group", group)
        if group.flight is flight:
            self._note(entry)
        if group.reads:
            self._read_under_way = group
        else:
            self._write_under_way = group
        # The call can end at any moment: either the end sees "group", or this sees that "call" is gone.
        if "call" not in self._lone:
            self._lone.clear()
            self.land(group)

    def poll(self) -> Group | None:
        """Return the next request to send now, or None."""
        if self._earlier:
            self._earlier = [flight for flight in self._earlier if not flight.ended]
            if self._earlier:
                return None
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

    def in_flight(self) -> list[Flight]:
        """Return the state of each request in flight, also of the groupings before this one."""
        return [*self._earlier, *(group.flight for group in self.under_way())]

    def waiting(self) -> list[Entry]:
        """Return the queued calls, including cancelled calls that have not been removed yet."""
        return [*self._writes, *self._reads]

    def answer(self, group: Group, outcomes: Sequence[Outcome[Any]]) -> list[Entry]:
        """Record the reply to *group*, one outcome per call, and return the entries that are now done."""
        for entry in group.entries:
            if (command := entry.call.command).newer:
                self._proven.add(command.name)
        return group.answer(outcomes)

    def cancel(self, entry: Entry, error: CentripetalError) -> None:
        """Fail *entry* with *error*, because its caller gave up. If it is still waiting, it will not be sent."""
        if entry.outcome is None:
            entry.outcome = error
            if entry.reads:
                self._forget_read(entry)

    def _fill_with_writes(self, group: Group) -> bool:
        queue, size = self._writes, 0
        while queue and len(group.entries) < self._max_commands:
            entry = queue[0]
            if entry.outcome is not None:
                group.passed.append(queue.popleft())
                continue
            alone = self._goes_alone(entry)
            if group.entries and (alone or size + entry.size > self._max_bytes):
                break
            if self._open_reads and self._behind_a_read(entry):
                break
            entry.flight = group.flight
            group.entries.append(entry)
            queue.popleft()
            size += entry.size
            if alone:
                break
        if not group.entries:
            self._forget_writes(group)
        return bool(group.entries)

    def _fill_with_reads(self, group: Group) -> bool:
        size, closed = 0, False
        kept: deque[Entry] = deque()
        open_write = self._first_open_write()
        for entry in self._reads:
            if entry.outcome is not None:
                continue
            alone = self._goes_alone(entry)
            full = closed or len(group.entries) == self._max_commands
            fits = not group.entries or (not full and not alone and size + entry.size <= self._max_bytes)
            if not fits or (open_write is not None and entry.after >= open_write):
                kept.append(entry)
                continue
            entry.flight = group.flight
            group.entries.append(entry)
            size += entry.size
            closed = alone
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
        """End the request of *group*, which was answered or failed: the calls that waited for it may be sent."""
        group.flight.ended = True
        if group.reads:
            self._read_under_way = None
            for entry in group.entries:
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
            while queue and (queue[0].outcome is not None or queue[0].lost):
                queue.popleft()
            if not queue:
                self._open_reads.pop(key, None)
