"""The decisions of group commit: examples of each rule, and a state machine that tries any order of events."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from centripetal.dialects.v1.commands import Broadcast, Channels, Disconnect, History, Publish
from centripetal.errors import CentripetalError, ConnectionLostError, HTTPStatusError, UsageError
from centripetal.protocol.command import Command, Outcome, Prepared
from centripetal.protocol.flights import Entry, Group
from centripetal.protocol.grouping import Grouping, Limits


class Done(Outcome[bool], eq=False):
    """An outcome."""

    def result(self) -> bool:
        return True


LOST = ConnectionLostError("lost")
SPOILT = HTTPStatusError("500", status=500)


def prepared(command: Command[Any]) -> Prepared[Any]:
    return Prepared(command, command.body(), tuple(command.touches()))


def entry(command: Command[Any], deadline: float = 0.0) -> Entry:
    return Entry(prepared(command), deadline)


def publish(channel: str = "a") -> Entry:
    return entry(Publish(channel, 1))


def history(channel: str = "a") -> Entry:
    return entry(History(channel))


def touched(one: Entry) -> set[str]:
    return set(one.call.command.touches())


def grouping_of(*entries: Entry, commands: int = 10, size: int = 10_000) -> Grouping:
    grouping = Grouping(Limits(commands=commands, bytes=size))
    for one in entries:
        grouping.add(one)
    return grouping


def settle(grouping: Grouping, group: Group | None) -> Sequence[Entry]:
    assert group is not None
    done = grouping.answer(group, [Done() for _ in group.entries])
    grouping.land(group)
    return done


def fail(grouping: Grouping, group: Group | None, error: CentripetalError) -> Sequence[Entry]:
    assert group is not None
    done = group.fail(error)
    grouping.land(group)
    return done


def entries_of(group: Group | None) -> list[Entry]:
    return [] if group is None else group.entries


def finish(grouping: Grouping) -> list[Entry]:
    """Answer all requests in flight, and those that can be sent afterwards, and return the finished entries."""
    done: list[Entry] = []
    while True:
        while grouping.poll() is not None:
            pass
        groups = grouping.under_way()
        if not groups:
            return done
        for group in groups:
            done += settle(grouping, group)


def test_an_idle_client_sends_at_once() -> None:
    """The first call is sent as its own request, without waiting for other calls."""
    one = publish()
    grouping = grouping_of(one)
    assert entries_of(grouping.poll()) == [one]
    assert grouping.poll() is None


@pytest.mark.parametrize("fails", [False, True])
def test_a_call_on_an_idle_client_is_sent_alone(fails: bool) -> None:
    """While a call is in flight alone, no other call can be; afterwards the next call can, without polling."""
    grouping = grouping_of()
    for call in (prepared(Publish("a", 1)), prepared(History("a"))):
        assert grouping.begin_alone(call)
        assert not grouping.begin_alone(prepared(Channels()))
        assert not (grouping.leave_alone(call) if fails else grouping.end_alone(call))
    assert grouping.poll() is None
    assert grouping.under_way() == []


@pytest.mark.parametrize("fails", [False, True])
def test_calls_wait_for_a_call_that_was_sent_alone(fails: bool) -> None:
    """Writes wait behind a write, and reads and writes of one channel wait behind each other."""
    for first, behind, independent in (
        (Publish("a", 1), [publish("b"), history("a")], [history("c")]),
        (History("a"), [publish("a"), entry(Channels())], []),
    ):
        grouping, call = grouping_of(), prepared(first)
        assert grouping.begin_alone(call)
        for one in (*behind, *independent):
            assert not grouping.begin_alone(one.call)
            grouping.add(one)
        assert entries_of(grouping.poll()) == independent
        assert grouping.leave_alone(call) if fails else grouping.end_alone(call)
        assert entries_of(grouping.poll()) == []
        grouping.land_alone(call)
        assert len(finish(grouping)) == len(behind) + len(independent)
        assert (grouping._last_write, grouping._open_reads) == ({}, {})


@pytest.mark.parametrize("accompanied", [False, True])
def test_only_the_call_that_was_sent_alone_is_forgotten(accompanied: bool) -> None:
    """An interrupted caller need not know how far its call had come, so forgetting any other call has no effect."""
    grouping, call = grouping_of(), prepared(Publish("a", 1))
    assert grouping.begin_alone(call)
    if accompanied:
        grouping.add(publish())
    grouping.leave_alone(prepared(Publish("a", 1)))
    assert not grouping.begin_alone(prepared(Channels()))
    assert grouping.successor().begin_alone(prepared(Channels())) is False
    grouping.leave_alone(call)
    grouping.leave_alone(call)
    assert grouping.successor().begin_alone(prepared(Channels()))


@pytest.mark.parametrize("ends", ["alone", "shared"])
def test_a_successor_waits_for_the_requests_in_flight(ends: str) -> None:
    """A grouping that replaces another sends nothing until the requests in flight of the other have ended."""
    grouping, call = grouping_of(), prepared(Publish("a", 1))
    if ends == "alone":
        assert grouping.begin_alone(call)
    else:
        grouping.add(publish())
        group = grouping.poll()
        assert group is not None
        group.flight.started = True
    second = grouping.successor()
    third = second.successor()
    later = publish()
    third.add(later)
    assert third.poll() is None
    if ends == "alone":
        assert grouping.end_alone(call)
    else:
        settle(grouping, group)
    assert entries_of(third.poll()) == [later]
    assert second.begin_alone(call) is False
    assert second.poll() is None
    assert second.begin_alone(call) is True


def test_a_successor_does_not_wait_for_requests_that_never_start() -> None:
    """A request that was formed, but not sent, cannot hold back the calls of the next grouping."""
    grouping = grouping_of(publish())
    assert grouping.poll() is not None
    assert grouping.successor().begin_alone(prepared(Channels()))


def test_a_successor_knows_which_methods_the_server_supports() -> None:
    """A new method that was answered need not be sent alone again."""
    grouping = grouping_of(entry(Broadcast(["a"], 1)))
    settle(grouping, grouping.poll())
    second, calls = grouping.successor(), [publish(), entry(Broadcast(["a"], 1))]
    for one in calls:
        second.add(one)
    assert entries_of(second.poll()) == calls


def test_waiting_calls_share_a_request() -> None:
    """Calls made while a request is in flight become one request after the reply, in their order."""
    first, *rest = (publish(c) for c in "abcab")
    grouping = grouping_of(first)
    group = grouping.poll()
    for one in rest:
        grouping.add(one)
    assert grouping.poll() is None
    assert settle(grouping, group) == [first]
    assert entries_of(grouping.poll()) == rest


def test_the_number_of_commands_is_limited() -> None:
    """A request contains at most the configured number of commands; the rest follows in the next request."""
    calls = [publish() for _ in range(7)]
    grouping = grouping_of(*calls, commands=3)
    sizes = []
    while (group := grouping.poll()) is not None:
        sizes.append(len(group.entries))
        settle(grouping, group)
    assert sizes == [3, 3, 1]


def test_bytes_are_limited_and_a_large_command_is_sent_alone() -> None:
    """A command that does not fit waits for the next request; a command above the limit is sent alone."""
    small, large, last = publish(), entry(Publish("a", "x" * 5000)), publish()
    grouping = grouping_of(small, large, last, size=1000)
    groups = []
    while (group := grouping.poll()) is not None:
        groups.append(group.entries)
        settle(grouping, group)
    assert groups == [[small], [large], [last]]


def test_reads_and_writes_wait_separately() -> None:
    """A read of another channel does not wait behind writes, and does not share their request."""
    first, second, read = publish(), publish(), history("other")
    grouping = grouping_of(first)
    grouping.poll()
    grouping.add(second)
    grouping.add(read)
    assert entries_of(grouping.poll()) == [read]


def test_a_read_waits_for_the_writes_before_it_on_its_channel() -> None:
    """The history of a channel is requested only after the earlier publishes to the channel were answered."""
    write, read = publish("a"), history("a")
    grouping = grouping_of(write, read)
    group = grouping.poll()
    assert entries_of(group) == [write]
    assert grouping.poll() is None
    settle(grouping, group)
    assert entries_of(grouping.poll()) == [read]


def test_a_write_waits_for_the_reads_before_it_on_its_channel() -> None:
    """A message that is published after a history request is not part of the history's result."""
    read, write, other = history("a"), publish("a"), publish("b")
    grouping = grouping_of(read)
    group = grouping.poll()
    grouping.add(write)
    grouping.add(other)
    assert grouping.poll() is None
    settle(grouping, group)
    assert entries_of(grouping.poll()) == [write, other]


def test_a_broadcast_counts_for_all_its_channels() -> None:
    """A read of any channel of a broadcast waits for it.

    The first broadcast is sent alone, because servers before 1.2 refuse every command of a request that contains a
    broadcast.
    """
    before, cast, read, after = publish("x"), entry(Broadcast(["a", "b"], 1)), history("b"), entry(Broadcast(["c"], 1))
    grouping = grouping_of(before, cast, read, after)
    group = grouping.poll()
    assert entries_of(group) == [before]
    settle(grouping, group)
    group = grouping.poll()
    assert entries_of(group) == [cast]
    assert grouping.poll() is None
    settle(grouping, group)
    assert entries_of(grouping.poll()) == [after]
    assert entries_of(grouping.poll()) == [read]


@pytest.mark.parametrize("busy", [False, True])
def test_changing_the_list_of_channels_does_not_change_the_order(busy: bool) -> None:
    """A broadcast keeps the channels from the time of the call, on an idle client and behind other calls."""
    channels = ["a", "b"]
    grouping, cast = grouping_of(), prepared(Broadcast(channels, 1))
    first = prepared(Publish("x", 1)) if busy else cast
    assert grouping.begin_alone(first)
    if busy:
        grouping.add(Entry(cast, 0.0))
    channels[:] = ["c"]
    for read, waits in ((history("a"), True), (history("c"), False)):
        grouping.add(read)
        sent = entries_of(grouping.poll())
        assert (read in sent) is not waits
    assert grouping.end_alone(first)
    grouping.land_alone(first)
    finish(grouping)
    assert (grouping._last_write, grouping._open_reads) == ({}, {})


def test_a_proven_method_shares_requests() -> None:
    """After a server has answered a broadcast, broadcasts share requests with other commands."""
    cast = entry(Broadcast(["a"], 1))
    grouping = grouping_of(cast)
    settle(grouping, grouping.poll())
    calls = [publish(), entry(Broadcast(["a"], 1)), publish()]
    for one in calls:
        grouping.add(one)
    assert entries_of(grouping.poll()) == calls


class Strange(Command[bool], frozen=True):
    name = "strange"
    alone = True


class NewRead(Command[bool], frozen=True):
    name = "new_read"
    reads = True
    newer = True


def test_a_command_that_could_spoil_others_is_never_grouped() -> None:
    """A command with `alone` is never grouped, even after it was answered."""
    grouping = grouping_of()
    for _ in range(2):
        calls = [publish(), entry(Strange()), publish()]
        for one in calls:
            grouping.add(one)
        for one in calls:
            group = grouping.poll()
            assert entries_of(group) == [one]
            settle(grouping, group)


def test_a_new_read_method_is_sent_alone_at_first() -> None:
    """A new read method is sent alone until the server has answered it once."""
    first, second, third = history("a"), entry(NewRead()), history("b")
    grouping = grouping_of(first, second, third)
    for expected in ([first, third], [second]):
        group = grouping.poll()
        assert entries_of(group) == expected
        settle(grouping, group)
    calls = [history("a"), entry(NewRead()), history("b")]
    for one in calls:
        grouping.add(one)
    assert entries_of(grouping.poll()) == calls


def test_a_failed_request_gives_each_call_its_own_error() -> None:
    """Each caller gets its own copy of the error, with its own command."""
    calls = [publish("a"), publish("b")]
    grouping = grouping_of(*calls)
    group = grouping.poll()
    assert fail(grouping, group, LOST) == calls
    errors = [one.outcome for one in calls]
    assert all(isinstance(error, ConnectionLostError) for error in errors)
    assert [error.command for error in errors if isinstance(error, CentripetalError)] == [c.call.command for c in calls]
    assert errors[0] is not errors[1]


def test_a_cancelled_call_is_not_sent() -> None:
    """A call that is cancelled while it waits is left out; the calls around it are sent as before."""
    calls = [publish() for _ in range(3)]
    grouping = grouping_of(*calls)
    grouping.cancel(calls[1], LOST)
    assert entries_of(grouping.poll()) == [calls[0], calls[2]]
    assert calls[1].outcome is LOST


def test_cancelling_a_sent_call_does_not_affect_the_others() -> None:
    """A call that is cancelled in flight keeps its error; the others get their results."""
    calls = [publish() for _ in range(3)]
    grouping = grouping_of(*calls)
    group = grouping.poll()
    grouping.cancel(calls[1], LOST)
    assert settle(grouping, group) == [calls[0], calls[2]]
    assert calls[1].outcome is LOST


@pytest.mark.parametrize(
    "limits", [{"commands": 0}, {"bytes": 0}, {"commands": -1}, {"commands": 1.5}, {"bytes": "9"}, {"bytes": True}]
)
def test_limits_must_be_positive_integers(limits: dict[str, Any]) -> None:
    """Limits below 1, and values that are not integers, are refused."""
    with pytest.raises(UsageError, match=r"^Limits\((commands|bytes)=.*\): \1 must be an integer of 1 or more"):
        Limits(**limits)


CHANNELS = st.sampled_from(["a", "b", "c"])
COMMANDS = st.one_of(
    CHANNELS.map(lambda channel: Publish(channel, 1)),
    CHANNELS.map(lambda channel: Publish(channel, "x" * 100)),
    st.lists(CHANNELS, min_size=1, max_size=3).map(lambda channels: Broadcast(channels, 1)),
    CHANNELS.map(History),
    st.just(Channels()),
    st.just(Disconnect("user")),
)


class AnyOrderOfEvents(RuleBasedStateMachine):
    """State machine of adds, polls, answers, failures, cancellations and closing, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.limits = Limits(commands=3, bytes=300)
        self.grouping = Grouping(self.limits)
        self.made: list[Entry] = []
        self.under_way: list[Group] = []
        self.lone: Entry | None = None
        self.outcomes: dict[int, int] = {}
        self.sent: list[Entry] = []

    def count_outcomes(self, done: Sequence[Entry]) -> None:
        for one in done:
            assert one.outcome is not None
            self.outcomes[id(one)] = self.outcomes.get(id(one), 0) + 1

    @rule(command=COMMANDS)
    def add(self, command: Command[Any]) -> None:
        one = entry(command)
        self.made.append(one)
        self.grouping.add(one)

    @rule(command=COMMANDS)
    def begin_alone(self, command: Command[Any]) -> None:
        one = entry(command)
        if self.grouping.begin_alone(one.call):
            assert self.lone is None
            assert not self.under_way
            assert all(each.outcome is not None for each in self.made)
            self.made.append(one)
            self.lone = one

    @precondition(lambda self: self.lone)
    @rule(failed=st.booleans())
    def end_alone(self, failed: bool) -> None:
        assert self.lone is not None
        one, self.lone = self.lone, None
        if self.grouping.leave_alone(one.call) if failed else self.grouping.end_alone(one.call):
            self.grouping.land_alone(one.call)
        if one.outcome is None:
            one.outcome = Done()
            self.count_outcomes([one])

    @rule()
    def poll(self) -> None:
        self.sent_off(self.grouping.poll())

    def sent_off(self, group: Group | None) -> None:
        if group is None:
            return
        assert group.entries
        assert len(group.entries) <= self.limits.commands
        assert len(group.entries) == 1 or sum(one.size for one in group.entries) <= self.limits.bytes
        assert len({one.reads for one in group.entries}) == 1
        for one in group.entries:
            assert one.outcome is None
            assert one.flight is group.flight
            # Order: an earlier call that shares a channel has its outcome already, or precedes this call in the same
            # request. Reads do not wait for reads.
            for before in self.made[: self.made.index(one)]:
                if touched(before) & touched(one) and not (before.reads and one.reads):
                    assert before.outcome is not None or before in group.entries[: group.entries.index(one)]
        self.sent += group.entries
        self.under_way.append(group)
        kinds = [each.reads for each in self.under_way] + ([self.lone.reads] if self.lone else [])
        assert len(kinds) == len(set(kinds))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        group = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        if data.draw(st.booleans()):
            self.count_outcomes(self.grouping.answer(group, [Done() for _ in group.entries]))
            # The next request of this kind waits until the group has landed.
            self.grouping.add(one := entry(data.draw(COMMANDS)))
            self.made.append(one)
            entered = self.grouping.poll()
            assert entered is None or entered.reads != group.reads
            self.sent_off(entered)
            self.grouping.land(group)
        else:
            self.count_outcomes(settle(self.grouping, group))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), error=st.sampled_from([LOST, SPOILT]))
    def fail(self, data: st.DataObject, error: CentripetalError) -> None:
        group = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        self.count_outcomes(fail(self.grouping, group, error))

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.made))
        was_done = one.outcome is not None
        self.grouping.cancel(one, LOST)
        assert one.outcome is not None
        if not was_done:
            self.count_outcomes([one])

    @invariant()
    def one_outcome_each(self) -> None:
        for one in self.made:
            assert self.outcomes.get(id(one), 0) == (one.outcome is not None)

    def teardown(self) -> None:
        """Answering and polling finish every call after any order of events, and no bookkeeping remains."""
        if self.lone is not None:
            self.end_alone(failed=False)
        while True:
            for group in self.under_way:
                self.count_outcomes(settle(self.grouping, group))
            self.under_way.clear()
            group_ = self.grouping.poll()
            if group_ is None:
                break
            self.under_way.append(group_)
        self.one_outcome_each()
        assert all(one.outcome is not None for one in self.made)
        assert len(self.grouping) == 0
        assert not self.grouping._last_write
        assert not self.grouping._open_reads


TestAnyOrderOfEvents = AnyOrderOfEvents.TestCase
TestAnyOrderOfEvents.settings = settings(
    max_examples=2 * settings().max_examples, stateful_step_count=40, deadline=None
)
