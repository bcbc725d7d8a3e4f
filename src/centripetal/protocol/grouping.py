"""Which waiting commands go into the next request (group commit): decisions only, no lock, no clock, no waiting.

    grouping.add(entry)                               a call is made
    group = grouping.poll()                           a request to send now, or None; ask again until None
    grouping.settle(group, outcomes)                  it was answered        } each returns the entries that have their
    grouping.fail(group, error)                       it failed              } outcome now; then poll again
    grouping.cancel(entry, error)                     a caller gave up
    grouping.close(error)                             nobody will poll any more

Most calls meet nobody. Those need no entry, and no book is kept of them until somebody comes:

    if grouping.begin_alone(call):                    nothing is under way: the caller makes its request itself
        grouping.end_alone(call, outcome)             it was answered; true: somebody has come, so poll
        grouping.fail_alone(call, error)              it failed; poll

There are two lines, for writes and for reads, each with at most one request under way. While it is, calls wait;
when it returns, everything that waits goes out together, up to the limits. So nothing waits on an idle client, a busy
one makes bigger requests by itself, reads never stand behind a long line of writes, and a read that makes the server
refuse a whole array (presence of a client whose info is no JSON: spec v1 §5.3) cannot take writes with it.

Order: calls on one channel run in the order in which they were made. Writes all stay in line. A read waits
until the writes made before it on its channel are answered, a write until the reads made before it are.
"""

from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Any, Literal

import msgspec

from centripetal.errors import CentripetalError, HTTPStatusError, TimeoutError, UsageError
from centripetal.protocol.command import Outcome, Prepared

__all__ = ["Entry", "Group", "Grouping", "Limits", "out_of_time"]

_ENVELOPE = 20
"""What the place of a command in a request adds to it, in bytes, at the most."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one shared request carries at most.

    Args:
        commands: how many commands.
        bytes: how many bytes of commands; a single command that is larger travels alone (1.x servers set no limit).
    """

    commands: int = 1000
    bytes: int = 1 << 20

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UsageError(f"{name} of Limits must be a whole number of at least 1, not {value!r}")


class Entry:
    """One call in line.

    Args:
        call: what to send.
        deadline: when the caller's time is over, on the driver's clock.

    Attributes:
        state: "waiting", "sent" (its request is under way) or "done".
        outcome: what it came to, once it is done.
        waiter: for the driver: what the caller waits with.
        leads: for the driver: the request that this caller is to carry.
    """

    # Defaults stand here: most entries never set them, and hundreds of thousands are made in a second.
    state: Literal["waiting", "sent", "done"] = "waiting"
    outcome: Outcome[Any] | CentripetalError | None = None
    waiter: Any = None
    leads: "Group | None" = None
    alone = False
    seq = 0
    after = 0  # a read waits until the write of this place is answered

    def __init__(self, call: Prepared[Any], deadline: float) -> None:
        self.call = call
        self.deadline = deadline
        self.reads = call.command.reads
        self.keys = call.keys
        self.size = len(call.text) + _ENVELOPE

    def finish(self, outcome: Outcome[Any] | CentripetalError) -> None:
        """Give the call its one outcome."""
        self.state = "done"
        self.outcome = outcome

    def result(self) -> Outcome[Any]:
        """The outcome of a call that is done; raises the error that it came to instead."""
        if isinstance(self.outcome, CentripetalError):
            raise self.outcome
        assert self.outcome is not None, "this call is not done"
        return self.outcome


class Group(msgspec.Struct, eq=False):
    """The commands of one request: `entries`. Callers may have given up on some; they are sent all the same.

    Attributes:
        leader: for the driver: the caller that carries it.
    """

    reads: bool
    entries: list[Entry] = []
    leader: Entry | None = None
    passed: list[Entry] = []  # given up before they were sent, they left the line with this group

    @property
    def calls(self) -> list[Prepared[Any]]:
        return [entry.call for entry in self.entries]


class Grouping:
    """The two lines."""

    def __init__(self, limits: Limits) -> None:
        self._max_commands = limits.commands
        self._max_bytes = limits.bytes
        self._writes: deque[Entry] = deque()
        self._reads: deque[Entry] = deque()
        self._write_under_way: Group | None = None
        self._read_under_way: Group | None = None
        self._seq = 0
        # By channel: the newest write not yet answered, and the reads not yet answered, oldest first.
        self._last_write: dict[str, int] = {}
        self._open_reads: dict[str, deque[Entry]] = {}
        self._proven: set[str] = set()
        # The call that is under way alone, until somebody comes.
        self._lone: Prepared[Any] | None = None

    def __len__(self) -> int:
        """How many calls wait, those included whose callers gave up but that are still in line."""
        return len(self._writes) + len(self._reads)

    def add(self, entry: Entry) -> None:
        """Put a call in line."""
        if self._lone is not None:
            self._keep_company(self._lone)
        self._note(entry)
        if entry.reads:
            entry.alone = self._goes_alone(entry)
            self._reads.append(entry)
        else:
            self._writes.append(entry)

    def _note(self, entry: Entry) -> None:
        """Give it its place, and have later calls on its channels wait for it."""
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
        """Whether *call* can go at once, since nothing waits or is under way; then it is under way."""
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
        """*call*, which has begun alone, was answered: whether somebody has come meanwhile."""
        self._lone = None
        if self._write_under_way is None and self._read_under_way is None:
            if call.command.newer:
                self._proven.add(call.command.name)
            return False
        for group in self._groups_of(call):
            self.settle(group, [outcome])
        return True

    def fail_alone(self, call: Prepared[Any], error: CentripetalError) -> None:
        """The request of *call*, which has begun alone, failed; no harm if it has not, or is over."""
        if self._lone is call:
            self._lone = None
        for group in self._groups_of(call):
            self.fail(group, error)

    def _keep_company(self, call: Prepared[Any]) -> None:
        """Somebody has come: keep books of *call*, which has begun alone."""
        # As in poll(): whatever an interrupt leaves undone, end_alone() finds the request under way.
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
        """The next request to send now, if there is one."""
        # A request is under way before it is filled, and entries are in it before they leave the line: a
        # KeyboardInterrupt can strike between any two steps, and must leave nothing that is in neither.
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
        """The requests that are not answered yet, two at the most."""
        return [group for group in (self._write_under_way, self._read_under_way) if group is not None]

    def settle(self, group: Group, outcomes: Sequence[Outcome[Any]]) -> list[Entry]:
        """*group* was answered, one outcome a command: the calls that are done by that."""
        done = self.answer(group, outcomes)
        self.land(group)
        return done

    def answer(self, group: Group, outcomes: Sequence[Outcome[Any]]) -> list[Entry]:
        """The first half of `settle`: its line stays taken, until `land`."""
        done = []
        for entry, outcome in zip(group.entries, outcomes, strict=True):
            if (command := entry.call.command).newer:
                self._proven.add(command.name)
            if entry.state == "sent":
                entry.state, entry.outcome = "done", outcome
                done.append(entry)
        return done

    def fail(self, group: Group, error: CentripetalError) -> list[Entry]:
        """The request of *group* failed: the calls that are done by that, each with an error of its own.

        Reads of which one has spoilt the whole request go back in line instead, to be asked one by one: repeating
        a read does no harm.
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
        """The caller of *entry* gave up: it is done, with *error*. One that still waits will not be sent."""
        if entry.state == "done":
            return
        entry.finish(error)
        if entry.reads:
            self._forget_read(entry)

    def close(self, error: CentripetalError) -> list[Entry]:
        """Everything that waits fails with *error*: the calls that are done by that."""
        waiting = [entry for entry in (*self._writes, *self._reads) if entry.state == "waiting"]
        for entry in waiting:
            self.cancel(entry, error.about(entry.call.command))
        return waiting

    def _fill_with_writes(self, group: Group) -> bool:
        line, size = self._writes, 0
        while line and len(group.entries) < self._max_commands:
            entry = line[0]
            if entry.state == "done":
                group.passed.append(line.popleft())
                continue
            alone = self._goes_alone(entry)
            if group.entries and (alone or size + entry.size > self._max_bytes):
                break
            if self._open_reads and self._behind_a_read(entry):
                break
            entry.state = "sent"
            group.entries.append(entry)
            line.popleft()
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
        """*group* is answered: what waits behind it may go."""
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
            self._last_write.clear()  # nothing is open; and a broadcast may have thousands of channels
            return
        for entry in chain(group.entries, group.passed):
            for key in entry.keys:
                if self._last_write.get(key) == entry.seq:
                    del self._last_write[key]

    def _forget_read(self, entry: Entry) -> None:
        for key in entry.keys:
            line = self._open_reads.get(key)
            while line and line[0].state == "done":
                line.popleft()
            if not line:
                self._open_reads.pop(key, None)


def out_of_time(entry: Entry) -> TimeoutError:
    """The error for a caller whose time is over, which knows whether its call was sent."""
    if entry.state == "waiting":
        return TimeoutError("the time ran out before this call's turn came: nothing was sent", executed="no")
    return TimeoutError("the time ran out while the request that carries this call was under way")
